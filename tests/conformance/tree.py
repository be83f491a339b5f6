"""The processes of a supervisor's scenario: the tree of supervisors and workers.

The supervisors are ordinary ones, the workers gen_servers that behave, at each start,
as the scenario says for that start.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import contextmanager
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast, final

import attrs
import trio

import otp
from otp import gen_server, process, supervisor
from otp.proc_lib import ChildSpec, Start
from otp.supervisor import FailedToStartChild, SupervisorReport, SupervisorSpec
from tests.conformance.common import (
    STACK,
    Scripted,
    World,
    seconds,
    settle,
    to_reason,
)
from tests.conformance.deviations import (
    CRASH_IS_A_CRASH,
    SPECIFICATION_COMES_FIRST,
)
from tests.conformance.terms import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otp.gen_server import InfoResult, InitResult
    from tests.conformance.common import Term

Child: TypeAlias = "Mapping[str, Any]"

PATIENCE: Final = 20.0
"""Seconds after which a scenario is given up, as the recorder did."""


@final
class Forest(World):
    """The world of a supervisor's scenario. A key is an id and the number of a start.

    Settling waits for whoever is busy: the recorder had no virtual clock for that.
    """

    def __init__(self) -> None:
        super().__init__()
        self.supervisors: set[otp.Pid] = set()
        self._starts: Counter[str] = Counter()
        self._busy = 0
        self._idle = trio.Event()

    def next_start(self, id: str) -> int:
        """Count a start of the child *id*."""
        self._starts[id] += 1
        return self._starts[id]

    def born(self, id: str, n: int) -> None:
        """Note that the calling process is the *n*-th of this *id*."""
        self.register(process.self(), id, n)
        self.event("init", id, n)

    def process_exited(self, pid: otp.Pid, reason: otp.ExitReason) -> None:
        super().process_exited(pid, reason)
        match reason:
            case otp.Crash(Scripted("shutdown")):
                self.deviation = CRASH_IS_A_CRASH

    # ---------------------------------------------------------------- what is shown

    def told(self, value: object) -> Term:
        """Return *value* as it stands in a trace."""
        return shown(self.show(value))

    def event(self, *parts: object) -> None:
        self.trace.append(tuple(map(self.told, parts)))

    def report(self, report: SupervisorReport) -> None:
        """Add what a supervisor reports to the trace."""
        who = report.offender.id
        self.event("report", report.context, report.supervisor, who, report.reason)

    def show_reason(self, value: object) -> Term:
        match value:
            case {"id": id, "behave": _}:
                return ("$spec", id)
            case FailedToStartChild(id, reason):
                return ("failed_to_start_child", self.show(id), self.show(reason))
            case _:
                return super().show_reason(value)

    def show_error(self, error: BaseException) -> Term:
        match error:
            case StartFunctionError(term):
                return ("EXIT", (term, STACK))
            case otp.BadReturnError(value=Refused(reason)):
                return reason
            case otp.InvalidSpecError():
                return _refused_spec(error)
            case _:
                return super().show_error(error)

    # ---------------------------------------------------------------- settling

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Let settling wait for the caller."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            self._idle.set()

    async def settle(self) -> None:
        """Wait until everybody waits for nothing but messages.

        Raises:
            trio.TooSlowError: that takes too long.
        """
        await settle()
        with trio.fail_after(PATIENCE):
            while self._busy:
                self._idle = trio.Event()
                await self._idle.wait()
                await settle()


# -------------------------------------------------------------------- supervisors


@final
@attrs.frozen
class Refused:
    """A wrong return of a supervisor's callback, and what Erlang says to it."""

    reason: Term


class Tree(otp.Supervisor):
    """A supervisor with the children that a scenario gives it."""

    def __init__(self, forest: Forest, description: Child) -> None:
        super().__init__()
        self._forest = forest
        self._description = description

    def children(self) -> Any:
        id = self._description["id"]
        self._forest.born(id, self._forest.next_start(id))
        self._forest.supervisors.add(process.self())
        match self._description.get("sup_init"):
            case "ignore":
                return gen_server.Ignore()
            case ("raw", value):
                return Refused(("bad_return", ("otp_oracle", "init", value)))
            case _:
                return _supervisor_spec(self._forest, self._description)


def _supervisor_spec(forest: Forest, description: Child) -> SupervisorSpec | Refused:
    flags = description.get("flags", {})
    match flags:
        case (strategy, intensity, period):
            flags = {"strategy": strategy, "intensity": intensity, "period": period}
        case tuple() | str() | int():
            return Refused(("supervisor_data", ("invalid_type", flags)))
    return SupervisorSpec(
        flags.get("strategy", "one_for_one"),
        [child_spec(forest, child) for child in description.get("children", ())],
        max_restarts=flags.get("intensity", 1),
        max_seconds=flags.get("period", 5),
        auto_shutdown=flags.get("auto_shutdown", "never"),
    )


def spec_error(error: otp.InvalidSpecError) -> Term:
    """Return what Erlang says of a wrong specification."""
    match error.kind, error.value:
        case ("missing_id" | "missing_start") as kind, _:
            return kind
        case "bad_combination" as kind, tuple(pairs):
            return (kind, list(pairs))
        case "invalid_shutdown" as kind, float(limit):
            return (kind, round(limit * 1000))
        case kind, value:
            return (kind, value)


_FLAGS: Final = frozenset(
    {
        "invalid_strategy",
        "invalid_intensity",
        "invalid_period",
        "invalid_auto_shutdown",
    }
)


