"""A heap of deadlines from which entries can be taken back.

To take an entry out of the middle of a heap costs a search, so a cancelled entry is
only marked and stays until it comes to the top. A server that cancels nearly all of
its timers would fill the memory with such dead entries; therefore the heap is built
anew without them as soon as they are more than half of it. That costs no more than the
cancellations that made it necessary, so that operations stay at O(log n) on average.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from math import inf
from typing import TYPE_CHECKING, Generic, TypeVar, final

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


@final
class HeapEntry(Generic[T]):
    """An item in a heap, for cancelling it."""

    __slots__ = ("deadline", "item", "pending", "queued")

    def __init__(self, deadline: float, item: T) -> None:
        self.deadline = deadline
        self.item = item
        # Neither cancelled nor given out by `DeadlineHeap.pop_due`.
        self.pending = True
        # Still in the heap, dead or alive.
        self.queued = True


@final
class DeadlineHeap(Generic[T]):
    """Items by deadline; those with the same deadline in the order of insertion."""

    __slots__ = ("_dead", "_heap", "_serial")

    def __init__(self) -> None:
        # The serial number makes the order total, so that entries are never compared.
        self._heap: list[tuple[float, int, HeapEntry[T]]] = []
        self._serial = 0
        # Invariant: sum(not entry.pending for _, _, entry in self._heap), and never
        # more than half of the heap.
        self._dead = 0

    def __len__(self) -> int:
        """Return the number of items that are neither cancelled nor given out."""
        return len(self._heap) - self._dead

    def pending(self) -> list[T]:
        """Return the items that are neither cancelled nor given out, in no order."""
        return [entry.item for _, _, entry in self._heap if entry.pending]

    def push(self, deadline: float, item: T) -> HeapEntry[T]:
        """Add *item*, due at *deadline*."""
        entry = HeapEntry(deadline, item)
        self._serial += 1
        heappush(self._heap, (deadline, self._serial, entry))
        return entry

    def cancel(self, entry: HeapEntry[T]) -> bool:
        """Take the entry back; return False if it was cancelled or given out before."""
        if not entry.pending:
            return False
        entry.pending = False
        if entry.queued:
            self._dead += 1
            self._compact()
        return True

    def next_deadline(self) -> float:
        """Return the earliest deadline, `math.inf` if there is none."""
        while self._heap and not self._heap[0][2].pending:
            self._pop()
        return self._heap[0][0] if self._heap else inf

    def pop_due(self, now: float) -> Iterator[T]:
        """Take out all that is due at *now* and give it out, in order.

        What is cancelled while the caller works through the items is not given out
        any more; what is added meanwhile waits for the next time.
        """
        due: list[HeapEntry[T]] = []
        while self._heap and self._heap[0][0] <= now:
            entry = self._pop()
            if entry.pending:
                due.append(entry)
        self._compact()
        return _give_out(due)

    def _pop(self) -> HeapEntry[T]:
        entry = heappop(self._heap)[2]
        entry.queued = False
        if not entry.pending:
            self._dead -= 1
        return entry

    def _compact(self) -> None:
        if 2 * self._dead > len(self._heap):
            self._heap = [row for row in self._heap if row[2].pending]
            heapify(self._heap)
            self._dead = 0


def _give_out(due: list[HeapEntry[T]]) -> Iterator[T]:
    for entry in due:
        if entry.pending:
            entry.pending = False
            yield entry.item
