"""A detector and a trace: how good it is, as Chen, Toueg and Aguilera (2002) ask it.

*T_D*, the detection time, is how long it takes from a crash, which is taken to happen
right after a heartbeat was sent, until the crash is suspected for good. *λ_M*, the
mistake rate, is how many suspicions a second are wrong, *T_M* how long they last, and
*P_A*, the query accuracy, the share of the time in which the right answer is given.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import attrs

from otp.failure_detector import Subject, Threshold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otp.failure_detector import Detector, Judgement, Policy

    from .trace import Beat

SECOND: Final = 1_000_000_000

#: At every so many-th heartbeat it is asked how long a crash would go unnoticed.
ASKED: Final = 50

#: Longer than any detector here waits.
LONG: Final = 3600 * SECOND


@attrs.frozen
class Quality:
    """How good a detector is on one trace; times in seconds."""

    detection_time: float
    mistake_rate: float
    mistake_duration: float
    query_accuracy: float


def replay(beats: Iterable[Beat], detector: Detector, policy: Policy) -> Quality:
    """Let *detector* hear a trace, and return how good it was."""
    subject = Subject(detector, policy)
    came = sorted(
        (round(beat.received * SECOND), round(beat.sent * SECOND))
        for beat in beats
        if beat.received is not None
    )
    mistakes: list[int] = []
    detections: list[int] = []
    for count, (now, sent) in enumerate(came):
        if count and _suspects(subject, now):
            mistakes.append(now - _suspected_from(subject, came[count - 1][0], now))
        subject.heartbeat(now)
        if count % ASKED == ASKED - 1:
            detections.append(_suspected_from(subject, now, now + LONG) - sent)
    seconds = (came[-1][0] - came[0][0]) / SECOND
    wrong = sum(mistakes) / SECOND
    return Quality(
        sum(detections) / max(1, len(detections)) / SECOND,
        len(mistakes) / seconds,
        wrong / max(1, len(mistakes)),
        1 - wrong / seconds,
    )


def _suspects(subject: Subject, now: int) -> bool:
    return subject.policy.suspects(
        subject.detector.phi(now), 1.0, suspected=False, beats=0
    )


def _suspected_from(subject: Subject, early: int, late: int) -> int:
    """Return when the suspicion arises, to a microsecond."""
    while late - early > 1000:
        middle = (early + late) // 2
        if _suspects(subject, middle):
            late = middle
        else:
            early = middle
    return late


class Chen:
    """The detector of Chen, Toueg and Aguilera, to compare with: NFD-E.

    It expects the next heartbeat at the mean of the last arrivals, each shifted by its
    number, and *margin* seconds later it suspects. It has no phi but 0 and infinity.
    Others do not know the number of a heartbeat; this one knows the trace.
    """

    def __init__(
        self,
        beats: Iterable[Beat],
        interval: float,
        margin: float,
        window: int = 1000,
    ) -> None:
        self._numbers = {
            round(beat.received * SECOND): beat.number
            for beat in beats
            if beat.received is not None
        }
        self._interval = round(interval * SECOND)
        self._margin = round(margin * SECOND)
        self._shifted: deque[int] = deque(maxlen=window)
        self._sum = 0
        self._newest = -1
        self._expected: int | None = None

    def heartbeat(self, now: int, *, record: bool = True) -> None:
        del record
        number = self._numbers[now]
        if len(self._shifted) == self._shifted.maxlen:
            self._sum -= self._shifted[0]
        shifted = now - number * self._interval
        self._shifted.append(shifted)
        self._sum += shifted
        self._newest = max(self._newest, number)
        mean = self._sum // len(self._shifted)
        self._expected = mean + (self._newest + 1) * self._interval

    def phi(self, now: int, *, slack: int = 1) -> float:
        del slack
        if self._expected is None or now < self._expected + self._margin:
            return 0.0
        return float("inf")

    def expect(self, now: int) -> None:
        raise NotImplementedError

    def sign(self, now: int) -> None:
        raise NotImplementedError

    def stall(self, now: int, lost: int) -> None:
        raise NotImplementedError

    def judge(self, now: int, *, slack: int = 1) -> Judgement:
        raise NotImplementedError


CERTAIN: Final = Threshold(1.0)
"""The policy for a detector that knows only 0 and infinity."""
