"""What the rules let through, and when; time is a number here."""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from otp import InvalidSpecError
from otp.rate_limiter import Gcra, SlidingLog

if TYPE_CHECKING:
    from otp.rate_limiter import Rule

# What two times may differ by that are the same.
ALMOST = 1e-9

LIMITS = st.integers(1, 12)
TIMES = st.sampled_from([0.1, 0.5, 1.0, 3.0, 60.0])
RULES: st.SearchStrategy[Rule] = st.one_of(
    st.builds(Gcra, LIMITS, TIMES, LIMITS), st.builds(SlidingLog, LIMITS, TIMES)
)
GAPS = st.lists(st.sampled_from([0.0, 0.0, 0.01, 0.1, 0.3, 1.0, 7.0]), max_size=60)


def greedy(rule: Rule, until: float) -> list[float]:
    """Take one as soon as it is there, again and again; return the times."""
    meter, now, taken = rule.begin(), 0.0, list[float]()
    while (now := max(now, meter.earliest(1, now))) < until:
        meter.take(1, now)
        taken.append(now)
    return taken


def worst_window(taken: list[float], per: float) -> int:
    """Return how many are taken in the fullest window of so many seconds."""
    ends = [start + per - ALMOST for start in taken]
    return max(
        sum(start <= time < end for time in taken)
        for start, end in zip(taken, ends, strict=True)
    )


# -------------------------------------------------------------------------- vectors


@pytest.mark.parametrize(
    ("rule", "worst"),
    [(Gcra(10, burst=10), 19), (Gcra(10), 10), (SlidingLog(10), 10)],
)
def test_the_worst_second_of_ten_in_a_second(rule: Rule, worst: int) -> None:
    assert worst_window(greedy(rule, 5), 1) == worst


def test_one_by_one_they_come_evenly() -> None:
    assert greedy(Gcra(4), 1.5) == [0, 0.25, 0.5, 0.75, 1.0, 1.25]
    assert greedy(Gcra(4, 2.0), 1.5) == [0, 0.5, 1.0]


def test_a_few_may_come_at_once_after_a_rest() -> None:
    assert greedy(Gcra(4, burst=3), 0.8) == [0, 0, 0, 0.25, 0.5, 0.75]


def test_a_quota_may_be_used_up_at_once() -> None:
    assert greedy(SlidingLog(3, 10.0), 11) == [0, 0, 0, 10, 10, 10]


def test_steps_that_are_no_round_number_do_not_drift() -> None:
    assert greedy(Gcra(10), 1000.05)[-1] == 1000.0
    assert len(greedy(Gcra(3), 999.9)) == 3000


def test_a_rest_is_remembered_up_to_the_burst() -> None:
    meter = Gcra(10, burst=5).begin()
    meter.take(5, 0.0)

    assert [meter.available(now) for now in (0.0, 0.05, 0.1, 0.3, 0.5, 9.0)] == [
        *(0, 0, 1, 3, 5, 5)
    ]
    meter.take(5, 9.0)
    assert meter.earliest(1, 9.0) == 9.1


def test_several_are_taken_at_once_or_not_at_all() -> None:
    meter = Gcra(10, burst=5).begin()
    meter.take(4, 0.0)
    assert meter.earliest(1, 0.0) <= 0
    assert meter.earliest(2, 0.0) == 0.1
    assert meter.earliest(5, 0.0) == 0.4

    log = SlidingLog(5, 1.0).begin()
    log.take(2, 0.0)
    log.take(2, 0.5)
    assert log.available(0.5) == 1
    assert log.earliest(1, 0.5) == 0.5
    assert log.earliest(3, 0.5) == 1.0
    assert log.earliest(5, 0.5) == 1.5
    assert log.available(1.0) == 3


def test_more_than_all_of_them_take_several_windows() -> None:
    meter = SlidingLog(2, 10.0).begin()
    assert [meter.earliest(n, 5.0) for n in range(1, 7)] == [5, 5, 15, 15, 25, 25]
    meter.take(1, 5.0)
    assert [meter.earliest(n, 6.0) for n in range(1, 6)] == [6, 15, 16, 25, 26]


