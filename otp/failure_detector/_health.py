"""How well the detector itself is: Lifeguard's local health.

Dadgar, Phillips and Currey, "Lifeguard: Local Health Awareness for More Accurate
Failure Detection" (2018): nearly all false suspicions are the doing of a detector that
does not get to run. So one that notices that about itself gives others more time.
"""

from __future__ import annotations

from typing import Final, final

from ..kernel import check_time
from ._detector import SECOND

WORST: Final = 8
"""The highest score: who has it waits nine times as long."""


@final
class LocalHealth:
    """The detector's score of itself: 0 is well, 8 is as bad as it gets.

    Each time it notices that it was late the score rises by one; for each *calm*
    seconds in which that has not happened it sinks by one.
    """

    __slots__ = ("_calm", "_since", "score")

    def __init__(self, calm: float = 10.0) -> None:
        check_time("invalid_detector", "the calm time", calm, positive=True)
        self._calm = calm * SECOND
        self._since = 0
        self.score = 0

    @property
    def slack(self) -> int:
        """What the accepted pauses are multiplied by."""
        return self.score + 1

    def late(self, now: int) -> None:
        """Take note that the detector did not get to run in time."""
        self.score = min(WORST, self.score + 1)
        self._since = now

    def timely(self, now: int) -> None:
        """Take note that it did."""
        if self.score and now - self._since >= self._calm:
            self.score -= 1
            self._since = now
