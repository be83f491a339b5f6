"""Where the processes of a registry keep what they know.

There is nothing to ask a process for: who looks something up, or registers, finds the
registry's process, and in its dictionary the `Directory`, which leads to the `Part` of
each partition. All of it is done on the spot, by whoever calls, and belongs to the
processes all the same: a registry that is dead is not found, and a partition that dies
takes its entries along.

The link to the partition ends the owners of entries that are lost. The other way
round, the end of an owner is heard by a `Guard`, within the end itself: nobody
who has been told of a death finds an entry of the dead.

A partition that dies is empty from that moment, and not missing until it is restarted:
the registry's own process keeps its place. Otherwise those who die with it and are
restarted at once could not register, and their supervisors would give up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, final

from ..kernel import (
    Monitor,
    Name,
    NoProcessError,
    Ref,
    Waiter,
    find,
    published,
    send_quietly,
)
from ._errors import AlreadyRegisteredError, NoRegistryError, RegistryKindError
from ._locks import Locks
from ._messages import Registered, Unregistered
from ._spread import partition_of
from ._table import DuplicateTable, Entry, UniqueTable

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from ..kernel import ExitReason, Pid, Process, ServerRef

    Entries = Iterable[Entry[Any, Any, Pid]]
    Table = UniqueTable[Any, Any, Pid] | DuplicateTable[Any, Any, Pid]

Keys = Literal["unique", "duplicate"]
"""Whether a key belongs to one process or to many."""


@final
class Guard(Waiter):
    """Hears of the end of one owner, and clears its entries away.

    *linked* says whether the link to the partition is there for the entries only.
    """

    __slots__ = ("linked", "owner", "part", "ref")

    def __init__(self, part: Part, owner: Process) -> None:
        super().__init__()
        self.part = part
        self.owner = owner
        self.ref = Ref()
        owner.watch(Monitor(self.ref, self, owner.pid))
        self.link()

    def died(self, reason: ExitReason) -> None:  # noqa: ARG002 - any reason will do
        self.part.remove_owner(self.owner.pid)

    def link(self) -> None:
        """Link the owner to whoever keeps its entries."""
        self.linked = not self.owner.is_linked(self.part.process)
        self.owner.link(self.part.process)

    def unlink(self) -> None:
        """Take back the link, unless there was one before, or it is needed still."""
        if not self.linked:
            return
        heir = self.part.find_sibling(self)
        if heir is None:
            self.owner.unlink(self.part.process)
        else:
            heir.linked = True

    def leave(self) -> None:
        """Guard no longer."""
        self.owner.unwatch(self.ref)


@final
class Part(Waiter):
    """The entries of one partition.

    *process* is who keeps them, that of the partition or, as long as it is down, that
    of the registry. Invariant: an owner with entries is linked to that one and has one
    guard, and nobody else has one.
    """

    __slots__ = ("directory", "guards", "index", "process", "ref", "table")

    def __init__(self, directory: Directory, index: int) -> None:
        super().__init__()
        self.directory = directory
        self.index = index
        unique = directory.keys == "unique"
        self.table: Table = UniqueTable() if unique else DuplicateTable()
        self.guards: dict[Pid, Guard] = {}
        self.ref = Ref()
        self.process = directory.process
        self._watch()

    def _watch(self) -> None:
        self.process.watch(Monitor(self.ref, self, self.process.pid))

    def died(self, reason: ExitReason) -> None:  # noqa: ARG002 - any reason will do
        for guard in self.guards.values():
            guard.leave()
        self.directory.replace(self)

    def move_to(self, process: Process) -> None:
        """Let *process* keep the entries from now on."""
        for guard in self.guards.values():
            guard.unlink()
        self.process.unwatch(self.ref)
        self.process = process
        self._watch()
        for guard in self.guards.values():
            guard.link()

    def find_sibling(self, guard: Guard) -> Guard | None:
        """Return another guard of the same owner that relies on the same link.

        Only while the registry stands in for several partitions can there be one.
        """
        if self.process is not self.directory.process:
            return None
        pid = guard.owner.pid
        found = [
            part.guards[pid]
            for part in self.directory.parts
            if part.process is self.process and pid in part.guards
        ]
        return next((other for other in found if other is not guard), None)

    def living(self, key: Hashable) -> list[Entry[Any, Any, Pid]]:
        """Return what is registered under *key*, but by the dead."""
        # An instrument hears of a death before anybody, and may ask.
        return [e for e in self.table.find(key) if e.owner.process is not None]

    def add(self, owner: Process, key: Hashable, value: object) -> None:
        """Register *key* for *owner*, which lives.

        Raises:
            AlreadyRegisteredError: the keys are unique, and this one is taken.
        """
        pid = owner.pid
        entry = Entry(key, pid, value)
        holder = self.table.add(entry)
        if holder is not None and holder.owner.process is None:
            # It has just died, and its guard has not been told yet.
            self.remove_owner(holder.owner)
            holder = self.table.add(entry)
        if holder is not None:
            raise AlreadyRegisteredError(key, holder.owner)
        if pid not in self.guards:
            self.guards[pid] = Guard(self, owner)

    def remove(self, entries: Entries) -> None:
        """Take out *entries*; who has none left is not linked any more."""
        for entry in entries:
            self.table.remove(entry)
            if not self.table.owns(entry.owner):
                guard = self.guards.pop(entry.owner)
                guard.leave()
                guard.unlink()

    def remove_owner(self, pid: Pid) -> None:
        """Take out the entries of *pid*, which is dead."""
        self.table.remove_owner(pid)
        self.guards.pop(pid, None)


@final
class Directory:
    """What a registry consists of, as its supervisor's *process* knows it."""

    def __init__(
        self,
        process: Process,
        keys: Keys,
        partitions: int,
        listeners: tuple[ServerRef, ...],
        meta: Mapping[Any, object],
    ) -> None:
        self.process = process
        self.keys: Keys = keys
        self.listeners = listeners
        self.meta: dict[Hashable, object] = dict(meta)
        self.locks = Locks(process)
        self.parts = [Part(self, index) for index in range(partitions)]

    def __repr__(self) -> str:
        entries = sum(len(part.table) for part in self.parts)
        return f"<{self.keys} keys, entries: {entries}, meta: {self.meta!r}>"

    @property
    def reference(self) -> ServerRef:
        """What the registry is called in messages: its name, or else its pid."""
        name = self.process.name
        return self.process.pid if name is None else Name(name)

    def open(self, index: int, process: Process) -> Part:
        """Make *process* the partition number *index*."""
        part = self.parts[index]
        part.move_to(process)
        return part

    def replace(self, part: Part) -> None:
        """Put an empty part in the place of one that is lost."""
        if self.process.reason is None:
            self.parts[part.index] = Part(self, part.index)

    def part(self, key: Hashable) -> Part:
        """Return the partition that keeps *key*."""
        return self.parts[partition_of(key, len(self.parts))]

    def require_unique(self, what: str) -> None:
        """Check that the keys are unique.

        Raises:
            RegistryKindError: they are not.
        """
        if self.keys != "unique":
            raise RegistryKindError(what, self.reference)

    def register(self, owner: Process, key: Hashable, value: object) -> Pid:
        """Register *key* for *owner*, and return the partition that keeps it.

        Raises:
            AlreadyRegisteredError: the keys are unique, and this one is taken.
            NoProcessError: *owner* is dead.
            ValueError: *owner* lives on another node.
        """
        if owner.reason is not None:
            raise NoProcessError(owner.pid)
        if owner.node is not self.process.node:
            raise ValueError(
                f"{owner.pid!r} lives on another node than the registry, "
                f"{self.process.node.name!r}, and can register only there"
            )
        part = self.part(key)
        part.add(owner, key, value)
        self._tell(lambda name: Registered(name, key, owner.pid, value))
        return part.process.pid

    def unregister(self, part: Part, entries: list[Entry[Any, Any, Pid]]) -> None:
        """Take out *entries* of *part*, which are of one owner and under one key."""
        if entries:
            part.remove(entries)
            key, pid = entries[0].key, entries[0].owner
            self._tell(lambda name: Unregistered(name, key, pid))

    def _tell(self, about: Callable[[ServerRef], object]) -> None:
        if self.listeners:
            message = about(self.reference)
            for listener in self.listeners:
                send_quietly(listener, message)


def find_directory(registry: ServerRef) -> Directory:
    """Return the directory of *registry*.

    Raises:
        NoRegistryError: there is no such registry.
        NodeDownError: the name is one of a node that does not run here.
    """
    directory = published(find(registry), Directory)
    if directory is None:
        raise NoRegistryError(registry)
    return directory
