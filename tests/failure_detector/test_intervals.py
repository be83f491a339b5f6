from __future__ import annotations

from fractions import Fraction
from math import sqrt

import pytest
from hypothesis import given, strategies as st

from otp.failure_detector._intervals import Intervals


def filled(limit: int, values: list[int]) -> Intervals:
    made = Intervals(limit)
    for value in values:
        made.add(value)
    return made


def test_mean_and_variance_are_those_of_all_there_is() -> None:
    found = filled(20, [100, 200, 125, 340, 130])

    assert found.mean == 179
    assert found.variance == 7584
    assert found.deviation == sqrt(7584)


def test_the_oldest_leaves_a_full_window() -> None:
    window = filled(3, [100, 110, 90])
    assert window.mean == 100
    assert window.variance == pytest.approx(66.6667, abs=1e-4)

    window.add(140)
    assert window.mean == pytest.approx(113.3333, abs=1e-4)
    assert window.variance == pytest.approx(422.2222, abs=1e-4)

    window.add(80)
    assert window.mean == pytest.approx(103.3333, abs=1e-4)
    assert window.variance == pytest.approx(688.8889, abs=1e-4)
    assert len(window) == 3


def test_one_interval_has_no_variance() -> None:
    assert filled(5, [1_228_000_000]).variance == 0


def test_equal_intervals_have_no_variance_however_many() -> None:
    # As floats, 135 of them have one of -4.9e-15, whose root nobody knows.
    assert filled(1000, [1_228_000_000] * 135).variance == 0


def test_nothing_is_left_of_what_has_left_the_window() -> None:
    window = filled(10, [10**18, *[1_000_000_007] * 10])

    assert (window.mean, window.variance) == (1_000_000_007, 0)


def test_an_interval_of_centuries_is_cut() -> None:
    window = filled(2, [2**63 - 1, 2**80])

    assert window.total == 2 * (2**63 - 1)
    assert window.variance == 0


@given(
    st.integers(1, 8),
    st.lists(st.integers(0, 10**14), min_size=1, max_size=30),
)
def test_the_sums_are_those_of_the_newest(limit: int, values: list[int]) -> None:
    window = filled(limit, values)
    kept = values[-limit:]
    mean = Fraction(sum(kept), len(kept))
    variance = sum((v - mean) ** 2 for v in kept) / len(kept)

    assert window.mean == float(mean)
    assert window.variance == pytest.approx(float(variance))
    assert window.variance >= 0
    assert len(window) == len(kept)
