from __future__ import annotations

from math import inf
from typing import get_args

import attrs
from hypothesis import given, strategies as st

from otp.retry._decide import Again, Failure, GiveUp, Why, decide

FIRST = Failure(attempt=1, elapsed=0.0, fitting=True, affordable=True, pause=0.1)

SECONDS = st.floats(0, 1e6)
FAILURES = st.builds(
    Failure,
    attempt=st.integers(1, 10),
    elapsed=SECONDS,
    fitting=st.booleans(),
    affordable=st.booleans(),
    pause=SECONDS,
    retry_after=st.one_of(st.just(0.0), SECONDS, st.just(inf)),
)


def test_a_call_that_has_failed_is_made_again_after_the_pause() -> None:
    assert decide(FIRST, 3, inf) == Again(0.1)


def test_an_error_that_does_not_fit_is_not_tried_again() -> None:
    assert decide(attrs.evolve(FIRST, fitting=False), 3, inf) == GiveUp("error")


def test_there_are_as_many_attempts_as_there_may_be() -> None:
    assert decide(attrs.evolve(FIRST, attempt=2), 3, inf) == Again(0.1)
    assert decide(attrs.evolve(FIRST, attempt=3), 3, inf) == GiveUp("attempts")
    assert decide(attrs.evolve(FIRST, attempt=9), 3, inf) == GiveUp("attempts")
    assert decide(attrs.evolve(FIRST, attempt=9), inf, inf) == Again(0.1)


def test_one_attempt_is_no_retry() -> None:
    assert decide(FIRST, 1, inf) == GiveUp("attempts")


def test_without_a_budget_left_there_is_no_further_attempt() -> None:
    assert decide(attrs.evolve(FIRST, affordable=False), 3, inf) == GiveUp("budget")


def test_the_next_attempt_begins_in_time_or_not_at_all() -> None:
    late = attrs.evolve(FIRST, elapsed=1.0, pause=0.5)

    assert decide(late, 3, 1.5) == Again(0.5)
    assert decide(late, 3, 1.4999) == GiveUp("max_elapsed")


def test_an_error_may_ask_for_a_longer_pause_and_not_for_a_shorter_one() -> None:
    assert decide(attrs.evolve(FIRST, retry_after=5.0), 3, inf) == Again(5.0)
    assert decide(attrs.evolve(FIRST, retry_after=0.05), 3, inf) == Again(0.1)


def test_an_error_that_asks_for_more_time_than_there_is_ends_it_at_once() -> None:
    asks = attrs.evolve(FIRST, elapsed=1.0, retry_after=5.0)

    assert decide(asks, 3, 6.0) == Again(5.0)
    assert decide(asks, 3, 5.9) == GiveUp("max_elapsed")


def test_nobody_waits_for_ever() -> None:
    never = attrs.evolve(FIRST, retry_after=inf)

    assert decide(never, inf, inf) == GiveUp("max_elapsed")


def test_the_first_reason_is_the_one_that_is_told() -> None:
    wrong = Failure(attempt=3, elapsed=9.0, fitting=False, affordable=False, pause=1.0)
    one_less = attrs.evolve(wrong, fitting=True)
    two_less = attrs.evolve(one_less, attempt=1)
    three_less = attrs.evolve(two_less, affordable=True)
    failures = [wrong, one_less, two_less, three_less]

    assert [decide(failure, 3, 5.0) for failure in failures] == [
        GiveUp("error"),
        GiveUp("attempts"),
        GiveUp("budget"),
        GiveUp("max_elapsed"),
    ]
    assert len(failures) == len(get_args(Why))


@given(FAILURES, st.one_of(st.integers(1, 10), st.just(inf)), SECONDS | st.just(inf))
def test_what_is_tried_again_may_be(
    failure: Failure, attempts: float, max_elapsed: float
) -> None:
    match decide(failure, attempts, max_elapsed):
        case Again(pause):
            assert failure.fitting
            assert failure.affordable
            assert failure.attempt < attempts
            assert failure.pause <= pause < inf
            assert failure.retry_after <= pause
            assert failure.elapsed + pause <= max_elapsed
        case GiveUp(why):
            assert why in get_args(Why)
