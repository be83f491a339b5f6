"""Waiting for several tasks."""

from __future__ import annotations

import pytest
import trio
from hypothesis import given, strategies as st

from otp import Exited, Killed, Node, Reason, TaskResult, process, task
from otp.task import (
    Done,
    Failed,
    OnTimeout,
    Task,
    TaskExitedError,
    TaskTakenError,
    TaskTimeoutError,
)
from tests.kernel.support import flush, in_process, outcome_in_process
from tests.task.work import BOOM, echo, late, leave

INF = float("inf")


@in_process
async def test_results_come_in_the_order_of_the_tasks() -> None:
    tasks = [task.async_(late, n, n) for n in (3, 1, 2)]

    assert await task.await_many(tasks) == [3, 1, 2]
    assert trio.current_time() < 4
    assert await flush() == []


@in_process
async def test_nothing_is_waited_for_if_there_are_no_tasks() -> None:
    none: list[Task[int]] = []

    assert await task.await_many(none) == []
    assert await task.yield_many(none) == []


@in_process
async def test_a_task_may_be_named_twice() -> None:
    one = task.async_(late, 1, "x")

    assert await task.await_many([one, one]) == ["x", "x"]


@in_process
async def test_any_iterable_of_tasks_will_do() -> None:
    assert await task.await_many(task.async_(echo, n) for n in range(3)) == [0, 1, 2]


@in_process
async def test_all_have_one_time_together() -> None:
    tasks = [task.async_(late, n, n) for n in (2, 4, 6)]

    with pytest.raises(TaskTimeoutError, match="no result in 5 s") as caught:
        await task.await_many(tasks)

    assert caught.value.server is tasks[2].pid
    # All are given up, and nothing comes of them.
    assert await flush(20) == []
    with pytest.raises(TaskTakenError):
        await task.await_(tasks[0])


@in_process
async def test_a_time_out_names_all_who_are_late() -> None:
    tasks = [task.async_(late, n, n) for n in (0, 10, 10)]

    with pytest.raises(TaskTimeoutError, match=r"tasks <\S+>, <\S+> had") as caught:
        await task.await_many(tasks, 1)

    assert caught.value.server == [tasks[1].pid, tasks[2].pid]


@in_process
async def test_the_first_failure_is_raised_and_the_others_are_given_up() -> None:
    process.trap_exit(True)
    slow = task.async_(late, 4, 1)
    tasks = [slow, task.async_(leave, Reason(2), 2), task.async_(leave, Reason(1), 1)]

    with pytest.raises(TaskExitedError) as caught:
        await task.await_many(tasks)

    assert caught.value.reason == Reason(1)
    assert slow.pid is not None
    assert process.is_alive(slow.pid)
    left = await flush(20)
    assert {type(m) for m in left} == {Exited}
    assert len(left) == 3


@in_process
async def test_who_is_cancelled_has_given_all_of_them_up() -> None:
    tasks = [task.async_(late, n, n) for n in (1, 3)]

    with trio.move_on_after(2):
        await task.await_many(tasks)

    assert await flush(20) == []
    for one in tasks:
        with pytest.raises(TaskTakenError):
            await task.yield_(one)


# ------------------------------------------------------------------------ yield_many


@in_process
async def test_each_task_is_returned_with_its_outcome() -> None:
    process.trap_exit(True)
    good, bad = task.async_(late, 1, "x"), task.async_(leave, BOOM, 2)
    slow = task.async_(late, 10, "y")

    assert await task.yield_many([slow, good, bad]) == [
        (slow, None),
        (good, Done("x")),
        (bad, Failed(BOOM)),
    ]
    # Who is not over may be waited for again.
    assert await task.await_(slow, INF) == "y"


@in_process
async def test_a_limit_is_how_many_to_wait_for() -> None:
    tasks = [task.async_(late, n, n) for n in (3, 1, 2)]

    found = await task.yield_many(tasks, limit=2, on_timeout="kill_task")

    assert [outcome for _, outcome in found] == [None, Done(1), Done(2)]
    assert await task.await_(tasks[0]) == 3


