"""Servers that hang, and a detector that watches them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec

import trio

import otp
from otp import gen_server
from otp.failure_detector import Deadline, PhiAccrual, Watch, Watchfulness
from tests.kernel.support import with_clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from otp.failure_detector import DetectorEvent

DETECTOR = otp.Name[otp.FailureDetector]("detector")
QUICK = Deadline(interval=1.0, acceptable_pause=1.0)
PHI = PhiAccrual(first_estimate=1.0, acceptable_pause=1.0, min_samples=2)


P = ParamSpec("P")


def mocked(test: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
    """Run a test with a clock that jumps."""
    return with_clock(test, test)


class Worker(otp.GenServer):
    """Works, and on request for ever."""

    def __init__(self, *, stubborn: bool = False) -> None:
        self.done = 0
        otp.process.trap_exit(stubborn)

    @otp.call
    async def work(self) -> int:
        self.done += 1
        return self.done

    @otp.cast
    async def hang(self, seconds: float = 1e6) -> None:
        await trio.sleep(seconds)

    @otp.cast
    async def note(self, text: str) -> None:
        del text
        await trio.sleep(0.7)


WORKER = otp.Name[Worker]("worker")


class Events:
    """Keeps the events, and when they were told."""

    def __init__(self) -> None:
        self.start = trio.current_time()
        self.told: list[tuple[float, DetectorEvent]] = []

    def __call__(self, event: DetectorEvent) -> None:
        self.told.append((round(trio.current_time() - self.start, 3), event))

    @property
    def kinds(self) -> list[str]:
        """What they are."""
        return [type(event).__name__ for _, event in self.told]


async def start_detector(
    *watches: Watch,
    watchfulness: Watchfulness | None = None,
    listener: Callable[[DetectorEvent], object] | None = None,
) -> otp.Pid[otp.FailureDetector]:
    listeners = () if listener is None else (listener,)
    return await gen_server.start_named(
        DETECTOR,
        otp.FailureDetector,
        *watches,
        watchfulness=watchfulness,
        listeners=listeners,
    )


def tree(*children: otp.ChildSpec[object]) -> otp.SupervisorSpec:
    return otp.one_for_one(*children, max_restarts=20)
