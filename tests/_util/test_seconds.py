"""What counts as a number of seconds."""

from __future__ import annotations

from math import inf, nan

import pytest

from otp._util import is_seconds


@pytest.mark.parametrize("value", [0, 0.0, 5, 0.25, inf])
def test_numbers_from_zero_are_seconds(value: object) -> None:
    assert is_seconds(value)


@pytest.mark.parametrize("value", [-1, -0.1, -inf, nan])
def test_numbers_below_zero_are_none(value: object) -> None:
    assert not is_seconds(value)


@pytest.mark.parametrize("value", [True, False, None, "5", "infinity", 1j, [5]])
def test_what_is_no_number_is_none(value: object) -> None:
    assert not is_seconds(value)
