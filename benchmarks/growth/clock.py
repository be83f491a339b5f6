"""How the cost of one operation among many is measured."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Final

from ..tools import median_us

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ROUNDS: Final = 300
"""How often one operation is measured among many."""


async def each(work: Callable[[], Awaitable[object]], rounds: int = ROUNDS) -> float:
    """Return the median of what *work* takes, again and again, in microseconds."""
    times: list[float] = []
    for _ in range(rounds):
        begin = perf_counter()
        await work()
        times.append(perf_counter() - begin)
    return median_us(times)


def each_of(work: Callable[[int], object], rounds: int = ROUNDS) -> float:
    """Return the median of what ``work(n)`` takes, in microseconds."""
    times: list[float] = []
    for n in range(rounds):
        begin = perf_counter()
        work(n)
        times.append(perf_counter() - begin)
    return median_us(times)
