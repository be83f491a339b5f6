"""Facts about the rules of a breaker, one at a time."""

from __future__ import annotations

from math import inf
from typing import get_args

import pytest

from otp import Backoff
from otp.circuit_breaker import (
    BreakerSpec,
    BreakerStatistics,
    Cause,
    CountWindow,
    Outcome,
    State,
    StateChanged,
    TimeWindow,
)
from otp.circuit_breaker._breaker import Breaker
from otp.circuit_breaker._transitions import TRANSITIONS, Step

FAST = BreakerSpec(consecutive_failures=1, open_for=10, half_open_timeout=5)
ONE_PROBE = BreakerSpec(consecutive_failures=1, open_for=10, half_open_calls=1)


LETTERS: dict[str, Outcome] = {"s": "success", "f": "failure", "n": "neutral"}


def tell(breaker: Breaker, outcomes: str, now: float = 0, took: float = 0) -> None:
    """Let a call through for each letter of *outcomes*, one after the other."""
    for letter in outcomes:
        admission = breaker.admit(now)
        assert admission is not None, outcomes
        breaker.record(admission, LETTERS[letter], now, took)


def causes(breaker: Breaker) -> list[tuple[State, Cause]]:
    return [(change.new, change.cause) for change in breaker.changes]


def half_open(spec: BreakerSpec = FAST) -> Breaker:
    """Return a breaker that opened at 0 and has just become half-open, at 10."""
    breaker = Breaker(spec)
    tell(breaker, "f")
    breaker.advance(10)
    assert breaker.state == "half_open"
    breaker.changes.clear()
    return breaker


# ---------------------------------------------------------- the rules it opens by


def test_failures_in_a_row_open_it() -> None:
    breaker = Breaker(BreakerSpec(consecutive_failures=3))
    tell(breaker, "ffsff")
    assert breaker.state == "closed"

    tell(breaker, "f")

    assert causes(breaker) == [("open", "consecutive_failures")]


def test_a_neutral_outcome_does_not_end_a_row() -> None:
    breaker = Breaker(BreakerSpec(consecutive_failures=2))

    tell(breaker, "fnf")

    assert breaker.state == "open"


def test_the_share_of_failures_counts_from_enough_calls_on() -> None:
    breaker = Breaker(BreakerSpec(window=CountWindow(10), min_calls=4))
    tell(breaker, "ffs")
    assert breaker.state == "closed"

    # It is a success that makes it clear that half of the calls fail.
    tell(breaker, "s")

    assert causes(breaker) == [("open", "failure_rate")]


def test_a_share_is_a_quotient_so_that_7_of_100_are_7_percent() -> None:
    spec = BreakerSpec(window=CountWindow(100), failure_rate=0.07)
    breaker = Breaker(spec)
    tell(breaker, "f" * 6 + "s" * 100)
    assert breaker.state == "closed"

    tell(breaker, "f" * 6)
    assert breaker.state == "closed"
    tell(breaker, "f")

    assert causes(breaker) == [("open", "failure_rate")]


def test_neutral_outcomes_are_not_in_the_window() -> None:
    breaker = Breaker(BreakerSpec(window=CountWindow(2)))

    tell(breaker, "nfnn")

    assert breaker.state == "closed"
    assert breaker.statistics(0).window_calls == 1


def test_a_number_of_failures_in_the_window_opens_it_whatever_succeeds() -> None:
    spec = BreakerSpec(window=TimeWindow(10), failure_count=3, failure_rate=None)
    breaker = Breaker(spec)
    for now in (0, 1):
        tell(breaker, "f" + "s" * 50, now=now)
    tell(breaker, "f", now=10)  # the first is just out
    assert breaker.state == "closed"

    tell(breaker, "f", now=10)

    assert causes(breaker) == [("open", "failure_count")]


def test_slow_calls_open_it_though_they_succeed() -> None:
    spec = BreakerSpec(window=CountWindow(4), slow_after=2, slow_rate=0.5)
    breaker = Breaker(spec)
    tell(breaker, "sss", took=1.9)

    tell(breaker, "s", took=2)
    assert breaker.state == "closed"
    tell(breaker, "s", took=2)

    assert causes(breaker) == [("open", "slow_rate")]
    assert breaker.statistics(0).slow == 2


