"""The local-stall guard: was it the others who were silent, or nobody who listened?

A loop that is blocked hears nothing, and when it goes on it hears everything at once:
beats of many seconds in a millisecond. Taken at face value that is a false suspicion
first, and then a window full of intervals of 0.

So the detector looks in at times it has set itself, and whoever comes too late knows
that the loop stood still. Then

1. the time that was lost counts for nobody's silence;
2. no suspicion is pronounced for a while, so that what waits to be heard is heard;
3. intervals are not remembered until that is over.

A loop that is blocked all the time would be let off for ever. So after a few of these
whiles, one right after the other, verdicts are held no longer.

A heartbeat may be the first to see it, before the detector itself gets to run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

import attrs

from ..kernel import check_number, check_time
from ._detector import nanoseconds

if TYPE_CHECKING:
    from ._health import LocalHealth

_KIND: Final = "invalid_detector"

#: For how many grace times in a row verdicts are held at most.
_MOST_GRACE: Final = 8


@final
@attrs.frozen(kw_only=True)
class Watchfulness:
    """How a `FailureDetector` looks after its subjects and itself; in seconds.

    Args:
        poll: how often it looks.
        tolerance: how much later than that it may get to run before it takes itself
            for stalled; ``math.inf`` switches the guard off.
        grace: for how long it holds its verdicts afterwards.
        calm: how long nothing of the kind may happen until its health score sinks.

    Raises:
        InvalidSpecError: a time is negative, or one that may not be is 0.
    """

    poll: float = 0.25
    tolerance: float = 0.1
    grace: float = 1.0
    calm: float = 10.0

    def __attrs_post_init__(self) -> None:
        check_number(_KIND, "the time between two polls", self.poll, positive=True)
        check_time(_KIND, "the tolerance", self.tolerance, positive=True)
        check_number(_KIND, "the grace time", self.grace)
        check_time(_KIND, "the calm time", self.calm, positive=True)


@final
class StallGuard:
    """Notices that the loop stood still.

    Invariant: *late_at* is when a poll that has not come is too late; intervals are
    not remembered until *held_until*, and verdicts are held until *silent_until*, which
    is never later.
    """

    __slots__ = (
        "_grace",
        "_health",
        "_held_since",
        "_looked",
        "_patience",
        "_poll",
        "held_until",
        "late_at",
        "silent_until",
    )

    late_at: float

    def __init__(
        self, watchfulness: Watchfulness, health: LocalHealth, now: int
    ) -> None:
        self._health = health
        self._grace = nanoseconds(watchfulness.grace)
        # Infinite if there is to be no guard.
        self._patience = (watchfulness.poll + watchfulness.tolerance) * 1e9
        self._poll = nanoseconds(watchfulness.poll)
        self.held_until = self.silent_until = self._held_since = 0
        self._looked = now
        self.late_at = now + self._patience

    def look(self, now: int) -> int:
        """Return how many nanoseconds are lost since it last looked; 0 if it is well.

        This is for whoever gets to run: a poll, or a heartbeat after *late_at*.
        """
        lost = now - self._looked if now > self.late_at else 0
        if lost:
            self._hold(now)
            self._health.late(now)
            if now >= self.silent_until:
                # It goes on for too long: what is lost is only by how much the look is
                # late, so that who is hung gets more silent all the same.
                lost -= self._poll
        self._looked = now
        self.late_at = now + self._patience
        return lost

    def _hold(self, now: int) -> None:
        if not self.holds(now):
            self._held_since = now
        self.held_until = now + self._grace
        most = self._held_since + _MOST_GRACE * self._grace
        self.silent_until = min(self.held_until, most)

    def poll(self, now: int) -> int:
        """Look, as the detector does it regularly."""
        lost = self.look(now)
        if not lost:
            self._health.timely(now)
        return lost

    def holds(self, now: int) -> bool:
        """Tell whether what is heard at the moment comes from a stall."""
        return now < self.held_until

    def is_silent(self, now: int) -> bool:
        """Tell whether no verdict is to be given at the moment."""
        return now < self.silent_until
