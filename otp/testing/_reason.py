"""Which exit reason is meant, where a test speaks of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from .._util import short
from ..kernel import Crash, ExitReason, is_reason

ReasonMatcher: TypeAlias = (
    ExitReason | type[ExitReason | BaseException] | Callable[[ExitReason], bool]
)
"""A reason, a class of reasons or of exceptions, or a function that knows."""


def check_reason_matcher(wanted: object) -> None:
    """Say what a reason to be expected looks like, if *wanted* is none.

    Raises:
        TypeError: it is something else.
    """
    if wanted is not None and not is_reason(wanted) and not callable(wanted):
        raise TypeError(
            f"a reason is expected as a value such as otp.Normal(), as a class of "
            f"reasons or of exceptions, or as a function, not as {wanted!r}"
        )


def reason_fits(wanted: ReasonMatcher, reason: ExitReason) -> bool:
    """Tell whether *reason* is the one, or one of the kind, that is *wanted*."""
    if isinstance(wanted, type):
        if issubclass(wanted, BaseException):
            return isinstance(reason, Crash) and isinstance(reason.error, wanted)
        return isinstance(reason, wanted)
    if callable(wanted):
        return bool(wanted(reason))
    return reason == wanted


def reason_text(wanted: ReasonMatcher | None) -> str:
    """Return in words, for the end of a sentence, which reason is *wanted*."""
    if wanted is None:
        return ""
    if isinstance(wanted, type) or not is_reason(wanted):
        return f" with {getattr(wanted, '__qualname__', short(wanted))}"
    return f" with {short(wanted)}"
