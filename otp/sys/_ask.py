"""Asking a process for a system operation: what all functions here are made of."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import trio

from ..gen import check_timeout
from ..kernel import CallingSelfError, NoProcessError, find, is_ghost, send_ghost_away
from ._messages import SystemRequest

if TYPE_CHECKING:
    from ..kernel import Process, ServerRef
    from ._messages import Operation


async def ask(server: ServerRef, operation: Operation, timeout: float) -> object:
    """Let a process obey *operation*, and return its answer.

    If the time is over, or the caller is cancelled, before the process has begun,
    nothing is done any more.

    Raises:
        NoProcessError: there is no such process.
        CallTimeoutError: no answer after *timeout* seconds.
        ServerExitedError: it died first.
        CallingSelfError: the process is the caller.
        SysError: it could not do what was asked.
    """
    process = find_process(server)
    check_timeout(timeout)
    if process.task is trio.lowlevel.current_task():
        raise CallingSelfError(server)
    if process.node.ghosts and is_ghost():
        await send_ghost_away()
    request = SystemRequest(server, operation, timeout)
    process.mailbox.put(request)
    if timeout <= 0:
        request.expire()
        await trio.lowlevel.checkpoint()
    elif timeout != inf:
        process.node.timers.expire_in(timeout, request)
    return await request.wait()


def find_process(server: ServerRef) -> Process:
    """Return the process behind *server*.

    Raises:
        NoProcessError: there is none.
    """
    process = find(server)
    if process is None:
        raise NoProcessError(server)
    return process
