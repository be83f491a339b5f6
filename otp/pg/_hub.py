"""What a scope knows, and how scopes on several nodes agree.

As with a registry nothing is asked of the scope's process: who joins, or looks who is
there, finds the `Hub` in its dictionary. The scopes that have one name on the nodes of
a Trio run are peers. Each has all memberships in its table; a change is made in the
table of the member's own node first, and in those of the peers right after. So a hub
that has come to be takes over from each peer what that has of its own, and one that is
gone takes away from the others what it had brought along.

Whoever monitors hears of each change when the table is changed, so that the messages
have the order of the changes, and follow on what the monitor was given at its start.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, final

from ..kernel import Monitor, Ref, Waiter, find, nodes, published
from ._errors import NoScopeError, NotLocalError
from ._groups import Groups
from ._messages import Joined, Left

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from ..kernel import ExitReason, Pid, Process, ServerRef


@final
class End(Waiter):
    """Calls *then* when *process* ends."""

    __slots__ = ("process", "ref", "then")

    def __init__(self, process: Process, then: Callable[[], object]) -> None:
        super().__init__()
        self.process = process
        self.then = then
        self.ref = Ref()
        process.watch(Monitor(self.ref, self, process.pid))

    def died(self, reason: ExitReason) -> None:  # noqa: ARG002 - any reason will do
        self.then()

    def cancel(self) -> None:
        """Take it back."""
        self.process.unwatch(self.ref)


@final
class Watcher:
    """One who monitors a group, or the whole scope."""

    __slots__ = ("end", "group", "process", "ref")

    def __init__(
        self, hub: Hub, process: Process, group: tuple[Hashable] | None
    ) -> None:
        self.ref = Ref()
        self.process = process
        # In a tuple, because None is a group like any other.
        self.group = group
        self.end = End(process, partial(hub.unwatch, self.ref))


@final
class Hub:
    """The memberships and monitors of one scope."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.name = process.name
        self.groups: Groups[Hashable, Pid[Any]] = Groups()
        # Invariant: the members that live on this node.
        self._ends: dict[Pid[Any], End] = {}
        # Invariant: each of the first is in exactly one of the other two.
        self._watchers: dict[Ref, Watcher] = {}
        self._of_scope: dict[Ref, Watcher] = {}
        self._of_group: dict[Hashable, dict[Ref, Watcher]] = {}
        End(process, self._close)
        for peer in self._peers():
            for group in peer.groups.groups():
                local = peer.local_members(group)
                if local:
                    self.groups.join(group, local)

    def __repr__(self) -> str:
        return f"{self.groups!r}"

    @property
    def node(self) -> str:
        """The node of the scope."""
        return self.process.node.name

    # ------------------------------------------------------------------- its members

    def local_members(self, group: Hashable) -> list[Pid[Any]]:
        """Return the members of *group* that live here, newest first."""
        return [pid for pid in self.groups.members(group) if pid.node == self.node]

    def local_groups(self) -> list[Hashable]:
        """Return the groups with members that live here."""
        return [group for group in self.groups.groups() if self.local_members(group)]

    def check_local(self, pids: Sequence[Pid]) -> None:
        """Check that all of *pids* live here.

        Raises:
            NotLocalError: one does not.
        """
        for pid in pids:
            if pid.node != self.node:
                raise NotLocalError(pid, self.node)

    def join(self, group: Hashable, pids: Sequence[Pid]) -> None:
        """Put *pids*, which live here or are dead, into *group*."""
        for hub in self._all():
            hub.admit(group, pids)
        for pid in pids:
            if pid.process is None:
                self._bury(pid)
            elif pid not in self._ends:
                self._ends[pid] = End(pid.process, partial(self._bury, pid))

    def leave(self, group: Hashable, pids: Sequence[Pid]) -> bool:
        """Take *pids*, which live here, out of *group*; tell whether any was in it."""
        left = self.expel(group, pids)
        for peer in self._peers():
            peer.expel(group, left)
        for pid in left:
            if pid not in self.groups and pid in self._ends:
                self._ends.pop(pid).cancel()
        return bool(left)

    def _bury(self, pid: Pid) -> None:
        self._ends.pop(pid, None)
        for hub in self._all():
            hub.drop(pid)

    # ---------------------------------------------------------------- its own table

    def admit(self, group: Hashable, pids: Sequence[Pid]) -> None:
        """Add memberships, and tell who monitors."""
        self.groups.join(group, pids)
        self._tell(Joined, group, pids)

    def expel(self, group: Hashable, pids: Sequence[Pid]) -> list[Pid[Any]]:
        """Take out one membership of each of *pids*, and tell who monitors."""
        left = self.groups.leave(group, pids)
        if left:
            self._tell(Left, group, left)
        return left

    def drop(self, pid: Pid) -> None:
        """Take out all memberships of *pid*, and tell who monitors."""
        for group in self.groups.drop(pid):
            self._tell(Left, group, [pid])

    def drop_node(self, node: str) -> None:
        """Take out all memberships of those who live on *node*."""
        for group in self.groups.groups():
            there = [pid for pid in self.groups.members(group) if pid.node == node]
            self.expel(group, there)

    # -------------------------------------------------------------------- its peers

    def _peers(self) -> list[Hub]:
        if self.name is None:
            return []
        others = [node for node in nodes().values() if node is not self.process.node]
        found = [published(node.names.get(self.name), Hub) for node in others]
        return [hub for hub in found if hub is not None]

    def _all(self) -> list[Hub]:
        return [self, *self._peers()]

    def _close(self) -> None:
        for peer in self._peers():
            peer.drop_node(self.node)
        for end in self._ends.values():
            end.cancel()
        for watcher in self._watchers.values():
            watcher.end.cancel()

    # ------------------------------------------------------------------ its monitors

    def watch(self, process: Process, group: tuple[Hashable] | None) -> Ref:
        """Tell *process* of all changes from now on: of one group, or of all."""
        if process.reason is not None:
            return Ref()  # the dead hear nothing
        watcher = Watcher(self, process, group)
        self._watchers[watcher.ref] = watcher
        if group is None:
            self._of_scope[watcher.ref] = watcher
        else:
            self._of_group.setdefault(group[0], {})[watcher.ref] = watcher
        return watcher.ref

    def unwatch(self, ref: Ref) -> bool:
        """Take back a monitor, and tell whether there was one."""
        watcher = self._watchers.pop(ref, None)
        if watcher is None:
            return False
        watcher.end.cancel()
        if watcher.group is None:
            del self._of_scope[ref]
            return True
        (group,) = watcher.group
        del self._of_group[group][ref]
        if not self._of_group[group]:
            del self._of_group[group]
        return True

    def _tell(
        self, what: type[Joined | Left], group: Hashable, pids: Sequence[Pid]
    ) -> None:
        watchers = [*self._of_scope.values(), *self._of_group.get(group, {}).values()]
        for watcher in watchers:
            # Like the news of a death: no policy of a mailbox may refuse it.
            watcher.process.mailbox.put(what(watcher.ref, group, tuple(pids)))


def find_hub(scope: ServerRef) -> Hub:
    """Return what *scope* knows.

    Raises:
        NoScopeError: there is no such scope.
        NodeDownError: the name is one of a node that does not run here.
    """
    hub = published(find(scope), Hub)
    if hub is None:
        raise NoScopeError(scope)
    return hub
