"""The tables of a registry agree with a plain list of registrations."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from otp.registry._table import DuplicateTable, Entry, UniqueTable

Table = UniqueTable[str, int, int] | DuplicateTable[str, int, int]
Registered = Entry[str, int, int]

# Owners that are equal and not the same: numbers that Python does not keep.
OWNERS = st.integers(1000, 1003).map(lambda n: int(str(n)))
KEYS = st.sampled_from(["", "a", "b", "c"])


class TableMachine(RuleBasedStateMachine):
    """Drives a table, and beside it a list of entries in the order of their making."""

    table: Table

    def __init__(self) -> None:
        super().__init__()
        self.list: list[Registered] = []
        self.values = 0

    def under(self, key: str) -> list[Registered]:
        return [e for e in self.list if e.key == key]

    def of(self, owner: int) -> list[Registered]:
        return [e for e in self.list if e.owner == owner]

    def in_the_way(self, key: str) -> Registered | None:
        """Return what hinders another entry under *key*."""
        raise NotImplementedError

    @rule(owner=OWNERS, key=KEYS)
    def add(self, owner: int, key: str) -> None:
        self.values += 1
        entry = Entry(key, owner, self.values)
        holder = self.in_the_way(key)

        assert self.table.add(entry) is holder
        if holder is None:
            self.list.append(entry)

    @precondition(lambda self: self.list)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        entry = self.list.pop(data.draw(st.integers(0, len(self.list) - 1)))

        self.table.remove(entry)

    @rule(owner=OWNERS)
    def remove_owner(self, owner: int) -> None:
        self.table.remove_owner(owner)
        self.list = [e for e in self.list if e.owner != owner]

    @invariant()
    def it_has_the_same_entries(self) -> None:
        assert len(self.table) == len(self.list)
        assert sorted(map(id, self.table)) == sorted(map(id, self.list))

    @invariant()
    def they_are_found_by_key_oldest_first(self) -> None:
        for key in ("", "a", "b", "c", "d"):
            assert self.table.find(key) == self.under(key)

    @invariant()
    def they_are_found_by_owner(self) -> None:
        for owner in range(1000, 1005):
            own = self.of(owner)

            assert self.table.owns(owner) == bool(own)
            assert sorted(self.table.keys(owner)) == sorted(e.key for e in own)
            for key in ("", "a", "b", "c", "d"):
                assert self.table.find_own(owner, key) == [
                    e for e in own if e.key == key
                ]

    @invariant()
    def nothing_is_kept_of_what_was_taken_out(self) -> None:
        assert set(self.table._entries) == {e.key for e in self.list}
        assert {o: set(own) for o, own in self.table._owned.items()} == {
            e.owner: {f.key for f in self.of(e.owner)} for e in self.list
        }


class UniqueMachine(TableMachine):
    """A key belongs to one owner."""

    def __init__(self) -> None:
        super().__init__()
        self.table = UniqueTable()

    def in_the_way(self, key: str) -> Registered | None:
        return next(iter(self.under(key)), None)

    @invariant()
    def keys_come_oldest_first(self) -> None:
        for owner in range(1000, 1004):
            assert self.table.keys(owner) == [e.key for e in self.of(owner)]


class DuplicateMachine(TableMachine):
    """A key belongs to as many as like."""

    def __init__(self) -> None:
        super().__init__()
        self.table = DuplicateTable()

    def in_the_way(self, key: str) -> Registered | None:
        del key
        return None


TestUnique = UniqueMachine.TestCase
TestDuplicate = DuplicateMachine.TestCase


@pytest.fixture(params=[UniqueTable, DuplicateTable])
def table(request: pytest.FixtureRequest) -> Table:
    made: Table = request.param()
    return made


def test_what_cannot_be_a_key_leaves_nothing(table: Table) -> None:
    with pytest.raises(TypeError, match="unhashable"):
        table.add(Entry([], 1, 1))  # type: ignore[arg-type]

    assert len(table) == 0
    assert not table.owns(1)


def test_entries_that_look_alike_are_two() -> None:
    table: DuplicateTable[str, int, int] = DuplicateTable()
    first, second = Entry("a", 1, 1), Entry("a", 1, 1)
    table.add(first)
    table.add(second)
    table.remove(second)

    assert table.find("a") == [first]


def test_a_unique_table_says_how_large_it_is() -> None:
    table: UniqueTable[str, int, int] = UniqueTable()
    table.add(Entry("a", 1, 1))
    table.add(Entry("b", 1, 1))

    assert repr(table) == "<unique keys: 2, owners: 1>"


def test_a_duplicate_table_says_how_large_it_is() -> None:
    table: DuplicateTable[str, int, int] = DuplicateTable()
    table.add(Entry("a", 1, 1))
    table.add(Entry("b", 1, 1))
    table.add(Entry("a", 1, 1))

    assert repr(table) == "<entries: 3, keys: 2, owners: 1>"
