"""What a pipeline raises, and what it warns about."""

from __future__ import annotations

from typing import ClassVar

from ..kernel import OTPError, Recovery, Severity


class TimedOutError(OTPError, TimeoutError):
    """A call took longer than its time-out, *timeout* seconds, and was cancelled.

    The doing of what was called, so a circuit breaker counts it. Whether what it was
    to do was done, nobody knows.
    """

    severity: ClassVar[Severity] = "medium"
    recovery: ClassVar[Recovery] = "retry"

    def __init__(self, timeout: float) -> None:
        super().__init__(f"the call was not over in {timeout:g} s")
        self.timeout = timeout


class OrderWarning(UserWarning):
    """The parts of a pipeline are in an order in which they do not work together."""
