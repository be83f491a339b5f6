"""Supervisors: a child crashes and comes back; and what a child takes."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import trio

from ..tools import Countdown, check, maybe, memory as measure_memory, percentile

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..adapter import Adapter
    from ..rows import Metrics, Sizes


async def restart(peer: Adapter, sizes: Sizes) -> Metrics:
    """Crash a worker among siblings, again and again.

    The time is that from the message which makes it crash to the answer of the one
    that is started in its place.
    """
    siblings, crashes = sizes["siblings"], sizes["crashes"]
    sender, receiver = trio.open_memory_channel[Any](crashes + 1)
    everybody = trio.Event()
    up = Countdown(siblings, everybody.set)
    begin = perf_counter()
    await peer.start_supervisor(siblings, up.hit, sender.send_nowait)
    await everybody.wait()
    worker = await receiver.receive()
    tree = perf_counter() - begin
    times = await _crash(peer, worker, receiver.receive, crashes)
    check("starts of siblings", siblings - up.left, siblings)
    return {"p50": percentile(times, 0.5), "p99": percentile(times, 0.99), "tree": tree}


async def _crash(
    peer: Adapter, worker: Any, next_one: Callable[[], Awaitable[Any]], crashes: int
) -> list[float]:
    times: list[float] = []
    for _ in range(crashes):
        begin = perf_counter()
        await maybe(peer.crash_nowait(worker))
        worker = await next_one()
        count = await peer.call(worker, 1)
        times.append(perf_counter() - begin)
        check("the count of a new worker", count, 1)
    return times


async def report(peer: Adapter, sizes: Sizes) -> Metrics:
    """Crash a worker with one sibling while somebody reads all the reports."""
    reports: list[object] = []
    peer.read_reports(reports.append)
    metrics = await restart(peer, {"siblings": 1, "crashes": sizes["crashes"]})
    # The supervisor's and the server's own, at least.
    check("a report of each crash", len(reports) >= 2 * sizes["crashes"], expected=True)
    return {"p50": metrics["p50"]}


async def memory(peer: Adapter, sizes: Sizes) -> Metrics:
    """See what memory idle processes take, and idle servers under a supervisor."""
    n = sizes["processes"]
    await _start_idle(peer, 1)
    before = measure_memory()
    ready = await _start_idle(peer, n)
    process = (measure_memory() - before) / n
    check("processes", ready, n)
    everybody = trio.Event()
    up = Countdown(n, everybody.set)
    before = measure_memory()
    await peer.start_supervisor(n, up.hit, lambda _: None)
    await everybody.wait()
    child = (measure_memory() - before) / n
    check("children", n - up.left, n)
    return {"process": process, "child": child}


async def _start_idle(peer: Adapter, n: int) -> int:
    everybody = trio.Event()
    up = Countdown(n, everybody.set)

    async def wait() -> None:
        up.hit()
        await peer.recv()

    for _ in range(n):
        await peer.spawn(wait)
    await everybody.wait()
    return n - up.left
