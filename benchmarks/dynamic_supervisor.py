"""What one child costs under a dynamic supervisor that has many.

One row for each number of children. Started, crashed and restarted, and terminated is
always one child after the other, as their clients do it; each number is the median of
many, in microseconds, so that neither a collection of garbage nor a busy machine
decides. The mean, with everything, is in brackets. The last column is how many seconds
it takes to stop all of them.

    python benchmarks/dynamic_supervisor.py [--quick]
"""

from __future__ import annotations

import argparse
from collections import deque
from contextlib import suppress
from statistics import fmean, median
from time import perf_counter
from typing import TYPE_CHECKING, ClassVar

import trio

import otp
from otp import dynamic_supervisor, process

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SIZES = [10, 1_000, 100_000]
QUICK = [10, 1_000, 10_000]
ROUNDS = 1_000


class Child(otp.GenServer):
    """Says that it is there, and then does nothing, as most of very many do."""

    async def init(self) -> None:
        self.born.append(process.self())

    born: ClassVar[deque[otp.Pid]] = deque(maxlen=1)


async def microseconds(work: Callable[[], Awaitable[object]]) -> list[float]:
    """Return how long *work* takes, again and again."""
    times: list[float] = []
    for _ in range(ROUNDS):
        begin = perf_counter()
        await work()
        times.append((perf_counter() - begin) * 1e6)
    return times


async def measure(size: int) -> str:
    """Return the row of one number of children."""
    spec = otp.child_spec(Child)
    async with otp.Node():
        sup = await dynamic_supervisor.start_link(
            otp.DynamicSupervisor, max_restarts=10 * ROUNDS
        )
        pids = [await dynamic_supervisor.start_child(sup, spec) for _ in range(size)]
        one = pids[size // 2]

        async def start() -> None:
            pids.append(await dynamic_supervisor.start_child(sup, spec))

        async def terminate() -> None:
            await dynamic_supervisor.terminate_child(sup, pids.pop())

        async def restart() -> None:
            nonlocal one
            process.exit(one, otp.Kill())
            # The answer comes after the restart.
            with suppress(dynamic_supervisor.NotFoundError):
                await dynamic_supervisor.get_childspec(sup, one)
            (one,) = Child.born

        times = [
            await microseconds(start),
            await microseconds(terminate),
            await microseconds(restart),
        ]
        begin = perf_counter()
        await dynamic_supervisor.stop(sup)
        stopped = perf_counter() - begin
    cells = [f"{median(each):7.1f} ({fmean(each):6.1f})" for each in times]
    return f"{size:>9,} {' '.join(cells)} {stopped:9.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description="What one child of many costs.")
    parser.add_argument("--quick", action="store_true", help="smaller numbers")
    sizes = QUICK if parser.parse_args().quick else SIZES
    print(
        f"{'children':>9} {'start us':>16} {'terminate us':>16} {'restart us':>16} "
        f"{'stop all':>9}"
    )
    for size in sizes:
        print(trio.run(measure, size), flush=True)


if __name__ == "__main__":
    main()
