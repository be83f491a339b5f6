"""Which of those that wait is next: by priority, which grows while they wait.

A job rises by one priority in each *ageing* seconds, without an end. All rise equally
fast, so who is ahead of whom never changes, and is known when they come:

    priority + waited / ageing,  the greater the sooner,
    is at any time the same order as
    came - priority * ageing,    the smaller the sooner.

So a job is overtaken by nobody who comes more than three times *ageing* seconds later,
for which the difference between the lowest and the highest priority is good. Those of
which neither is ahead run in the order in which they came.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Final, Generic, TypeVar, final, get_args

import attrs

from ._spec import Priority

if TYPE_CHECKING:
    from collections.abc import Hashable

J = TypeVar("J", bound="Hashable")

RANKS: Final[dict[Priority, int]] = {
    word: rank for rank, word in enumerate(get_args(Priority))
}

_SWEEP: Final = 64


@final
@attrs.frozen(order=True)
class Place:
    """The place of a job among those that wait: the smaller, the sooner."""

    key: float
    number: int


def place_of(priority: Priority, came: float, ageing: float, number: int) -> Place:
    """Return the place of the job that came as the *number* th, at that time."""
    return Place(came - RANKS[priority] * ageing, number)


@final
class JobQueue(Generic[J]):
    """Jobs that wait, in the order of their places."""

    def __init__(self) -> None:
        self._places: dict[J, Place] = {}
        # Invariant: every place is here, with those of jobs that have been removed.
        self._heap: list[tuple[Place, J]] = []

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, job: J) -> bool:
        return job in self._places

    @property
    def jobs(self) -> tuple[J, ...]:
        """Those that wait, in the order in which they were put here."""
        return tuple(self._places)

    def add(self, job: J, place: Place) -> None:
        """Let *job* wait."""
        self._places[job] = place
        heappush(self._heap, (place, job))

    def pop(self) -> tuple[J, Place]:
        """Take out the next one.

        Raises:
            IndexError: there is none.
        """
        while True:
            place, job = heappop(self._heap)
            if self._places.get(job) is place:
                del self._places[job]
                return job, place

    def remove(self, job: J) -> bool:
        """Take *job* out wherever it is; tell whether it was here."""
        if self._places.pop(job, None) is None:
            return False
        if len(self._heap) > 2 * len(self._places) + _SWEEP:
            self._heap = [(place, job) for job, place in self._places.items()]
            heapify(self._heap)
        return True
