"""Looking at processes, and what a process may say about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

from ..kernel import Process, current, current_process

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..kernel import Pid


def is_alive(pid: Pid) -> bool:
    """Tell whether *pid* lives."""
    return pid.process is not None


def processes() -> list[Pid]:
    """Return the living processes of this node, in the order of their starts."""
    return [p.pid for p in current().node.processes.values()]


def label() -> object:
    """Return the caller's label."""
    return current().label


def set_label(value: object) -> None:
    """Give the caller a label, for reports and tools; any value will do."""
    current().label = value


def ancestors() -> tuple[Pid | str, ...]:
    """Return who started the caller, who started that one, and so on.

    A registered process stands there by its name.
    """
    return current().ancestors


def dictionary() -> dict[object, object]:
    """Return a dictionary of the caller's own, which dies with it."""
    process = current_process("dictionary()")
    if process.dictionary is None:
        process.dictionary = {}
    return process.dictionary


@final
@attrs.frozen
class ProcessInfo:
    """What a process looks like from outside at one moment."""

    pid: Pid
    name: str | None
    label: object
    origin: object
    parent: Pid | None
    ancestors: tuple[Pid | str, ...]
    trap_exit: bool
    message_queue_len: int
    messages: tuple[object, ...]
    links: tuple[Pid, ...]
    monitors: tuple[Pid, ...]
    monitored_by: tuple[Pid, ...]


def info(pid: Pid) -> ProcessInfo | None:
    """Return what *pid* looks like at this moment, None if it is dead."""
    process = pid.process
    if process is None:
        return None
    watchers = [m.watcher for m in (process.watched_by or {}).values()]
    return ProcessInfo(
        pid=pid,
        name=process.name,
        label=process.label,
        origin=process.origin,
        parent=process.parent,
        ancestors=process.ancestors,
        trap_exit=process.trap_exit,
        message_queue_len=len(process.mailbox),
        messages=tuple(process.mailbox),
        links=_pids(process.links),
        monitors=_pids((process.watching or {}).values()),
        monitored_by=_pids(watchers),
    )


def _pids(peers: Iterable[object]) -> tuple[Pid, ...]:
    return tuple(p.pid for p in peers if isinstance(p, Process))
