"""What all detectors have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from ._judgement import Judgement

SECOND: Final = 1_000_000_000
"""Nanoseconds."""


def nanoseconds(seconds: float) -> int:
    """Return *seconds* in whole nanoseconds."""
    return round(seconds * SECOND)


class Detector(Protocol):
    """Hears heartbeats of one subject, and says how suspicious its silence is.

    Times are whole nanoseconds of one clock, which whoever calls reads; they never go
    backwards. *slack* is what the pause that is accepted is multiplied by; see
    `LocalHealth`.
    """

    def expect(self, now: int) -> None:
        """Let the silence begin now, although nothing was heard."""
        ...

    def heartbeat(self, now: int, *, record: bool = True) -> None:
        """Hear a heartbeat.

        Args:
            record: whether the interval since the last one is worth remembering. It
                is not if it was no interval between two beats, but a failure.
        """
        ...

    def sign(self, now: int) -> None:
        """See a sign of life that is no heartbeat: the silence begins anew."""
        ...

    def stall(self, now: int, lost: int) -> None:
        """Do not count the last *lost* nanoseconds: nobody was listening."""
        ...

    def phi(self, now: int, *, slack: int = 1) -> float:
        """Return how suspicious the silence is; 0 if nothing was ever expected."""
        ...

    def judge(self, now: int, *, slack: int = 1) -> Judgement:
        """Return phi, and what it is worth."""
        ...


class DetectorSpec(Protocol):
    """Settings from which a detector is made, one for each subject."""

    def detector(self) -> Detector:
        """Make a detector that has heard nothing yet."""
        ...
