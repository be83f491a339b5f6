"""Waiting for one task: its result, its failures, and those who may not wait."""

from __future__ import annotations

import pytest
import trio

from otp import (
    CallTimeoutError,
    Crash,
    Exit,
    Exited,
    Kill,
    Killed,
    NoNodeError,
    NoProcessError,
    Normal,
    Pid,
    Reason,
    ServerExitedError,
    Shutdown,
    Task,
    process,
    task,
)
from otp.task import (
    Done,
    Failed,
    NotOwnerError,
    TaskExitedError,
    TaskTakenError,
    TaskTimeoutError,
)
from tests.kernel.support import (
    assert_owes_nothing,
    exit_reason_of,
    flush,
    in_process,
    on_node,
)
from tests.task.work import BOOM, echo, fail, late, leave

INF = float("inf")


@in_process
async def test_await_returns_the_result() -> None:
    started = task.async_(late, 3, "value")

    assert await task.await_(started) == "value"
    assert await flush() == []


@in_process
async def test_a_result_that_is_there_already_is_returned_at_once() -> None:
    started = task.async_(echo, "value")
    await trio.sleep(1)

    assert await task.await_(started, 0) == "value"
    assert await flush() == []


@in_process
async def test_a_task_takes_keyword_arguments() -> None:
    assert await task.await_(task.async_(late, 0, value="x")) == "x"


@in_process
async def test_a_handle_says_whose_task_it_is_and_where_it_runs() -> None:
    async def who() -> Pid:
        return process.self()

    started = task.async_(who)

    assert started.owner is process.self()
    assert await task.await_(started) is started.pid


@in_process
async def test_a_handle_is_frozen_and_comes_from_async_only() -> None:
    started = task.async_(echo, 1)

    with pytest.raises(AttributeError):
        started.pid = None  # type: ignore[misc]
    with pytest.raises(TypeError, match=r"use task.async_\(\)"):
        Task(echo, 1)
    assert hash(started) == hash(started)
    assert started != task.async_(echo, 1)
    assert "slot" not in repr(started)


@in_process
async def test_a_task_is_linked_to_its_owner_until_it_is_over() -> None:
    started = task.async_(late, 3, 1)
    assert started.pid is not None

    info = process.info(started.pid)
    assert info is not None
    assert info.links == (process.self(),)
    await task.await_(started)
    assert process.info(process.self()).links == ()  # type: ignore[union-attr]


# ----------------------------------------------------------------------- failures


@on_node
async def test_an_owner_that_does_not_trap_exits_dies_with_the_task() -> None:
    async def owner() -> None:
        await task.await_(task.async_(fail))

    reason = await exit_reason_of(owner)

    assert isinstance(reason, Crash)
    assert isinstance(reason.error, ValueError)


@in_process
async def test_an_owner_that_traps_exits_gets_an_error_with_the_reason() -> None:
    process.trap_exit(True)
    started = task.async_(leave, BOOM)

    with pytest.raises(TaskExitedError) as caught:
        await task.await_(started)

    assert caught.value.reason == BOOM
    assert caught.value.server is started.pid
    assert caught.value.__cause__ is None
    assert isinstance(caught.value, ServerExitedError)
    assert await flush() == [Exited(started.pid, BOOM)]  # type: ignore[arg-type]


@in_process
async def test_the_exception_of_a_crash_is_the_cause_of_the_error() -> None:
    process.trap_exit(True)

    with pytest.raises(TaskExitedError) as caught:
        await task.await_(task.async_(fail, 1, "because"))

    assert str(caught.value.__cause__) == "because"
    assert isinstance(caught.value.reason, Crash)


@in_process
async def test_a_task_that_failed_before_it_was_awaited_has_failed() -> None:
    process.trap_exit(True)
    started = task.async_(leave, BOOM)
    await trio.sleep(1)

    with pytest.raises(TaskExitedError):
        await task.await_(started)

    assert await flush() == [Exited(started.pid, BOOM)]  # type: ignore[arg-type]


@in_process
async def test_a_task_that_is_killed_has_failed() -> None:
    process.trap_exit(True)
    started = task.async_(late, 3, 1)
    assert started.pid is not None
    process.exit(started.pid, Kill())

    with pytest.raises(TaskExitedError) as caught:
        await task.await_(started)

    assert caught.value.reason == Killed()