@in_process
async def test_what_came_beyond_the_limit_is_not_lost() -> None:
    tasks = [task.async_(echo, n) for n in range(3)]
    await trio.sleep(1)

    found = await task.yield_many(tasks, limit=1)
    left = [one for one, outcome in found if outcome is None]

    assert len(left) == 2
    assert sorted(await task.await_many(left)) == [1, 2]


@in_process
async def test_what_comes_at_once_beyond_the_limit_is_not_lost() -> None:
    tasks = [task.async_(late, 1, n) for n in range(3)]

    found = await task.yield_many(tasks, limit=1)

    missing = {one.ref for one, outcome in found if outcome is None}
    messages = [await process.receive(TaskResult) for _ in range(2)]
    assert {m.ref for m in messages} == missing


@in_process
@pytest.mark.parametrize(
    ("on_timeout", "alive"), [("nothing", True), ("ignore", True), ("kill_task", False)]
)
async def test_what_becomes_of_those_that_are_late(
    on_timeout: OnTimeout, *, alive: bool
) -> None:
    slow, fast = task.async_(late, 10, "y"), task.async_(late, 1, "x")

    found = await task.yield_many([slow, fast], on_timeout=on_timeout)

    assert found == [(slow, None), (fast, Done("x"))]
    assert slow.pid is not None
    assert process.is_alive(slow.pid) is alive
    expected = [TaskResult(slow.ref, "y")] if on_timeout == "nothing" else []
    assert await flush(20) == expected


@in_process
async def test_what_is_asked_for_must_make_sense() -> None:
    one = task.async_(echo, 1)

    with pytest.raises(ValueError, match="limit"):
        await task.yield_many([one], limit=-1)
    with pytest.raises(ValueError, match="'kill'"):
        await task.yield_many([one], on_timeout="kill")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="time-out"):
        await task.yield_many([one], -1)
    assert await task.yield_many([one], limit=0) == [(one, None)]
    assert await task.await_(one) == 1


@in_process
async def test_who_is_cancelled_in_a_yield_many_may_come_back() -> None:
    tasks = [task.async_(late, n, n) for n in (1, 3)]

    with trio.move_on_after(2):
        await task.yield_many(tasks)

    assert await task.await_(tasks[0]) == 1
    assert await task.await_(tasks[1]) == 3


@in_process
async def test_a_killed_late_task_that_traps_exits_is_dead_too() -> None:
    async def deaf() -> None:
        process.trap_exit(True)
        await trio.sleep(100)

    slow = task.async_(deaf)
    found = await task.yield_many([slow], 1, on_timeout="kill_task")

    assert found == [(slow, None)]
    assert slow.pid is not None
    assert await process.wait_exited(slow.pid, timeout=0.1) is not Killed()


# ------------------------------------------------------------------------ properties

SECONDS = st.integers(0, 8)
OUTCOMES = st.lists(st.tuples(SECONDS, st.booleans()), max_size=8)


@given(tasks=OUTCOMES, timeout=SECONDS, limit=st.none() | SECONDS)
def test_who_is_over_in_time_is_found_and_nobody_else(
    tasks: list[tuple[int, bool]], timeout: int, limit: int | None
) -> None:
    async def body() -> None:
        process.trap_exit(True)
        # Half a second apart, so that no two things happen at the same time.
        started = [
            task.async_(late, s + i / 100, i)
            if good
            else task.async_(leave, Reason(i), s + i / 100)
            for i, (s, good) in enumerate(tasks)
        ]
        found = await task.yield_many(started, timeout + 0.5, limit=limit)
        over = sorted((s, i) for i, (s, _) in enumerate(tasks) if s <= timeout)
        first = {i for _, i in over[: len(tasks) if limit is None else limit]}
        for i, ((one, outcome), (_, good)) in enumerate(zip(found, tasks, strict=True)):
            assert one is started[i]
            expected = Done(i) if good else Failed(Reason(i))
            assert outcome == (expected if i in first else None)

    async def main() -> None:
        async with Node() as node:
            outcome = await outcome_in_process(node, body)
        if outcome is not None:
            assert isinstance(outcome, BaseException)
            raise outcome

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
