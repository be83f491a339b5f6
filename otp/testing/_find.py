"""Finding whom a target means.

It is looked up anew each time that it counts, so that what is said of a name, a place
in a tree or a class is true of whoever is there after a restart as well.
"""

from __future__ import annotations

from types import MethodType
from typing import TYPE_CHECKING, Any, TypeGuard, cast

from ..kernel import (
    Name,
    NodeDownError,
    NoProcessError,
    Pid,
    Process,
    Via,
    check_name,
    current,
    nodes,
)
from ..supervisor import family_of

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..kernel import Node
    from ._target import Target


def check_target(target: object) -> None:
    """Say what a target looks like, if *target* is none.

    Raises:
        TypeError: it is something else.
        ValueError: it is a path without a child, or no name.
        NoProcessError: it is the pid of a dead process.
    """
    if _is_path(target):
        if len(target) < 2:  # noqa: PLR2004 - a supervisor and a child
            raise ValueError(
                f"a path is a supervisor and the ids of children, not {target!r}"
            )
        check_target(target[0])
    elif isinstance(target, Pid):
        if target.process is None:
            raise NoProcessError(cast("Pid", target))
    elif isinstance(target, str):
        check_name(target)
    elif not (isinstance(target, (Name, Via)) or callable(target)):
        raise TypeError(
            f"a process is meant by its pid, its name, its class or its path in a "
            f"tree, not by {target!r}"
        )


def is_target(process: Process, target: Target) -> bool:
    """Tell whether *process* is one that is meant by *target*."""
    match target:
        case Pid():
            return process.pid is target
        case str():
            return process.name == target
        case Name():
            own = target.node in (None, process.node.name)
            return own and process.name == target.name
        case Via():
            return target.registry.whereis_name(target.key) is process.pid
        case tuple():
            return _is_at(process, target)
        case _:
            return _is_kind(process.origin, target)


def _is_kind(origin: object, target: object) -> bool:
    if isinstance(origin, type) and isinstance(target, type):
        return issubclass(origin, target)
    if isinstance(origin, MethodType):
        # A bound method is another object each time that it is asked for.
        return origin == target
    return origin is target


def _is_path(target: object) -> TypeGuard[tuple[Hashable, ...]]:
    return isinstance(target, tuple)


def _is_at(process: Process, path: tuple[Hashable, ...]) -> bool:
    if len(path) == 1:
        return is_target(process, cast("Target", path[0]))
    parent = None if process.parent is None else process.parent.process
    return (
        parent is not None
        and path[-1] in _ids(parent, process)
        and _is_at(parent, path[:-1])
    )


def _ids(parent: Process, process: Process) -> list[Hashable]:
    """Return the id that *process* has as a child of *parent*, in a list, or none."""
    family = family_of(parent)
    if family is None:
        return []
    child = family.children.find_pid(process.pid)
    if child is None and parent.is_linked(process):
        # It is not up yet: the supervisor waits for its word.
        child = family.starting
    return [] if child is None else [child.id]


def place_of(process: Process) -> tuple[Hashable, ...]:
    """Return the place of *process* in its tree, which who is restarted inherits.

    That is the process at the top and the ids from there on; *process* alone if it is
    no child of a supervisor.
    """
    parent = None if process.parent is None else process.parent.process
    if parent is not None:
        for id_ in _ids(parent, process):
            return (*place_of(parent), id_)
    return (process,)


def node_of(target: Target) -> Node:
    """Return the node on which *target* is to be found.

    Raises:
        NodeDownError: it is a name on a node that does not run here.
    """
    match target:
        case Pid() if target.process is not None:
            return target.process.node
        case Name() if target.node is not None:
            node = nodes().get(target.node)
            if node is None:
                raise NodeDownError(target, target.node)
            return node
        case tuple():
            return node_of(cast("Target", target[0]))
        case _:
            return current().node


def find_all(target: Target) -> list[Process]:
    """Return the living processes that are meant, oldest first."""
    check_target(target)
    living = list(node_of(target).processes.values())
    return [process for process in living if is_target(process, target)]


def find_some(target: Target) -> list[Process]:
    """Return the living processes that are meant; there is at least one.

    Raises:
        NoProcessError: there is none.
    """
    found = find_all(target)
    if not found:
        error = NoProcessError(target_text(target))
        if _is_path(target):
            error.add_note(_nearest(target))
        raise error
    return found


def pid_of(target: Target) -> Pid[Any]:
    """Return the pid of the oldest process that *target* means.

    ::

        probe.watch(pid_of(("shop", "workers", "cache")))

    Raises:
        NoProcessError: there is none; for a path, a note says how far it leads.
    """
    return find_some(target)[0].pid


def _nearest(path: tuple[Hashable, ...]) -> str:
    """Return in words how far *path* leads."""
    for length in range(len(path) - 1, 0, -1):
        first = cast("Target", path[0] if length == 1 else path[:length])
        found = find_all(first)
        if found:
            family = family_of(found[0])
            where = target_text(first)
            if family is None:
                return f"{where} is no supervisor"
            ids = ", ".join(repr(child.id) for child in family.children)
            return f"{where} has the children {ids}" if ids else f"{where} has none"
    return f"there is no process {target_text(cast('Target', path[0]))}"


def target_text(target: Target) -> str:
    """Return *target* as it is shown."""
    if _is_path(target):
        first, *ids = target
        return "/".join([target_text(cast("Target", first)), *map(str, ids)])
    if isinstance(target, (Pid, Name, Via, str)):
        return str(target)
    return getattr(target, "__qualname__", repr(target))
