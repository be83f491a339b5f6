"""Starting plain processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kernel import Monitor, NoProcessError, Ref, current, current_process

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVarTuple, Unpack

    from ..kernel import Bounded, Pid, Process

    Ts = TypeVarTuple("Ts")


def self() -> Pid:
    """Return the pid of the calling process, or of the node outside of any."""
    return current().pid


def spawn(
    fn: Callable[[Unpack[Ts]], Awaitable[object]],
    *args: *Ts,
    label: object = None,
    mailbox: Bounded | None = None,
) -> Pid:
    """Start a process that runs ``await fn(*args)``, and return its pid at once.

    What *fn* returns is dropped; returning is the reason `Normal`. The new process
    has no tie to the caller: if it crashes, a report is all that is heard of it.

    Args:
        fn: an async function.
        args: its arguments.
        label: what reports call the process, if not by the name of *fn*.
        mailbox: a limit for its mailbox; there is none by default.

    Raises:
        NoNodeError: no node runs here.
    """
    process = _create(fn, label, mailbox)
    process.node.launch(process, None, fn, *args)
    return process.pid


def spawn_link(
    fn: Callable[[Unpack[Ts]], Awaitable[object]],
    *args: *Ts,
    label: object = None,
    mailbox: Bounded | None = None,
) -> Pid:
    """Start a process like `spawn`, linked to the caller from its first moment."""
    process = _create(fn, label, mailbox)
    parent = current()
    process.link(parent)
    process.node.launch(process, parent.nursery, fn, *args)
    return process.pid


def spawn_monitor(
    fn: Callable[[Unpack[Ts]], Awaitable[object]],
    *args: *Ts,
    label: object = None,
    mailbox: Bounded | None = None,
) -> tuple[Pid, Ref]:
    """Start a process like `spawn`, monitored by the caller from its first moment."""
    watcher = current_process("spawn_monitor()")
    process = _create(fn, label, mailbox)
    ref = Ref()
    process.watch(Monitor(ref, watcher, process.pid))
    process.node.launch(process, None, fn, *args)
    return process.pid, ref


def _create(origin: object, label: object, mailbox: Bounded | None) -> Process:
    parent = current()
    if parent.reason is not None:
        raise NoProcessError(parent.pid)
    process = parent.node.create(parent, mailbox)
    process.origin = origin
    process.label = label
    return process
