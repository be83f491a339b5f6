"""The window of restart intensity, rule by rule."""

from __future__ import annotations

from math import inf

import pytest

from otp._util import Window


def test_intensity_many_are_allowed_and_one_more_is_not() -> None:
    window = Window(3, 5)

    assert [window.add(now) for now in (0.0, 0.1, 0.2, 0.3)] == [
        False,
        False,
        False,
        True,
    ]


def test_with_an_intensity_of_zero_the_first_is_too_many() -> None:
    assert Window(0, 5).add(100.0)


def test_a_stamp_of_exactly_the_period_still_counts() -> None:
    window = Window(1, 5)
    window.add(10.0)

    assert window.add(15.0)


def test_a_stamp_older_than_the_period_counts_no_more() -> None:
    window = Window(1, 5)
    window.add(10.0)

    assert not window.add(16.0)


def test_fractions_of_a_second_are_cut_off() -> None:
    window = Window(1, 5)
    window.add(10.0)

    assert window.add(15.999)
    assert window.stamps == (10, 15)


def test_with_a_period_of_zero_only_the_same_second_counts() -> None:
    window = Window(1, 0)
    window.add(10.0)

    assert not window.add(11.0)
    assert window.add(11.9)


def test_with_an_endless_period_nothing_is_forgotten() -> None:
    window = Window(1, inf)
    window.add(0.0)

    assert window.add(1e9)


def test_old_stamps_leave_when_a_new_one_comes() -> None:
    window = Window(3, 5)
    window.add(0.0)
    window.add(3.0)
    window.add(6.0)

    assert window.stamps == (3, 6)


def test_stamps_of_an_earlier_window_go_on_counting() -> None:
    before = Window(3, 5)
    before.add(10.0)
    before.add(11.0)
    after = Window(2, 5, before.stamps)

    assert after.stamps == (10, 11)
    assert after.add(12.0)


@pytest.mark.parametrize("intensity", [0, 1, 4])
def test_no_more_stamps_are_held_than_can_matter(intensity: int) -> None:
    window = Window(intensity, 1000)
    for now in range(100):
        window.add(now)

    assert len(window.stamps) == intensity + 1
    assert window.stamps[-1] == 99
