"""Which process, and which node, the running code belongs to."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from trio.lowlevel import checkpoint

from ._errors import NoNodeError, NotAProcessError
from ._reasons import Exit
from ._scheduler import BY_TRIO

if TYPE_CHECKING:
    from trio.lowlevel import Task

    from ._node import Node
    from ._process import Process
    from ._scheduler import Scheduler

_current: ContextVar[Process] = ContextVar("otp_process")


def current() -> Process:
    """Return the process that runs, or the node's own outside of any process.

    Raises:
        NoNodeError: no node runs here.
    """
    process = _current.get(None)
    if process is None:
        raise NoNodeError
    return process


def node_of_task() -> Node | None:
    """Return the node in which the code runs, None if it runs in none."""
    process = _current.get(None)
    return None if process is None else process.node


def current_scheduler() -> Scheduler:
    """Return the scheduler of the node in which the code runs, Trio's outside."""
    process = _current.get(None)
    return BY_TRIO if process is None else process.node.scheduler


def process_of(task: Task) -> Process | None:
    """Return the process, or the node's own, that *task* belongs to."""
    return task.context.get(_current)


def is_ghost() -> bool:
    """Tell whether the code that runs belongs to a process that is dead."""
    process = _current.get(None)
    return process is not None and process.reason is not None


async def send_ghost_away() -> None:
    """Be the checkpoint at which a ghost goes; a shielded one is ended by an `Exit`."""
    process = current()
    await checkpoint()
    if process.reason is not None:
        raise Exit(process.reason)


def current_process(what: str) -> Process:
    """Return the process that runs.

    Raises:
        NotAProcessError: no process runs, only the node.
    """
    # current(), without a call of its own.
    process = _current.get(None)
    if process is None:
        raise NoNodeError
    if process.parent is None:
        raise NotAProcessError(what)
    return process


enter: Final = _current.set
leave: Final = _current.reset
