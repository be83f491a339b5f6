"""The deadline heap agrees with a sorted list."""

from __future__ import annotations

from math import inf

from hypothesis import given, strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
)

from otp._util import DeadlineHeap, HeapEntry

DEADLINES = st.integers(0, 20).map(float) | st.just(inf)


@given(st.lists(DEADLINES))
def test_everything_comes_out_sorted_and_stable(deadlines: list[float]) -> None:
    heap: DeadlineHeap[tuple[float, int]] = DeadlineHeap()
    rows = [(deadline, number) for number, deadline in enumerate(deadlines)]
    for row in rows:
        heap.push(row[0], row)

    assert list(heap.pop_due(inf)) == sorted(rows)


class HeapMachine(RuleBasedStateMachine):
    """Drives a heap and a plain list side by side."""

    entries = Bundle[HeapEntry[int]]("entries")

    def __init__(self) -> None:
        super().__init__()
        self.heap: DeadlineHeap[int] = DeadlineHeap()
        self.model: list[tuple[float, int, HeapEntry[int]]] = []
        self.serial = 0

    @rule(target=entries, deadline=DEADLINES)
    def push(self, deadline: float) -> HeapEntry[int]:
        self.serial += 1
        entry = self.heap.push(deadline, self.serial)
        self.model.append((deadline, self.serial, entry))
        return entry

    @rule(entry=entries)
    def cancel(self, entry: HeapEntry[int]) -> None:
        left = [row for row in self.model if row[2] is not entry]

        assert self.heap.cancel(entry) == (len(left) < len(self.model))
        self.model = left

    @rule(now=DEADLINES)
    def pop_due(self, now: float) -> None:
        due = sorted((row for row in self.model if row[0] <= now), key=lambda r: r[:2])

        assert list(self.heap.pop_due(now)) == [serial for _, serial, _ in due]
        self.model = [row for row in self.model if row[0] > now]

    @rule(target=entries, now=DEADLINES, entry=entries)
    def pop_due_and_cancel_midway(
        self, now: float, entry: HeapEntry[int]
    ) -> HeapEntry[int]:
        due = sorted((row for row in self.model if row[0] <= now), key=lambda r: r[:2])
        expected = [
            serial
            for _, serial, other in due[:1]
            + [row for row in due[1:] if row[2] is not entry]
        ]

        seen: list[int] = []
        for item in self.heap.pop_due(now):
            seen.append(item)
            self.heap.cancel(entry)

        assert seen == expected
        self.model = [
            row
            for row in self.model
            if row[0] > now and (row[2] is not entry or not due)
        ]
        return entry

    @invariant()
    def the_next_deadline_is_the_least(self) -> None:
        deadlines = [deadline for deadline, _, _ in self.model]

        assert self.heap.next_deadline() == min(deadlines, default=inf)

    @invariant()
    def at_most_half_of_the_heap_is_dead(self) -> None:
        assert len(self.heap) == len(self.model)
        assert len(self.heap._heap) <= 2 * len(self.model)


TestHeapMachine = HeapMachine.TestCase