def test_what_was_slow_and_failed_counts_as_both() -> None:
    spec = BreakerSpec(window=CountWindow(4), slow_after=2)
    breaker = Breaker(spec)

    tell(breaker, "f", took=3)

    found = breaker.statistics(0)
    assert (found.window_failures, found.window_slow) == (1, 1)


# -------------------------------------------------------------------------- open


def test_an_open_one_rejects_and_says_for_how_long() -> None:
    breaker = Breaker(FAST)
    tell(breaker, "f", now=5)

    assert breaker.admit(14.5) is None
    assert breaker.retry_after(14.5) == 0.5
    assert breaker.admit(15) is not None


def test_one_that_opens_for_ever_does_so() -> None:
    breaker = Breaker(BreakerSpec(consecutive_failures=1, open_for=inf))
    tell(breaker, "f")

    assert breaker.admit(1e300) is None
    assert breaker.retry_after(0) is None


def test_a_call_that_began_before_it_opened_counts_for_nothing() -> None:
    breaker = Breaker(ONE_PROBE)
    early = [breaker.admit(0) for _ in range(4)]
    assert None not in early
    tell(breaker, "f")

    outcomes: list[Outcome] = ["success", "failure"]
    for now in (1, 11):
        for outcome in outcomes:
            admission = early.pop()
            assert admission is not None
            assert not breaker.record(admission, outcome, now, 0)

    assert breaker.state == "half_open"
    assert breaker.statistics(11).window_calls == 0
    assert breaker.statistics(11).late == 4


def test_the_open_time_grows_until_it_has_been_closed() -> None:
    spec = BreakerSpec(
        consecutive_failures=1, half_open_calls=1, open_for=Backoff(1, 2, 8)
    )
    breaker = Breaker(spec)
    now = 0.0
    times: list[float] = []
    for letter in "fffffsff":
        tell(breaker, letter, now=now)
        if breaker.state == "open":
            times.append(breaker.until - now)
            now = breaker.until

    assert times == [1, 2, 4, 8, 8, 1, 2]


def test_the_open_time_is_drawn_anew_each_time() -> None:
    chances = iter([0.0, 0.5])
    spec = BreakerSpec(
        consecutive_failures=1, half_open_calls=1, open_for=Backoff(8, 1, 8, jitter=1)
    )
    breaker = Breaker(spec, chance=lambda: next(chances))
    tell(breaker, "f", now=0)
    tell(breaker, "f", now=8)

    assert breaker.until == 8 + 4


# --------------------------------------------------------------------- half-open


@pytest.mark.parametrize("calls", [1, 2, 3, 5])
def test_a_half_open_one_lets_so_many_through_and_no_more(calls: int) -> None:
    breaker = half_open(
        BreakerSpec(consecutive_failures=1, open_for=10, half_open_calls=calls)
    )

    admitted = [breaker.admit(10) for _ in range(5)]

    assert sum(one is not None for one in admitted) == calls


def test_what_a_trial_has_decided_frees_no_place() -> None:
    breaker = half_open()
    tell(breaker, "s", now=10)
    assert [breaker.admit(10) is None for _ in range(3)] == [False, False, True]


def test_a_neutral_outcome_gives_the_permit_back() -> None:
    breaker = half_open(ONE_PROBE)

    tell(breaker, "n" * 5, now=10)

    assert breaker.state == "half_open"
    assert breaker.statistics(10).permits == 0
    tell(breaker, "s", now=10)
    assert causes(breaker) == [("closed", "trial")]


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ("ss", "closed"),
        ("sfs", "closed"),
        ("ff", "open"),
        ("sff", "open"),
        ("sf", "half_open"),
    ],
)
def test_one_bad_call_of_three_does_not_decide(outcomes: str, state: State) -> None:
    breaker = half_open()

    tell(breaker, outcomes, now=10)

    assert breaker.state == state


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [("ffs", "closed"), ("fff", "open"), ("s", "closed"), ("ff", "half_open")],
)
def test_a_threshold_says_how_many_have_to_succeed(outcomes: str, state: State) -> None:
    spec = BreakerSpec(consecutive_failures=1, open_for=10, success_threshold=1)
    breaker = half_open(spec)

    tell(breaker, outcomes, now=10)

    assert breaker.state == state


