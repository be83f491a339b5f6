"""What cannot be right about a breaker is refused where it is written."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import attrs
import pytest
from hypothesis import given, strategies as st

from otp import Backoff, InvalidSpecError
from otp.circuit_breaker import BreakerSpec, CountWindow, TimeWindow
from otp.circuit_breaker._spec import most_below


def test_without_a_word_five_failures_in_a_row_open_for_a_minute() -> None:
    spec = BreakerSpec()

    assert spec.consecutive_failures == 5
    assert spec.window is None
    assert spec.open_for == spec.half_open_timeout == 60
    assert spec.half_open_calls == 3
    assert spec.most_failures == 1
    assert spec.most_slow == 3


def test_with_a_window_failures_in_a_row_are_no_rule_of_themselves() -> None:
    assert BreakerSpec(window=CountWindow()).consecutive_failures is None
    both = BreakerSpec(window=CountWindow(), consecutive_failures=7)
    assert both.consecutive_failures == 7


@pytest.mark.parametrize(
    ("spec", "enough"),
    [
        (BreakerSpec(window=CountWindow(50)), 50),
        (BreakerSpec(window=TimeWindow(10)), 20),
        (BreakerSpec(window=TimeWindow(10), min_calls=3), 3),
        (BreakerSpec(window=CountWindow(50), min_calls=50), 50),
    ],
)
def test_a_rate_says_something_when_there_are_enough_calls(
    spec: BreakerSpec, enough: int
) -> None:
    assert spec.enough_calls == enough


@pytest.mark.parametrize(
    ("calls", "threshold", "rate", "most"),
    [
        (1, None, 0.5, 0),
        (2, None, 0.5, 0),
        (3, None, 0.5, 1),
        (10, None, 0.5, 4),
        (10, None, 1.0, 9),
        (10, None, None, 0),
        (10, 10, 0.5, 0),
        (10, 4, None, 6),
    ],
)
def test_the_failures_that_a_trial_bears(
    calls: int, threshold: int | None, rate: float | None, most: int
) -> None:
    spec = BreakerSpec(
        half_open_calls=calls, success_threshold=threshold, failure_rate=rate
    )

    assert spec.most_failures == most


def test_the_slow_calls_that_a_trial_bears() -> None:
    spec = BreakerSpec(window=CountWindow(), slow_after=1, half_open_calls=4)

    assert spec.most_slow == 3
    assert attrs.evolve(spec, slow_rate=0.5).most_slow == 1
    assert attrs.evolve(spec, slow_after=inf).most_slow == 4


@given(st.integers(1, 100), st.integers(1, 100))
def test_a_share_is_below_a_rate_as_a_quotient_not_as_a_product(
    percent: int, of: int
) -> None:
    rate = percent / 100

    most = most_below(rate, of)

    assert most / of < rate
    assert (most + 1) / of >= rate


def test_the_open_time_is_fixed_or_grows() -> None:
    assert BreakerSpec(open_for=7).open_time(3, 0.9) == 7
    growing = BreakerSpec(open_for=Backoff(1, 2, 6, jitter=0.5))
    assert [growing.open_time(n, 0) for n in range(4)] == [1, 2, 4, 6]
    assert growing.open_time(1, 1) == 1


# The last of the settings is the one that is complained about.
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"consecutive_failures": 0}, "is a whole number from 1, not 0"),
    ({"consecutive_failures": 2.0}, "is a whole number from 1, not 2.0"),
    ({"consecutive_failures": True}, "is a whole number"),
    ({"consecutive_failures": None}, "no rule opens this breaker: give it"),
    ({"window": 100}, "CountWindow(...), TimeWindow(...) or None, not 100"),
    ({"failure_count": 3}, "failure_count=3 needs a window"),
    ({"min_calls": 3}, "min_calls=3 needs a window"),
    ({"slow_after": 3}, "slow_after=3 needs a window"),
    ({"window": CountWindow(9), "min_calls": 10}, "never reached in a window of 9"),
    ({"window": CountWindow(9), "failure_count": 10}, "never reached"),
    ({"window": CountWindow(9), "failure_count": 0}, "is a whole number from 1"),
    ({"window": TimeWindow(9), "min_calls": 0}, "is a whole number from 1"),
    ({"failure_rate": 0}, "above 0 to 1, not 0"),
    ({"failure_rate": 1.01}, "above 0 to 1, not 1.01"),
    ({"failure_rate": -0.1}, "above 0 to 1"),
    ({"failure_rate": nan}, "above 0 to 1"),
    ({"failure_rate": "half"}, "above 0 to 1"),
    ({"slow_rate": 0.0}, "above 0 to 1, not 0.0"),
    ({"slow_rate": 2}, "above 0 to 1"),
    ({"slow_rate": 0.5}, "slow_rate=0.5 needs slow_after"),
    ({"window": CountWindow(9), "slow_rate": 0.5}, "slow_rate=0.5 needs slow_after"),
    ({"window": CountWindow(9), "slow_after": 0}, "is more than 0 seconds"),
    ({"window": CountWindow(9), "slow_after": nan}, "is more than 0 seconds"),
    ({"open_for": -1}, "is 0 seconds or more, not -1"),
    ({"open_for": None}, "is 0 seconds or more"),
    ({"half_open_timeout": 0}, "is more than 0 seconds"),
    ({"half_open_timeout": -2}, "is more than 0 seconds"),
    ({"half_open_calls": 0}, "is a whole number from 1"),
    ({"half_open_calls": 1.5}, "is a whole number from 1"),
    ({"success_threshold": 0}, "is a whole number from 1"),
    ({"success_threshold": 4}, "cannot be reached with half_open_calls=3"),
]


@pytest.mark.parametrize(("wrong", "text"), WRONG)
def test_what_contradicts_itself_is_refused(wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidSpecError) as caught:
        BreakerSpec(**wrong)

    *_, (name, value) = wrong.items()
    assert text in str(caught.value)
    assert name in str(caught.value)
    assert caught.value.kind == "invalid_breaker"
    assert caught.value.value is value


def test_a_window_without_a_rule_is_refused() -> None:
    with pytest.raises(InvalidSpecError, match="no rule opens this breaker"):
        BreakerSpec(window=CountWindow(9), failure_rate=None)


@pytest.mark.parametrize("calls", [0, -1, 1.0, None, True])
def test_a_window_of_calls_holds_one_at_least(calls: Any) -> None:
    with pytest.raises(InvalidSpecError, match=r"^the calls of a window") as caught:
        CountWindow(calls)

    assert (caught.value.kind, caught.value.value) == ("invalid_breaker", calls)


@pytest.mark.parametrize("seconds", [0, -1, inf, nan, None, "1"])
def test_a_window_of_time_is_finite_and_longer_than_nothing(seconds: Any) -> None:
    with pytest.raises(InvalidSpecError, match=r"^the seconds of a window") as caught:
        TimeWindow(seconds)

    assert caught.value.kind == "invalid_breaker"
    assert caught.value.value is seconds


def test_what_is_at_the_edge_is_allowed() -> None:
    spec = BreakerSpec(
        window=CountWindow(1),
        failure_count=1,
        failure_rate=1,
        min_calls=1,
        slow_after=1e-9,
        slow_rate=1e-9,
        open_for=0,
        half_open_calls=1,
        half_open_timeout=inf,
        success_threshold=1,
    )

    assert attrs.evolve(spec, open_for=inf, failure_rate=None).open_for == inf
