"""The memberships agree with a plain list."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from otp.pg._groups import Groups

GROUPS = st.sampled_from(["", "a", "b"])
# Equal and not the same: numbers that Python does not keep.
MEMBERS = st.integers(1000, 1003).map(lambda n: int(str(n)))


class GroupsMachine(RuleBasedStateMachine):
    """Drives groups, and beside them a list of pairs, newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.groups: Groups[str, int] = Groups()
        self.pairs: list[tuple[str, int]] = []

    @rule(group=GROUPS, members=st.lists(MEMBERS, max_size=3))
    def join(self, group: str, members: list[int]) -> None:
        self.groups.join(group, members)
        self.pairs = [(group, m) for m in members] + self.pairs

    @rule(group=GROUPS, members=st.lists(MEMBERS, max_size=3))
    def leave(self, group: str, members: list[int]) -> None:
        left: list[int] = []
        for member in members:
            if (group, member) in self.pairs:
                self.pairs.remove((group, member))
                left.append(member)

        assert self.groups.leave(group, members) == left

    @rule(member=MEMBERS)
    def drop(self, member: int) -> None:
        groups = [g for g, m in self.pairs if m == member]
        self.pairs = [pair for pair in self.pairs if pair[1] != member]

        assert self.groups.drop(member) == groups

    @invariant()
    def members_come_newest_first(self) -> None:
        for group in ("", "a", "b", "c"):
            assert self.groups.members(group) == [
                m for g, m in self.pairs if g == group
            ]

    @invariant()
    def an_empty_group_does_not_exist(self) -> None:
        assert set(self.groups.groups()) == {group for group, _ in self.pairs}

    @invariant()
    def members_are_known(self) -> None:
        for member in range(1000, 1005):
            assert (member in self.groups) == any(m == member for _, m in self.pairs)

    @invariant()
    def nothing_is_kept_of_who_has_left(self) -> None:
        assert self.groups._by_member.keys() == {m for _, m in self.pairs}
        assert self.groups._by_pair.keys() == set(self.pairs)
        assert all(self.groups._by_pair.values())


TestGroups = GroupsMachine.TestCase


def test_groups_are_listed_oldest_first() -> None:
    groups: Groups[str, int] = Groups()
    groups.join("b", [1])
    groups.join("a", [1])
    groups.join("b", [2])

    assert groups.groups() == ["b", "a"]


def test_groups_say_how_many_they_are() -> None:
    groups: Groups[str, int] = Groups()
    groups.join("a", [1, 2, 2])
    groups.join("b", [1])
    groups.join("c", [1])

    assert repr(groups) == "<groups: 3, members: 2>"


def test_what_cannot_be_a_group_leaves_nothing() -> None:
    groups: Groups[object, int] = Groups()
    with pytest.raises(TypeError, match="unhashable"):
        groups.join([], [1])

    assert groups.groups() == []
    assert 1 not in groups
