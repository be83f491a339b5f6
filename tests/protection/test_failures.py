"""Which errors count, alone and in groups."""

from __future__ import annotations

from typing import Any

import pytest
import trio

import otp
from otp.protection import (
    Failures,
    RejectedError,
    failure_test,
    is_failure,
    is_transient,
)


def group(*errors: BaseException) -> BaseException:
    return BaseExceptionGroup("", [BaseExceptionGroup("", errors)])


def is_os_error(error: Exception) -> bool:
    return isinstance(error, OSError)


@pytest.mark.parametrize("failures", [OSError, (OSError, KeyError), is_os_error])
def test_what_counts_by_itself_counts_in_a_group(failures: Failures) -> None:
    counts = failure_test(failures)

    assert counts(ConnectionRefusedError())
    assert counts(group(ValueError(), ConnectionRefusedError()))
    assert not counts(ValueError())
    assert not counts(group(ValueError(), TypeError()))


def test_several_classes_count_each() -> None:
    counts = failure_test((OSError, KeyError))

    assert counts(KeyError())
    assert not failure_test(())(KeyError())


def test_what_is_no_exception_never_counts() -> None:
    counts = failure_test(lambda _: True)

    assert not counts(KeyboardInterrupt())
    assert not counts(otp.Exit(otp.Shutdown()))
    assert not counts(group(SystemExit()))
    assert counts(group(SystemExit(), ValueError()))


async def test_a_cancellation_never_counts() -> None:
    counts = failure_test(lambda _: True)
    seen: list[bool] = []
    with trio.CancelScope() as scope:
        scope.cancel()
        try:
            await trio.lowlevel.checkpoint()
        except trio.Cancelled as cancelled:
            seen.append(counts(cancelled))
            raise

    assert seen == [False]


@pytest.mark.parametrize(
    "wrong", [3, "OSError", None, KeyboardInterrupt, (OSError, 3), [OSError], int]
)
def test_what_cannot_tell_is_refused(wrong: Any) -> None:
    with pytest.raises(
        otp.InvalidSpecError, match="what counts as a failure"
    ) as caught:
        failure_test(wrong)

    assert caught.value.kind == "invalid_failures"
    assert repr(wrong) in str(caught.value)


def test_transient_is_what_may_be_over_in_a_moment() -> None:
    assert is_transient(ConnectionResetError())
    assert is_transient(RejectedError("full", 1.0))
    assert not is_transient(otp.CallTimeoutError("server", 5))
    assert not is_transient(TypeError())


def test_a_failure_speaks_against_what_was_called() -> None:
    assert is_failure(ConnectionResetError())
    assert is_failure(otp.CallTimeoutError("server", 5))
    assert not is_failure(RejectedError("full"))
    assert not is_failure(TypeError())
    assert not is_failure(otp.NameTakenError("name", Any))  # type: ignore[arg-type]


def test_a_rejection_says_when_to_come_back() -> None:
    assert RejectedError("full", 1.5).retry_after == 1.5
    assert RejectedError("full").retry_after is None
