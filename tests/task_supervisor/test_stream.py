"""Streams whose tasks run under a supervisor."""

from __future__ import annotations

import pytest
import trio

from otp import (
    Crash,
    Name,
    NoProcessError,
    Pid,
    Reason,
    TaskSupervisor,
    process,
    supervisor,
    sys,
    task_supervisor,
)
from otp.supervisor import SupervisorReport
from otp.task import Done, Failed, FailedItem, TaskTimeoutError
from otp.task_supervisor import MaxChildrenError
from tests.kernel.support import (
    collected_reports,
    exit_reason_of,
    flush,
    in_process,
    on_node,
)
from tests.task.work import fail, leave

TASKS = Name[TaskSupervisor]("tasks")


async def start(max_children: int | None = None) -> Pid[TaskSupervisor]:
    """Start a task supervisor that is not linked to the test."""
    pid = await task_supervisor.start_named(
        TASKS, TaskSupervisor, max_children=max_children
    )
    process.unlink(pid)
    return pid


async def moody(n: int) -> int:
    """Return *n* after as many seconds, or end with it as the reason if it is odd."""
    await trio.sleep(n)
    return await leave(Reason(n)) if n % 2 else n


@in_process
async def test_results_come_in_order_and_nothing_is_left() -> None:
    await start()
    stream = task_supervisor.async_stream(TASKS, moody, [4, 2, 0], max_concurrency=2)

    async with stream as results:
        found = [result async for result in results]

    assert found == [Done(4), Done(2), Done(0)]
    assert await task_supervisor.children(TASKS) == []
    assert await flush() == []


@in_process
async def test_without_links_a_failure_is_a_result() -> None:
    await start()
    stream = task_supervisor.async_stream_nolink(
        TASKS, moody, [1, 2], max_concurrency=2
    )

    async with stream as results:
        found = [result async for result in results]

    assert found == [Failed(Reason(1)), Done(2)]
    assert await flush() == []


@in_process
async def test_a_failure_may_come_with_its_item() -> None:
    await start()
    stream = task_supervisor.async_stream_nolink(
        TASKS, moody, [1, 2], max_concurrency=2, zip_input_on_exit=True, ordered=False
    )

    async with stream as results:
        found = [result async for result in results]

    assert found == [FailedItem(1, Reason(1)), Done(2)]


@in_process
async def test_who_traps_exits_gets_a_failure_and_no_message() -> None:
    await start()
    process.trap_exit(True)
    stream = task_supervisor.async_stream(TASKS, moody, [1, 2, 3], max_concurrency=2)

    async with stream as results:
        found = [result async for result in results]

    assert found == [Failed(Reason(1)), Done(2), Failed(Reason(3))]
    assert await flush() == []


@on_node
async def test_with_links_the_owner_dies_with_a_task() -> None:
    await start()

    async def owner() -> None:
        stream = task_supervisor.async_stream(TASKS, fail, [1, 9], max_concurrency=2)
        async with stream as results:
            async for _ in results:
                pass

    reason = await exit_reason_of(owner)

    assert isinstance(reason, Crash)
    assert await task_supervisor.children(TASKS) == []


@on_node
async def test_the_tasks_do_not_outlive_an_owner_that_is_killed() -> None:
    await start()

    async def owner() -> None:
        stream = task_supervisor.async_stream_nolink(
            TASKS, moody, [50, 50], max_concurrency=2, timeout=99
        )
        async with stream as results:
            async for _ in results:
                pass

    pid = process.spawn(owner)
    await trio.sleep(1)
    assert len(await task_supervisor.children(TASKS)) == 2
    process.exit(pid, Reason("enough"))
    await trio.sleep(1)

    assert await task_supervisor.children(TASKS) == []


@in_process
@pytest.mark.parametrize("linked", [True, False])
async def test_leaving_early_ends_the_tasks_without_alarm(*, linked: bool) -> None:
    await start()
    make = (
        task_supervisor.async_stream if linked else task_supervisor.async_stream_nolink
    )
    with collected_reports() as reports:
        async with make(TASKS, moody, [2, 50, 60], max_concurrency=3) as results:
            assert await anext(results) == Done(2)

    assert await task_supervisor.children(TASKS) == []
    assert [r for r in reports if isinstance(r, SupervisorReport)] == []
    assert await flush() == []


@in_process
async def test_a_time_out_kills_the_task() -> None:
    await start()
    stream = task_supervisor.async_stream(
        TASKS, moody, [8, 2], max_concurrency=2, timeout=3, on_timeout="kill_task"
    )
    async with stream as results:
        assert await anext(results) == Failed(Reason("timeout"))
        assert await anext(results) == Done(2)
        assert await task_supervisor.children(TASKS) == []

    async with task_supervisor.async_stream_nolink(
        TASKS, moody, [8, 2], max_concurrency=2, timeout=3
    ) as results:
        with pytest.raises(TaskTimeoutError):
            await anext(results)
    assert await task_supervisor.children(TASKS) == []


@in_process
async def test_a_full_supervisor_ends_the_stream() -> None:
    await start(max_children=1)
    stream = task_supervisor.async_stream(TASKS, moody, [2, 4], max_concurrency=2)

    async with stream as results:
        with pytest.raises(MaxChildrenError):
            await anext(results)
        with pytest.raises(StopAsyncIteration):
            await anext(results)

    assert await task_supervisor.children(TASKS) == []


@in_process
async def test_a_supervisor_that_ends_takes_the_tasks_along() -> None:
    top = await start()
    stream = task_supervisor.async_stream_nolink(
        TASKS, moody, [2, 50, 60], max_concurrency=2
    )
    async with stream as results:
        assert await anext(results) == Done(2)
        await supervisor.stop(top)
        with pytest.raises(NoProcessError):
            await anext(results)

    assert await flush() == []


@in_process
async def test_who_is_cancelled_loses_no_item() -> None:
    await start()
    stream = task_supervisor.async_stream(
        TASKS, moody, [0, 2, 4, 6], max_concurrency=2, timeout=20
    )
    found: list[object] = []

    async with stream as results:
        while len(found) < 4:
            with trio.move_on_after(0.3):
                found.append(await anext(results))

    assert found == [Done(0), Done(2), Done(4), Done(6)]


@in_process
async def test_an_item_whose_task_could_not_be_started_in_time_is_not_lost() -> None:
    top = await start()
    stream = task_supervisor.async_stream(TASKS, moody, [0, 2], max_concurrency=1)

    async with stream as results:
        await sys.suspend(top)
        with trio.move_on_after(1):
            await anext(results)
        await sys.resume(top)
        found = [result async for result in results]

    assert found == [Done(0), Done(2)]
    assert await task_supervisor.children(TASKS) == []
    assert await flush() == []


def test_wrong_options_are_refused_at_once() -> None:
    for make in (task_supervisor.async_stream, task_supervisor.async_stream_nolink):
        with pytest.raises(ValueError, match="at once"):
            make(TASKS, moody, [1], max_concurrency=0)
        with pytest.raises(ValueError, match="shutdown"):
            make(TASKS, moody, [1], max_concurrency=1, shutdown=-1)
