"""The types of failure detectors. Read by the checkers, never run."""

from __future__ import annotations

from collections.abc import Hashable
from typing import assert_type

from otp import (
    FailureDetector,
    GenServer,
    Name,
    Pid,
    child_spec,
    failure_detector as fd,
)
from otp.failure_detector import (
    Deadline,
    Detector,
    DetectorEvent,
    DetectorSpec,
    DetectorStatistics,
    EndProcess,
    Gone,
    Judgement,
    PhiAccrual,
    Policy,
    Replaced,
    Stalled,
    State,
    Suspected,
    Threshold,
    Trusted,
    Watch,
)
from otp.timer import TimerRef


class Worker(GenServer):
    """Somebody to be watched."""


WORKER = Name[Worker]("worker")
DETECTOR = Name[FailureDetector]("detector")


def specs() -> None:
    """What a detector is made of."""
    assert_type(PhiAccrual.akka(), PhiAccrual)
    of_phi: DetectorSpec = PhiAccrual(distribution="logistic")
    of_time: DetectorSpec = Deadline(interval=1)
    made: Detector = of_phi.detector()
    made = of_time.detector()
    policy: Policy = Threshold(8, clear_at=2)
    child_spec(
        FailureDetector,
        Watch(WORKER, of_phi, policy, on_suspect=EndProcess()),
        Watch("far", of_time, on_suspect="report"),
        Watch(3, on_suspect=lambda event: event.judgement.phi),
        listeners=[listen],
    ).named(DETECTOR)
    del made

    PhiAccrual(distribution="gamma")  # type: ignore[arg-type]
    PhiAccrual(1.0)  # type: ignore[call-arg, arg-type]
    Watch([])  # type: ignore[arg-type]
    Watch(WORKER, 8.0)  # type: ignore[arg-type]
    Watch(WORKER, on_suspect="exit")  # type: ignore[arg-type]
    child_spec(FailureDetector, WORKER)  # type: ignore[arg-type]


def listen(event: DetectorEvent) -> str:
    """Be told of everything there is."""
    match event:
        case Suspected() | Trusted():
            assert_type(event.subject, Hashable)
            assert_type(event.pid, Pid | None)
            return "opinion"
        case Replaced() | Gone():
            assert_type(event.pid, Pid)
            return "process"
        case Stalled():
            return f"{event.seconds:.1f} s"


async def react(event: Suspected) -> None:
    """Do something about it."""
    assert_type(event.judgement, Judgement)


def asked(pid: Pid[FailureDetector], other: Pid[Worker]) -> None:
    """What can be asked."""
    assert_type(fd.heartbeat(DETECTOR), bool)
    assert_type(fd.heartbeat(pid, "far"), bool)
    fd.watch(DETECTOR, Watch(other, on_suspect=react))
    assert_type(fd.unwatch(DETECTOR, other), bool)
    assert_type(fd.watched(DETECTOR), list[Watch])
    assert_type(fd.phi(DETECTOR, other), float)
    assert_type(fd.judge(DETECTOR, other).state, State)
    assert_type(fd.is_suspected(DETECTOR, other), bool)
    assert_type(fd.suspected(DETECTOR), list[Hashable])
    assert_type(fd.statistics(DETECTOR), DetectorStatistics)
    fd.listeners(DETECTOR).add(listen)
    assert_type(fd.beat_every(1.0, DETECTOR), TimerRef)

    fd.heartbeat(other)  # type: ignore[arg-type]
    fd.phi(WORKER, other)  # type: ignore[arg-type]
    fd.watch(DETECTOR, other)  # type: ignore[arg-type]
    fd.listeners(DETECTOR).add(fd.heartbeat)  # type: ignore[arg-type]
    fd.beat_every("1", DETECTOR)  # type: ignore[arg-type]
