"""The last intervals between heartbeats, and their mean and deviation, exactly.

All sums are of whole nanoseconds. Sums of floats are not good enough: of 1.228 s, 135
times, they make a variance below 0, and after one long interval has left the window
they never again are what they should be.
"""

from __future__ import annotations

from collections import deque
from math import sqrt
from typing import final


@final
class Intervals:
    """A window over the newest *limit* intervals, in nanoseconds.

    Invariant: *total* and *squares* are the sums of what is in it, and of the squares.
    """

    __slots__ = ("_kept", "_limit", "squares", "total")

    def __init__(self, limit: int) -> None:
        self._kept: deque[int] = deque()
        self._limit = limit
        self.total = 0
        self.squares = 0

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, interval: int) -> None:
        """Add the newest interval; the oldest leaves if there are too many."""
        kept = self._kept
        if len(kept) >= self._limit:
            oldest = kept.popleft()
            self.total -= oldest
            self.squares -= oldest * oldest
        kept.append(interval)
        self.total += interval
        self.squares += interval * interval

    @property
    def mean(self) -> float:
        """The mean; there has to be something in the window."""
        return self.total / len(self._kept)

    @property
    def variance(self) -> float:
        """The variance of what is in the window, taken as all there is."""
        n = len(self._kept)
        return (n * self.squares - self.total * self.total) / (n * n)

    @property
    def deviation(self) -> float:
        """The standard deviation."""
        return sqrt(self.variance)
