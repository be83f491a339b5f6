"""The deadline heap, fact by fact."""

from __future__ import annotations

from math import inf

from otp._util import DeadlineHeap


def memory(heap: DeadlineHeap[int]) -> int:
    """Return how many entries the heap holds, dead ones included."""
    return len(heap._heap)


def test_an_empty_heap_has_no_deadline() -> None:
    heap: DeadlineHeap[str] = DeadlineHeap()

    assert heap.next_deadline() == inf
    assert list(heap.pop_due(inf)) == []


def test_the_earliest_deadline_is_the_next() -> None:
    heap: DeadlineHeap[str] = DeadlineHeap()
    for deadline in (3.0, 1.0, 2.0):
        heap.push(deadline, "x")

    assert heap.next_deadline() == 1.0


def test_what_is_due_comes_out_by_deadline_and_the_rest_stays() -> None:
    heap: DeadlineHeap[str] = DeadlineHeap()
    for deadline, item in ((3.0, "c"), (1.0, "a"), (4.0, "d"), (2.0, "b")):
        heap.push(deadline, item)

    assert list(heap.pop_due(3.0)) == ["a", "b", "c"]
    assert heap.next_deadline() == 4.0


def test_equal_deadlines_come_out_in_the_order_of_insertion() -> None:
    heap: DeadlineHeap[object] = DeadlineHeap()
    items = [object() for _ in range(20)]
    for item in items:
        heap.push(1.0, item)

    assert list(heap.pop_due(1.0)) == items


def test_an_entry_knows_its_deadline_and_its_item() -> None:
    entry = DeadlineHeap[str]().push(2.5, "x")

    assert (entry.deadline, entry.item, entry.pending) == (2.5, "x", True)


def test_a_cancelled_entry_never_comes_out() -> None:
    heap: DeadlineHeap[str] = DeadlineHeap()
    heap.push(1.0, "a")
    entry = heap.push(2.0, "b")
    heap.push(3.0, "c")

    assert heap.cancel(entry)
    assert not entry.pending
    assert list(heap.pop_due(inf)) == ["a", "c"]


def test_what_was_cancelled_or_came_out_is_not_counted() -> None:
    heap: DeadlineHeap[str] = DeadlineHeap()
    entries = [heap.push(float(number), "x") for number in range(5)]
    heap.cancel(entries[4])

    assert len(heap) == 4

    list(heap.pop_due(1.0))
    assert len(heap) == 2


def test_a_cancelled_entry_is_no_deadline() -> None:
    heap: DeadlineHeap[str] = DeadlineHeap()
    heap.push(2.0, "b")
    heap.push(3.0, "c")
    heap.cancel(heap.push(1.0, "a"))

    assert heap.next_deadline() == 2.0


def test_to_cancel_twice_changes_nothing() -> None:
    heap: DeadlineHeap[str] = DeadlineHeap()
    entry = heap.push(1.0, "a")
    heap.push(2.0, "b")
    heap.push(3.0, "c")
    heap.cancel(entry)

    assert not heap.cancel(entry)
    assert list(heap.pop_due(inf)) == ["b", "c"]


def test_what_came_out_cannot_be_cancelled() -> None:
    heap: DeadlineHeap[str] = DeadlineHeap()
    entry = heap.push(1.0, "a")
    heap.push(2.0, "b")
    list(heap.pop_due(1.0))

    assert not heap.cancel(entry)
    assert len(heap) == 1


def test_what_is_cancelled_while_its_batch_comes_out_does_not_come_out() -> None:
    heap: DeadlineHeap[str] = DeadlineHeap()
    heap.push(1.0, "a")
    second = heap.push(1.0, "b")
    heap.push(1.0, "c")

    seen: list[str] = []
    for item in heap.pop_due(1.0):
        seen.append(item)
        heap.cancel(second)

    assert seen == ["a", "c"]


def test_what_is_added_while_a_batch_comes_out_waits_for_the_next() -> None:
    heap: DeadlineHeap[str] = DeadlineHeap()
    heap.push(1.0, "a")

    for _ in heap.pop_due(1.0):
        heap.push(0.0, "again")

    assert list(heap.pop_due(1.0)) == ["again"]


def test_cancelled_entries_do_not_pile_up() -> None:
    heap: DeadlineHeap[int] = DeadlineHeap()
    heap.push(1.0, -1)

    for number in range(1000):
        heap.cancel(heap.push(2.0 + number, number))
        assert memory(heap) <= 2


def test_half_of_the_heap_may_be_dead_and_one_more_may_not() -> None:
    heap: DeadlineHeap[int] = DeadlineHeap()
    entries = [heap.push(float(number), number) for number in range(4)]

    heap.cancel(entries[2])
    heap.cancel(entries[3])
    assert memory(heap) == 4

    heap.cancel(entries[1])
    assert memory(heap) == 1
    assert list(heap.pop_due(inf)) == [0]


def test_dead_entries_that_come_to_the_top_are_counted_no_more() -> None:
    heap: DeadlineHeap[int] = DeadlineHeap()
    entries = [heap.push(float(number), number) for number in range(6)]
    heap.cancel(entries[0])
    heap.cancel(entries[1])
    heap.next_deadline()

    heap.cancel(entries[2])
    heap.cancel(entries[3])
    assert memory(heap) == 4


def test_the_dead_do_not_pile_up_when_the_living_leave() -> None:
    heap: DeadlineHeap[int] = DeadlineHeap()
    heap.push(1.0, 1)
    heap.cancel(heap.push(2.0, 2))

    list(heap.pop_due(1.0))

    assert memory(heap) == 0


def test_after_a_clean_up_the_dead_are_counted_from_nothing() -> None:
    heap: DeadlineHeap[int] = DeadlineHeap()
    heap.cancel(heap.push(0.0, 0))
    entries = [heap.push(float(number), number) for number in range(4)]

    heap.cancel(entries[2])
    heap.cancel(entries[3])

    assert memory(heap) == 4


def test_what_is_cancelled_after_it_left_the_heap_is_not_counted_as_dead() -> None:
    heap: DeadlineHeap[int] = DeadlineHeap()
    due = heap.push(1.0, -1)
    entries = [heap.push(2.0 + number, number) for number in range(4)]
    batch = heap.pop_due(1.0)
    heap.cancel(due)

    heap.cancel(entries[2])
    heap.cancel(entries[3])

    assert list(batch) == []
    assert memory(heap) == 4


def test_what_is_pending_can_be_seen() -> None:
    heap: DeadlineHeap[str] = DeadlineHeap()
    heap.push(1, "due")
    heap.push(2, "left")
    heap.cancel(heap.push(3, "cancelled"))

    list(heap.pop_due(1))

    assert heap.pending() == ["left"]
