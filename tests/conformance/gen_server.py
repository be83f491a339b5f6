"""Kind ``gen_server``: one server that does what a table says.

*parent* starts it and traps exits, as does *stranger*; every call is made by a fresh
process. The state of the server is a counter, and every return that carries a state
carries one more.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import trio

import otp
from otp import gen_server, process, sys
from tests.conformance.common import (
    WRONG,
    Replay,
    Scripted,
    World,
    on_a_node,
    seconds,
    settle,
    to_reason,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from otp.gen_server import From, InitResult
    from tests.conformance.common import Scenario, Term

Action: TypeAlias = "Mapping[str, Any]"

NOTHING: Action = {"do": (), "ret": "noreply"}
DEFAULT: Action = {"do": (), "ret": ("reply", "default")}


async def replay(scenario: Scenario) -> Replay:
    """Replay a scenario of one gen_server."""
    return await on_a_node(world := World(), lambda: _play(world, scenario))


async def _play(world: World, scenario: Scenario) -> Term:
    world.start_helper("parent")
    world.start_helper("stranger")
    await settle()
    world.event("step", 0)
    world.order("parent", lambda: _start(world, scenario))
    await settle()
    steps = Steps(world)
    for n, step in enumerate(cast("Iterable[Term]", scenario["steps"]), 1):
        world.event("step", n)
        await steps.take(n, step)
        await settle()
    return "alive" if world.alive("server") else "dead"


async def _start(world: World, scenario: Scenario) -> None:
    start = {
        "start_link": gen_server.start_link,
        "start": gen_server.start,
        "start_monitor": gen_server.start_monitor,
    }[str(scenario.get("start", "start_link"))]
    try:
        await start(Table, world, scenario)
    except otp.StartIgnored:
        result: object = "ignore"
    except otp.StartError as error:
        result = ("error", error.reason)
    else:
        result = ("ok", world.pid("server"))
    world.event("result_of", "parent", result)


class Table(otp.GenServer):
    """The server: looks up what to do and how to return."""

    def __init__(self, world: World, scenario: Scenario) -> None:
        self.counter = 0
        self.callers: list[From[object]] = []
        self._world = world
        self._scenario = cast("Mapping[str, Any]", scenario)

    # ------------------------------------------------------------- the callbacks

    async def init(self) -> InitResult:
        self._world.register(process.self(), "server")
        self._world.event("init")
        action: Action = self._scenario["init"]
        await self._act(action["do"], None)
        return _init_result(action["ret"])

    async def handle_call(self, request: str, from_: From[object]) -> object:
        return await self._handle("call", request, request, from_)

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
            case ("exit", other):
                raise otp.Exit(to_reason(other))
            case ("raise", term):
                raise Scripted(term)

    # ------------------------------------------------------------- what they do

    async def _handle(
        self,
        callback: str,
        name: str,
        message: object,
        from_: From[object] | None = None,
    ) -> object:
        self._world.event(f"handle_{callback}", message, self.counter)
        default = DEFAULT if callback == "call" else NOTHING
        action: Action = self._scenario.get(callback, {}).get(name, default)
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
        match how:
            case ("raise", term):
                raise Scripted(term)
            case ("exit", reason):
                raise otp.Exit(to_reason(reason))
            case ("throw", value):
                return self._return(value)
            case "bad":
                return WRONG
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


def _result(how: Term) -> object:
    match how:
        case ("reply", value):
            return gen_server.Reply(value)
        case ("reply", value, extra):
            return gen_server.Reply(value, **_extra(extra))
        case "noreply":
            return gen_server.NoReply()
        case ("noreply", extra):
            return gen_server.NoReply(**_extra(extra))
        case ("stop", reason):
            return gen_server.Stop(to_reason(reason))
        case ("stop", reason, value):
            return gen_server.Stop(to_reason(reason), reply=value)
        case _:
            raise ValueError(f"unknown return {how!r}")


def _init_result(how: Term) -> Any:
    match how:
        case "ok":
            return None
        case ("ok", extra):
            return gen_server.NoReply(**_extra(extra))
        case "ignore":
            return gen_server.Ignore()
        case ("stop", reason):
            return gen_server.Stop(to_reason(reason))
        case ("error", reason):
            return gen_server.Fail(to_reason(reason))
        case ("raise", term):
            raise Scripted(term)
        case ("exit", reason):
            raise otp.Exit(to_reason(reason))
        case ("throw", value):
            return _init_result(value)
        case "bad":
            return "bad_return"
        case _:
            return how


def _extra(extra: Term) -> dict[str, Any]:
    match extra:
        case "hibernate":
            return {"hibernate": True}
        case ("continue", name):
            return {"continue_": name}
        case _:
            return {"timeout": seconds(extra)}


class Steps:
    """What is done with the server from outside."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def take(self, n: int, step: Term) -> None:
        """Take the step *n*."""
        match step:
            case ("wait", milliseconds):
                await trio.sleep(seconds(milliseconds))
            case ("die", str(who), reason):
                self._world.order(who, lambda: _die(reason))
            case ("exit_from" | "link_from" | "unlink_from", str(who), *_):
                self._world.order(who, lambda: self._of_helper(who, step))
            case _:
                self._to_server(n, step)

    async def _of_helper(self, who: str, step: Term) -> None:
        server = self._world.pid("server")
        if server is None:
            return
        match step:
            case ("exit_from", _, reason):
                process.exit(server, to_reason(reason))
            case ("link_from", _):
                process.link(server)
            case ("unlink_from", _):
                process.unlink(server)

    def _to_server(self, n: int, step: Term) -> None:
        server = self._world.pid("server")
        if server is None:
            self._world.event("noproc", "driver")
            return
        match step:
            case ("cast", name):
                gen_server.cast(server, name)
            case ("info", name):
                process.send(server, name)
            case _:
                self._world.client(n, _request(server, step))


async def _die(reason: Term) -> None:
    raise otp.Exit(to_reason(reason))


def _request(server: otp.Pid, step: Term) -> Callable[[], Awaitable[object]]:
    """Return the request that a client makes in *step*."""
    match step:
        case ("call", name):
            return lambda: gen_server.call(server, name, timeout=inf)
        case ("call", name, milliseconds):
            timeout = seconds(milliseconds)
            return lambda: gen_server.call(server, name, timeout=timeout)
        case ("stop", reason):
            return lambda: _ok(gen_server.stop(server, to_reason(reason)))
        case "suspend":
            return lambda: _ok(sys.suspend(server, timeout=inf))
        case "resume":
            return lambda: _ok(sys.resume(server, timeout=inf))
        case "get_state":
            return lambda: _counter(sys.get_state(server, timeout=inf))
        case ("replace_state", int(counter)):
            change = _setting(counter)
            return lambda: _counter(sys.replace_state(server, change, timeout=inf))
        case "die_in_replace_state":
            return lambda: sys.replace_state(server, _fail, timeout=inf)
        case _:
            raise ValueError(f"unknown step {step!r}")


async def _ok(request: Awaitable[None]) -> str:
    await request
    return "ok"


async def _counter(request: Awaitable[object]) -> object:
    return cast("Mapping[str, object]", await request)["counter"]


def _setting(counter: int) -> Callable[[object], object]:
    return lambda state: {**cast("Mapping[str, object]", state), "counter": counter}


def _fail(_state: object) -> object:
    raise Scripted("bad_fun")
