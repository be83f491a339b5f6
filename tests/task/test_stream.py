"""Streams: order, bounds, failures, time-outs, and what is left of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from otp import (
    Crash,
    Exited,
    Kill,
    NoProcessError,
    Pid,
    Reason,
    Shutdown,
    process,
    task,
)
from otp.kernel import current_node
from otp.task import (
    Done,
    Failed,
    FailedItem,
    NotOwnerError,
    StreamTimeout,
    TaskTimeoutError,
)
from tests.kernel.support import (
    exit_reason_of,
    flush,
    in_process,
    on_node,
    running_timers,
)
from tests.task.work import BOOM, echo, fail, late, leave

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

INF = float("inf")


async def sleepy(n: int) -> int:
    """Return *n* after as many seconds."""
    await trio.sleep(n)
    return n


async def moody(n: int) -> int:
    """Return *n*, or end with it as the reason if it is odd."""
    await trio.sleep(1)
    if n % 2:
        await leave(Reason(n))
    return n


class Meter:
    """Measures how many run at once, and who was started."""

    def __init__(self, seconds: float = 1.0) -> None:
        self.seconds = seconds
        self.running = self.most = 0
        self.started: list[int] = []

    async def __call__(self, n: int) -> int:
        self.started.append(n)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            # One after the other, so that no two end at the same time.
            await trio.sleep(self.seconds + n / 100)
        finally:
            self.running -= 1
        return n


# --------------------------------------------------------------------------- the order


@in_process
async def test_results_come_in_the_order_of_the_items() -> None:
    async with task.async_stream(sleepy, [3, 1, 2], max_concurrency=2) as results:
        found = [result async for result in results]

    assert found == [Done(3), Done(1), Done(2)]
    assert await flush() == []


@in_process
async def test_without_order_they_come_as_they_are_ready() -> None:
    stream = task.async_stream(sleepy, [4, 1, 2], max_concurrency=3, ordered=False)
    async with stream as results:
        found = [result async for result in results]

    assert found == [Done(1), Done(2), Done(4)]


@pytest.mark.parametrize(("ordered", "started"), [(True, 10), (False, 2)])
@in_process
async def test_only_in_their_order_results_are_kept_for_one_that_takes_long(
    ordered: bool, started: int
) -> None:
    begun: list[int] = []

    async def work(n: int) -> int:
        begun.append(n)
        await trio.sleep(0 if n else INF)
        return n

    stream = task.async_stream(
        work, range(10), max_concurrency=2, ordered=ordered, timeout=INF
    )
    async with stream as results:
        with trio.move_on_after(1):
            await anext(results)

    assert sorted(begun) == list(range(started))


@on_node
async def test_a_stream_needs_no_process_around_it() -> None:
    async with task.async_stream(moody, [1, 2], max_concurrency=2) as results:
        found = [result async for result in results]

    assert found == [Failed(Reason(1)), Done(2)]


@in_process
async def test_no_more_tasks_run_at_once_than_are_allowed() -> None:
    meter = Meter()

    async with task.async_stream(meter, range(10), max_concurrency=3) as results:
        found = [result async for result in results]

    assert meter.most == 3
    assert found == [Done(n) for n in range(10)]


@in_process
async def test_a_stream_of_nothing_is_empty() -> None:
    nothing: list[int] = []
    async with task.async_stream(sleepy, nothing, max_concurrency=2) as results:
        assert [result async for result in results] == []
        # And stays so.
        assert [result async for result in results] == []


# ------------------------------------------------------------------------- laziness


@in_process
async def test_nothing_is_done_before_somebody_asks() -> None:
    meter = Meter()
    asked: list[int] = []

    def items() -> Iterator[int]:
        for n in range(100):
            asked.append(n)
            yield n

    async with task.async_stream(meter, items(), max_concurrency=2) as results:
        await trio.sleep(5)
        assert (asked, meter.started) == ([], [])
        assert await anext(results) == Done(0)
        await trio.sleep(5)
        # For each result taken, one more than may run at once.
        assert asked == sorted(meter.started) == [0, 1]
        assert await anext(results) == Done(1)
        assert await anext(results) == Done(2)
        assert sorted(meter.started) == [0, 1, 2, 3]


@in_process
async def test_an_endless_iterable_will_do() -> None:
    def naturals() -> Iterator[int]:
        n = 0
        while True:
            yield n
            n += 1

    found: list[object] = []
    async with task.async_stream(echo, naturals(), max_concurrency=2) as results:
        async for result in results:
            found.append(result)
            if len(found) == 3:
                break

    assert found == [Done(0), Done(1), Done(2)]


@in_process
async def test_a_generator_is_closed_with_the_stream() -> None:
    closed: list[str] = []

    def items() -> Iterator[int]:
        try:
            yield from range(10)
        finally:
            closed.append("plain")

    async def more() -> AsyncIterator[int]:
        try:
            for n in range(10):
                yield n
        finally:
            closed.append("async")

    for source in (items(), more()):
        async with task.async_stream(sleepy, source, max_concurrency=2) as results:
            await anext(results)

    assert closed == ["plain", "async"]


@in_process
async def test_a_channel_is_left_open() -> None:
    send, receive = trio.open_memory_channel[int](10)
    for n in range(5):
        send.send_nowait(n)

    async with task.async_stream(echo, receive, max_concurrency=1) as results:
        assert await anext(results) == Done(0)

    assert await receive.receive() == 1


# --------------------------------------------------------------------- async iterables


async def ticks(seconds: float, count: int) -> AsyncIterator[int]:
    """Give a number every so many seconds."""
    for n in range(count):
        await trio.sleep(seconds)
        yield n


@in_process
async def test_the_items_may_come_one_after_the_other() -> None:
    async with task.async_stream(echo, ticks(1, 4), max_concurrency=2) as results:
        found = [result async for result in results]

    assert found == [Done(n) for n in range(4)]


@in_process
async def test_a_result_does_not_wait_for_the_next_item() -> None:
    begin = trio.current_time()

    async with task.async_stream(echo, ticks(10, 3), max_concurrency=2) as results:
        times = [round(trio.current_time() - begin) async for _ in results]

    assert times == [10, 20, 30]


@in_process
async def test_leaving_early_leaves_the_items_alone() -> None:
    async with task.async_stream(echo, ticks(10, 3), max_concurrency=2) as results:
        await anext(results)

    assert await flush(100) == []


@in_process
@pytest.mark.parametrize("kind", ["plain", "async"])
async def test_an_error_of_the_iterable_ends_the_stream(kind: str) -> None:
    def items() -> Iterator[int]:
        yield 1
        raise LookupError("no more")

    async def more() -> AsyncIterator[int]:
        yield 1
        raise LookupError("no more")

    meter = Meter()
    source = items() if kind == "plain" else more()
    async with task.async_stream(meter, source, max_concurrency=3) as results:
        with pytest.raises(LookupError, match="no more"):
            await anext(results)
        with pytest.raises(StopAsyncIteration):
            await anext(results)

    assert meter.running == 0
    assert await flush() == []


@in_process
@pytest.mark.parametrize("kind", ["plain", "async"])
async def test_an_error_on_closing_the_iterable_comes_out(kind: str) -> None:
    def items() -> Iterator[int]:
        try:
            yield from (1, 2)
        finally:
            raise LookupError("cannot close")

    async def more() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            raise LookupError("cannot close")

    async def consume() -> None:
        source = items() if kind == "plain" else more()
        async with task.async_stream(echo, source, max_concurrency=1) as results:
            await anext(results)

    with pytest.raises(LookupError, match="cannot close"):
        await consume()
    assert await flush() == []


# --------------------------------------------------------------------------- failures


@in_process
async def test_who_traps_exits_gets_a_failure_as_a_result_and_no_message() -> None:
    process.trap_exit(True)

    async with task.async_stream(moody, range(4), max_concurrency=2) as results:
        found = [result async for result in results]

    assert found == [Done(0), Failed(Reason(1)), Done(2), Failed(Reason(3))]
    assert await flush() == []


@in_process
async def test_other_messages_stay_where_they_are() -> None:
    process.trap_exit(True)
    me = process.self()

    async def note(n: int) -> None:
        process.send(me, n)
        await leave(Reason(n))

    async with task.async_stream(note, range(3), max_concurrency=1) as results:
        async for _ in results:
            pass
    other = process.spawn_link(leave, BOOM)

    assert await flush() == [0, 1, 2, Exited(other, BOOM)]


@on_node
async def test_who_does_not_trap_exits_dies_with_a_task() -> None:
    meter = Meter(100)

    async def both(n: int) -> None:
        await (fail(1) if n else meter(n))

    async def owner() -> None:
        async with task.async_stream(both, range(2), max_concurrency=2) as results:
            async for _ in results:
                pass

    reason = await exit_reason_of(owner)
    await trio.sleep(0.1)

    assert isinstance(reason, Crash)
    assert meter.running == 0


@in_process
async def test_a_failure_may_come_with_its_item() -> None:
    process.trap_exit(True)

    stream = task.async_stream(moody, [2, 3], max_concurrency=2, zip_input_on_exit=True)
    async with stream as results:
        found = [result async for result in results]

    assert found == [Done(2), FailedItem(3, Reason(3))]


@in_process
async def test_a_killed_task_is_a_failure_too() -> None:
    process.trap_exit(True)

    async def suicidal(n: int) -> int:
        await trio.sleep(n)
        process.exit(process.self(), Kill())
        return n

    async with task.async_stream(suicidal, [1], max_concurrency=1) as results:
        found = [result async for result in results]

    assert [str(result) for result in found] == ["Failed(reason=Killed())"]


# -------------------------------------------------------------------------- time-outs


@in_process
async def test_a_time_out_ends_the_stream() -> None:
    meter = Meter(10)

    async def consume() -> None:
        async with task.async_stream(meter, range(3), max_concurrency=2) as results:
            async for _ in results:
                pass

    with pytest.raises(TaskTimeoutError, match="no result in 5 s"):
        await consume()

    assert meter.running == 0
    assert sorted(meter.started) == [0, 1]
    assert await flush(100) == []


@in_process
async def test_after_a_time_out_there_is_nothing_more() -> None:
    async with task.async_stream(
        sleepy, [1, 9, 1], max_concurrency=1, timeout=3
    ) as results:
        assert await anext(results) == Done(1)
        with pytest.raises(TaskTimeoutError):
            await anext(results)
        assert [result async for result in results] == []


@in_process
async def test_a_time_out_may_be_a_result() -> None:
    stream = task.async_stream(
        sleepy, [9, 1, 9, 2], max_concurrency=2, timeout=3, on_timeout="kill_task"
    )
    async with stream as results:
        found = [result async for result in results]

    late_one = Failed(Reason("timeout"))
    assert found == [late_one, Done(1), late_one, Done(2)]
    assert await flush(100) == []


@in_process
async def test_a_time_out_may_come_with_its_item() -> None:
    stream = task.async_stream(
        sleepy,
        [9],
        max_concurrency=2,
        timeout=3,
        on_timeout="kill_task",
        zip_input_on_exit=True,
    )
    async with stream as results:
        assert await anext(results) == FailedItem(9, Reason("timeout"))


@in_process
async def test_the_time_runs_while_the_consumer_does_other_things() -> None:
    stream = task.async_stream(
        sleepy, [1, 9], max_concurrency=2, timeout=3, on_timeout="kill_task"
    )
    async with stream as results:
        assert await anext(results) == Done(1)
        begin = trio.current_time()
        await trio.sleep(20)
        assert await anext(results) == Failed(Reason("timeout"))

    assert trio.current_time() - begin == pytest.approx(20)


@in_process
async def test_a_task_that_traps_exits_is_stopped_by_a_time_out() -> None:
    pids: list[Pid] = []

    async def deaf(_: int) -> None:
        process.trap_exit(True)
        pids.append(process.self())
        await trio.sleep_forever()

    stream = task.async_stream(
        deaf, [1], max_concurrency=1, timeout=3, on_timeout="kill_task"
    )
    async with stream as results:
        assert await anext(results) == Failed(Reason("timeout"))
        assert not process.is_alive(pids[0])


@in_process
async def test_there_may_be_no_limit() -> None:
    async with task.async_stream(
        sleepy, [1000000], max_concurrency=1, timeout=INF
    ) as results:
        assert await anext(results) == Done(1000000)


@in_process
async def test_no_timer_outlives_its_task() -> None:
    async with task.async_stream(sleepy, [1, 2, 50], max_concurrency=3) as results:
        await anext(results)
        await anext(results)
        assert running_timers(current_node()) == 1

    await trio.sleep(2)  # so long it is seen whether killed tasks are over
    assert running_timers(current_node()) == 0


# -------------------------------------------------------------------- leaving it early


@in_process
@pytest.mark.parametrize("trapping", [False, True])
async def test_leaving_kills_what_runs_and_leaves_no_messages(
    *, trapping: bool
) -> None:
    process.trap_exit(trapping)
    meter = Meter(10)

    async with task.async_stream(meter, range(9), max_concurrency=4, timeout=INF) as s:
        with trio.move_on_after(5):
            await anext(s)
        assert meter.running == 4

    assert meter.running == 0
    assert await flush(100) == []
    assert process.info(process.self()).links == ()  # type: ignore[union-attr]


@in_process
async def test_leaving_waits_for_the_code_of_the_tasks() -> None:
    cleaned: list[int] = []

    async def careful(n: int) -> None:
        try:
            await trio.sleep(100)
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(0.5)
            cleaned.append(n)

    stream = task.async_stream(careful, range(2), max_concurrency=2)
    async with stream as results:
        with trio.move_on_after(1):
            await anext(results)

    assert sorted(cleaned) == [0, 1]


@in_process
async def test_an_error_in_the_body_comes_out_as_it_is() -> None:
    async def consume() -> None:
        async with task.async_stream(echo, ticks(1, 9), max_concurrency=4) as results:
            async for _ in results:
                raise LookupError

    with pytest.raises(LookupError):
        await consume()

    assert await flush(100) == []


@in_process
async def test_who_was_cancelled_may_go_on() -> None:
    meter = Meter(2)

    async with task.async_stream(meter, range(6), max_concurrency=2) as results:
        found: list[object] = []
        while len(found) < 6:
            with trio.move_on_after(0.3):
                found.append(await anext(results))

    assert found == [Done(n) for n in range(6)]
    assert sorted(meter.started) == list(range(6))


@on_node
@pytest.mark.parametrize("reason", [BOOM, Shutdown(), Kill()])
async def test_the_tasks_die_with_their_owner(
    reason: Reason | Shutdown | Kill,
) -> None:
    pids: list[Pid] = []

    async def deaf(_: int) -> None:
        process.trap_exit(True)
        pids.append(process.self())
        await trio.sleep_forever()

    async def owner() -> None:
        async with task.async_stream(deaf, range(2), max_concurrency=2) as results:
            async for _ in results:
                pass

    pid = process.spawn(owner)
    await trio.sleep(1)
    process.exit(pid, reason)
    await trio.sleep(2)

    assert len(pids) == 2
    assert not any(map(process.is_alive, pids))
    assert running_timers(current_node()) == 0


# -------------------------------------------------------------------- wrong use of it


@in_process
async def test_a_stream_is_entered_before_it_is_used() -> None:
    stream = task.async_stream(echo, [1], max_concurrency=1)

    with pytest.raises(RuntimeError, match="async with"):
        await anext(stream)


@in_process
async def test_a_stream_is_entered_once() -> None:
    stream = task.async_stream(echo, [1], max_concurrency=1)
    async with stream:
        pass

    with pytest.raises(RuntimeError, match="once"):
        async with stream:
            pass
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


@in_process
async def test_a_stream_belongs_to_one_process() -> None:
    refused: list[BaseException] = []

    async with task.async_stream(echo, [1], max_concurrency=1) as results:

        async def other() -> None:
            with pytest.raises(NotOwnerError) as caught:
                await anext(results)
            refused.append(caught.value)

        await process.wait_exited(process.spawn(other))
        assert await anext(results) == Done(1)

    assert len(refused) == 1


@in_process
async def test_two_cannot_take_from_it_at_once() -> None:
    async with (
        task.async_stream(sleepy, [1], max_concurrency=1) as results,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(anext, results)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(trio.BusyResourceError):
            await anext(results)


@on_node
async def test_a_dead_process_enters_no_stream() -> None:
    refused: list[BaseException] = []

    async def body() -> None:
        try:
            await trio.sleep_forever()
        finally:
            with pytest.raises(NoProcessError) as caught:
                async with task.async_stream(echo, [1], max_concurrency=1):
                    pass
            refused.append(caught.value)

    pid = process.spawn(body)
    await trio.sleep(1)
    process.exit(pid, Kill())
    await trio.sleep(1)

    assert len(refused) == 1


@pytest.mark.parametrize("many", [0, -1, 1.5, True, "3", None])
def test_the_number_of_tasks_is_a_positive_whole_number(many: object) -> None:
    with pytest.raises(ValueError, match="at once"):
        task.async_stream(echo, [1], max_concurrency=many)  # type: ignore[call-overload]


@pytest.mark.parametrize("timeout", [-1, float("nan")])
def test_the_time_is_a_number_of_seconds(timeout: float) -> None:
    with pytest.raises(ValueError, match="time-out"):
        task.async_stream(echo, [1], max_concurrency=1, timeout=timeout)


def test_what_a_time_out_does_is_one_of_two_things() -> None:
    wrong: StreamTimeout = "ignore"  # type: ignore[assignment]
    with pytest.raises(ValueError, match="'ignore'"):
        task.async_stream(echo, [1], max_concurrency=1, on_timeout=wrong)


def test_the_items_can_be_iterated_over() -> None:
    with pytest.raises(TypeError, match="not 3"):
        task.async_stream(echo, 3, max_concurrency=1)  # type: ignore[call-overload]


@in_process
async def test_the_results_of_long_streams_are_not_kept() -> None:
    stream = task.async_stream(
        sleepy, [9] * 50, max_concurrency=3, timeout=1, on_timeout="kill_task"
    )
    async with stream as results:
        async for _ in results:
            pass
        assert len(stream._killed) <= 6
        assert stream._results == {}
        assert stream._running == {}


@in_process
async def test_a_function_with_an_argument_more_is_written_as_a_function() -> None:
    async def with_default(n: int, *, more: int = 10) -> int:
        return await late(0.1, n + more)

    async with task.async_stream(with_default, [1], max_concurrency=1) as results:
        assert await anext(results) == Done(11)
