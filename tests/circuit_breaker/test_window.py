"""A window counts exactly what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from otp.circuit_breaker._window import CountedCalls, TimedCalls

if TYPE_CHECKING:
    from collections import deque

    from otp.circuit_breaker._window import Window

OUTCOMES = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60)
# Whole milliseconds, so that a time can be exactly at the edge of the window.
STEPS = st.integers(0, 7)


def counts(window: Window) -> tuple[int, int, int]:
    return window.calls, window.failures, window.slow


def sums(outcomes: list[tuple[bool, bool]]) -> tuple[int, int, int]:
    failures = [failed for failed, _ in outcomes]
    return len(outcomes), sum(failures), sum(slow for _, slow in outcomes)


def test_resilience4j_counts_five_seconds_like_this() -> None:
    """The vector of its sliding time window, with milliseconds as the unit."""
    window = TimedCalls(5000)
    seen: list[tuple[int, int, int]] = []

    for now, outcome in [
        (0, (True, False)),
        (100, (False, False)),
        (800, (True, True)),
        (4800, None),
        (5800, None),
        (10800, (False, False)),
    ]:
        window.expire(now)
        if outcome is not None:
            window.add(now, *outcome)
        seen.append(counts(window))

    assert seen == [(1, 1, 0), (2, 1, 0), (3, 2, 1), (3, 2, 1), (0, 0, 0), (1, 0, 0)]


@pytest.mark.parametrize(("age", "there"), [(0, 1), (4, 1), (5, 0), (6, 0)])
def test_an_outcome_counts_until_it_is_as_old_as_the_window_is_long(
    age: float, there: int
) -> None:
    window = TimedCalls(5)
    window.add(100, failed=True, slow=True)

    window.expire(100 + age)

    assert counts(window) == (there, there, there)


def test_the_oldest_of_a_full_window_goes_for_a_new_one() -> None:
    window = CountedCalls(2)

    for failed in (True, False, False):
        window.add(0, failed=failed, slow=not failed)

    assert counts(window) == (2, 0, 2)


def test_age_does_not_count_in_a_window_of_calls() -> None:
    window = CountedCalls(2)
    window.add(0, failed=True, slow=False)

    window.expire(1e9)

    assert counts(window) == (1, 1, 0)


@given(st.integers(1, 9), OUTCOMES)
def test_a_window_of_calls_is_the_newest_of_all(
    size: int, outcomes: list[tuple[bool, bool]]
) -> None:
    window = CountedCalls(size)

    for n, (failed, slow) in enumerate(outcomes, 1):
        window.add(0, failed, slow)
        assert counts(window) == sums(outcomes[:n][-size:])


@given(st.integers(1, 9), st.lists(st.tuples(STEPS, st.booleans(), st.booleans())))
def test_a_window_of_time_is_what_is_younger(
    seconds: int, story: list[tuple[int, bool, bool]]
) -> None:
    window = TimedCalls(seconds)
    all_of_it: list[tuple[int, bool, bool]] = []
    now = 0

    for step, failed, slow in story:
        now += step
        window.add(now, failed, slow)
        all_of_it.append((now, failed, slow))
        young = [rest for at, *rest in all_of_it if now - at < seconds]
        assert counts(window) == sums([(one, two) for one, two in young])


def test_a_window_keeps_no_more_than_is_in_it() -> None:
    by_number, by_time = CountedCalls(10), TimedCalls(10)
    for now in range(1000):
        by_number.add(now, failed=True, slow=False)
        by_time.add(now, failed=True, slow=False)

    assert [kept(by_number), kept(by_time)] == [10, 10]


def kept(window: CountedCalls | TimedCalls) -> int:
    outcomes: deque[object] = getattr(window, "_outcomes")  # noqa: B009
    return len(outcomes)
