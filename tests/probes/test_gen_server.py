"""The probes of gen_servers: calls, casts, idle time and the end."""

from __future__ import annotations

import pytest
import trio

from otp import (
    CallError,
    CallTimeoutError,
    Exit,
    Ignore,
    Kill,
    Name,
    NoProcessError,
    NoReply,
    Normal,
    Pid,
    Reason,
    ServerExitedError,
    Stop,
    gen_server,
    process,
    sys,
)
from tests.kernel.support import dead_pid, flush

from .erlang import Raised, call_failed, probe, why
from .server import FN, Server, giving, raising, telling, trapping

NOSUCH = Name[object]("nosuch")


async def start(state: object = 0) -> Pid[Server]:
    return await gen_server.start(Server, state)


async def failing_call(message: object) -> object:
    """Call a new server with a message that it does not survive."""
    with pytest.raises(ServerExitedError) as failure:
        await gen_server.call(await start(), message)
    return call_failed(failure.value, FN)


async def exit_after_cast(message: object, server: Pid[Server]) -> object:
    process.monitor(server)
    gen_server.cast(server, message)
    return await process.wait_exited(server)


async def late(_server: Server, _from: object) -> str:
    await trio.sleep(0.06)
    return "late"


@probe("call noproc pid")
async def test_a_call_to_the_dead_fails() -> object:
    with pytest.raises(NoProcessError) as failure:
        await gen_server.call(await dead_pid(), "x")
    return call_failed(failure.value, "x")


@probe("call noproc name")
async def test_a_call_to_nobodys_name_fails() -> object:
    with pytest.raises(NoProcessError) as failure:
        await gen_server.call(NOSUCH, "x")
    return call_failed(failure.value, "x")


@probe("call self")
async def test_a_call_to_oneself_fails() -> object:
    async def call_self(_server: Server, _from: object) -> object:
        with pytest.raises(CallError) as failure:
            await gen_server.call(process.self(), "x")
        return call_failed(failure.value, "x", called="'EXIT'")

    return await gen_server.call(await start(), call_self)


@probe("call server crashes")
async def test_a_crash_fails_the_call() -> object:
    return await failing_call(raising(Raised("boom")))


@probe("call server {stop,normal,S}")
async def test_a_stop_without_an_answer_fails_the_call() -> object:
    return await failing_call(giving(Stop(Normal())))


@probe("call killed")
async def test_a_kill_fails_the_call() -> object:
    def kill(_server: Server, _from: object) -> None:
        process.exit(process.self(), Kill())

    return await failing_call(kill)


@probe("stop+reply: terminate before reply")
async def test_terminate_comes_before_the_last_answer() -> object:
    me = process.self()

    def stop(server: Server, _from: object) -> Stop:
        server.at_end = lambda _: process.send(me, "terminated")
        return Stop(Normal(), reply="replied")

    answer = await gen_server.call(await start(), stop)
    return (answer, await flush(0))


@probe("bad return from handle_call")
async def test_a_bad_return_is_a_crash() -> object:
    # From a call every plain value is an answer: only what init returns is not.
    return await failing_call(giving(Ignore()))


@probe("call timeout then late reply: leftovers")
async def test_a_late_answer_is_dropped() -> object:
    server = await start()
    with pytest.raises(CallTimeoutError) as failure:
        await gen_server.call(server, late, timeout=0.02)
    await trio.sleep(0.1)
    return (
        call_failed(failure.value, FN, 20, called="'EXIT'"),
        await flush(0),
        process.is_alive(server),
    )


@probe("call timeout 0")
async def test_a_call_with_no_time_fails() -> object:
    with pytest.raises(CallTimeoutError) as failure:
        await gen_server.call(await start(), giving("x"), timeout=0)
    return call_failed(failure.value, FN, 0, called="'EXIT'")


@probe("call bad timeout")
async def test_a_call_with_a_wrong_timeout_is_not_made() -> object:
    server = await start()
    with pytest.raises(ValueError, match="a time-out is"):
        await gen_server.call(server, "x", timeout=-1)
    mfa = ("gen_server", "call", [server, "x", -1])
    return ("exit", (("function_clause", "'$st'"), mfa))


@probe("cast to dead/unreg")
async def test_a_cast_to_nobody_is_no_error() -> object:
    gen_server.cast(await dead_pid(), "x")
    gen_server.cast(NOSUCH, "x")
    return ("ok", "ok")


@probe("continue before queued messages")
async def test_what_continues_comes_before_the_mail() -> object:
    me = process.self()

    def init(_server: Server) -> NoReply:
        process.send(process.self(), ("tell", me, "info"))
        return NoReply(continue_=("tell", me, "cont"))

    await gen_server.start(Server, init=init)
    return await flush()


