"""Many timers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import trio

from otp import process, timer

from ..tools import check
from .clock import each_of, since, start_clock

if TYPE_CHECKING:
    from ..rows import Metrics

HOUR = 3600.0
ENOUGH = 5e-5
"""In how many seconds one timer is started for certain."""


async def timers(size: int) -> Metrics:
    """Start timers, cancel one of them, and let them fire."""
    metrics: Metrics = {}
    done = trio.Event()

    async def body() -> None:
        metrics.update(await _measure(size))
        done.set()

    process.spawn(body)
    await done.wait()
    return metrics


async def _measure(size: int) -> Metrics:
    me = process.self()
    waiting = [timer.send_after(HOUR + n, me, n) for n in range(size)]
    one_more = each_of(lambda n: timer.cancel_timer(timer.send_after(HOUR, me, n)))
    begin = start_clock()
    for each in waiting:
        timer.cancel_timer(each)
    cancelled = since(begin, size)
    begin = start_clock()
    due = trio.current_time() + 0.01 + size * ENOUGH
    for n in range(size):
        timer.send_at(due, me, n)
    started = since(begin, size)
    await trio.lowlevel.checkpoint()
    # All of them are due before any of them can fire.
    time.sleep(max(0.0, due - trio.current_time()))  # noqa: ASYNC251
    begin = start_clock()
    got = [await process.receive(int) for _ in range(size)]
    fired = since(begin, size)
    check("timers", sorted(got), list(range(size)))
    return {
        "start": started,
        "start and cancel one more": one_more,
        "cancel all, each": cancelled,
        "fire all, each": fired,
    }
