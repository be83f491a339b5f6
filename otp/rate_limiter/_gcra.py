"""The generic cell rate algorithm: one number says all that has been taken.

Imagine a queue that is served one by one, *limit* in *per* seconds. Its end is the time
at which everybody would be served if nobody else came. Whoever takes one puts another
one at the end:

==========================  ===================================================
before                      the end of the queue, at first long ago
who takes *n* at *now*      puts the end, or *now* if that is later, *n* steps on
*n* can be taken            when the end is then no more than *burst* steps away
==========================  ===================================================

A step is ``per / limit`` seconds. So in the long run there are *limit* in *per*
seconds, evenly, and *burst* at once after a rest. In the worst window of *per* seconds
there are ``burst + limit - 1``.

The end is kept as a time and a whole number of steps since then, so that it does not
drift: ten steps of a tenth of a second are a second.
"""

from __future__ import annotations

from math import inf
from typing import final

import attrs

from ..kernel import check_count
from ._rule import check_rate


@final
@attrs.frozen
class Gcra:
    """So many in so many seconds, evenly; a few may come at once after a rest.

    Args:
        limit: how many there may be in *per* seconds, in the long run.
        per: seconds.
        burst: how many may come at once. With 1 they come one by one, and no window
            of *per* seconds has more than *limit* of them.

    Raises:
        InvalidSpecError: a value is wrong.
    """

    limit: int
    per: float = 1.0
    burst: int = 1

    def __attrs_post_init__(self) -> None:
        check_rate(self.limit, self.per)
        check_count("invalid_rate", "the burst of a rate", self.burst, least=1)

    def __str__(self) -> str:
        return f"{self.limit} in {self.per:g} s, {self.burst} at once"

    @property
    def most(self) -> int:
        """How many can be taken at once at most."""
        return self.burst

    def begin(self) -> GcraMeter:
        """Return a meter by which nothing has been taken."""
        return GcraMeter(self.limit, self.per, self.burst)


@final
class GcraMeter:
    """The end of the queue: *steps* after *base*."""

    __slots__ = ("_base", "_burst", "_limit", "_per", "_steps")

    def __init__(self, limit: int, per: float, burst: int) -> None:
        self._limit, self._per, self._burst = limit, per, burst
        self._base, self._steps = -inf, 0

    def earliest(self, n: int, now: float) -> float:
        """Return when *n* more can be taken, *n* at once or one by one."""
        if self._time_of(self._steps) < now:
            # The queue is empty: the steps are counted from now.
            return now + max(0, n - self._burst) * self._per / self._limit
        return self._time_of(self._steps + n - self._burst)

    def take(self, n: int, now: float) -> None:
        """Put the end of the queue *n* steps on."""
        if self._time_of(self._steps) < now:
            self._base, self._steps = now, 0
        self._steps += n

    def available(self, now: float) -> int:
        """Return how many could be taken at *now*."""
        left = (self._time_of(self._steps) - now) * self._limit / self._per
        n = self._burst if left <= 0 else max(0, int(self._burst - left))
        # Rounded, it may be one too few.
        return n + (n < self._burst and self.earliest(n + 1, now) <= now)

    def _time_of(self, steps: int) -> float:
        return self._base + steps * self._per / self._limit
