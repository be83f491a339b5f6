"""Doubles: children that misbehave when they are to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from .. import process
from ..kernel import current_process, watch_end
from ..proc_lib import ChildSpec
from ._check import check_seconds

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..kernel import Pid

LINGERS = 2.0
"""Seconds that the code of a shielded double runs on after its death."""


async def stuck() -> None:
    """Be a process that takes no notice of being told to end: it has to be killed."""
    process.trap_exit(True)
    await trio.sleep_forever()


async def shielded(lingers: float = LINGERS) -> None:
    """Be a process that awaits under a shield, where not even a kill reaches its code.

    It is dead when it is killed, as anybody, but its code runs on for *lingers*
    seconds, in which it is a ghost: whoever waits until it is gone has to wait.
    """
    check_seconds(lingers)
    process.trap_exit(True)
    end = watch_end(current_process("shielded()"))
    with trio.CancelScope(shield=True):
        await end.wait()
        await trio.sleep(lingers)


async def _start_stuck() -> Pid:
    return _without_delay(process.spawn_link(stuck))


async def _start_shielded(lingers: float) -> Pid:
    return _without_delay(process.spawn_link(shielded, lingers))


def _without_delay(pid: Pid) -> Pid:
    """Let a process trap exits before it runs, so that nothing can come first."""
    if pid.process is not None:
        pid.process.trap_exit = True
    return pid


def stuck_child(id: Hashable = "stuck", *, shutdown: float = 5.0) -> ChildSpec:
    """Return a child that never ends by itself, however it is told to: see `stuck`.

    Its supervisor kills it *shutdown* seconds after it has told it to end.
    """
    return ChildSpec.of(id, _start_stuck).override(shutdown=shutdown)


def shielded_child(
    id: Hashable = "shielded", *, shutdown: float = 5.0, lingers: float = LINGERS
) -> ChildSpec:
    """Return a child whose code is under a shield: see `shielded`.

    Its supervisor kills it *shutdown* seconds after it has told it to end, and its
    code runs on for *lingers* seconds after that.

    Raises:
        ValueError: *lingers* is negative or no number.
    """
    check_seconds(lingers)
    return ChildSpec.of(id, _start_shielded, lingers).override(shutdown=shutdown)