@pytest.mark.parametrize(
    ("took", "state"),
    [
        ([2, 2], "half_open"),
        ([2, 2, 2], "open"),
        ([2, 2, 1], "half_open"),
        ([2, 2, 1, 1], "closed"),
        ([1, 1], "closed"),
        ([1], "half_open"),
    ],
)
def test_a_trial_bears_as_many_slow_calls_as_the_rate_does(
    took: list[float], state: State
) -> None:
    spec = BreakerSpec(
        window=CountWindow(1),
        consecutive_failures=1,
        open_for=10,
        half_open_calls=4,
        success_threshold=1,
        slow_after=2,
        slow_rate=0.75,
    )
    breaker = half_open(spec)

    for seconds in took:
        tell(breaker, "s", now=10, took=seconds)

    assert breaker.state == state


def test_a_trial_of_slow_calls_does_not_close_it() -> None:
    spec = BreakerSpec(
        window=CountWindow(1),
        consecutive_failures=1,
        open_for=10,
        slow_after=2,
        slow_rate=0.5,
    )
    breaker = half_open(spec)

    tell(breaker, "ss", now=10, took=2)

    assert causes(breaker) == [("open", "trial")]


def test_a_permit_that_does_not_come_back_is_taken_back_as_a_failure() -> None:
    breaker = half_open(ONE_PROBE)
    lost = breaker.admit(12)
    assert lost is not None
    assert breaker.admit(71.9) is None

    breaker.advance(72)

    assert causes(breaker) == [("open", "trial")]
    assert breaker.until == 82
    assert not breaker.record(lost, "success", 73, 61)
    assert breaker.statistics(73).late == 1


def test_a_permit_that_was_taken_back_is_free_for_another_call() -> None:
    breaker = half_open()
    lost = [breaker.admit(10), breaker.admit(11), breaker.admit(11)]

    found = breaker.statistics(15)

    assert (found.state, found.permits, found.window_failures) == ("half_open", 2, 1)
    late, *good = [one for one in lost if one is not None]
    assert not breaker.record(late, "success", 15, 5)
    for admission in good:
        assert breaker.record(admission, "success", 15, 4)
    assert causes(breaker) == [("closed", "trial")]


def test_permits_are_taken_back_when_they_are_due_however_late_that_is_seen() -> None:
    breaker = half_open()
    for now in (10, 12):
        assert breaker.admit(now) is not None

    breaker.advance(1000)

    assert [(change.new, change.at) for change in breaker.changes] == [
        ("open", 17),
        ("half_open", 27),
    ]


# -------------------------------------------------------------------- statistics


def test_statistics_are_about_now_and_about_all_that_has_been() -> None:
    spec = BreakerSpec(
        window=TimeWindow(10),
        consecutive_failures=3,
        slow_after=2,
        open_for=10,
        half_open_calls=5,
    )
    breaker = Breaker(spec, "db")
    assert repr(breaker) == "<breaker 'db' closed: 0 failures in a row, 0 of 0 failed>"

    tell(breaker, "sf", now=0, took=2)
    tell(breaker, "nsnffn", now=5)
    assert breaker.statistics(9) == BreakerStatistics(
        state="closed",
        retry_after=None,
        consecutive_failures=2,
        window_calls=5,
        window_failures=3,
        window_slow=2,
        permits=0,
        admitted=8,
        rejected=0,
        successes=2,
        failures=3,
        slow=2,
        neutral=3,
        late=0,
        openings=0,
    )
    assert breaker.statistics(10).window_calls == 3

    late = breaker.admit(10)
    assert late is not None
    tell(breaker, "f", now=11)
    for _ in range(2):
        assert breaker.admit(12) is None
        assert not breaker.record_seen("failure", 12, 0)
    assert not breaker.record_seen("neutral", 12, 0)
    breaker.record(late, "success", 12, 1)
    assert breaker.statistics(12) == BreakerStatistics(
        state="open",
        retry_after=9,
        consecutive_failures=3,
        window_calls=4,
        window_failures=3,
        window_slow=0,
        permits=0,
        admitted=10,
        rejected=2,
        successes=2,
        failures=4,
        slow=2,
        neutral=3,
        late=3,
        openings=1,
    )

    tell(breaker, "fs", now=21, took=3)
    assert breaker.admit(21) is not None
    found = breaker.statistics(21)
    assert (found.window_calls, found.window_failures, found.window_slow) == (2, 1, 2)
    assert (found.state, found.permits, found.openings) == ("half_open", 1, 1)
    tell(breaker, "ff", now=21)
    assert breaker.statistics(21).openings == 2


