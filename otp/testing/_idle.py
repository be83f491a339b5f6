"""Waiting until there is nothing left to do."""

from __future__ import annotations

import trio.testing


async def wait_until_idle() -> None:
    """Wait until nobody has anything left to do at this moment of the clock.

    Every message that was sent is taken by then, unless its receiver waits for
    something else; every crash has been noticed and every restart that needs no time
    is over. No time passes on a mock clock, also not on one that jumps: what is due
    later is left for later, what is due now is done.

    It looks at all tasks of the Trio run, whichever node they belong to. Two
    processes that send each other messages without a pause are never idle, and one
    that waits for a thread or a socket is.
    """
    await trio.testing.wait_all_tasks_blocked()
