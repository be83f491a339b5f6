from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from otp.task_executor._queue import RANKS, JobQueue, Place, place_of

if TYPE_CHECKING:
    from otp.task_executor import Priority

priorities = st.sampled_from(list(RANKS))


def queue_of(*jobs: tuple[Priority, float], ageing: float = 10.0) -> JobQueue[int]:
    """Return a queue of jobs, which are called 1, 2, ..."""
    queue: JobQueue[int] = JobQueue()
    for number, (priority, came) in enumerate(jobs, 1):
        queue.add(number, place_of(priority, came, ageing, number))
    return queue


def drained(queue: JobQueue[int]) -> list[int]:
    """Take out everything."""
    return [queue.pop()[0] for _ in range(len(queue))]


def test_the_priorities_are_those_from_low_to_critical() -> None:
    assert RANKS == {"low": 0, "normal": 1, "high": 2, "critical": 3}


def test_the_most_important_is_next() -> None:
    queue = queue_of(("low", 0), ("critical", 0), ("normal", 0), ("high", 0))

    assert drained(queue) == [2, 4, 3, 1]


def test_of_equally_important_ones_the_first_is_next() -> None:
    queue = queue_of(("normal", 0), ("normal", 0), ("normal", 1))

    assert drained(queue) == [1, 2, 3]


@pytest.mark.parametrize(("came", "order"), [(9, [2, 1]), (10, [1, 2]), (11, [1, 2])])
def test_a_priority_is_worth_so_many_seconds(came: float, order: list[int]) -> None:
    assert drained(queue_of(("low", 0), ("normal", came))) == order


def test_without_ageing_all_are_done_in_the_order_in_which_they_came() -> None:
    queue = queue_of(("low", 0), ("critical", 0), ("low", 1), ageing=0)

    assert drained(queue) == [1, 2, 3]


def test_who_is_removed_is_not_next() -> None:
    queue = queue_of(("normal", 0), ("normal", 0))

    assert queue.remove(1)
    assert not queue.remove(1)
    assert 1 not in queue
    assert drained(queue) == [2]
    with pytest.raises(IndexError):
        queue.pop()


def test_who_was_removed_may_come_again() -> None:
    queue = queue_of(("normal", 0), ("normal", 0))
    queue.remove(1)
    queue.add(1, Place(5, 3))

    assert queue.pop() == (2, Place(-10, 2))
    assert queue.pop() == (1, Place(5, 3))
    assert len(queue) == 0


def test_those_who_have_been_removed_take_no_room() -> None:
    job: tuple[Priority, float] = ("normal", 0)
    queue = queue_of(*[job] * 1000)
    for number in range(1, 1000):
        queue.remove(number)

    assert len(queue._heap) < 100
    assert queue.jobs == (1000,)
    assert drained(queue) == [1000]


def test_the_order_stays_what_it_is_when_many_are_removed() -> None:
    low: tuple[Priority, float] = ("low", 0)
    queue = queue_of(*[low] * 400, ("normal", 0), ("critical", 0), ("high", 0))
    for number in range(2, 401):
        queue.remove(number)

    assert drained(queue) == [402, 403, 401, 1]


@given(
    st.lists(st.tuples(priorities, st.integers(0, 50)), max_size=20),
    st.integers(1, 20),
    st.integers(50, 100),
)
def test_the_order_is_that_of_priority_and_waiting_at_any_time(
    jobs: list[tuple[Priority, int]], ageing: int, now: int
) -> None:
    jobs.sort(key=lambda job: job[1])

    def effective(number: int) -> tuple[float, int]:
        priority, came = jobs[number - 1]
        # Times *ageing*, to be exact.
        return -(RANKS[priority] * ageing + now - came), number

    queue = queue_of(*jobs, ageing=ageing)

    assert drained(queue) == sorted(range(1, len(jobs) + 1), key=effective)


@given(
    st.lists(st.tuples(priorities, st.integers(0, 5)), max_size=60), st.integers(1, 9)
)
def test_nobody_is_overtaken_by_those_who_come_much_later(
    jobs: list[tuple[Priority, int]], ageing: int
) -> None:
    queue: JobQueue[int] = JobQueue()
    now = 0
    came: dict[int, int] = {}
    for number, (priority, pause) in enumerate(jobs):
        now += pause
        came[number] = now
        queue.add(number, place_of(priority, now, ageing, number))
        if number % 2:
            taken, _ = queue.pop()
            late = [other for other in queue.jobs if came[other] < came[taken]]
            assert all(came[taken] - came[other] <= 3 * ageing for other in late)
