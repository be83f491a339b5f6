"""What tasks and agents cost, in microseconds for each.

The first rows are one after the other: start and await. The streams have 10,000 items,
with so many at once as the row says. A nursery for each that does the same work,
without processes, is there to compare with. Each number is the best of several runs.

    python benchmarks/task.py
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import trio

import otp
from otp import agent, task, task_supervisor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ITEMS = 10_000
ROUNDS = 5


async def work(n: int) -> int:
    """Do next to nothing, and give way once."""
    await trio.lowlevel.checkpoint()
    return n


async def one_by_one() -> None:
    for n in range(ITEMS):
        await task.await_(task.async_(work, n))


async def all_at_once() -> None:
    await task.await_many([task.async_(work, n) for n in range(ITEMS)], 60)


async def supervised() -> None:
    top = await task_supervisor.start_link(otp.TaskSupervisor)
    for n in range(ITEMS):
        await task.await_(await task_supervisor.async_nolink(top, work, n))


async def stream(many: int) -> None:
    async with task.async_stream(work, range(ITEMS), max_concurrency=many) as results:
        async for _ in results:
            pass


async def nursery() -> None:
    for n in range(ITEMS):
        async with trio.open_nursery() as inner:
            inner.start_soon(work, n)


async def read_agent() -> None:
    pid = await agent.start_link(int)
    for _ in range(ITEMS):
        await agent.get(pid, abs)


async def best(run: Callable[[], Awaitable[None]]) -> float:
    """Return how many microseconds one of the items takes."""
    times: list[float] = []
    for _ in range(ROUNDS):
        begin = perf_counter()
        await run()
        times.append(perf_counter() - begin)
    return min(times) / ITEMS * 1e6


async def main() -> None:
    async with otp.Node():
        for name, run in [
            ("start and await", one_by_one),
            ("start all, await all", all_at_once),
            ("under a supervisor", supervised),
            ("stream, 1 at once", lambda: stream(1)),
            ("stream, 100 at once", lambda: stream(100)),
            ("a nursery each", nursery),
            ("agent.get()", read_agent),
        ]:
            print(f"{name:24} {await best(run):8.1f}")


if __name__ == "__main__":
    trio.run(main)