def _refused_spec(error: otp.InvalidSpecError) -> Term:
    """Return what a supervisor ends with if it is given a wrong specification."""
    said = spec_error(error)
    match said:
        case ("bad_start_spec", _):
            return said
        case ("bad_combination", [_, ("strategy", _)]):
            return ("supervisor_data", said)
        case (kind, _) if kind in _FLAGS:
            return ("supervisor_data", said)
        case _:
            return ("start_spec", said)


# -------------------------------------------------------------------- children


class StartFunctionError(Exception):
    """A start function raised, in the supervisor's own process."""

    __match_args__ = ("term",)

    def __init__(self, term: Term) -> None:
        super().__init__(term)
        self.term = term


def child_spec(forest: Forest, child: Child) -> ChildSpec[Any]:
    """Return the specification of a child; what is wrong with it is left to that."""
    if not isinstance(child, Mapping):
        return child
    given = {key: child[key] for key in ("restart", "significant") if key in child}
    if "type" in child:
        given["type"] = child["type"]
    if "shutdown" in child:
        given["shutdown"] = _limit(child["shutdown"])
    if "modules" in child:
        given["modules"] = _modules(child["modules"])
    try:
        return ChildSpec(child.get("id"), _start(forest, child), **given)
    except otp.InvalidSpecError as error:
        if error.kind == "bad_combination":
            forest.deviation = SPECIFICATION_COMES_FIRST
        raise


def _limit(shutdown: Term) -> Any:
    match shutdown:
        case "infinity":
            return inf
        case int(milliseconds):
            return milliseconds / 1000
        case _:
            return shutdown


def _modules(modules: Term) -> Any:
    """Return classes in the place of atoms; any will do."""
    if not isinstance(modules, tuple):
        return modules
    return tuple(Worker if isinstance(name, str) else name for name in modules)


def _start(forest: Forest, child: Child) -> Any:
    match child:
        case {"start": ("otp_oracle", "start_child", tuple(arguments))}:
            return Start(partial(start_worker, forest), arguments)
        case {"start": (str(), str(), tuple(arguments))}:
            return Start(undefined, arguments)
        case {"start": other}:
            return other
        case {"type": "supervisor", "children": _}:
            return Start(supervisor.start_link, (Tree, forest, child))
        case _:
            return Start(partial(start_worker, forest), (child,))


async def undefined(*_arguments: object) -> otp.Pid:
    """Be a start function that does not exist."""
    raise StartFunctionError("undef")


async def start_worker(forest: Forest, *arguments: Child) -> object:
    """Start a worker, which behaves as is said for this start, or fail to."""
    if len(arguments) != 1:
        return await undefined()
    (child,) = arguments
    id = child["id"]
    n = forest.next_start(id)
    # The last one repeats.
    behaviours = child.get("behave") or ({},)
    behaviour = behaviours[min(n, len(behaviours)) - 1]
    match behaviour.get("init"):
        case "raise":
            raise StartFunctionError("start_raise")
        case "throw":
            return "start_throw"
        case "garbage":
            return "garbage"
    pid = await gen_server.start_link(Worker, forest, id, n, behaviour)
    match behaviour.get("init"):
        case ("ok_extra", info):
            return pid, info
        case _:
            return pid


class Worker(otp.GenServer):
    """A child that does what it is told."""

    def __init__(self, forest: Forest, id: str, n: int, behaviour: Child) -> None:
        self._forest = forest
        self._key = (id, n)
        self._behaviour = behaviour

    async def init(self) -> InitResult:
        process.trap_exit(self._behaviour.get("trap", False))
        self._forest.born(*self._key)
        match self._behaviour.get("init"):
            case ("stop", reason):
                return gen_server.Stop(to_reason(reason))
            case ("error", reason):
                return gen_server.Fail(to_reason(reason))
            case ("exit", reason):
                raise otp.Exit(to_reason(reason))
            case ("raise", term):
                raise Scripted(term)
            case ("sleep", milliseconds):
                await self._sleep(seconds(milliseconds))
            case "ignore":
                return gen_server.Ignore()
            case "bad":
                return cast("Any", "bad_return")
            case "continue":
                # There is no handle_continue here, nor was there in Erlang.
                return gen_server.NoReply(continue_="go")
        return None

    async def handle_info(self, message: object) -> None:
        match message:
            case otp.Exited(_, reason):
                self._forest.event("info_exit", *self._key, reason)

    async def terminate(self, reason: otp.ExitReason) -> None:
        self._forest.event("terminate", *self._key, reason)
        match self._behaviour.get("term"):
            case ("sleep", milliseconds):
                await self._sleep(seconds(milliseconds))
            case "stuck":
                await self._sleep(inf)
            case ("exit", other):
                raise otp.Exit(to_reason(other))
            case ("raise", term):
                raise Scripted(term)

    async def _sleep(self, time: float) -> None:
        with self._forest.busy():
            await trio.sleep(time)

    # ---------------------------------------------------------------- what it is told

    @otp.cast
    async def crash(self, reason: Term) -> None:
        """End by Erlang's ``exit(Reason)``."""
        raise otp.Exit(to_reason(reason))

    @otp.cast
    async def error(self, term: Term) -> None:
        """End by an exception."""
        raise Scripted(term)

    @otp.cast
    async def throw(self, value: Term) -> Any:
        """Return *value*: that is what a throw counts as, and it is a wrong return."""
        return value

    @otp.cast
    async def stop(self, reason: Term) -> InfoResult:
        """End in order."""
        return gen_server.Stop(to_reason(reason))

    @otp.cast
    async def unlink(self) -> None:
        """Cut all links."""
        info = process.info(process.self())
        for peer in info.links if info else ():
            process.unlink(peer)
