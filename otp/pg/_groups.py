"""Who is in which group, newest first.

A member may be in a group several times, and each leaving ends the newest of these
memberships. A group without members does not exist. Everything about one membership
costs the same for any number of others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

G = TypeVar("G")
M = TypeVar("M")


@final
@attrs.frozen(eq=False)
class Membership(Generic[G, M]):
    """One member in one group, once."""

    group: G
    member: M


@final
class Groups(Generic[G, M]):
    """The memberships, by group and by member.

    Invariant: the three tables hold the same memberships, each oldest first, and no
    dictionary or list in them is empty.
    """

    __slots__ = ("_by_group", "_by_member", "_by_pair")

    def __init__(self) -> None:
        # Dictionaries without values are sets that keep their order.
        self._by_group: dict[G, dict[Membership[G, M], None]] = {}
        self._by_member: dict[M, dict[Membership[G, M], None]] = {}
        self._by_pair: dict[tuple[G, M], list[Membership[G, M]]] = {}

    def __repr__(self) -> str:
        return f"<groups: {len(self._by_group)}, members: {len(self._by_member)}>"

    def __contains__(self, member: M) -> bool:
        return member in self._by_member

    def groups(self) -> list[G]:
        """Return all groups, oldest first."""
        return list(self._by_group)

    def members(self, group: G) -> list[M]:
        """Return the members of *group*, newest first, each as often as it is in it."""
        return [m.member for m in reversed(self._by_group.get(group, {}))]

    def join(self, group: G, members: Sequence[M]) -> None:
        """Put *members* into *group*, the first of them as the newest."""
        for member in reversed(members):
            made = Membership(group, member)
            self._by_group.setdefault(group, {})[made] = None
            self._by_member.setdefault(member, {})[made] = None
            self._by_pair.setdefault((group, member), []).append(made)

    def leave(self, group: G, members: Iterable[M]) -> list[M]:
        """Take each of *members* out of *group* once; return those who were in it."""
        left: list[M] = []
        for member in members:
            pair = (group, member)
            found = self._by_pair.get(pair)
            if found is None:
                continue
            last = found.pop()
            if not found:
                del self._by_pair[pair]
            own = self._by_member[member]
            del own[last]
            if not own:
                del self._by_member[member]
            self._take_out(last)
            left.append(member)
        return left

    def drop(self, member: M) -> list[G]:
        """Take *member* out of all groups; return them, the newest membership first."""
        own = self._by_member.pop(member, {})
        for membership in own:
            self._by_pair.pop((membership.group, member), None)
            self._take_out(membership)
        return [membership.group for membership in reversed(own)]

    def _take_out(self, membership: Membership[G, M]) -> None:
        members = self._by_group[membership.group]
        del members[membership]
        if not members:
            del self._by_group[membership.group]
