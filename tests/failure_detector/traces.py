"""Traces of heartbeats, as the tests of other implementations write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from otp.failure_detector import Subject, Threshold

if TYPE_CHECKING:
    from otp.failure_detector import DetectorSpec

MS = 1_000_000


class Read(NamedTuple):
    """What was read: phi, and whether the subject was available."""

    phi: float
    available: bool


def play(ops: str, spec: DetectorSpec, *, threshold: float = 8.0) -> list[Read]:
    """Play *ops*: ``h100`` is a heartbeat after 100 ms, ``p7000`` reads after 7 s.

    ``h1000*5`` is five heartbeats.
    """
    subject = Subject(spec.detector(), Threshold(threshold))
    now = 0
    found: list[Read] = []
    for op in ops.split():
        step, _, times = op[1:].partition("*")
        for _ in range(int(times or 1)):
            now += int(step) * MS
            if op[0] == "h":
                subject.heartbeat(now)
            else:
                verdict = subject.decide(now)
                if verdict is not None:
                    subject.turn(verdict, now)
                phi = subject.judge(now).phi
                found.append(Read(phi, subject.suspected_at is None))
    return found
