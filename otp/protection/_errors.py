"""What a protection says when it lets nothing through."""

from __future__ import annotations

from typing import ClassVar

from ..kernel import OTPError, Recovery, Severity


class RejectedError(OTPError):
    """A protection let a call not through: nothing was tried.

    The doing of nobody in particular: there is too much to do at the moment, or what
    is asked for is known to be down. *retry_after* is in how many seconds it may be
    worth another try, and None if nobody knows.

    Since nothing was tried, a circuit breaker around it does not count it.
    """

    severity: ClassVar[Severity] = "low"
    recovery: ClassVar[Recovery] = "retry"

    def __init__(self, text: str, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after
