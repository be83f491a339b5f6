"""How the cost of one operation among many is measured.

What is done once for each of many is measured by the time of the processor, so that
others on a busy machine do not count: here nobody is beside it to be busy as well.
"""

from __future__ import annotations

import gc
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Final

from ..tools import median_us

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ROUNDS: Final = 300
"""How often one operation is measured among many."""


def start_clock() -> float:
    """Return the time, after the garbage of what was before has been collected."""
    gc.collect()
    return process_time()


def since(begin: float, operations: int) -> float:
    """Return how many microseconds each of the operations has taken."""
    return (process_time() - begin) / operations * 1e6


async def each(work: Callable[[], Awaitable[object]], rounds: int = ROUNDS) -> float:
    """Return the median of what *work* takes, again and again, in microseconds."""
    times: list[float] = []
    gc.collect()
    for _ in range(rounds):
        begin = perf_counter()
        await work()
        times.append(perf_counter() - begin)
    return median_us(times)


def each_of(work: Callable[[int], object], rounds: int = ROUNDS) -> float:
    """Return the median of what ``work(n)`` takes, in microseconds."""
    times: list[float] = []
    gc.collect()
    for n in range(rounds):
        begin = perf_counter()
        work(n)
        times.append(perf_counter() - begin)
    return median_us(times)
