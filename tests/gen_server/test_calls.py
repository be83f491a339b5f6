"""Calls: what a callback may return, who answers, and what can go wrong."""

from __future__ import annotations

from math import inf, nan

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    BadReturnError,
    CallingSelfError,
    CallTimeoutError,
    Crash,
    Exit,
    Fail,
    GenServer,
    Ignore,
    Kill,
    Killed,
    Name,
    NoProcessError,
    NoReply,
    Normal,
    Reason,
    Reply,
    ServerExitedError,
    Stop,
    Timeout,
    UnknownRequestError,
    call,
    gen_server,
    process,
)
from otp.kernel import current_node
from tests.kernel.support import (
    dead_pid,
    idle,
    in_process,
    on_node,
    running_timers,
    waiting_calls,
)

from .servers import Counter, Scripted, giving, raising

ERROR = ValueError("x")


# ------------------------------------------------------------------- what it returns


@pytest.mark.parametrize("value", [None, 0, False, "x", (), [1], Normal(), Exit])
@on_node
async def test_a_plain_value_is_the_answer(value: object) -> None:
    pid = await gen_server.start(Scripted)

    assert await gen_server.call(pid, giving(value)) is value


@on_node
async def test_a_reply_is_the_answer_and_says_what_follows() -> None:
    log: list[object] = []
    pid = await gen_server.start(Scripted, log)

    assert await gen_server.call(pid, giving(Reply("x"))) == "x"
    assert await gen_server.call(pid, giving(Reply("y", hibernate=True))) == "y"
    assert await gen_server.call(pid, giving(Reply(None, timeout=1))) is None
    await trio.sleep(2)
    assert log == ["call", "call", "call", Timeout()]
    log.clear()
    assert await gen_server.call(pid, giving(Reply("z", continue_="more"))) == "z"
    await wait_all_tasks_blocked()
    assert log == ["call", ("continue", "more")]


@on_node
async def test_a_reply_of_a_result_is_that_result() -> None:
    pid = await gen_server.start(Scripted)

    assert await gen_server.call(pid, giving(Reply(NoReply()))) == NoReply()


@on_node
async def test_without_a_reply_the_caller_waits() -> None:
    pid = await gen_server.start(Scripted)
    with pytest.raises(CallTimeoutError) as caught:
        await gen_server.call(pid, giving(NoReply()), timeout=3)

    assert (caught.value.server, caught.value.timeout) == (pid, 3)
    assert process.is_alive(pid)


@on_node
async def test_a_stop_with_a_reply_answers_after_terminate() -> None:
    log: list[object] = []
    pid = await gen_server.start(Scripted, log)

    async def sleep(_reason: object) -> None:
        await trio.sleep(3)

    def stop(server: Scripted) -> Stop:
        server.at_end = sleep
        return Stop(Reason("x"), reply="bye")

    before = trio.current_time()
    assert await gen_server.call(pid, stop) == "bye"
    assert trio.current_time() == before + 3
    assert log == ["call", ("terminate", Reason("x"))]
    assert not process.is_alive(pid)


@on_node
async def test_a_stop_may_answer_none() -> None:
    pid = await gen_server.start(Scripted)

    assert await gen_server.call(pid, giving(Stop(reply=None))) is None


@on_node
async def test_a_stop_without_a_reply_fails_the_call() -> None:
    pid = await gen_server.start(Scripted)
    with pytest.raises(ServerExitedError) as caught:
        await gen_server.call(pid, giving(Stop()))

    assert (caught.value.server, caught.value.reason) == (pid, Normal())


@on_node
async def test_whoever_calls_sees_where_the_server_crashed() -> None:
    pid = await gen_server.start(Scripted)
    with pytest.raises(ServerExitedError) as caught:
        await gen_server.call(pid, raising(ERROR))

    assert caught.value.__cause__ is ERROR


@on_node
async def test_the_reply_is_sent_even_if_terminate_fails() -> None:
    pid = await gen_server.start(Scripted)

    def stop(server: Scripted) -> Stop:
        server.at_end = raising(ERROR)
        return Stop(reply="bye")

    assert await gen_server.call(pid, stop) == "bye"


@pytest.mark.parametrize("value", [Ignore(), Fail(Reason("x"))])
@on_node
async def test_a_call_may_not_return_what_only_init_may(value: object) -> None:
    pid = await gen_server.start(Scripted)
    with pytest.raises(ServerExitedError) as caught:
        await gen_server.call(pid, giving(value))

    reason = caught.value.reason
    assert isinstance(reason, Crash)
    assert isinstance(reason.error, BadReturnError)
    assert str(reason.error) == f"Scripted.handle_call() returned {value!r}"


