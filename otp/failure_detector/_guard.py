"""The local-stall guard: was it the others who were silent, or nobody who listened?

A loop that is blocked hears nothing, and when it goes on it hears everything at once:
beats of many seconds in a millisecond. Taken at face value that is a false suspicion
first, and then a window full of intervals of 0.

So the detector looks in at times it has set itself, and whoever comes too late knows
that the loop stood still. Then

1. the time that was lost counts for nobody's silence;
2. no suspicion is pronounced for a while, so that what waits to be heard is heard;
3. intervals are not remembered until that is over.

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

    Invariant: *late_at* is when a poll that has not come is too late.
    """

    __slots__ = (
        "_grace",
        "_health",
        "_looked",
        "_patience",
        "held_until",
        "late_at",
    )

    late_at: float

    def __init__(
        self, watchfulness: Watchfulness, health: LocalHealth, now: int
    ) -> None:
        self._health = health
        self._grace = nanoseconds(watchfulness.grace)
        # Infinite if there is to be no guard.
        self._patience = (watchfulness.poll + watchfulness.tolerance) * 1e9
        self.held_until = 0
        self._looked = now
        self.late_at = now + self._patience

    def look(self, now: int) -> int:
        """Return how many nanoseconds are lost since it last looked; 0 if it is well.

        This is for whoever gets to run: a poll, or a heartbeat after *late_at*.
        """
        lost = now - self._looked if now > self.late_at else 0
        if lost:
            self.held_until = now + self._grace
            self._health.late(now)
        self._looked = now
        self.late_at = now + self._patience
        return lost

    def poll(self, now: int) -> int:
        """Look, as the detector does it regularly."""
        lost = self.look(now)
        if not lost:
            self._health.timely(now)
        return lost

    def holds(self, now: int) -> bool:
        """Tell whether no verdict is to be given at the moment."""
        return now < self.held_until
