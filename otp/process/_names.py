"""Registered names."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from ..kernel import Name, NoProcessError, check_name, current, find

if TYPE_CHECKING:
    from ..kernel import Pid, Via

T = TypeVar("T")


def register(name: str | Name, pid: Pid) -> None:
    """Give *pid* a name on this node; it is free again when the process dies.

    Raises:
        NameTakenError: the name is taken, or the process has another.
        NoProcessError: the process is dead.
        ValueError: the name is empty or reserved.
    """
    if pid.process is None:
        raise NoProcessError(pid)
    current().node.register(_text(name), pid.process)


def unregister(name: str | Name) -> None:
    """Free the name.

    Raises:
        NoProcessError: nobody has it.
    """
    names = current().node.names
    process = names.pop(_text(name), None)
    if process is None:
        raise NoProcessError(name)
    process.name = process.heritage = None


def whereis(name: str | Name[T] | Via[T]) -> Pid[T] | None:
    """Return who has the name, or None."""
    if isinstance(name, str):
        process = current().node.names.get(name)
        if process is None:
            check_name(name)
    else:
        process = find(name)
    return None if process is None else cast("Pid[T]", process.pid)


def registered() -> list[str]:
    """Return the names that are taken on this node."""
    return list(current().node.names)


def _text(name: str | Name) -> str:
    return name if isinstance(name, str) else name.name
