"""Kind ``gen_server``: one server that does what a table says.

*parent* starts it and traps exits, as does *stranger*; every call is made by a fresh
process. The state of the server is a counter, and every return that carries a state
carries one more.
"""

from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import trio

import otp
from otp import gen_server, process, sys
from tests.conformance.common import (
    WRONG,
    Replay,
    Scripted,
    World,
    on_a_node,
    raise_if_told,
    seconds,
    settle,
    to_reason,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from otp.gen_server import From
    from tests.conformance.common import Scenario, Term

Action: TypeAlias = "Mapping[str, Any]"

_STARTS: Final = {
    "start_link": gen_server.start_link,
    "start": gen_server.start,
    "start_monitor": gen_server.start_monitor,
}


async def replay(scenario: Scenario) -> Replay:
    """Replay a scenario of one gen_server."""
    return await on_a_node(world := World(), lambda: _play(world, scenario))


async def _play(world: World, scenario: Scenario) -> Term:
    world.start_helper("parent")
    world.start_helper("stranger")
    await settle()
    world.event("step", 0)
    world.order("parent", partial(_start, world, scenario))
    await settle()
    for n, step in enumerate(cast("Iterable[Term]", scenario["steps"]), 1):
        world.event("step", n)
        await _take(world, n, step)
        await settle()
    return "alive" if world.alive("server") else "dead"


async def _start(world: World, scenario: Scenario) -> None:
    start = _STARTS[str(scenario.get("start", "start_link"))]
    try:
        await start(Table, world, scenario)
    except otp.StartIgnored:
        result: object = "ignore"
    except otp.StartError as error:
        result = ("error", error.reason)
    else:
        result = ("ok", world.pid("server"))
    world.event("result_of", "parent", result)


# ----------------------------------------------------------------------- the steps


async def _take(world: World, n: int, step: Term) -> None:
    match step:
        case ("wait", milliseconds):
            await trio.sleep(seconds(milliseconds))
        case ("die", str(who), reason):
            world.order(who, partial(_end, reason))
        case ("exit_from" | "link_from" | "unlink_from" as what, str(who), *more):
            world.order(who, partial(_touch, world, what, more))
        case _:
            _ask(world, n, step)


async def _end(reason: Term) -> None:
    raise otp.Exit(to_reason(reason))


async def _touch(world: World, what: str, more: list[Term]) -> None:
    """Let a helper do something to the server, if there is one."""
    server = world.pid("server")
    if server is None:
        return
    if what == "exit_from":
        process.exit(server, to_reason(more[0]))
    elif what == "link_from":
        process.link(server)
    else:
        process.unlink(server)


def _ask(world: World, n: int, step: Term) -> None:
    server = world.pid("server")
    if server is None:
        world.event("noproc", "driver")
        return
    match step:
        case ("cast", name):
            gen_server.cast(server, name)
        case ("info", name):
            process.send(server, name)
        case str(what) | (str(what),):
            world.client(n, getattr(Requests(server), what))
        case (str(what), *arguments):
            world.client(n, partial(getattr(Requests(server), what), *arguments))
        case _:
            raise ValueError(f"unknown step {step!r}")


class Requests:
    """What clients ask. A step is called like its method here."""

    def __init__(self, server: otp.Pid) -> None:
        self._server = server

    async def call(self, name: str, milliseconds: int | None = None) -> object:
        timeout = inf if milliseconds is None else seconds(milliseconds)
        return await gen_server.call(self._server, name, timeout=timeout)

    async def stop(self, reason: Term) -> Term:
        await gen_server.stop(self._server, to_reason(reason))
        return "ok"

    async def suspend(self) -> Term:
        await sys.suspend(self._server, timeout=inf)
        return "ok"

    async def resume(self) -> Term:
        await sys.resume(self._server, timeout=inf)
        return "ok"

    async def get_state(self) -> Term:
        state: Any = await sys.get_state(self._server, timeout=inf)
        return cast("Term", state["counter"])

    async def replace_state(self, counter: int) -> Term:
        def change(state: Any) -> object:
            return {**state, "counter": counter}

        state: Any = await sys.replace_state(self._server, change, timeout=inf)
        return cast("Term", state["counter"])

    async def die_in_replace_state(self) -> object:
        def fail(_state: object) -> object:
            raise Scripted("bad_fun")

        return await sys.replace_state(self._server, fail, timeout=inf)


# ----------------------------------------------------------------------- the server


class Table(otp.GenServer):
    """The server: looks up what to do, does it, and returns what it should."""

    def __init__(self, world: World, scenario: Scenario) -> None:
        self.counter = 0
        self.callers: list[From[object]] = []
        self._world = world
        self._scenario = cast("Mapping[str, Any]", scenario)

    async def init(self) -> Any:
        self._world.register(process.self(), "server")
        self._world.event("init")
        action: Action = self._scenario["init"]
        await self._act(action["do"], None)
        return _init_result(action["ret"])

    async def handle_call(self, request: str, from_: From[object]) -> object:
        default = {"do": (), "ret": ("reply", "default")}
        return await self._handle("call", request, request, default, from_)

    async def handle_cast(self, request: str) -> Any:
        return await self._handle("cast", request, request)

    async def handle_continue(self, argument: str) -> Any:
        return await self._handle("continue", argument, argument)

    async def handle_info(self, message: object) -> Any:
        match message:
            case otp.Exited():
                name = "EXIT"
            case otp.Timeout():
                name = "timeout"
            case _:
                name = str(message)
        return await self._handle("info", name, message)

    async def terminate(self, reason: otp.ExitReason) -> None:
        self._world.event("terminate", reason, self.counter)
        match self._scenario.get("term"):
            case ("slow", milliseconds):
                await trio.sleep(seconds(milliseconds))
                self._world.event("terminated")
            case how:
                raise_if_told(how)

    async def _handle(
        self,
        callback: str,
        name: str,
        message: object,
        default: Action | None = None,
        from_: From[object] | None = None,
    ) -> object:
        self._world.event(f"handle_{callback}", message, self.counter)
        table: Mapping[str, Action] = self._scenario.get(callback, {})
        action = table.get(name) or default or {"do": (), "ret": "noreply"}
        await self._act(action["do"], from_)
        return self._return(action["ret"])

    async def _act(self, effects: Iterable[Term], from_: From[object] | None) -> None:
        for effect in effects:
            match effect:
                case ("slow", milliseconds):
                    await trio.sleep(seconds(milliseconds))
                case "keep_from" if from_ is not None:
                    self.callers.append(from_)
                case ("reply_now", value) if from_ is not None:
                    gen_server.reply(from_, value)
                case ("reply_kept", value):
                    for caller in self.callers:
                        gen_server.reply(caller, value)
                    self.callers.clear()
                case _:
                    _act_on_itself(effect)

    def _return(self, how: Term) -> object:
        """Return what *how* says, and count if a new state goes with it."""
        raise_if_told(how)
        match how:
            case ("throw", value):
                return self._return(value)
            case "bad":
                return WRONG
            case _:
                self.counter += 1
                return _result(how)


def _act_on_itself(effect: Term) -> None:
    match effect:
        case ("trap", bool(on)):
            process.trap_exit(on)
        case ("cast_self", name):
            gen_server.cast(process.self(), name)
        case ("send_self", name):
            process.send(process.self(), name)
        case _:
            pass


def _result(how: Term) -> object:
    match how:
        case ("reply", value, *extra):
            return gen_server.Reply(value, **_extra(extra))
        case "noreply":
            return gen_server.NoReply()
        case ("noreply", *extra):
            return gen_server.NoReply(**_extra(extra))
        case ("stop", reason):
            return gen_server.Stop(to_reason(reason))
        case ("stop", reason, value):
            return gen_server.Stop(to_reason(reason), reply=value)
        case _:
            raise ValueError(f"unknown return {how!r}")


def _init_result(how: Term) -> object:
    raise_if_told(how)
    result = how
    match how:
        case "ok":
            result = None
        case ("ok", *extra):
            result = gen_server.NoReply(**_extra(extra))
        case "ignore":
            result = gen_server.Ignore()
        case ("stop", reason):
            result = gen_server.Stop(to_reason(reason))
        case ("error", reason):
            result = gen_server.Fail(to_reason(reason))
        case ("throw", value):
            result = _init_result(value)
        case "bad":
            result = "bad_return"
        case _:
            pass
    return result


def _extra(extra: list[Term]) -> dict[str, Any]:
    match extra:
        case []:
            return {}
        case ["hibernate"]:
            return {"hibernate": True}
        case [("continue", name)]:
            return {"continue_": name}
        case _:
            return {"timeout": seconds(extra[0])}
