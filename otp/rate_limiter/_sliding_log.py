"""The sliding log: the times of the last so many are remembered.

No window of *per* seconds ever has more than *limit*, wherever it begins. That is
what a quota says. The price is a number for each of *limit*, and that all of them may
come at once.
"""

from __future__ import annotations

from collections import deque
from typing import final

import attrs

from ._rule import check_rate


@final
@attrs.frozen
class SlidingLog:
    """At most so many in any window of so many seconds, at once if need be.

    Args:
        limit: how many there may be in *per* seconds.
        per: seconds.

    Raises:
        InvalidSpecError: a value is wrong.
    """

    limit: int
    per: float = 1.0

    def __attrs_post_init__(self) -> None:
        check_rate(self.limit, self.per)

    def __str__(self) -> str:
        return f"{self.limit} in any {self.per:g} s"

    @property
    def most(self) -> int:
        """How many can be taken at once at most."""
        return self.limit

    def begin(self) -> LogMeter:
        """Return a meter by which nothing has been taken."""
        return LogMeter(self.limit, self.per)


@final
class LogMeter:
    """The times of all that have been taken in the last *per* seconds."""

    __slots__ = ("_limit", "_per", "_times")

    def __init__(self, limit: int, per: float) -> None:
        self._limit, self._per = limit, per
        # Invariant: sorted, and no more than *limit*.
        self._times: deque[float] = deque()

    def earliest(self, n: int, now: float) -> float:
        """Return when *n* more can have been taken, one by one."""
        self._forget(now)
        # The last of the n can be taken when this one is too old to count.
        place = len(self._times) + n - self._limit - 1
        # It may be one of the n itself; then it comes a window after another.
        windows = max(0, -((len(self._times) - place - 1) // self._limit))
        place -= windows * self._limit
        if place < 0:
            return now + windows * self._per
        return self._times[place] + self._per + windows * self._per

    def take(self, n: int, now: float) -> None:
        """Remember *n* more."""
        self._forget(now)
        self._times.extend([now] * n)

    def available(self, now: float) -> int:
        """Return how many could be taken at *now*."""
        self._forget(now)
        return self._limit - len(self._times)

    def _forget(self, now: float) -> None:
        times = self._times
        while times and times[0] + self._per <= now:
            times.popleft()
