"""Failure detectors: what a heartbeat costs, and to be watched."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import otp
from otp import failure_detector, gen_server
from otp.failure_detector import Deadline, PhiAccrual, Threshold, Watch, Watchfulness

if TYPE_CHECKING:
    from otp.failure_detector import DetectorSpec

    from .timing import Line

DETECTOR = otp.Name[otp.FailureDetector]("detector")

# The window of 1000 is full by then.
WARM = 2000
# Nobody looks meanwhile: that is a cost of its own.
BLIND = Watchfulness(poll=3600.0, tolerance=3600.0)
NORMAL = PhiAccrual()
MILLISECOND = 1_000_000


class Worker(otp.GenServer):
    """Somebody to be watched."""

    @otp.cast
    async def work(self) -> None:
        """Do nothing."""

    @otp.call
    async def wait(self) -> None:
        """Be through."""


def lines() -> dict[str, Line]:
    """Return what is measured."""
    return {
        "heartbeat(), normal": partial(heartbeats, NORMAL),
        "heartbeat(), deadline": partial(heartbeats, Deadline()),
        "phi(), normal": phis,
        "judge(), normal": judgements,
        "a heartbeat of the detector alone": partial(alone, "heartbeat"),
        "phi of the detector alone": partial(alone, "phi"),
        "a cast to a server that nobody watches": partial(casts, watched=False),
        "a cast to a server that is watched": partial(casts, watched=True),
    }


async def start(spec: DetectorSpec) -> None:
    """Start a detector that has heard enough of somebody."""
    watch = Watch("far", spec)
    await gen_server.start_named(
        DETECTOR, otp.FailureDetector, watch, watchfulness=BLIND
    )
    for _ in range(WARM):
        failure_detector.heartbeat(DETECTOR, "far")


async def heartbeats(spec: DetectorSpec, n: int) -> None:
    await start(spec)
    for _ in range(n):
        failure_detector.heartbeat(DETECTOR, "far")


async def phis(n: int) -> None:
    await start(NORMAL)
    for _ in range(n):
        failure_detector.phi(DETECTOR, "far")


async def judgements(n: int) -> None:
    await start(NORMAL)
    for _ in range(n):
        failure_detector.judge(DETECTOR, "far")


async def alone(what: str, n: int) -> None:
    """Use a detector without a process, for those who have one of their own."""
    subject = failure_detector.Subject(NORMAL.detector(), Threshold())
    detector = subject.detector
    now = 0
    for _ in range(WARM):
        now += MILLISECOND
        detector.heartbeat(now)
    if what == "phi":
        for i in range(n):
            detector.phi(now + i)
        return
    for _ in range(n):
        now += MILLISECOND
        detector.heartbeat(now)


async def casts(n: int, *, watched: bool) -> None:
    server = await gen_server.start(Worker)
    await gen_server.start_named(DETECTOR, otp.FailureDetector, watchfulness=BLIND)
    if watched:
        failure_detector.watch(DETECTOR, Watch(server))
    for _ in range(n // 100):
        for _ in range(100):
            Worker.work(server)
        await Worker.wait(server)
