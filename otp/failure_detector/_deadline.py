"""The plain detector: a deadline after each sign of life."""

from __future__ import annotations

from math import inf
from typing import Final, final

import attrs

from ..kernel import check_number
from ._detector import SECOND, nanoseconds
from ._judgement import Judgement

_KIND: Final = "invalid_detector"


@final
@attrs.frozen(kw_only=True)
class Deadline:
    """A deadline after each sign of life: *interval* plus *acceptable_pause* seconds.

    It learns nothing, so it is right where there is nothing to learn: where beats come
    by a timer of one's own, or for the signs of life of a process that does not beat.

    Raises:
        InvalidSpecError: a time is negative, or the interval is 0.
    """

    interval: float = 5.0
    acceptable_pause: float = 25.0

    def __attrs_post_init__(self) -> None:
        check_number(_KIND, "the interval", self.interval, positive=True)
        check_number(_KIND, "the acceptable pause", self.acceptable_pause)

    def detector(self) -> DeadlineDetector:
        """Make a detector that has heard nothing yet."""
        return DeadlineDetector(self)


@final
class DeadlineDetector:
    """Says 0 until the deadline of one subject, and from then on infinity."""

    __slots__ = ("_interval", "_pause", "_samples", "_sign", "spec")

    def __init__(self, spec: Deadline) -> None:
        self.spec = spec
        self._interval = nanoseconds(spec.interval)
        self._pause = nanoseconds(spec.acceptable_pause)
        self._sign: int | None = None
        self._samples = 0

    def __repr__(self) -> str:
        return f"<{self.spec!r}, {self._samples} beats>"

    def expect(self, now: int) -> None:
        """Let the silence begin now, although nothing was heard."""
        self._sign = now

    def heartbeat(self, now: int, *, record: bool = True) -> None:
        """Hear a heartbeat; there is nothing to remember of it."""
        del record
        self._samples += 1
        self._sign = now

    def sign(self, now: int) -> None:
        """See a sign of life that is no heartbeat: the silence begins anew."""
        self._sign = now

    def stall(self, now: int, lost: int) -> None:
        """Do not count the last *lost* nanoseconds: nobody was listening."""
        if self._sign is not None:
            self._sign = min(now, self._sign + lost)

    def phi(self, now: int, *, slack: int = 1) -> float:
        """Return 0 before the deadline, and infinity from then on."""
        if self._sign is None:
            return 0.0
        return 0.0 if now - self._sign < self._interval + slack * self._pause else inf

    def judge(self, now: int, *, slack: int = 1) -> Judgement:
        """Return phi, and what it is worth."""
        if self._sign is None:
            return Judgement(0.0, "insufficient_data", 0.0, 0.0, 0, 0.0, 0.0)
        silence = (now - self._sign) / SECOND
        phi = self.phi(now, slack=slack)
        return Judgement(
            phi, "steady", 1.0, silence, self._samples, self.spec.interval, 0.0
        )
