from __future__ import annotations

from math import inf, nan

import pytest

from otp import RejectedError
from otp.protection import all_count, failure_test
from otp.retry._reading import retry_after_of


class BusyError(Exception):
    """Says when it may be over; none of ours."""

    def __init__(self, retry_after: object) -> None:
        super().__init__()
        self.retry_after = retry_after


def group(*errors: Exception) -> ExceptionGroup[Exception]:
    return ExceptionGroup("several", errors)


def test_an_error_that_says_nothing_may_be_tried_again_at_once() -> None:
    assert retry_after_of(ValueError()) == 0.0
    assert retry_after_of(RejectedError("full")) == 0.0


def test_any_error_can_say_when() -> None:
    assert retry_after_of(BusyError(2)) == 2.0
    assert retry_after_of(BusyError(0.5)) == 0.5
    assert retry_after_of(RejectedError("full", 1.5)) == 1.5
    assert retry_after_of(BusyError(inf)) == inf


@pytest.mark.parametrize("said", [None, -1, nan, "soon", "3", -inf, 0, b"1"])
def test_what_is_no_time_is_not_heard(said: object) -> None:
    assert retry_after_of(BusyError(said)) == 0.0


def test_in_a_group_the_last_one_counts() -> None:
    nested = group(ValueError(), group(BusyError(1), BusyError(3)), BusyError(2))

    assert retry_after_of(nested) == 3.0


def test_a_group_fits_if_each_error_in_it_does() -> None:
    test = failure_test((OSError, EOFError))

    assert all_count(OSError(), test)
    assert all_count(group(OSError(), group(EOFError())), test)
    assert not all_count(group(OSError(), group(EOFError(), TypeError())), test)
    assert not all_count(TypeError(), test)
