"""Pauses between restarts grow, up to a limit."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, strategies as st

from otp import Backoff, InvalidSpecError

SECONDS = st.floats(min_value=0, max_value=1e6)


@st.composite
def backoffs(draw: st.DrawFn) -> Backoff:
    initial = draw(SECONDS)
    factor = draw(st.floats(min_value=1, max_value=1e3))
    return Backoff(initial, factor, initial + draw(SECONDS))


@given(backoffs())
def test_the_first_pause_is_the_initial_one(backoff: Backoff) -> None:
    assert backoff.delay(0) == backoff.initial


@given(backoffs(), st.integers(0, 5000))
def test_a_pause_is_never_shorter_than_the_one_before(backoff: Backoff, n: int) -> None:
    assert backoff.delay(n) <= backoff.delay(n + 1)


@given(backoffs(), st.integers(0, 100_000))
def test_no_pause_is_longer_than_the_maximum(backoff: Backoff, n: int) -> None:
    assert backoff.initial <= backoff.delay(n) <= backoff.maximum


def test_each_pause_is_a_factor_longer() -> None:
    backoff = Backoff(initial=0.5, factor=3, maximum=10)

    assert [backoff.delay(n) for n in range(4)] == [0.5, 1.5, 4.5, 10]


def test_a_pause_too_long_for_a_number_is_the_maximum() -> None:
    assert Backoff(initial=1, factor=10.0, maximum=60).delay(10_000) == 60


@given(backoffs(), st.integers(0, 50), st.floats(0, 1), st.floats(0, 1))
def test_chance_shortens_a_pause_by_the_jitter_at_most(
    backoff: Backoff, n: int, jitter: float, chance: float
) -> None:
    longest = backoff.delay(n)
    spread = evolve(backoff, jitter=jitter)

    assert longest * (1 - jitter) <= spread.delay(n, chance) <= longest
    assert spread.delay(n) == longest


def test_jitter_is_the_part_of_a_pause_that_is_left_to_chance() -> None:
    assert Backoff(1, 2, 8, jitter=1.0).delay(2, 0.75) == 1
    assert Backoff(1, 2, 8, jitter=0.5).delay(2, 0.75) == 2.5
    assert Backoff(1, 2, 8).delay(2, 0.75) == 4
    assert Backoff(1, 2, 8, jitter=1.0).delay(9, 0.5) == 4


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"initial": -0.1}, "initial"),
        ({"initial": nan}, "initial"),
        ({"initial": True}, "initial"),
        ({"initial": "1"}, "initial"),
        ({"initial": inf, "maximum": inf}, "initial"),
        ({"factor": 0.99}, "factor"),
        ({"factor": nan}, "factor"),
        ({"maximum": inf}, "maximum"),
        ({"maximum": nan}, "maximum"),
        ({"initial": 2, "maximum": 1}, "maximum"),
        ({"jitter": -0.1}, "jitter"),
        ({"jitter": 1.1}, "jitter"),
        ({"jitter": nan}, "jitter"),
    ],
)
def test_pauses_that_are_no_times_or_shrink_are_refused(
    values: dict[str, Any], wrong: str
) -> None:
    with pytest.raises(InvalidSpecError, match=f"the {wrong} ") as caught:
        Backoff(**values)

    assert caught.value.kind == "invalid_backoff"
    assert caught.value.value is values[wrong]
    assert repr(values[wrong]) in str(caught.value)


def test_the_shortest_and_the_longest_that_are_allowed() -> None:
    Backoff(initial=0, factor=1, maximum=0)
    assert Backoff(initial=1, factor=1, maximum=1).delay(9) == 1
