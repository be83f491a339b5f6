"""Kind ``gen_event``: one manager, and handlers that do what a table says.

*parent* starts the manager. *adder1* and *adder2* add handlers as their owners; all
but *adder2* trap exits. Every other request is made by a fresh process. The state of a
handler is a counter, and every return that carries a state carries one more.
"""

from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Final, cast

import otp
from otp import gen_event, process
from otp.gen_event import HandlerRef
from tests.conformance.common import (
    WRONG,
    Replay,
    World,
    on_a_node,
    raise_if_told,
    settle,
    to_reason,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from otp.gen_event import Ending, Gone, Predecessor
    from tests.conformance.common import Scenario, Term

HELPERS: Final = {"parent": True, "adder1": True, "adder2": False}
"""Whether each helper traps exits."""


async def replay(scenario: Scenario) -> Replay:
    """Replay a scenario of one manager."""
    return await on_a_node(world := Events(scenario), lambda: _play(world))


class Events(World):
    """A world with a manager of events."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__()
        self.scenario = cast("Mapping[str, Any]", scenario)

    def show(self, value: object) -> Term:
        term: Term
        match value:
            case HandlerRef(cls, id_):
                name = NAMES[cast("type[Table]", cls)]
                term = name if id_ is None else (name, id_)
            case gen_event.HandlerExit(handler, reason):
                term = self.show(("gen_event_EXIT", handler, _Told(reason)))
            case _Told(reason):
                term = self.show_gone(reason)
            case gen_event.Failed(reason):
                term = self.show_failed(reason)
            case _:
                term = super().show(value)
        return term

    def show_failed(self, reason: otp.ExitReason) -> Term:
        """Return what Erlang's ``catch`` makes of a callback that fails."""
        match reason:
            case otp.Crash(otp.BadReturnError(value=otp.Ignore())):
                return "bad_return"
            case otp.Crash(otp.BadReturnError(value=otp.Fail(odd))):
                return self.show(odd)
            case otp.Crash(otp.BadReturnError(value=value)):
                return self.show(value)
            case _:
                return ("EXIT", self.show(reason))

    def show_gone(self, reason: Gone) -> Term:
        """Return why a handler is gone, as its owner is told."""
        match reason:
            case gen_event.Replaced(new, owner):
                return ("swapped", self.show(new), self.show(owner))
            case gen_event.SwapFailed():
                return "crash"
            case _:
                return self.show(reason)

    def show_ending(self, ending: Ending) -> Term:
        """Return what Erlang's ``terminate`` is given."""
        match ending:
            case gen_event.Deleted(argument) | gen_event.Swapped(argument):
                return argument
            case gen_event.Removed():
                return "remove_handler"
            case gen_event.ManagerStopped():
                return "stop"
            case gen_event.OwnerDied(reason):
                return ("stop", self.show(reason))
            case gen_event.Failed(reason):
                return ("error", self.show_failed(reason))

    def show_predecessor(self, predecessor: Predecessor) -> Term:
        """Return what Erlang's ``init`` is given of the handler before it."""
        match predecessor:
            case gen_event.Terminated(result):
                return result
            case gen_event.Failed(reason):
                return self.show_failed(reason)
            case gen_event.Missing():
                return "error"

    def show_start(self, error: gen_event.AddHandlerError) -> Term:
        """Return what a start that failed has come to."""
        match error.failure:
            case gen_event.Fail(reason):
                return ("error", self.show(reason))
            case gen_event.Failed(reason):
                return self.show_failed(reason)


class _Told:
    """Keeps the reasons that owners are told apart from all others."""

    __match_args__ = ("reason",)

    def __init__(self, reason: Gone) -> None:
        self.reason = reason


async def _play(world: Events) -> Term:
    for id_, trapping in HELPERS.items():
        world.start_helper(id_, trapping=trapping)
    await settle()
    world.event("step", 0)
    world.order("parent", partial(_start, world))
    await settle()
    for n, step in enumerate(cast("Iterable[Term]", world.scenario["steps"]), 1):
        world.event("step", n)
        _take(world, n, step)
        await settle()
    manager = world.alive("server")
    if manager is None:
        return "dead"
    return world.show(await gen_event.which_handlers(cast("Any", manager)))


async def _start(world: Events) -> None:
    world.register(await gen_event.start_link(otp.EventManager[Any]), "server")
    world.event("result_of", "parent", "ok")


# ----------------------------------------------------------------------- the steps


def _take(world: Events, n: int, step: Term) -> None:
    server = cast("otp.Pid[otp.EventManager[Any]]", world.pid("server"))
    match step:
        case ("die", str(who), reason):
            world.order(who, partial(_end, reason))
        case ("exit_from", str(who), reason):
            world.order(who, partial(_exit, server, reason))
        case ("notify", event):
            gen_event.notify(server, event)
        case ("info", message):
            process.send(server, message)
        case ("add_sup" | "swap_sup" as what, str(who), *arguments):
            ask = partial(getattr(Requests(world, server), what), *arguments)
            world.order(who, partial(_report, world, who, ask))
        case str(what) | (str(what),):
            world.client(n, getattr(Requests(world, server), what))
        case (str(what), *arguments):
            world.client(n, partial(getattr(Requests(world, server), what), *arguments))
        case _:
            raise ValueError(f"unknown step {step!r}")


async def _end(reason: Term) -> None:
    raise otp.Exit(to_reason(reason))


async def _exit(server: otp.Pid, reason: Term) -> None:
    process.exit(server, to_reason(reason))


async def _report(
    world: Events, who: str, ask: Callable[[], Awaitable[object]]
) -> None:
    try:
        result = await ask()
    except otp.NoProcessError:
        result = ("$exit", "noproc")
    world.event("result_of", who, result)


class Requests:
    """What is asked of the manager. A step is called like its method here."""

    def __init__(self, world: Events, server: otp.Pid[otp.EventManager[Any]]) -> None:
        self._world = world
        self._server = server

    async def add(self, name: Term) -> Term:
        return await self._started(
            gen_event.add_handler(self._server, ref(name), self._world, name)
        )

    async def add_sup(self, name: Term) -> Term:
        return await self._started(
            gen_event.add_sup_handler(self._server, ref(name), self._world, name)
        )

    async def swap(self, old: Term, argument: Term, new: Term) -> Term:
        return await self._swapped(
            gen_event.swap_handler(
                self._server, ref(old), argument, ref(new), self._world, new
            )
        )

    async def swap_sup(self, old: Term, argument: Term, new: Term) -> Term:
        return await self._swapped(
            gen_event.swap_sup_handler(
                self._server, ref(old), argument, ref(new), self._world, new
            )
        )

    async def delete(self, name: Term, argument: Term) -> object:
        try:
            return await gen_event.delete_handler(self._server, ref(name), argument)
        except gen_event.NoHandlerError:
            return ("error", "module_not_found")
        except gen_event.HandlerFailedError as error:
            return self._world.show_failed(error.reason)

    async def sync_notify(self, event: Term) -> Term:
        await gen_event.sync_notify(self._server, event)
        return "ok"

    async def call(self, name: Term, request: Term) -> object:
        try:
            return await gen_event.call(self._server, ref(name), request, timeout=inf)
        except gen_event.NoHandlerError:
            return ("error", "bad_module")
        except gen_event.HandlerFailedError as error:
            return ("error", self._world.show_failed(error.reason))

    async def which(self) -> object:
        return await gen_event.which_handlers(self._server)

    async def stop(self, reason: Term) -> Term:
        await gen_event.stop(self._server, to_reason(reason))
        return "ok"

    async def _started(self, adding: Awaitable[None]) -> Term:
        try:
            await adding
        except gen_event.AddHandlerError as error:
            return self._world.show_start(error)
        return "ok"

    async def _swapped(self, swapping: Awaitable[None]) -> Term:
        started = await self._started(swapping)
        return started if started == "ok" else ("error", started)


# --------------------------------------------------------------------- the handlers


class Table(otp.EventHandler[Any]):
    """A handler: looks up what to do, and returns what it should."""

    def __init__(self, world: Events, name: Term) -> None:
        self.counter = 0
        self._world = world
        self._name = name
        tables: Mapping[str, Any] = world.scenario.get("table", {})
        self._table: Mapping[str, Mapping[str, Term]] = tables.get(module(name), {})

    async def init(self) -> Any:
        self._world.event("init", self._name, "new")
        return self._init_result()

    async def init_swapped(self, predecessor: Predecessor) -> Any:
        result = self._world.show_predecessor(predecessor)
        self._world.event("init", self._name, "swapped", result)
        return self._init_result()

    async def handle_event(self, event: Term) -> Any:
        self._world.event("handle_event", self._name, event, self.counter)
        return self._return(self._look_up("event", event, "ok"))

    async def handle_info(self, message: object) -> Any:
        self._world.event("handle_info", self._name, message, self.counter)
        key = "EXIT" if isinstance(message, otp.Exited) else message
        return self._return(self._look_up("info", key, "ok"))

    async def handle_call(self, request: Term) -> object:
        self._world.event("handle_call", self._name, request, self.counter)
        return self._return(self._look_up("call", request, ("reply", "default")))

    async def terminate(self, ending: Ending) -> object:
        argument = self._world.show_ending(ending)
        self._world.event("terminate", self._name, argument, self.counter)
        how = self._look_up("term", "term", ("ok", "done"))
        raise_if_told(how)
        _, result = cast("tuple[str, Term]", how)
        return result

    def _look_up(self, callback: str, key: object, default: Term) -> Term:
        return self._table.get(callback, {}).get(cast("str", key), default)

    def _init_result(self) -> object:
        how = self._look_up("init", "init", "ok")
        raise_if_told(how)
        match how:
            case "ok":
                return None
            case "hibernate":
                return gen_event.Hibernate()
            case ("error", reason):
                return gen_event.Fail(to_reason(reason))
            case ("throw", value):
                return value
            case _:
                return WRONG

    def _return(self, how: Term) -> object:
        """Return what *how* says, and count if a new state goes with it."""
        raise_if_told(how)
        match how:
            case ("throw", "ok" | "remove" as value):
                return self._return(value)
            case ("throw", value):
                # Where any plain value would be an answer.
                return otp.Fail(to_reason(value))
            case "bad":
                return WRONG
            case "remove":
                return gen_event.Remove()
            case ("remove", value):
                return gen_event.Remove(value)
            case _:
                self.counter += 1
                return self._result(how)

    def _result(self, how: Term) -> object:
        match how:
            case "ok":
                return None
            case "hibernate":
                return gen_event.Hibernate()
            case ("reply", value):
                return value
            case ("reply_hibernate", value):
                return gen_event.Reply(value, hibernate=True)
            case ("swap", argument, new):
                return self._swap(argument, new)
            case ("swap", value, argument, new):
                return self._swap(argument, new).replying(value)
            case _:
                raise ValueError(f"unknown return {how!r}")

    def _swap(self, argument: Term, new: Term) -> gen_event.Swap:
        return gen_event.Swap(argument, ref(new), self._world, new)


class H1(Table):
    """Module ``h1``."""


class H2(Table):
    """Module ``h2``."""


class H3(Table):
    """Module ``h3``."""


NAMES: Final[dict[type[Table], str]] = {H1: "h1", H2: "h2", H3: "h3"}
MODULES: Final = {name: cls for cls, name in NAMES.items()}


def module(name: Term) -> str:
    """Return the module of a handler, which may have an id."""
    return str(name[0] if isinstance(name, tuple) else name)


def ref(name: Term) -> Any:
    """Return what addresses a handler."""
    cls = MODULES[module(name)]
    return HandlerRef(cls, name[1]) if isinstance(name, tuple) else cls