# ----------------------------------------------------------------------- properties


@given(RULES, GAPS, st.integers(1, 3))
def test_what_is_there_can_be_taken_and_no_more(
    rule: Rule, gaps: list[float], n: int
) -> None:
    n = min(n, rule.most)
    meter, now = rule.begin(), 0.0
    for gap in gaps:
        now += gap
        available = meter.available(now)
        assert 0 <= available <= rule.most
        assert (meter.earliest(n, now) <= now) == (available >= n)
        if available >= n:
            meter.take(n, now)
            # Rounded, a step may be a tiny bit too short.
            assert available - n <= meter.available(now) <= available - n + 1


@given(RULES, GAPS)
def test_no_window_has_more_than_the_rule_says(rule: Rule, gaps: list[float]) -> None:
    meter, now, taken = rule.begin(), 0.0, list[float]()
    for gap in gaps:
        now = max(now + gap, meter.earliest(1, now + gap))
        meter.take(1, now)
        taken.append(now)

    if isinstance(rule, Gcra):
        most = rule.burst + rule.limit - 1
        per = rule.per
    else:
        assert isinstance(rule, SlidingLog)
        most = rule.limit
        per = rule.per
    if taken:
        assert worst_window(taken, per) <= most


@given(RULES, st.lists(st.integers(0, 4), max_size=8), st.integers(1, 40))
def test_it_is_known_when_the_last_of_many_comes(
    rule: Rule, before: list[int], n: int
) -> None:
    one, other = rule.begin(), rule.begin()
    now = 0.0
    for count in before:
        now += 0.05
        for _ in range(min(count, one.available(now))):
            one.take(1, now)
            other.take(1, now)
    expected = max(now, one.earliest(n, now))
    for _ in range(n):
        now = max(now, other.earliest(1, now))
        other.take(1, now)

    assert expected == pytest.approx(now, abs=ALMOST)


@given(RULES, GAPS)
def test_waiting_until_the_earliest_time_is_enough(
    rule: Rule, gaps: list[float]
) -> None:
    meter, now = rule.begin(), 1e5 / 3
    for gap in gaps:
        now += gap
        now = max(now, meter.earliest(1, now))
        assert meter.earliest(1, now) <= now
        meter.take(1, now)


# ------------------------------------------------------------------------ bad input


@pytest.mark.parametrize("rule", [Gcra, SlidingLog])
@pytest.mark.parametrize("value", [0, -1, 1.5, "10", None, True, inf, nan])
def test_a_limit_is_a_whole_number(rule: type, value: object) -> None:
    with pytest.raises(InvalidSpecError, match="the limit of a rate") as caught:
        rule(value)

    assert caught.value.kind == "invalid_rate"


@pytest.mark.parametrize("rule", [Gcra, SlidingLog])
@pytest.mark.parametrize("value", [0, 0.0, -1, "1", None, True, inf, nan])
def test_a_time_is_a_number_above_nothing(rule: type, value: object) -> None:
    with pytest.raises(InvalidSpecError, match="the time of a rate") as caught:
        rule(10, value)

    assert (caught.value.kind, caught.value.value) == ("invalid_rate", value)


@pytest.mark.parametrize("value", [0, -1, 1.5, None])
def test_a_burst_is_a_whole_number(value: object) -> None:
    with pytest.raises(InvalidSpecError, match="the burst of a rate") as caught:
        Gcra(10, burst=value)  # type: ignore[arg-type]

    assert caught.value.kind == "invalid_rate"


def test_a_rule_says_what_it_is() -> None:
    assert str(Gcra(10, 60.0, burst=3)) == "10 in 60 s, 3 at once"
    assert str(SlidingLog(10, 0.5)) == "10 in any 0.5 s"
    assert Gcra(10) == Gcra(10, 1.0, 1)