@in_process
async def test_a_function_that_is_not_async_is_a_crash_that_says_so() -> None:
    process.trap_exit(True)

    with pytest.raises(TaskExitedError) as caught:
        await task.await_(task.async_(len, "x"))  # type: ignore[arg-type]

    assert isinstance(caught.value.__cause__, TypeError)
    assert "len('x') is not" in str(caught.value.__cause__)


@in_process
async def test_what_cannot_be_called_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="not 3"):
        task.async_(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="write fetch, url"):
        task.async_(echo(1))  # type: ignore[arg-type]


def test_without_a_node_there_are_no_tasks() -> None:
    with pytest.raises(NoNodeError):
        task.async_(echo, 1)


@on_node
async def test_a_dead_process_starts_no_tasks() -> None:
    refused: list[BaseException] = []

    async def body() -> None:
        try:
            await trio.sleep_forever()
        finally:
            try:
                task.async_(echo, 1)
            except NoProcessError as error:
                refused.append(error)

    pid = process.spawn(body)
    await trio.sleep(1)
    process.exit(pid, Kill())
    await trio.sleep(1)

    assert len(refused) == 1


# --------------------------------------------------------------------- time-outs


@in_process
async def test_a_time_out_leaves_the_task_alone_and_drops_its_result() -> None:
    started = task.async_(late, 10, 1)

    with pytest.raises(TaskTimeoutError, match="no result in 5 s") as caught:
        await task.await_(started)

    assert isinstance(caught.value, CallTimeoutError)
    assert caught.value.timeout == 5
    assert started.pid is not None
    assert process.is_alive(started.pid)
    # Nobody watches it any more.
    assert_owes_nothing(started.pid)
    assert await flush(20) == []


@in_process
async def test_after_a_time_out_the_link_is_still_there() -> None:
    process.trap_exit(True)
    started = task.async_(leave, BOOM, 10)

    with pytest.raises(TaskTimeoutError):
        await task.await_(started)

    assert await flush(20) == [Exited(started.pid, BOOM)]  # type: ignore[arg-type]


@in_process
async def test_without_a_limit_it_is_waited_for_as_long_as_it_takes() -> None:
    assert await task.await_(task.async_(late, 1e6, 1), INF) == 1


@in_process
@pytest.mark.parametrize("timeout", [-1, float("nan")])
async def test_a_time_out_is_a_number_of_seconds(timeout: float) -> None:
    process.trap_exit(True)
    started = task.async_(late, 1, 1)

    with pytest.raises(ValueError, match="time-out"):
        await task.await_(started, timeout)


# ------------------------------------------------------------------------- owners


@in_process
async def test_only_the_owner_may_wait() -> None:
    started = task.async_(late, 1, 1)
    refused: list[BaseException] = []

    async def other() -> None:
        for wait in (task.await_, task.yield_, task.shutdown):
            with pytest.raises(NotOwnerError, match="let the owner wait") as caught:
                await wait(started)
            refused.append(caught.value)
        with pytest.raises(NotOwnerError):
            task.ignore(started)
        with pytest.raises(NotOwnerError):
            await task.await_many([started])
        with pytest.raises(NotOwnerError):
            await task.yield_many([started])

    await process.wait_exited(process.spawn(other))

    assert len(refused) == 3
    assert await task.await_(started) == 1


@on_node
async def test_around_a_node_tasks_are_started_and_awaited_as_well() -> None:
    started = task.async_(late, 1, "value")
    failing = task.async_(leave, BOOM)

    assert await task.await_(started) == "value"
    with pytest.raises(TaskExitedError) as caught:
        await task.await_(failing)
    assert caught.value.reason == BOOM


@on_node
async def test_around_a_node_a_result_waits_for_who_asks_late() -> None:
    started = task.async_(echo, "value")
    await trio.sleep(1)

    assert await task.yield_(started, 0) == Done("value")


@in_process
async def test_the_tasks_of_a_process_may_wait_at_the_same_time() -> None:
    results: list[int] = []

    async def wait(n: int) -> None:
        results.append(await task.await_(task.async_(late, n, n)))

    async with trio.open_nursery() as nursery:
        for n in (3, 1, 2):
            nursery.start_soon(wait, n)

    assert results == [1, 2, 3]


@in_process
async def test_a_task_is_awaited_once() -> None:
    started = task.async_(echo, 1)
    await task.await_(started)

    with pytest.raises(TaskTakenError, match="awaited once"):
        await task.await_(started)
    with pytest.raises(TaskTakenError):
        await task.yield_(started)
    assert task.ignore(started) is None


