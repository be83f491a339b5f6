"""The last intervals between heartbeats, and their mean and deviation, exactly.

All sums are of whole nanoseconds. Sums of floats are not good enough: of 1.228 s, 135
times, they make a variance below 0, and after one long interval has left the window
they never again are what they should be.

The intervals themselves lie side by side in an array, 8 bytes each: there is a window
for each subject, and there may be very many.
"""

from __future__ import annotations

from array import array
from math import sqrt
from typing import Final, final

LONGEST: Final = 2**63 - 1
"""An interval is cut to this: 292 years."""


@final
class Intervals:
    """A window over the newest *limit* intervals, in nanoseconds.

    Invariants: *total* and *squares* are the sums of what is in it, and of the squares;
    in a full window the oldest is at *_oldest*.
    """

    __slots__ = ("_kept", "_limit", "_oldest", "squares", "total")

    def __init__(self, limit: int) -> None:
        self._kept = array("q")
        self._limit = limit
        self._oldest = 0
        self.total = 0
        self.squares = 0

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, interval: int) -> None:
        """Add the newest interval; the oldest leaves if there are too many."""
        interval = min(interval, LONGEST)
        kept = self._kept
        if len(kept) < self._limit:
            kept.append(interval)
        else:
            place = self._oldest
            oldest, kept[place] = kept[place], interval
            self.total -= oldest
            self.squares -= oldest * oldest
            self._oldest = place + 1 if place + 1 < self._limit else 0
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
