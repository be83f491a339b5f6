"""What can be asked of a registry. None of it waits, but for a lock."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast, overload

from ..kernel import current_process
from ._directory import find_directory
from ._errors import NotRegisteredError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Hashable

    from ..kernel import Pid, ServerRef
    from ._directory import Entries
    from ._registry import Registry

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


class Registration(NamedTuple, Generic[K, V]):
    """One entry of a registry."""

    key: K
    pid: Pid[Any]
    value: V


# --------------------------------------------------------------------- for the caller


@overload
def register(registry: ServerRef[Registry[K, V | None]], key: K) -> Pid: ...
@overload
def register(registry: ServerRef[Registry[K, V]], key: K, value: V) -> Pid: ...
def register(registry: ServerRef, key: Hashable, value: object = None) -> Pid:
    """Register *key* for the caller, with *value*.

    With unique keys once, with duplicate keys as often as you like. The caller is
    linked to the partition that keeps the entry, as long as it has one there.

    Returns:
        The pid of that partition.

    Raises:
        AlreadyRegisteredError: the keys are unique and somebody has it; perhaps the
            caller.
        NoRegistryError: there is no such registry.
        ValueError: the registry lives on another node.
    """
    directory = find_directory(registry)
    return directory.register(current_process("register()"), key, value)


def unregister(registry: ServerRef[Registry[K, Any]], key: K) -> None:
    """Take out all entries that the caller has under *key*; there need not be any.

    Raises:
        NoRegistryError: there is no such registry.
    """
    me = current_process("unregister()")
    directory = find_directory(registry)
    part = directory.part(key)
    directory.unregister(part, part.table.find_own(me.pid, key))


def unregister_match(
    registry: ServerRef[Registry[K, V]],
    key: K,
    match: type[object] | Callable[[V], bool],
) -> None:
    """Take out those entries of the caller under *key* whose value matches.

    Args:
        registry: which registry.
        key: which key.
        match: a class, or a function that is given the value.

    Raises:
        TypeError: *match* is neither.
    """
    me = current_process("unregister_match()")
    directory = find_directory(registry)
    part = directory.part(key)
    fits = _fits(match)
    own = [e for e in part.table.find_own(me.pid, key) if fits(e.value)]
    directory.unregister(part, own)


def update_value(
    registry: ServerRef[Registry[K, V]], key: K, fn: Callable[[V], V]
) -> tuple[V, V]:
    """Replace the value of a key of the caller by ``fn(value)``.

    Returns:
        The new value and the old one.

    Raises:
        NotRegisteredError: the caller does not have the key.
        RegistryKindError: the registry has duplicate keys.
    """
    me = current_process("update_value()")
    directory = find_directory(registry)
    directory.require_unique("update_value()")
    own = directory.part(key).table.find_own(me.pid, key)
    if not own:
        raise NotRegisteredError(key, me.pid)
    (entry,) = own
    old = cast("V", entry.value)
    entry.value = new = fn(old)
    return new, old


# ------------------------------------------------------------------------ by the key


def lookup(registry: ServerRef[Registry[K, V]], key: K) -> list[tuple[Pid[Any], V]]:
    """Return who has registered *key*, with the values, oldest first.

    Raises:
        NoRegistryError: there is no such registry.
    """
    return _pairs(find_directory(registry).part(key).living(key))


def whereis(registry: ServerRef[Registry[K, Any]], key: K) -> Pid[Any] | None:
    """Return who has the unique *key*.

    Raises:
        NoRegistryError: there is no such registry.
        RegistryKindError: it has duplicate keys.
    """
    directory = find_directory(registry)
    directory.require_unique("whereis()")
    entries = directory.part(key).living(key)
    return entries[0].owner if entries else None


def values(registry: ServerRef[Registry[K, V]], key: K, pid: Pid) -> list[V]:
    """Return the values with which *pid* has registered *key*, oldest first.

    Raises:
        NoRegistryError: there is no such registry.
    """
    own = find_directory(registry).part(key).table.find_own(pid, key)
    return [entry.value for entry in own]


@overload
def match(
    registry: ServerRef[Registry[K, Any]], key: K, match: type[T]
) -> list[tuple[Pid[Any], T]]: ...
@overload
def match(
    registry: ServerRef[Registry[K, V]], key: K, match: Callable[[V], bool]
) -> list[tuple[Pid[Any], V]]: ...
def match(
    registry: ServerRef, key: Hashable, match: type[object] | Callable[[Any], bool]
) -> list[tuple[Pid[Any], Any]]:
    """Return who has registered *key* with a value that matches.

    Args:
        registry: which registry.
        key: which key.
        match: a class, or a function that is given the value.

    Raises:
        TypeError: *match* is neither.
    """
    fits = _fits(match)
    found = find_directory(registry).part(key).living(key)
    return _pairs(e for e in found if fits(e.value))


def count_match(
    registry: ServerRef[Registry[K, V]],
    key: K,
    match: type[object] | Callable[[V], bool],
) -> int:
    """Return how many entries `match` finds."""
    fits = _fits(match)
    found = find_directory(registry).part(key).living(key)
    return sum(bool(fits(e.value)) for e in found)


def dispatch(
    registry: ServerRef[Registry[K, V]],
    key: K,
    fn: Callable[[list[tuple[Pid[Any], V]]], object],
) -> None:
    """Call *fn*, here and now, with what `lookup` finds; not at all for nothing.

    To send the same to all of them, for example.
    """
    found = lookup(registry, key)
    if found:
        fn(found)


# ------------------------------------------------------------------- across all keys


def keys(registry: ServerRef[Registry[K, Any]], pid: Pid) -> list[K]:
    """Return the keys of *pid*; a duplicate key as often as it is registered.

    Raises:
        NoRegistryError: there is no such registry.
    """
    parts = find_directory(registry).parts
    return [key for part in parts for key in part.table.keys(pid)]


def count(registry: ServerRef[Registry[Any, Any]]) -> int:
    """Return how many entries there are.

    Raises:
        NoRegistryError: there is no such registry.
    """
    return sum(len(part.table) for part in find_directory(registry).parts)


def select(
    registry: ServerRef[Registry[K, V]],
    keep: Callable[[K, Pid[Any], V], bool] | None = None,
) -> list[Registration[K, V]]:
    """Return the entries for which ``keep(key, pid, value)`` is true; or all.

    It looks at every entry, so it takes as long as there are many.

    Raises:
        TypeError: *keep* cannot be called.
    """
    if keep is not None and not callable(keep):
        raise TypeError(f"entries are selected by a function, not by {keep!r}")
    return [
        Registration(e.key, e.owner, e.value)
        for part in find_directory(registry).parts
        for e in list(part.table)
        if e.owner.process is not None
        if keep is None or keep(e.key, e.owner, e.value)
    ]


def count_select(
    registry: ServerRef[Registry[K, V]], keep: Callable[[K, Pid[Any], V], bool]
) -> int:
    """Return how many entries `select` finds."""
    return len(select(registry, keep))


# ------------------------------------------------------------------ about the registry


def meta(
    registry: ServerRef[Registry[Any, Any]], key: Hashable, default: object = None
) -> Any:
    """Return what is kept under *key* beside the entries, or *default*."""
    return find_directory(registry).meta.get(key, default)


def put_meta(
    registry: ServerRef[Registry[Any, Any]], key: Hashable, value: object
) -> None:
    """Keep *value* under *key*, beside the entries, as long as the registry lives."""
    find_directory(registry).meta[key] = value


def delete_meta(registry: ServerRef[Registry[Any, Any]], key: Hashable) -> None:
    """Forget what is kept under *key*; there need not be anything."""
    find_directory(registry).meta.pop(key, None)


@asynccontextmanager
async def lock(
    registry: ServerRef[Registry[Any, Any]], key: Hashable
) -> AsyncGenerator[None]:
    """Let one task at a time into the block, for each *key*.

    ::

        async with registry.lock(ROOMS, "lobby"):
            ...

    The keys of locks have nothing to do with those of entries. Who waits gets in in
    the order of coming. The lock is free at the end of the block, or when the process
    that holds it dies, if that is earlier.

    Raises:
        NoRegistryError: there is no such registry.
        RuntimeError: the calling task holds the lock already.
        ServerExitedError: the registry ended while the caller waited.
    """
    locks = find_directory(registry).locks
    ticket = await locks.enter(key, registry)
    try:
        yield
    finally:
        locks.leave(ticket)


def _fits(match: type[object] | Callable[[Any], bool]) -> Callable[[object], bool]:
    if isinstance(match, type):
        wanted = match
        return lambda value: isinstance(value, wanted)
    if not callable(match):
        raise TypeError(f"values are matched by a class or a function, not {match!r}")
    return match


def _pairs(entries: Entries) -> list[tuple[Pid[Any], Any]]:
    return [(entry.owner, entry.value) for entry in entries]