@in_process
async def test_of_two_that_wait_one_gets_the_result_and_the_other_is_told() -> None:
    started = task.async_(late, 1, "value")
    results: list[object] = []

    async def wait() -> None:
        try:
            results.append(await task.await_(started, INF))
        except TaskTakenError:
            results.append("taken")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        nursery.start_soon(wait)

    assert sorted(map(str, results)) == ["taken", "value"]


@in_process
async def test_who_waits_is_told_when_another_gives_the_task_up() -> None:
    started = task.async_(late, 100, "value")

    async def wait_shortly() -> None:
        with pytest.raises(TaskTimeoutError):
            await task.await_(started, 1)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait_shortly)
        with pytest.raises(TaskTakenError):
            await task.yield_(started, INF)


# --------------------------------------------------------------- cancelled, or dead


@in_process
async def test_who_is_cancelled_has_given_the_task_up() -> None:
    started = task.async_(late, 10, 1)

    with trio.move_on_after(1):
        await task.await_(started)

    assert started.pid is not None
    assert process.is_alive(started.pid)
    assert await flush(20) == []
    with pytest.raises(TaskTakenError):
        await task.await_(started)


@on_node
@pytest.mark.parametrize("reason", [BOOM, Shutdown(), Kill()])
async def test_a_task_dies_with_its_owner(reason: Reason | Shutdown | Kill) -> None:
    tasks: list[Pid | None] = []

    async def owner() -> None:
        started = task.async_(late, 10, 1)
        tasks.append(started.pid)
        await task.await_(started)

    pid = process.spawn(owner)
    await trio.sleep(1)
    process.exit(pid, reason)

    assert tasks[0] is not None
    assert not process.is_alive(tasks[0])


@on_node
async def test_a_task_outlives_an_owner_that_ends_normally() -> None:
    tasks: list[Pid | None] = []

    async def owner() -> None:
        tasks.append(task.async_(late, 10, 1).pid)

    await exit_reason_of(owner)

    assert tasks[0] is not None
    assert await process.wait_exited(tasks[0]) == Normal()


@in_process
async def test_what_a_killed_task_returns_all_the_same_is_dropped() -> None:
    process.trap_exit(True)

    async def stubborn() -> str:
        with trio.CancelScope(shield=True):
            await trio.sleep(0.5)
        return "value"

    started = task.async_(stubborn)
    await trio.sleep(0.1)
    assert started.pid is not None
    process.exit(started.pid, Kill())

    assert await task.yield_(started, 5) == Failed(Killed())
    assert await flush(5) == [Exited(started.pid, Killed())]


@on_node
async def test_a_dead_process_waits_for_nobody() -> None:
    ends: list[BaseException] = []

    async def body() -> None:
        started = task.async_(late, 1, "value")
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                try:
                    await task.await_(started)
                except Exit as end:
                    ends.append(end)

    pid = process.spawn(body)
    await trio.sleep(0.1)
    process.exit(pid, Kill())
    await trio.sleep(5)

    assert [end.args for end in ends] == [(Killed(),)]


# ------------------------------------------------------------------ yield, completed


@in_process
async def test_yield_may_be_called_until_the_task_is_over() -> None:
    started = task.async_(late, 3, "value")

    assert await task.yield_(started, 0) is None
    assert await task.yield_(started, 1) is None
    assert await task.yield_(started, 5) == Done("value")
    assert await flush() == []


@in_process
async def test_yield_tells_of_a_failure() -> None:
    process.trap_exit(True)
    started = task.async_(leave, BOOM, 1)

    assert await task.yield_(started) == Failed(BOOM)


@in_process
async def test_who_is_cancelled_in_a_yield_may_come_back() -> None:
    started = task.async_(late, 3, "value")

    with trio.move_on_after(1):
        await task.yield_(started)

    assert await task.yield_(started) == Done("value")


@in_process
async def test_a_completed_task_has_its_value_and_no_process() -> None:
    made = task.completed("value")

    assert made.pid is None
    assert await task.await_(made) == "value"
    assert await flush() == []


@in_process
async def test_an_exit_of_the_owner_while_it_waits_is_its_own() -> None:
    async def owner() -> None:
        started = task.async_(late, 10, 1)
        try:
            await task.await_(started, 1)
        except TaskTimeoutError as error:
            raise Exit(Reason("timeout")) from error

    assert await exit_reason_of(owner) == Reason("timeout")
