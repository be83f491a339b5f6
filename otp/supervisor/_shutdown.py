"""How children are stopped.

A child is watched by a monitor while it is told to end, not by its link, which it may
have removed. Of a child that was dead before, the monitor knows nothing; then the exit
signal in the mailbox says why. In no case is that signal left there: a death that was
asked for must not be taken for a crash later.

A child is stopped when its code is over, too, so that nobody finds a port or a file in
use that it has not yet closed. That is soon after its death, unless it is shielded.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final, cast

import trio

from .. import process
from ..kernel import (
    DEATHS_AT_ONCE,
    GHOST_TIME,
    KILL,
    SHUTDOWN,
    Down,
    Exited,
    NoProc,
    Reason,
    ReceiveTimeoutError,
    current_process,
    process_of,
    wait_gone,
    watch_end,
)
from ..proc_lib import default_shutdown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..kernel import ExitReason, Pid, Process, Ref
    from ..proc_lib import ShutdownLimit

UNLINKED: Final = Reason("child_process_unlinked")
"""Why a child died that had removed its link first: nobody knows."""


async def stop_child(pid: Pid, limit: ShutdownLimit) -> ExitReason:
    """Stop one child and return why it has ended; see `stop_children`."""
    return (await stop_children({pid: limit}))[pid]


async def stop_children(
    limits: Mapping[Pid, ShutdownLimit],
) -> dict[Pid, ExitReason]:
    """Stop children, all at once, and return why each has ended.

    They are told to shut down, and those that still live when their time is over are
    killed; ``"brutal_kill"`` kills them at once. The time of all begins when the last
    of them has been told, so that there is one timer for each limit.
    """
    waiting: dict[Ref, Pid] = {}
    overdue: dict[float, list[Pid]] = {}
    reasons: dict[Pid, ExitReason] = {}
    for told, (pid, limit) in enumerate(limits.items(), 1):
        ref = process.monitor(pid)
        process.exit(pid, KILL if limit == "brutal_kill" else SHUTDOWN)
        if pid.process is None:
            reasons[pid] = _take_leave(pid, _newest_down(ref).reason)
        else:
            waiting[ref] = pid
            overdue.setdefault(_seconds(limit), []).append(pid)
        if told % DEATHS_AT_ONCE == 0:
            await trio.lowlevel.checkpoint()
    now = trio.current_time()
    left = sorted(overdue, reverse=True)
    while waiting:
        try:
            down = await _receive_down(waiting, now + left[-1] if left else inf)
        except ReceiveTimeoutError:
            for pid in overdue[left.pop()]:
                process.exit(pid, KILL)
        else:
            pid = waiting.pop(down.ref)
            reasons[pid] = _take_leave(pid, down.reason)
    # One time for all, here too.
    with trio.move_on_after(GHOST_TIME):
        for pid in reasons:
            await wait_gone(pid)
    return reasons


def _newest_down(ref: Ref) -> Down:
    """Take what the monitor of a process says that has just been found dead."""
    mailbox = current_process("a supervisor").mailbox
    return cast(
        "Down", mailbox.take_back(lambda m: isinstance(m, Down) and m.ref is ref)
    )


async def _receive_down(waiting: Mapping[Ref, Pid], deadline: float) -> Down:
    message = await process.receive(
        lambda m: isinstance(m, Down) and m.ref in waiting,
        timeout=max(0.0, deadline - trio.current_time()),
    )
    return cast("Down", message)


def _take_leave(pid: Pid, reason: ExitReason) -> ExitReason:
    """Remove the link to a dead child and its exit signal; return why it ended."""
    if not isinstance(reason, NoProc):
        process.unlink(pid, flush=True)
        return reason
    try:
        signal = process.receive_nowait(
            lambda m: isinstance(m, Exited) and m.pid is pid
        )
    except trio.WouldBlock:
        return UNLINKED
    return cast("Exited", signal).reason


async def reap(supervisor: Process, limits: Mapping[Pid, ShutdownLimit]) -> None:
    """See to it that no process outlives *supervisor*, which is dead, for long.

    Those that it started know of its death by their links. Whoever lives on has the
    time that *limits* gives it, 5 seconds if there is none, and is killed then.
    """
    nursery = supervisor.nursery
    if nursery is None or not nursery.child_tasks:
        return
    # Tasks that were started just now get to know that they are processes.
    await trio.lowlevel.checkpoint()
    left = [
        (_seconds(limits.get(child.pid, default_shutdown("worker"))), child)
        for child in map(process_of, nursery.child_tasks)
        if child is not None and child.reason is None
    ]
    now = trio.current_time()
    for seconds, child in sorted(left, key=lambda pair: (pair[0], pair[1].pid.serial)):
        with trio.move_on_at(now + seconds):
            await watch_end(child).wait()
        child.exit_signal(supervisor, KILL, by_link=False)


def _seconds(limit: ShutdownLimit) -> float:
    return 0.0 if limit == "brutal_kill" else limit