def test_a_permit_that_is_taken_back_counts_as_one_failure() -> None:
    breaker = half_open()
    assert breaker.statistics(10).failures == 1
    for _ in range(2):
        assert breaker.admit(10) is not None

    found = breaker.statistics(15)

    assert (found.failures, found.openings, found.state) == (3, 2, "open")


# ----------------------------------------------------------------------- by hand


STATES = get_args(State)
BY_HAND: tuple[Step, ...] = ("open", "close", "isolate", "disable", "enable")
EXPECTED: dict[State, tuple[str, ...]] = {
    "closed": ("open", "", "isolated", "disabled", ""),
    "open": ("", "closed", "isolated", "disabled", ""),
    "half_open": ("open", "closed", "isolated", "disabled", ""),
    "isolated": ("", "", "", "disabled", "closed"),
    "disabled": ("", "", "isolated", "", "closed"),
}


def in_state(state: State) -> Breaker:
    breaker = half_open() if state == "half_open" else Breaker(FAST)
    match state:
        case "open":
            tell(breaker, "f")
        case "isolated":
            breaker.steer("isolate", 0)
        case "disabled":
            breaker.steer("disable", 0)
        case _:
            pass
    assert breaker.state == state
    breaker.changes.clear()
    return breaker


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("step", BY_HAND)
def test_what_is_done_by_hand_leads_where_the_table_says(
    state: State, step: Step
) -> None:
    breaker = in_state(state)
    now = 10.0 if state == "half_open" else 1.0

    breaker.steer(step, now)

    new = EXPECTED[state][BY_HAND.index(step)]
    assert breaker.state == (new or state)
    assert causes(breaker) == ([(new, "hand")] if new else [])


def test_the_table_knows_every_state() -> None:
    assert set(TRANSITIONS) == set(STATES)


@pytest.mark.parametrize("state", ["isolated", "disabled"])
def test_what_an_operator_has_said_stands_whatever_is_recorded(state: State) -> None:
    breaker = in_state(state)

    for outcome in get_args(Outcome):
        breaker.record_seen(outcome, 5, 0)
    breaker.advance(1e9)
    breaker.steer("open", 1e9)
    breaker.steer("close", 1e9)

    assert breaker.state == state


def test_an_isolated_one_rejects_without_an_end() -> None:
    breaker = in_state("isolated")

    assert breaker.admit(1e9) is None
    assert breaker.retry_after(1e9) is None


def test_a_disabled_one_lets_everything_through_and_counts_nothing() -> None:
    breaker = in_state("disabled")

    tell(breaker, "f" * 20)

    found = breaker.statistics(0)
    assert (found.state, found.failures, found.admitted) == ("disabled", 0, 20)


def test_closing_a_closed_one_forgets_what_has_failed_and_what_is_on_its_way() -> None:
    breaker = Breaker(BreakerSpec(consecutive_failures=2))
    on_its_way = breaker.admit(0)
    assert on_its_way is not None
    tell(breaker, "f")

    breaker.steer("close", 0)
    breaker.record(on_its_way, "failure", 0, 0)
    tell(breaker, "f")

    assert breaker.state == "closed"


def test_opening_by_hand_is_for_the_usual_time() -> None:
    breaker = Breaker(FAST)

    breaker.steer("open", 3)

    assert breaker.changes == [StateChanged("", "closed", "open", "hand", 3, 13)]


def test_what_was_seen_elsewhere_counts_while_it_is_closed_only() -> None:
    breaker = half_open(ONE_PROBE)
    assert not breaker.record_seen("failure", 10, 0)
    assert breaker.state == "half_open"
    tell(breaker, "s", now=10)

    assert breaker.record_seen("failure", 10, 0)

    assert causes(breaker)[-1] == ("open", "consecutive_failures")
