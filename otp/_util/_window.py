"""Erlang's window of restart intensity.

The rules, which decide how many restarts are too many:

1. Time is counted in whole seconds: the fraction of *now* is cut off.
2. A stamp counts as long as it is not older than *period*; one that is exactly
   *period* old still counts. So a window is really between *period* and *period* + 1
   seconds long.
3. The limit is exceeded when more than *intensity* stamps count, the new one included.
   An intensity of 0 allows none.

Only the newest *intensity* + 1 stamps can ever matter: if the oldest of them counts,
the limit is exceeded, whatever came before.
"""

from __future__ import annotations

from collections import deque
from math import floor
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from collections.abc import Iterable


@final
class Window:
    """Tells whether something has happened more than *intensity* times in a *period*.

    *stamps* are those of an earlier window, oldest first: under new limits the past
    goes on counting.
    """

    __slots__ = ("_intensity", "_period", "_stamps")

    def __init__(
        self, intensity: int, period: float, stamps: Iterable[int] = ()
    ) -> None:
        self._intensity = intensity
        self._period = period
        # Invariant: ascending, and at most intensity + 1 of them.
        self._stamps = deque(stamps, maxlen=intensity + 1)

    @property
    def stamps(self) -> tuple[int, ...]:
        """The whole seconds of what counted when something was last added."""
        return tuple(self._stamps)

    def add(self, now: float) -> bool:
        """Note that it happened at *now*, and return whether that was once too often.

        *now* is in seconds, of a clock that never goes back.
        """
        second = floor(now)
        stamps = self._stamps
        while stamps and stamps[0] < second - self._period:
            stamps.popleft()
        stamps.append(second)
        return len(stamps) > self._intensity
