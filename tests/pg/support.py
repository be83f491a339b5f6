"""What tests of groups have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio
from trio.testing import wait_all_tasks_blocked

import otp
from otp import pg, process
from otp.kernel import MISSING
from otp.pg import Joined, Left

if TYPE_CHECKING:
    from otp import Pid

settled = wait_all_tasks_blocked


def another(*groups: object) -> Pid:
    """Start a process that does nothing, and put it into *groups*."""
    pid = process.spawn(trio.sleep_forever)
    for group in groups:
        pg.join(group, pid)
    return pid


def kill(*pids: Pid) -> None:
    """Kill *pids*; whoever hears of it has been told when this returns."""
    for pid in pids:
        process.exit(pid, otp.Kill())


def news(of: Pid | None = None) -> list[tuple[type, object, tuple[Pid, ...]]]:
    """Take what a process, or else the caller, was told of groups."""
    told = (of or process.self()).process
    assert told is not None
    found: list[tuple[type, object, tuple[Pid, ...]]] = []
    while (message := told.mailbox.take()) is not MISSING:
        assert isinstance(message, (Joined, Left))
        found.append((type(message), message.group, message.pids))
    return found
