"""Stopping tasks, and giving them up."""

from __future__ import annotations

import pytest
import trio

from otp import (
    Exited,
    Kill,
    Killed,
    NoProc,
    Normal,
    Pid,
    Shutdown,
    Task,
    TaskResult,
    process,
    task,
)
from otp.task import Done, Failed, TaskTimeoutError
from tests.kernel.support import exit_reason_of, flush, in_process, on_node
from tests.task.work import BOOM, echo, late, leave, trap


def pid_of(one: Task[object]) -> Pid:
    assert one.pid is not None
    return one.pid


async def prepared(one: Task[object]) -> Pid:
    """Let *one* get to its first wait."""
    await trio.sleep(0.1)
    return pid_of(one)


@in_process
async def test_a_task_that_ends_as_told_has_no_outcome() -> None:
    slow = task.async_(late, 10, 1)
    await prepared(slow)

    assert await task.shutdown(slow) is None
    assert not process.is_alive(pid_of(slow))
    assert await flush() == []


@in_process
async def test_a_result_that_was_there_is_returned() -> None:
    done = task.async_(echo, "v")
    await prepared(done)

    assert await task.shutdown(done) == Done("v")
    assert await flush() == []


@in_process
async def test_a_result_that_comes_while_it_is_told_to_stop_is_returned() -> None:
    stubborn = task.async_(trap, 3, "v")
    await prepared(stubborn)

    assert await task.shutdown(stubborn) == Done("v")
    assert await flush() == []


@in_process
async def test_who_takes_no_notice_is_killed_when_the_time_is_over() -> None:
    deaf = task.async_(trap, 100, "v")
    await prepared(deaf)

    assert await task.shutdown(deaf, 0.02) == Failed(Killed())
    assert await flush(200) == []


@in_process
async def test_who_is_to_be_killed_and_is_has_no_outcome() -> None:
    deaf = task.async_(trap, 100, "v")
    await prepared(deaf)

    assert await task.shutdown(deaf, "brutal_kill") is None
    assert await flush(200) == []


@in_process
async def test_a_brutal_kill_tells_of_another_end() -> None:
    process.trap_exit(True)
    gone = task.async_(leave, Shutdown())
    await prepared(gone)

    assert await task.shutdown(gone, "brutal_kill") == Failed(Shutdown())


@in_process
async def test_a_crash_before_it_was_told_to_stop_is_returned() -> None:
    process.trap_exit(True)
    gone = task.async_(leave, BOOM)
    await prepared(gone)

    assert await task.shutdown(gone) == Failed(BOOM)
    assert await flush() == [Exited(pid_of(gone), BOOM)]


@in_process
async def test_another_reason_than_the_one_it_was_told_is_returned() -> None:
    async def other_reason() -> None:
        process.trap_exit(True)
        await process.receive(Exited)
        await leave(BOOM)

    strange = task.async_(other_reason)
    await prepared(strange)

    assert await task.shutdown(strange) == Failed(BOOM)
    assert await flush() == []


@in_process
async def test_a_shutdown_does_not_hit_a_linked_owner() -> None:
    slow = task.async_(late, 10, 1)
    await prepared(slow)

    await task.shutdown(slow, "brutal_kill")

    assert process.is_alive(process.self())


@in_process
async def test_the_code_of_the_task_is_over_afterwards() -> None:
    cleaned: list[str] = []

    async def careful() -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(0.5)
            cleaned.append("up")

    one = task.async_(careful)
    await prepared(one)
    await task.shutdown(one)

    assert cleaned == ["up"]


@in_process
async def test_what_was_given_up_can_be_shut_down() -> None:
    slow = task.async_(late, 10, 1)
    with pytest.raises(TaskTimeoutError):
        await task.await_(slow, 1)

    assert await task.shutdown(slow) is None
    assert await task.shutdown(slow) == Failed(NoProc())


@in_process
async def test_what_was_given_up_and_ended_by_itself_has_failed() -> None:
    stubborn = task.async_(trap, 3, "v")
    with pytest.raises(TaskTimeoutError):
        await task.await_(stubborn, 1)

    assert await task.shutdown(stubborn) == Failed(Normal())


@in_process
async def test_what_was_received_by_hand_and_is_over_was_no_process() -> None:
    done = task.async_(echo, "v")
    await process.receive(TaskResult)

    assert await task.shutdown(done) == Failed(NoProc())


@in_process
async def test_a_completed_task_cannot_be_shut_down() -> None:
    with pytest.raises(ValueError, match="no process"):
        await task.shutdown(task.completed(1))


@in_process
@pytest.mark.parametrize("timeout", [-1, float("nan")])
async def test_a_wrong_time_out_stops_nothing(timeout: float) -> None:
    slow = task.async_(late, 1, "v")

    with pytest.raises(ValueError, match="time-out"):
        await task.shutdown(slow, timeout)

    assert await task.await_(slow) == "v"


@in_process
async def test_who_is_cancelled_meanwhile_has_killed_the_task() -> None:
    deaf = task.async_(trap, 100, "v")
    await prepared(deaf)

    with trio.move_on_after(1):
        await task.shutdown(deaf)

    assert not process.is_alive(pid_of(deaf))
    assert await flush(200) == []


@on_node
async def test_an_owner_that_dies_meanwhile_takes_the_task_along() -> None:
    tasks: list[Pid] = []

    async def owner() -> None:
        deaf = task.async_(trap, 100, "v")
        tasks.append(await prepared(deaf))
        await task.shutdown(deaf, 50)

    pid = process.spawn(owner)
    await trio.sleep(1)
    process.exit(pid, Kill())
    await trio.sleep(1)

    assert not process.is_alive(tasks[0])


# ------------------------------------------------------------------------------ ignore


@in_process
async def test_who_is_ignored_goes_on_and_is_heard_of_no_more() -> None:
    slow = task.async_(late, 3, "v")

    assert task.ignore(slow) is None
    assert process.is_alive(pid_of(slow))
    assert await flush(10) == []


@in_process
async def test_who_is_ignored_is_linked_no_more() -> None:
    failing = task.async_(leave, BOOM, 3)

    task.ignore(failing)

    assert await process.wait_exited(pid_of(failing)) == BOOM


@on_node
async def test_who_is_ignored_outlives_a_crash_of_its_owner() -> None:
    tasks: list[Task[int]] = []

    async def owner() -> None:
        tasks.append(task.async_(late, 3, 1))
        task.ignore(tasks[0])
        await leave(BOOM)

    assert await exit_reason_of(owner) == BOOM
    assert await process.wait_exited(pid_of(tasks[0])) == Normal()


@in_process
async def test_an_outcome_that_is_there_is_returned() -> None:
    process.trap_exit(True)
    done, gone = task.async_(echo, "v"), task.async_(leave, BOOM)
    await trio.sleep(1)

    assert task.ignore(done) == Done("v")
    assert task.ignore(gone) == Failed(BOOM)
    assert task.ignore(task.completed(1)) == Done(1)
    assert {type(m) for m in await flush()} == {Exited}
