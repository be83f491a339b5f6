"""What can go wrong with a failure detector."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..kernel import NoProcessError, OTPError, Recovery, Severity

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..kernel import ServerRef


class NoDetectorError(NoProcessError):
    """There is no such failure detector: no such process, or one of another kind.

    A supervised one may be back in a moment.
    """

    def __init__(self, detector: ServerRef) -> None:
        super().__init__(detector)
        self.args = (f"there is no failure detector {detector}",)


class NotWatchedError(OTPError, LookupError):
    """The failure detector does not watch *subject*."""

    severity: ClassVar[Severity] = "low"
    recovery: ClassVar[Recovery] = "ignore"

    def __init__(self, subject: Hashable) -> None:
        super().__init__(f"{subject} is not watched: use watch() first")
        self.subject = subject
