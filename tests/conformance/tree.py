"""The tree of a supervisor's scenario: ordinary supervisors, and their workers.

A worker is a gen_server that behaves, at each start, as the scenario says for that
start.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias

import trio

import otp
from otp import gen_server, process, supervisor
from otp.proc_lib import ChildSpec, Start
from otp.supervisor import SupervisorSpec
from tests.conformance.common import Scripted, seconds, to_reason
from tests.conformance.deviations import SPECIFICATION_COMES_FIRST
from tests.conformance.forest import Refused, StartFunctionError

if TYPE_CHECKING:
    from otp.gen_server import InfoResult
    from tests.conformance.common import Term
    from tests.conformance.forest import Forest

Child: TypeAlias = "Mapping[str, Any]"


class Tree(otp.Supervisor):
    """A supervisor with the children that a scenario gives it."""

    def __init__(self, forest: Forest, description: Child) -> None:
        super().__init__()
        self._forest = forest
        self._description = description

    def children(self) -> Any:
        who = self._description["id"]
        self._forest.born(who, self._forest.next_start(who))
        self._forest.supervisors.add(process.self())
        match self._description.get("sup_init"):
            case "ignore":
                return gen_server.Ignore()
            case ("raw", value):
                return Refused(("bad_return", ("otp_oracle", "init", value)))
            case _:
                return _supervisor_spec(self._forest, self._description)


def _supervisor_spec(forest: Forest, description: Child) -> SupervisorSpec | Refused:
    flags: Any = description.get("flags", {})
    match flags:
        case (strategy, intensity, period):
            flags = {"strategy": strategy, "intensity": intensity, "period": period}
        case tuple() | str() | int():
            return Refused(("supervisor_data", ("invalid_type", flags)))
        case _:
            pass
    return SupervisorSpec(
        flags.get("strategy", "one_for_one"),
        [child_spec(forest, child) for child in description.get("children", ())],
        max_restarts=flags.get("intensity", 1),
        max_seconds=flags.get("period", 5),
        auto_shutdown=flags.get("auto_shutdown", "never"),
    )


# -------------------------------------------------------------------- specifications


def child_spec(forest: Forest, child: Child) -> ChildSpec[Any]:
    """Return the specification of a child; it finds itself what is wrong with it."""
    if not isinstance(child, Mapping):
        return child
    given = {
        key: child[key] for key in ("restart", "significant", "type") if key in child
    }
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
    n = forest.next_start(child["id"])
    # The last one repeats.
    behaviours: tuple[Child, ...] = child.get("behave") or ({},)
    behaviour = behaviours[min(n, len(behaviours)) - 1]
    how = behaviour.get("init")
    if how == "raise":
        raise StartFunctionError("start_raise")
    if how == "throw":
        return "start_throw"
    if how == "garbage":
        return how
    pid = await gen_server.start_link(Worker, forest, child["id"], n, behaviour)
    match how:
        case ("ok_extra", info):
            return pid, info
        case _:
            return pid


# -------------------------------------------------------------------- workers


class Worker(otp.GenServer):
    """A child that does what it is told."""

    def __init__(self, forest: Forest, id: str, n: int, behaviour: Child) -> None:
        self._forest = forest
        self._key = (id, n)
        self._behaviour = behaviour

    async def init(self) -> Any:
        process.trap_exit(self._behaviour.get("trap", False))
        self._forest.born(*self._key)
        result: object = None
        match self._behaviour.get("init"):
            case ("stop", reason):
                result = gen_server.Stop(to_reason(reason))
            case ("error", reason):
                result = gen_server.Fail(to_reason(reason))
            case "ignore":
                result = gen_server.Ignore()
            case "bad":
                result = "bad_return"
            case "continue":
                # There is no handle_continue here, nor was there in Erlang.
                result = gen_server.NoReply(continue_="go")
            case how:
                await self._act(how)
        return result

    async def handle_info(self, message: object) -> None:
        if isinstance(message, otp.Exited):
            self._forest.event("info_exit", *self._key, message.reason)

    async def terminate(self, reason: otp.ExitReason) -> None:
        self._forest.event("terminate", *self._key, reason)
        await self._act(self._behaviour.get("term"))

    async def _act(self, how: Term) -> None:
        match how:
            case ("sleep", milliseconds):
                with self._forest.busy():
                    await trio.sleep(seconds(milliseconds))
            case "stuck":
                with self._forest.busy():
                    await trio.sleep_forever()
            case ("exit", reason):
                raise otp.Exit(to_reason(reason))
            case ("raise", term):
                raise Scripted(term)
            case _:
                pass

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
        """Return *value*: a throw counts as a return, and this one is wrong."""
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
