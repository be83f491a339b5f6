"""Many that want the same thing: what the pauses are good for."""

from __future__ import annotations

from random import Random

import pytest
import trio

from otp.retry import Backoff, Retry

CLIENTS = 40


class Conflict(Exception):  # noqa: N818 - somebody else was faster
    """The value has been changed since it was read."""


async def contend(retry: Retry) -> tuple[int, float]:
    """Let all clients change one value at once; return the calls and the time."""
    version = calls = 0

    async def change() -> None:
        nonlocal version, calls
        calls += 1
        seen = version
        await trio.sleep(0.01)
        if version != seen:
            raise Conflict
        version += 1

    async with trio.open_nursery() as nursery:
        for _ in range(CLIENTS):
            nursery.start_soon(retry.call, change)
    return calls, trio.current_time()


def run(backoff: Backoff) -> tuple[int, float]:
    retry = Retry(10_000, backoff=backoff, random=Random(2))
    clock = trio.testing.MockClock(autojump_threshold=0)
    return trio.run(contend, retry, clock=clock)


@pytest.mark.slow
def test_pauses_left_to_chance_need_far_fewer_calls_than_none() -> None:
    at_once, shortest = run(Backoff(0, maximum=0))
    growing, longest = run(Backoff(0.01, maximum=1))
    half, _ = run(Backoff(0.01, maximum=1, jitter=0.5))
    full, short = run(Backoff(0.01, maximum=1, jitter=1.0))

    # Without chance all come back together, and each time one of them succeeds.
    assert at_once == growing == CLIENTS * (CLIENTS + 1) / 2
    assert full < at_once / 3
    assert half < at_once / 3
    assert shortest < short < longest / 3
