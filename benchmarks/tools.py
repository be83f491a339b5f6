"""What every measurement needs: a clock, a look at the memory, and checked answers."""

from __future__ import annotations

import gc
import os
from inspect import isawaitable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class WrongAnswerError(Exception):
    """What was measured did not do what it was to do, so its time says nothing."""


def check(what: str, got: object, expected: object) -> None:
    """Refuse a measurement whose answer is wrong."""
    if got != expected:
        raise WrongAnswerError(f"{what}: {got!r} instead of {expected!r}")


def since(begin: float, operations: int) -> float:
    """Return how many microseconds each of the operations has taken."""
    return (perf_counter() - begin) / operations * 1e6


def percentile(times: Sequence[float], share: float) -> float:
    """Return the time that *share* of all times do not exceed, in microseconds."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1e6


def median_us(times: Sequence[float]) -> float:
    """Return the median of times in seconds, in microseconds."""
    return median(times) * 1e6


def memory() -> int:
    """Return how much memory the process has, in bytes, without any garbage."""
    gc.collect()
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


async def maybe(result: object) -> object:
    """Return *result*, or wait for what it promises."""
    return await result if isawaitable(result) else result


@final
class Countdown:
    """Calls *done* when it has been hit so many times, and counts on."""

    def __init__(self, hits: int, done: Callable[[], object]) -> None:
        self.left = hits
        self.done = done

    def hit(self, _: object = None) -> None:
        self.left -= 1
        if self.left == 0:
            self.done()
