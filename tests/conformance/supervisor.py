"""Kind ``supervisor``: what happens to a tree, step by step.

The steps are taken by whoever has started the tree. They are told in the order in which
things happen, across all processes, and compared so.
"""

from __future__ import annotations

from contextlib import contextmanager
from math import isinf
from typing import TYPE_CHECKING, Any, cast

import attrs
import trio
from loguru import logger

import otp
from otp import process, supervisor, sys
from otp.supervisor import (
    ChildPresentError,
    NotFoundError,
    RestartingError,
    RunningError,
    StartChildError,
    StrategyError,
    SupervisorReport,
)
from tests.conformance.common import STACK, Replay, on_a_node, seconds, to_reason
from tests.conformance.deviations import SUPERVISOR_DROPS_CASTS
from tests.conformance.forest import PATIENCE, Forest, spec_error
from tests.conformance.tree import Tree, Worker, child_spec

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from loguru import Message, Record

    from otp.proc_lib import ShutdownLimit, Started
    from tests.conformance.common import Scenario, Term


async def replay(scenario: Scenario) -> Replay:
    """Replay a scenario of a supervisor."""
    forest = Forest()
    with _reports(forest.report):
        return await on_a_node(forest, lambda: _play(forest, scenario))


@contextmanager
def _reports(tell: Callable[[SupervisorReport], None]) -> Iterator[None]:
    """Tell of the reports of supervisors when they are made."""

    def is_one(record: Record) -> bool:
        return isinstance(record["extra"].get("report"), SupervisorReport)

    def sink(message: Message) -> None:
        tell(message.record["extra"]["report"])

    handler = logger.add(
        sink, level="ERROR", filter=is_one, format=lambda _: "", catch=False
    )
    logger.enable("otp")
    try:
        yield
    finally:
        logger.disable("otp")
        logger.remove(handler)


async def _play(forest: Forest, scenario: Scenario) -> Term:
    steps = Steps(forest)
    try:
        forest.event("result", 0, "start_link", await _start(forest, scenario))
        await forest.settle()
        for n, step in enumerate(cast("Iterable[Term]", scenario.get("steps", ())), 1):
            await steps.take(n, step)
        top = forest.alive("top")
        with trio.fail_after(PATIENCE):
            return "dead" if top is None else forest.told(await _which(top))
    except trio.TooSlowError:
        return "timeout"


async def _start(forest: Forest, scenario: Scenario) -> Term:
    try:
        await supervisor.start_link(Tree, forest, {**scenario, "id": "top"})
    except otp.StartIgnored:
        return "ignore"
    except otp.StartError as error:
        return ("error", error.reason)
    return "ok"


class Steps:
    """Takes steps, one after the other, and lets everything settle after each.

    With *settles* off it goes on at once.
    """

    def __init__(self, forest: Forest, *, settles: bool = True) -> None:
        self._forest = forest
        self._settles = settles

    async def take(self, n: int, step: Term) -> None:
        """Take the step *n*."""
        match step:
            case "settle":
                pass
            case ("nosettle", inner):
                await Steps(self._forest, settles=False).take(n, inner)
                return
            case ("async", inner):
                process.spawn(Steps(self._forest, settles=False).take, n, inner)
            case ("burst", sup, tuple(steps)):
                await self._burst(n, sup, steps)
            case (str(what), *arguments):
                await self._take_one(n, what, arguments)
            case _:
                raise ValueError(f"unknown step {step!r}")
        if self._settles:
            await self._forest.settle()

    async def _take_one(self, n: int, what: str, arguments: list[Term]) -> None:
        match what, *arguments:
            case "tick", int(time):
                await self._tick(time)
            case "sleep", milliseconds:
                await trio.sleep(seconds(milliseconds))
            case "suspend" | "resume", sup:
                await self._sys(n, what, sup)
            case "stop_top", reason:
                if top := self._forest.alive("top"):
                    _exit(top, reason)
            case _ if what in _DONE_TO_PROCESSES:
                self._do(n, what, *arguments)
            case _:
                await self._ask(n, what, *arguments)

    async def _tick(self, time: int) -> None:
        """Move the clock so that only ticks count, not what was slept meanwhile."""
        self._forest.ticks += time
        await trio.sleep_until(max(self._forest.ticks, trio.current_time()))

    async def _burst(self, n: int, sup: Term, steps: Iterable[Term]) -> None:
        """Let a supervisor find several things in its mailbox at once."""
        pid = self._forest.alive(sup)
        if pid is None:
            self._forest.event("result", n, "noproc")
            return
        await sys.suspend(pid)
        for step in steps:
            await self.take(n, step)
        if process.is_alive(pid):
            await sys.resume(pid)

    async def _sys(self, n: int, what: str, id: Term) -> None:
        pid = self._forest.alive(id)
        if pid is None:
            why = ("noproc", ("sys", what, ["undefined"]))
            self._forest.event("step_failed", n, "exit", why)
        elif what == "suspend":
            await sys.suspend(pid)
        else:
            await sys.resume(pid)

    def _do(self, n: int, what: str, id: Term, *arguments: Term) -> None:
        pid = self._forest.alive(id)
        if pid is None:
            self._forest.event("result", n, "noproc")
            return
        if pid in self._forest.supervisors and what not in ("exit", "send"):
            self._forest.deviation = SUPERVISOR_DROPS_CASTS
        _DONE_TO_PROCESSES[what](cast("otp.Pid[Worker]", pid), *arguments)

    async def _ask(self, n: int, what: str, id: Term, *arguments: Term) -> None:
        pid = self._forest.alive(id)
        result: Term = ("EXIT", "noproc")
        if pid is not None:
            with trio.fail_after(PATIENCE):
                result = await self._answer(pid, what, *arguments)
        self._forest.event("result", n, result)

    async def _answer(self, pid: otp.Pid, what: str, *arguments: Term) -> Term:
        sup = cast("otp.Pid[otp.Supervisor]", pid)
        try:
            answer = getattr(Requests(self._forest, sup), what)(*arguments)
            return await cast("Awaitable[Term]", answer)
        except otp.NoProcessError:
            return ("EXIT", "noproc")
        except otp.ServerExitedError as error:
            return ("EXIT", error.reason)
        except (otp.OTPError, otp.StartError) as error:
            return _refusal(error)


