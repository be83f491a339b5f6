"""Pools: what a checkout and its end cost, alone and if others wait."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import trio

import otp
from otp import PoolSpec, pool, process

from .timing import bare_call

if TYPE_CHECKING:
    from .timing import Line

WAITERS = 10


def lines() -> dict[str, Line]:
    """Return what is measured."""
    return {
        "checkout and end of the block": alone,
        "the same, by a process": partial(in_process, alone),
        f"the same, {WAITERS} tasks and one resource": contended,
        "a call of a worker of a pool": worker,
    }


async def connect() -> int:
    return 0


async def opened() -> otp.Pid[otp.Pool[int]]:
    spec = PoolSpec(min_size=1, max_size=1)
    made = await pool.start_link(pool.resources(connect), spec)
    async with pool.checkout(made):
        return made


async def alone(n: int) -> None:
    numbers = await opened()
    for _ in range(n):
        async with pool.checkout(numbers) as number:
            await bare_call(number)


async def in_process(line: Line, n: int) -> None:
    await process.wait_exited(process.spawn(line, n))


async def contended(n: int) -> None:
    numbers = await opened()
    left = n

    async def use() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            async with pool.checkout(numbers) as number:
                # Without a pause nobody would ever have to wait.
                await trio.lowlevel.checkpoint()
                await bare_call(number)

    async with trio.open_nursery() as nursery:
        for _ in range(WAITERS):
            nursery.start_soon(use)


class Worker(otp.GenServer):
    @otp.call
    async def ask(self, value: int) -> int:
        return value


async def worker(n: int) -> None:
    source = pool.workers(otp.child_spec(Worker))
    workers = await pool.start_link(source, PoolSpec(min_size=1, max_size=1))
    for i in range(n):
        await pool.transaction(workers, Worker.ask, i)