@on_node
async def test_an_exception_fails_the_call_and_ends_the_server() -> None:
    pid = await gen_server.start(Scripted)
    with pytest.raises(ServerExitedError) as caught:
        await gen_server.call(pid, raising(ERROR))

    assert caught.value.reason == Crash(ERROR)
    assert not process.is_alive(pid)


@on_node
async def test_a_call_that_waits_in_the_mailbox_fails_with_the_server() -> None:
    pid = await gen_server.start(Counter)
    reasons: list[object] = []

    async def ask() -> None:
        with pytest.raises(ServerExitedError) as caught:
            await Counter.slowly(pid, 10)
        reasons.append(caught.value.reason)

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        process.exit(pid, Kill())

    assert reasons == [Killed()] * 3
    assert waiting_calls(current_node()) == 0


# ------------------------------------------------------------------------ who is called


@in_process
async def test_a_call_to_nobody_fails() -> None:
    pid = await dead_pid()
    for server in (pid, Name[Counter]("nobody")):
        with pytest.raises(NoProcessError) as caught:
            await gen_server.call(server, "x")
        assert caught.value.server is server
    with pytest.raises(NoProcessError):
        await Counter.get(Name[Counter]("nobody"))


@on_node
async def test_a_call_to_oneself_fails_and_does_no_harm() -> None:
    async def call_self(server: Scripted) -> str:
        with pytest.raises(CallingSelfError) as caught:
            await gen_server.call(process.self(), "x")
        del server
        return str(caught.value)

    pid = await gen_server.start(Scripted)

    assert "calls itself" in str(await gen_server.call(pid, call_self))
    assert process.is_alive(pid)


@on_node
async def test_a_task_of_a_server_may_call_its_server() -> None:
    class Busy(GenServer):
        @call
        async def outer(self) -> int:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.ask)
            return 1

        async def ask(self) -> None:
            with pytest.raises(CallTimeoutError):
                await Busy.outer.within(1)(pid)

    pid = await gen_server.start(Busy)

    assert await Busy.outer(pid) == 1


@on_node
async def test_a_plain_process_does_not_answer() -> None:
    pid = process.spawn(idle)
    with pytest.raises(CallTimeoutError, match="did not answer in 5 s"):
        await gen_server.call(pid, "x")


@on_node
async def test_a_server_without_handle_call_refuses_messages() -> None:
    pid = await gen_server.start(Counter, 3)
    with pytest.raises(UnknownRequestError) as caught:
        await gen_server.call(pid, "x")

    assert caught.value.server is pid
    assert "Counter has no callback for messages" in str(caught.value)
    assert await Counter.get(pid) == 3


# ------------------------------------------------------------------------------ time


@on_node
async def test_a_call_waits_five_seconds() -> None:
    pid = await gen_server.start(Counter)
    assert await Counter.slowly(pid, 4.9) == 0
    before = trio.current_time()
    with pytest.raises(CallTimeoutError):
        await Counter.slowly(pid, 100)

    assert trio.current_time() == before + 5


@on_node
async def test_a_late_answer_is_dropped_and_the_server_goes_on() -> None:
    pid = await gen_server.start(Counter)
    with pytest.raises(CallTimeoutError):
        await Counter.slowly.within(1)(pid, 3)
    await trio.sleep(10)

    assert await Counter.get(pid) == 0


@on_node
async def test_a_call_may_wait_for_ever() -> None:
    pid = await gen_server.start(Counter)

    assert await Counter.slowly.within(inf)(pid, 1e6) == 0
    assert waiting_calls(current_node()) == 0
    assert running_timers(current_node()) == 0


@on_node
async def test_a_call_with_no_time_fails_but_is_made() -> None:
    pid = await gen_server.start(Counter)
    with pytest.raises(CallTimeoutError, match="did not answer in 0 s"):
        await Counter.incr.within(0)(pid)

    assert await Counter.get(pid) == 1


@on_node
async def test_in_no_time_nobody_learns_that_the_server_is_dead() -> None:
    pid = await dead_pid()
    with pytest.raises(CallTimeoutError):
        await gen_server.call(pid, "x", timeout=0)
    with pytest.raises(NoProcessError):
        await gen_server.call(Name[Counter]("nobody"), "x", timeout=0)


@pytest.mark.parametrize("timeout", [-1, nan])
@on_node
async def test_a_call_with_a_wrong_time_is_not_made(timeout: float) -> None:
    pid = await gen_server.start(Counter)
    with pytest.raises(ValueError, match="a time-out is 0 seconds or more"):
        await gen_server.call(pid, "x", timeout=timeout)
    with pytest.raises(ValueError, match="a time-out is 0 seconds or more"):
        Counter.get.within(timeout)