def _exit(pid: otp.Pid, reason: Term) -> None:
    process.exit(pid, to_reason(reason))


_DONE_TO_PROCESSES: dict[str, Callable[..., None]] = {
    "exit": _exit,
    "send": process.send,
    "crash": Worker.crash,
    "error": Worker.error,
    "throw": Worker.throw,
    "stop": Worker.stop,
    "unlink": Worker.unlink,
}


def _refusal(error: otp.OTPError) -> Term:
    """Return what Erlang answers where a supervisor raises *error* here."""
    match error:
        case otp.StartIgnored():
            return ("ok", "undefined")
        case otp.AlreadyStartedError(pid=pid):
            return ("error", ("already_started", pid))
        case StartChildError(reason=reason):
            return ("error", reason)
        case otp.InvalidSpecError():
            return ("error", spec_error(error))
        case _:
            return ("error", _REFUSALS[type(error)])


_REFUSALS = {
    ChildPresentError: "already_present",
    NotFoundError: "not_found",
    RestartingError: "restarting",
    RunningError: "running",
    StrategyError: "simple_one_for_one",
}


class Requests:
    """What can be asked of a supervisor. A step is called like its method here."""

    def __init__(self, forest: Forest, sup: otp.Pid[otp.Supervisor]) -> None:
        self._forest = forest
        self._sup = sup

    async def start_child(self, child: Any) -> Term:
        try:
            spec = child_spec(self._forest, child)
            started = await supervisor.start_child_with_info(self._sup, spec)
        except StartChildError as error:
            restart = child.get("restart", "permanent")
            record = ("$child", "undefined", error.child, restart)
            return ("error", (error.reason, record))
        except StrategyError:
            return ("error", ("EXIT", ("badarg", STACK)))
        return _started(started)

    async def start_dynamic(self, arguments: Iterable[Term]) -> Term:
        start = supervisor.start_dynamic_child_with_info
        try:
            return _started(await start(self._sup, *arguments))
        except StrategyError:
            return ("error", ("invalid_child_spec", list(arguments)))

    async def restart_child(self, id: str) -> Term:
        return _started(await supervisor.restart_child_with_info(self._sup, id))

    async def terminate_child(self, id: str) -> Term:
        await supervisor.terminate_child(self._sup, id)
        return "ok"

    async def terminate_pid(self, id: str) -> Term:
        await supervisor.terminate_child(self._sup, self._forest.alive(id))
        return "ok"

    async def delete_child(self, id: str) -> Term:
        await supervisor.delete_child(self._sup, id)
        return "ok"

    async def get_childspec(self, id: str) -> Term:
        spec = await supervisor.get_childspec(self._sup, id)
        return (
            "ok",
            [
                ("id", spec.id),
                ("restart", spec.restart),
                ("shutdown", _milliseconds(spec.shutdown)),
                ("type", spec.type),
                ("significant", spec.significant),
            ],
        )

    async def which(self) -> Term:
        return await _which(self._sup)

    async def count(self) -> Term:
        counts = await supervisor.count_children(self._sup)
        return list(attrs.asdict(counts).items())

    async def stop_sup(self, reason: Term) -> Term:
        await supervisor.stop(self._sup, to_reason(reason))
        return "ok"


def _started(started: Started[Any]) -> Term:
    if started.info is None:
        return ("ok", started.pid)
    return ("ok", started.pid, started.info)


def _milliseconds(limit: ShutdownLimit) -> Term:
    match limit:
        case "brutal_kill":
            return limit
        case float() if isinf(limit):
            return "infinity"
        case _:
            return round(limit * 1000)


async def _which(sup: otp.Pid[Any]) -> list[Term]:
    children = await supervisor.which_children(sup)
    return [(c.id or "undefined", c.pid or "undefined", c.type) for c in children]
