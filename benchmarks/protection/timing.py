"""The time of one operation, without that of the set-up before it."""

from __future__ import annotations

from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import trio

import otp

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Line = Callable[[int], Awaitable[None]]


async def bare_call(value: int) -> int:
    """Return what was given, after nothing: what all lines call."""
    return value


async def bare(n: int) -> None:
    """Call without any protection."""
    for i in range(n):
        await bare_call(i)


def _seconds(line: Line, n: int) -> float:
    async def main() -> float:
        async with otp.Node():
            start = perf_counter()
            await line(n)
            return perf_counter() - start

    return trio.run(main)


def microseconds(line: Line, n: int, repeats: int) -> float:
    """Return the microseconds of one operation: the median of *repeats*.

    A short run and a long one have the same set-up, so the difference has none.
    """
    few = max(1, n // 10)
    _seconds(line, few)
    return median(
        (_seconds(line, n) - _seconds(line, few)) / (n - few) * 1e6
        for _ in range(repeats)
    )
