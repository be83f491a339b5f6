"""What a breaker remembers of the calls: the last so many, or those of some seconds.

================= ==================================================================
`CountWindow`     the newest *calls* outcomes, whenever they came
`TimeWindow`      the outcomes of less than *seconds* ago; one that is exactly so
                  old does not count any more
================= ==================================================================

Both are exact: no buckets, nothing is rounded. Adding and counting cost the same
however much is remembered, for the totals are kept along and every outcome goes once.
A window of time keeps an entry for each call in it, so its memory grows with the load;
one of calls does not.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple, Protocol, final


class Counts(NamedTuple):
    """What is in a window: all calls, those that failed, and those that were slow."""

    calls: int
    failures: int
    slow: int


class Window(Protocol):
    """Outcomes of the past, and how many of each kind there are."""

    calls: int
    failures: int
    slow: int

    def add(self, now: float, failed: bool, slow: bool) -> None:
        """Note an outcome at *now*, which never goes back; forget what is too old."""

    def expire(self, now: float) -> None:
        """Forget what is too old at *now*."""


@final
class CountedCalls:
    """The newest *size* outcomes."""

    __slots__ = ("_outcomes", "_size", "calls", "failures", "slow")

    def __init__(self, size: int) -> None:
        self._size = size
        # Invariant: calls == len(_outcomes) <= _size, and the other two are their sums.
        self._outcomes: deque[tuple[bool, bool]] = deque()
        self.calls = self.failures = self.slow = 0

    def add(self, now: float, failed: bool, slow: bool) -> None:
        """Note an outcome; the oldest goes if the window is full."""
        del now
        if self.calls == self._size:
            old_failed, old_slow = self._outcomes.popleft()
            self.failures -= old_failed
            self.slow -= old_slow
        else:
            self.calls += 1
        self._outcomes.append((failed, slow))
        self.failures += failed
        self.slow += slow

    def expire(self, now: float) -> None:
        """Do nothing: here age does not count."""


@final
class TimedCalls:
    """The outcomes of the last *seconds*."""

    __slots__ = ("_outcomes", "_seconds", "calls", "failures", "slow")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        # Invariant: ascending in time; calls == len(_outcomes), the rest are its sums.
        self._outcomes: deque[tuple[float, bool, bool]] = deque()
        self.calls = self.failures = self.slow = 0

    def add(self, now: float, failed: bool, slow: bool) -> None:
        """Note an outcome at *now*, and forget what is too old then."""
        self.expire(now)
        self._outcomes.append((now, failed, slow))
        self.calls += 1
        self.failures += failed
        self.slow += slow

    def expire(self, now: float) -> None:
        """Forget what is *seconds* old at *now*, or older."""
        outcomes = self._outcomes
        while outcomes and now - outcomes[0][0] >= self._seconds:
            _, failed, slow = outcomes.popleft()
            self.calls -= 1
            self.failures -= failed
            self.slow -= slow