@probe("timeout 0 vs queued message")
async def test_mail_comes_before_an_idle_time_of_nothing() -> object:
    me = process.self()

    def init(_server: Server) -> NoReply:
        process.send(process.self(), ("tell", me, "info"))
        return NoReply(timeout=0)

    await gen_server.start(Server, ("tmo", me), init=init)
    return await flush()


async def start_with_idle_time(seconds: float) -> Pid[Server]:
    state = ("tmo", process.self())
    return await gen_server.start(Server, state, init=giving(NoReply(timeout=seconds)))


@probe("timeout fires once then off")
async def test_an_idle_time_is_over_once() -> object:
    await start_with_idle_time(0.01)
    await trio.sleep(0.06)
    return await flush(0)


@probe("any message cancels timeout")
async def test_any_message_ends_the_idle_time() -> object:
    server = await start_with_idle_time(0.04)
    process.send(server, "ignored")
    await trio.sleep(0.08)
    return await flush(0)


@probe("sys msg restarts timeout")
async def test_a_system_message_starts_the_idle_time_again() -> object:
    server = await start_with_idle_time(0.06)
    await trio.sleep(0.04)
    await sys.get_state(server)
    await trio.sleep(0.04)
    before = await flush(0)
    await trio.sleep(0.04)
    return (before, await flush(0))


@probe("exit signal nontrap: no terminate")
async def test_an_exit_signal_that_is_not_trapped_runs_no_terminate() -> object:
    server = await gen_server.start(Server, init=telling("t"))
    process.exit(server, Reason("foo"))
    return await flush()


@probe("EXIT from nonparent trapping -> handle_info")
async def test_a_trapped_exit_signal_is_a_message() -> object:
    state = ("tellexit", process.self())
    server = await gen_server.start(Server, state, init=trapping(giving(None)))
    process.exit(server, Reason("foo"))
    return (await flush(), process.is_alive(server))


async def exit_of_parent(reason: Reason | Normal) -> object:
    process.trap_exit(True)
    server = await gen_server.start_link(Server, init=trapping(telling("t")))
    process.exit(server, reason)
    return await flush()


@probe("EXIT from parent trapping -> terminate")
async def test_a_trapped_exit_signal_of_the_parent_is_an_order() -> object:
    return await exit_of_parent(Reason("foo"))


@probe("EXIT normal from parent, trapping")
async def test_the_order_of_the_parent_may_be_a_normal_one() -> object:
    return await exit_of_parent(Normal())


@probe("terminate raising replaces reason")
async def test_what_terminate_raises_is_the_reason() -> object:
    def stop(server: Server) -> Stop:
        server.at_end = raising(Exit(Reason("other")))
        return Stop(Normal())

    return await exit_after_cast(stop, await start())


@probe("terminate reason on error class")
async def test_terminate_is_told_of_the_exception() -> object:
    server = await gen_server.start(Server, init=telling("t"))
    gen_server.cast(server, raising(Raised("boom")))
    return await flush()


@probe("stop/1 ok")
async def test_a_server_can_be_stopped() -> object:
    await gen_server.stop(await start())
    return "ok"


async def failing_stop(server: Pid, *, timeout: float = 9.0) -> object:
    with pytest.raises(CallError) as failure:
        await gen_server.stop(server, timeout=timeout)
    return ("exit", why(failure.value))


@probe("stop dead")
async def test_the_dead_cannot_be_stopped() -> object:
    return await failing_stop(await dead_pid())


@probe("stop other reason from terminate")
async def test_a_stop_tells_when_the_reason_is_another() -> object:
    server = await start()
    await gen_server.call(server, ending(raising(Exit(Reason("zzz")))))
    return await failing_stop(server)


@probe("stop timeout")
async def test_a_stop_may_take_too_long() -> object:
    async def sleep(_reason: object) -> None:
        await trio.sleep(0.2)

    server = await start()
    await gen_server.call(server, ending(sleep))
    return await failing_stop(server, timeout=0.02)


def ending(at_end: object) -> object:
    def change(server: Server, _from: object) -> None:
        vars(server)["at_end"] = at_end

    return change


@probe("stop self")
async def test_a_server_cannot_wait_for_its_own_end() -> object:
    async def stop_self(_server: Server, _from: object) -> object:
        with pytest.raises(CallError) as failure:
            await gen_server.stop(process.self())
        mfa = ("sys", "terminate", [process.self(), "normal", "infinity"])
        return ("'EXIT'", (why(failure.value), mfa))

    return await gen_server.call(await start(), stop_self)
