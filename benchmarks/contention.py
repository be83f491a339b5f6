"""What pauses are good for: ``python -m benchmarks.contention``.

Many clients change the same value at once. Each reads it, works for 10 ms, and has
failed if somebody else has changed it meanwhile. Time is that of a mock clock and
chance has a seed, so it is the same on every machine.
"""

from __future__ import annotations

from random import Random
from typing import Final

import trio
from trio.testing import MockClock

from otp.retry import Backoff, Retry

PAUSES: Final = {
    "none": Backoff(0, maximum=0),
    "growing": Backoff(0.01, maximum=1),
    "growing, a tenth of each left to chance": Backoff(0.01, maximum=1, jitter=0.1),
    "growing, half of each left to chance": Backoff(0.01, maximum=1, jitter=0.5),
    "growing, wholly left to chance": Backoff(0.01, maximum=1, jitter=1.0),
}


class ConflictError(Exception):
    """Somebody else was faster."""


async def contend(retry: Retry, clients: int) -> tuple[int, float]:
    """Let all clients change one value; return how many calls and seconds it took."""
    version = calls = 0

    async def change() -> None:
        nonlocal version, calls
        calls += 1
        seen = version
        await trio.sleep(0.01)
        if version != seen:
            raise ConflictError
        version += 1

    async with trio.open_nursery() as nursery:
        for _ in range(clients):
            nursery.start_soon(retry.call, change)
    return calls, trio.current_time()


def measure(backoff: Backoff, clients: int) -> tuple[int, float]:
    """Return how many calls and seconds it takes with these pauses."""
    retry = Retry(10_000, backoff=backoff, random=Random(2))  # noqa: S311
    clock = MockClock(autojump_threshold=0)
    return trio.run(contend, retry, clients, clock=clock)


def main() -> None:
    print("| pauses | calls | seconds |\n|---|---:|---:|")
    for name, backoff in PAUSES.items():
        calls, seconds = measure(backoff, 100)
        print(f"| {name} | {calls} | {seconds:.1f} |")


if __name__ == "__main__":
    main()
