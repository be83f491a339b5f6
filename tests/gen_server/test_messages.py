"""Casts, plain messages, continuations and the idle time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    Crash,
    Down,
    Exited,
    GenServer,
    Kill,
    Killed,
    Name,
    NoReply,
    Pid,
    Reason,
    Reply,
    Stop,
    Timeout,
    call,
    cast,
    gen_server,
    process,
    sys,
)
from otp.gen_server import BadReturnError, UnexpectedMessage
from otp.kernel import current_node
from tests.kernel.support import (
    Recorder,
    collected_reports,
    dead_pid,
    idle,
    in_process,
    on_node,
)

from .servers import Counter, Scripted, giving, note, raising

if TYPE_CHECKING:
    from collections.abc import Callable

    from otp import ExitReason


async def end_of(pid: Pid, send: Callable[[Pid, object], None], what: object) -> object:
    """Send *what* to a server, and return what it dies of."""
    reasons: list[ExitReason] = []

    async def wait() -> None:
        reasons.append(await process.wait_exited(pid))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        send(pid, what)
    return reasons[0]


def continue_with(pid: Pid, what: object) -> None:
    gen_server.cast(pid, giving(NoReply(continue_=what)))


CALLBACKS: dict[Callable[[Pid, object], None], str] = {
    gen_server.cast: "handle_cast",
    process.send: "handle_info",
    continue_with: "handle_continue",
}
WAYS = list(CALLBACKS)


# -------------------------------------------------------------- the three alike


@pytest.mark.parametrize("send", WAYS)
@on_node
async def test_a_callback_may_stop_the_server(
    send: Callable[[Pid, object], None],
) -> None:
    log: list[object] = []
    pid = await gen_server.start(Scripted, log)

    assert await end_of(pid, send, giving(Stop(Reason("x")))) == Reason("x")
    assert log[-1] == ("terminate", Reason("x"))


@pytest.mark.parametrize("send", WAYS)
@on_node
async def test_an_exception_ends_the_server(
    send: Callable[[Pid, object], None],
) -> None:
    log: list[object] = []
    error = ValueError("x")
    pid = await gen_server.start(Scripted, log)

    assert await end_of(pid, send, raising(error)) == Crash(error)
    assert log[-1] == ("terminate", Crash(error))


@pytest.mark.parametrize("send", WAYS)
@pytest.mark.parametrize("result", [0, "x", Reply(1), Exited, False])
@on_node
async def test_a_callback_may_not_return_anything_else(
    send: Callable[[Pid, object], None], result: object
) -> None:
    pid = await gen_server.start(Scripted)
    reason = await end_of(pid, send, giving(result))

    assert isinstance(reason, Crash)
    assert isinstance(reason.error, BadReturnError)
    assert reason.error.value is result
    assert f"Scripted.{CALLBACKS[send]}()" in str(reason.error)


@pytest.mark.parametrize("send", WAYS)
@on_node
async def test_a_callback_may_ask_for_an_idle_time(
    send: Callable[[Pid, object], None],
) -> None:
    log: list[object] = []
    pid = await gen_server.start(Scripted, log)
    send(pid, giving(NoReply(timeout=1)))
    await trio.sleep(5)

    assert log[-1] == Timeout()
    assert log.count(Timeout()) == 1


@on_node
async def test_messages_are_handled_one_at_a_time_in_their_order() -> None:
    log: list[object] = []

    async def slow(server: Scripted) -> None:
        server.log.append("begin")
        await trio.sleep(1)
        server.log.append("end")

    pid = await gen_server.start(Scripted, log)
    gen_server.cast(pid, slow)
    process.send(pid, slow)
    process.send(pid, "x")
    await gen_server.call(pid, slow)

    one = ["begin", "end"]
    assert log == ["cast", *one, "info", *one, "x", "call", *one]


# -------------------------------------------------------------------------- casts


@on_node
async def test_a_cast_does_not_wait_and_does_not_fail() -> None:
    recorder = Recorder()
    current_node().instruments.append(recorder)
    pid = await dead_pid()
    nobody = Name[Counter]("nobody")
    gen_server.cast(pid, 1)
    gen_server.cast(nobody, 2)
    gen_server.cast(nobody.at("nowhere"), 3)
    Counter.reset(nobody)
    Counter.reset(nobody, to=3)

    assert [letter.why for letter in recorder.letters] == ["dead"] * 5


@on_node
async def test_a_server_without_handle_cast_reports_and_drops_messages() -> None:
    recorder = Recorder()
    current_node().instruments.append(recorder)
    pid = await gen_server.start(Counter, 3)
    with collected_reports() as reports:
        gen_server.cast(pid, "x")
        assert await Counter.get(pid) == 3

    assert reports == [UnexpectedMessage(pid, None, Counter, "x")]
    (letter,) = recorder.letters
    assert (letter.to, letter.message) == (pid, "x")


# ----------------------------------------------------------------- plain messages


@in_process
async def test_a_server_without_handle_info_reports_and_drops_messages() -> None:
    pid = await gen_server.start(Counter, 3)
    with collected_reports() as reports:
        process.send(pid, "x")
        assert await Counter.get(pid) == 3

    assert reports == [UnexpectedMessage(pid, None, Counter, "x")]
    assert reports[0].level == "WARNING"
    assert f"Counter {pid!r} dropped an unexpected message: 'x'" in reports[0].text()


@in_process
async def test_monitors_and_trapped_exits_are_plain_messages() -> None:
    log: list[object] = []
    other = process.spawn(idle)
    refs: list[object] = []

    def watch(_server: Scripted) -> None:
        refs.append(process.monitor(other))
        process.link(other)

    pid = await gen_server.start(Scripted, log, trap=True)
    await gen_server.call(pid, watch)
    process.exit(other, Kill())
    await wait_all_tasks_blocked()

    assert log[1:] == [
        Exited(other, Killed()),
        Down(refs[0], other, Killed()),  # type: ignore[arg-type]
    ]


# ------------------------------------------------------------------- continuations


@on_node
async def test_a_continuation_comes_before_the_mail_and_may_go_on() -> None:
    log: list[object] = []

    def first(server: Scripted) -> NoReply:
        process.send(process.self(), "mail")
        server.log.append(1)
        return NoReply(continue_=second)

    def second(server: Scripted) -> NoReply:
        server.log.append(2)
        return NoReply(continue_=None)

    pid = await gen_server.start(Scripted, log)
    gen_server.cast(pid, first)
    await wait_all_tasks_blocked()

    assert log == ["cast", 1, "continue", 2, ("continue", None), "mail"]


@on_node
async def test_a_server_without_handle_continue_crashes_of_one() -> None:
    class Silent(GenServer):
        async def handle_info(self, message: object) -> NoReply:
            return NoReply(continue_=message)

    pid = await gen_server.start(Silent)
    reason = await end_of(pid, process.send, "x")

    assert isinstance(reason, Crash)
    assert isinstance(reason.error, NotImplementedError)


# ------------------------------------------------------------------- the idle time


async def start_idle(seconds: float, log: list[object]) -> Pid[Scripted]:
    return await gen_server.start(Scripted, log, init=giving(NoReply(timeout=seconds)))


@on_node
async def test_any_message_ends_the_idle_time() -> None:
    messages: list[Callable[[Pid[Scripted]], object]] = [
        lambda pid: process.send(pid, "x"),
        lambda pid: gen_server.cast(pid, note("x")),
        lambda pid: gen_server.send_request(pid, giving("x")),
    ]
    for send in messages:
        log: list[object] = []
        pid = await start_idle(2, log)
        await trio.sleep(1)
        send(pid)
        await trio.sleep(10)
        assert Timeout() not in log


@on_node
async def test_a_system_message_starts_the_idle_time_again() -> None:
    log: list[object] = []
    pid = await start_idle(3, log)
    await trio.sleep(2)
    await sys.get_state(pid)
    await trio.sleep(2)
    assert log == []
    await trio.sleep(1.5)

    assert log == [Timeout()]


@on_node
async def test_a_suspended_server_is_not_idle() -> None:
    log: list[object] = []
    pid = await start_idle(3, log)
    await sys.suspend(pid)
    await trio.sleep(10)
    assert log == []
    await sys.resume(pid)
    await trio.sleep(2)
    assert log == []
    await trio.sleep(2)

    assert log == [Timeout()]


@on_node
async def test_with_no_idle_time_the_mail_comes_first() -> None:
    log: list[object] = []

    def init(_server: Scripted) -> NoReply:
        process.send(process.self(), "mail")
        return NoReply(timeout=0)

    await gen_server.start(Scripted, log, init=init)
    await trio.sleep(1)

    assert log == ["mail"]


@on_node
async def test_no_idle_time_is_over_at_once_if_there_is_no_mail() -> None:
    log: list[object] = []
    await start_idle(0, log)
    await wait_all_tasks_blocked()

    assert log == [Timeout()]


@on_node
async def test_who_never_idles_lets_others_run() -> None:
    class Restless(GenServer):
        async def init(self) -> NoReply:
            return NoReply(timeout=0)

        async def handle_info(self, message: object) -> NoReply:
            assert message == Timeout()
            return NoReply(timeout=0)

        @call
        async def get(self) -> Reply[int]:
            return Reply(1, timeout=0)

        @cast
        async def rest(self) -> None:
            pass

    pid = await gen_server.start(Restless)

    assert await Restless.get(pid) == 1
    Restless.rest(pid)
    await wait_all_tasks_blocked()
