"""Numbers that cannot be right are refused, with what would be right."""

from __future__ import annotations

from math import inf, nan

import pytest

from otp import InvalidSpecError
from otp.kernel import check_count, check_number, check_time


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "1", None, inf])
def test_a_count_is_a_whole_number_from_the_least(value: object) -> None:
    with pytest.raises(InvalidSpecError) as caught:
        check_count("invalid_size", "the size", value, least=1)

    assert caught.value.kind == "invalid_size"
    assert caught.value.value is value
    assert str(caught.value) == f"the size is a whole number from 1, not {value!r}"


def test_the_least_count_is_allowed() -> None:
    check_count("invalid_size", "the size", 1, least=1)
    check_count("invalid_size", "the size", 0)


@pytest.mark.parametrize("value", [-0.1, 1.1, nan, inf, True, "1", None])
def test_a_number_is_within_its_limits(value: object) -> None:
    with pytest.raises(InvalidSpecError) as caught:
        check_number("invalid_rate", "the rate", value, most=1)

    assert caught.value.kind == "invalid_rate"
    assert str(caught.value) == (
        f"the rate is a finite number from 0 to 1, not {value!r}"
    )


def test_the_limits_of_a_number_are_allowed() -> None:
    for value in (0, 0.5, 1):
        check_number("invalid_rate", "the rate", value, most=1)


def test_a_number_without_a_limit_is_finite_all_the_same() -> None:
    check_number("invalid_factor", "the factor", 1e300, least=1)
    with pytest.raises(InvalidSpecError, match="is a finite number from 1, not inf"):
        check_number("invalid_factor", "the factor", inf, least=1)


@pytest.mark.parametrize("value", [0, 0.0, -1])
def test_a_number_that_has_to_be_something_is_above_0(value: float) -> None:
    check_number("invalid_rate", "the rate", 1e-9, positive=True)
    with pytest.raises(InvalidSpecError, match="is a finite number above 0 to 1, not"):
        check_number("invalid_rate", "the rate", value, most=1, positive=True)


@pytest.mark.parametrize("value", [-0.1, nan, True, "1", None])
def test_a_time_is_not_negative(value: object) -> None:
    with pytest.raises(InvalidSpecError) as caught:
        check_time("invalid_wait", "the wait", value)

    assert str(caught.value) == f"the wait is 0 seconds or more, not {value!r}"


def test_a_time_may_have_no_end() -> None:
    for value in (0, 0.5, inf):
        check_time("invalid_wait", "the wait", value)


def test_a_time_that_has_to_last_is_more_than_nothing() -> None:
    check_time("invalid_wait", "the wait", 1e-9, positive=True)
    with pytest.raises(InvalidSpecError, match="is more than 0 seconds, not 0"):
        check_time("invalid_wait", "the wait", 0, positive=True)
