"""Watching a process: trace, log, statistics and functions of one's own."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from otp import (
    Exit,
    GenServer,
    InvalidSpecError,
    NoReply,
    Pid,
    Reason,
    Reply,
    call,
    cast,
    gen_server,
    process,
    sys,
)
from otp.kernel import current_node
from otp.sys import (
    DONE,
    Count,
    Debug,
    Event,
    Install,
    Statistics,
    SystemRequest,
    Trace,
)
from otp.sys._messages import SetDebug
from tests.gen_server.servers import Counter, Scripted
from tests.kernel.support import collected_reports, on_node


class Answers(GenServer):
    """Answers in every way there is."""

    @call
    async def plain(self) -> int:
        return 1

    @call
    async def result(self) -> Reply[int]:
        return Reply(2)

    @call
    async def more(self) -> Reply[int]:
        return Reply(3, continue_="x")

    @cast
    async def tell(self) -> None:
        pass

    async def handle_continue(self, argument: object) -> NoReply:
        assert argument == "x"
        return NoReply()

    async def handle_info(self, message: object) -> None:
        del message


async def events_of(pid: Pid[Answers]) -> list[str]:
    return [event.kind for event in await sys.get_log(pid)]


@on_node
async def test_a_log_keeps_everything_that_a_server_does() -> None:
    pid = await gen_server.start(Answers)
    await sys.log(pid)
    await Answers.plain(pid)
    Answers.tell(pid)
    process.send(pid, "x")

    assert await events_of(pid) == ["in", "out", "in", "noreply", "in", "noreply"]
    first, second, *_ = await sys.get_log(pid)
    assert second.content == 1
    assert first.content is second.to


@on_node
async def test_an_answer_in_a_result_is_an_answer() -> None:
    pid = await gen_server.start(Answers)
    await sys.log(pid)
    await sys.statistics(pid)
    await Answers.result(pid)
    await Answers.more(pid)

    assert await events_of(pid) == ["in", "out", "in", "out", "continue", "noreply"]
    counted = await sys.get_statistics(pid)
    assert counted is not None
    assert (counted.messages_in, counted.messages_out) == (2, 2)
    assert [event.content for event in await sys.get_log(pid)][1] == 2


@on_node
async def test_a_log_keeps_the_last_events_only() -> None:
    pid = await gen_server.start(Counter)
    await sys.log(pid, 3)
    for _ in range(5):
        await Counter.incr(pid)
    assert [event.kind for event in await sys.get_log(pid)] == ["out", "in", "out"]
    await sys.log(pid, 2)
    assert len(await sys.get_log(pid)) == 2
    await sys.log(pid, 0)
    await Counter.incr(pid)

    assert await sys.get_log(pid) == []


@on_node
async def test_there_is_no_log_unless_it_is_asked_for() -> None:
    pid = await gen_server.start(Counter)

    assert await sys.get_log(pid) == []
    assert await sys.get_statistics(pid) is None


@on_node
async def test_statistics_count_from_now_on() -> None:
    pid = await gen_server.start(Counter)
    await Counter.incr(pid)
    start = trio.current_time()
    await sys.statistics(pid)
    await Counter.incr(pid)
    Counter.reset(pid)
    await trio.sleep(3)

    assert await sys.get_statistics(pid) == Statistics(start, start + 3, 2, 1)
    await sys.statistics(pid)
    assert await sys.get_statistics(pid) == Statistics(start + 3, start + 3, 0, 0)
    await sys.statistics(pid, False)
    assert await sys.get_statistics(pid) is None


@on_node
async def test_a_trace_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    pid = await gen_server.start(Answers)
    await sys.trace(pid)
    await Answers.more(pid)
    process.send(pid, "hello")
    await Answers.plain(pid)
    await sys.trace(pid, False)
    await Answers.plain(pid)

    me = process.self()
    assert capsys.readouterr().out.splitlines() == [
        f"*DBG* Answers {pid} got call more() from {me}",
        f"*DBG* Answers {pid} replied 3 to {me}",
        f"*DBG* Answers {pid} continues with 'x'",
        f"*DBG* Answers {pid} went on",
        f"*DBG* Answers {pid} got 'hello'",
        f"*DBG* Answers {pid} went on",
        f"*DBG* Answers {pid} got call plain() from {me}",
        f"*DBG* Answers {pid} replied 1 to {me}",
    ]


@on_node
async def test_a_function_sees_the_events_with_its_own_state() -> None:
    seen: list[tuple[object, str, int]] = []

    def count(state: object, event: Event, server: object) -> object:
        assert isinstance(state, int)
        assert isinstance(server, Counter)
        seen.append((state, event.kind, server.value))
        return state + 1

    pid = await gen_server.start(Counter)
    key = await sys.install(pid, count, 0)
    await Counter.incr(pid)
    await sys.remove(pid, key)
    await Counter.incr(pid)

    assert key is count
    assert seen == [(0, "in", 0), (1, "out", 1)]


@on_node
async def test_a_function_may_be_installed_under_any_key() -> None:
    kinds: list[str] = []

    def note(state: object, event: Event, _server: object) -> object:
        kinds.append(f"{state} {event.kind}")
        return state

    pid = await gen_server.start(Counter)
    assert await sys.install(pid, note, "a", key="one") == "one"
    await sys.install(pid, note, "b", key="two")
    await sys.install(pid, note, "c", key="one")
    Counter.reset(pid)
    await sys.remove(pid, "one")
    await sys.remove(pid, "never there")
    Counter.reset(pid)
    await Counter.get(pid)

    assert kinds == [
        "c in",
        "b in",
        "c noreply",
        "b noreply",
        "b in",
        "b noreply",
        "b in",
        "b out",
    ]


@pytest.mark.parametrize("end", [DONE, ValueError("x")])
@on_node
async def test_a_function_that_is_done_or_fails_is_taken_out(end: object) -> None:
    calls: list[str] = []

    def once(_state: object, event: Event, _server: object) -> object:
        calls.append(event.kind)
        if isinstance(end, Exception):
            raise end
        return end

    pid = await gen_server.start(Counter)
    await sys.install(pid, once)
    await Counter.incr(pid)
    await Counter.incr(pid)

    assert calls == ["in"]


@on_node
async def test_every_option_can_be_switched_off_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> object:
        pytest.fail("called")

    pid = await gen_server.start(Counter)
    await sys.trace(pid)
    await sys.log(pid)
    await sys.statistics(pid)
    await sys.install(pid, fail)
    await sys.no_debug(pid)
    await Counter.incr(pid)

    assert await sys.get_log(pid) == []
    assert await sys.get_statistics(pid) is None
    assert capsys.readouterr().out == ""


@on_node
async def test_system_messages_are_no_events() -> None:
    pid = await gen_server.start(Scripted)
    await sys.log(pid)
    await sys.get_state(pid)
    await sys.suspend(pid)
    await sys.resume(pid)

    assert await sys.get_log(pid) == []
    assert current_node().statistics().dead_letters == 0


# ------------------------------------------------------------------ what goes wrong


def broken_pipe(_line: str) -> None:
    raise BrokenPipeError


@on_node
async def test_a_trace_that_cannot_be_written_is_taken_out_and_reported() -> None:
    pid = await gen_server.start(Counter)
    await sys.trace(pid, write=broken_pipe)
    await sys.statistics(pid)
    with collected_reports() as reports:
        assert await Counter.incr(pid) == 1
        assert await Counter.incr(pid) == 2

    (report,) = reports
    assert isinstance(report, sys.DebugReport)
    assert (report.who, report.option) == (pid, Trace(broken_pipe))
    assert isinstance(report.error(), BrokenPipeError)
    assert (await sys.get_status(pid)).debug == (Count(),)


@on_node
async def test_a_function_cannot_end_the_process() -> None:
    def leave(*_: object) -> object:
        raise Exit(Reason("x"))

    pid = await gen_server.start(Counter)
    await sys.install(pid, leave)
    with collected_reports() as reports:
        assert await Counter.incr(pid) == 1

    assert [type(report) for report in reports] == [sys.DebugReport]


@on_node
async def test_a_change_that_fails_is_the_callers_error() -> None:
    def fail(_debug: Debug) -> object:
        raise ValueError("x")

    pid = await gen_server.start(Counter)
    request = SystemRequest(pid, SetDebug(fail), 1)
    assert pid.process is not None
    pid.process.mailbox.put(request)
    with pytest.raises(sys.CallbackFailedError, match="setting the debug options"):
        await request.wait()

    assert await Counter.incr(pid) == 1


@pytest.mark.parametrize(
    ("operation", "args", "kwargs"),
    [
        (sys.trace, [], {"write": 3}),
        (sys.log, [-1], {}),
        (sys.log, [1.5], {}),
        (sys.log_to_file, [3], {}),
        (sys.install, ["fn"], {}),
        (sys.install, [print], {"key": []}),
    ],
)
@on_node
async def test_wrong_options_are_refused_before_the_process_hears_of_them(
    operation: Any, args: list[object], kwargs: dict[str, object]
) -> None:
    pid = await gen_server.start(Counter)
    with pytest.raises(InvalidSpecError):
        await operation(pid, *args, **kwargs)

    assert (await sys.get_status(pid)).debug == ()


# ---------------------------------------------------------------------- without options


@on_node
async def test_without_options_nothing_is_left_of_them() -> None:
    def done(*_: object) -> object:
        return DONE

    pid = await gen_server.start(Counter)
    assert debug_of(pid) is None
    await sys.trace(pid, write=str)
    assert debug_of(pid) is not None
    await sys.no_debug(pid)
    assert debug_of(pid) is None
    await sys.install(pid, done)
    assert debug_of(pid) is not None
    await Counter.incr(pid)
    assert debug_of(pid) is None


def debug_of(pid: Pid) -> object:
    """Return what the loop of a server has of debug options."""
    assert pid.process is not None
    assert pid.process.task is not None
    coroutine: Any = pid.process.task.coro
    while coroutine.cr_code.co_name != "serve":
        coroutine = coroutine.cr_await
    return coroutine.cr_frame.f_locals["debug"]


def test_debug_options_are_idle_when_none_is_set() -> None:
    debug = Debug()
    assert debug.idle
    debug.set(Install(lambda *_: None, key="k"))
    assert not debug.idle
    debug.drop(Install, "k")
    assert debug.idle
    debug.set(Trace())
    assert not debug.idle
    debug.clear()
    assert debug.idle
