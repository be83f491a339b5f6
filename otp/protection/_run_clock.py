"""The time, for what may be used in several runs of Trio."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from trio.lowlevel import current_clock

if TYPE_CHECKING:
    from trio.abc import Clock


@final
class RunClock:
    """Trio's clock, which goes on in the next run where it was left in the last.

    A protection may be global, and who uses it start one run after the other, as tests
    do. Each run has a clock of its own, which begins anywhere. Here it begins at the
    time that was read last, so that time never goes back, nor leaps.
    """

    __slots__ = ("_ahead", "_clock", "_latest")

    def __init__(self) -> None:
        self._clock: Clock | None = None
        # By how much it is ahead of the clock of this run.
        self._ahead = 0.0
        self._latest = 0.0

    def now(self) -> float:
        """Return the time in seconds; in the first run it is that of Trio."""
        clock = current_clock()
        time = clock.current_time()
        if clock is not self._clock:
            if self._clock is not None:
                self._ahead = self._latest - time
            self._clock = clock
        self._latest = now = time + self._ahead
        return now

    def in_this_run(self, time: float) -> float:
        """Return *time* as Trio has it, for ``trio.sleep_until`` and its like."""
        return time - self._ahead
