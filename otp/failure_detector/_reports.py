"""What a failure detector, and who sends heartbeats, tell the operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

from .._util import short
from ..kernel import Report

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..kernel import Pid
    from ._judgement import Judgement


def _who(subject: object, pid: Pid | None) -> str:
    if pid is None or subject is pid:
        return short(subject)
    return f"{short(subject)} ({pid!r})"


@final
@attrs.frozen
class SuspicionReport(Report):
    """A subject is suspected; *action* is what is done about it."""

    level = "WARNING"

    subject: Hashable
    pid: Pid | None
    judgement: Judgement
    action: object

    def text(self) -> str:
        said = self.judgement
        action = "" if self.action == "report" else f", and now {short(self.action)}"
        return (
            f"{_who(self.subject, self.pid)} is suspected: silent for "
            f"{said.silence:.3g} s, phi {said.phi:.3g} ({said.state}){action}"
        )


@final
@attrs.frozen
class MistakeReport(Report):
    """A suspicion was a mistake: the subject has been heard again."""

    level = "INFO"

    subject: Hashable
    pid: Pid | None
    seconds: float

    def text(self) -> str:
        who = _who(self.subject, self.pid)
        return f"{who} is trusted again, after {self.seconds:.3g} s"


@final
@attrs.frozen
class StallReport(Report):
    """The loop stood still, so a failure detector holds its verdicts."""

    level = "WARNING"

    detector: Pid
    seconds: float
    score: int

    def text(self) -> str:
        return (
            f"failure detector {self.detector!r}: the loop stood still for "
            f"{self.seconds:.3g} s, verdicts are held (health score {self.score})"
        )


@final
@attrs.frozen
class LateHeartbeatReport(Report):
    """A process sent its heartbeat late: it had not come to it for so many *seconds*.

    Either it was busy with one message for so long, or the loop stood still.
    """

    level = "WARNING"

    pid: Pid
    name: str | None
    seconds: float

    def text(self) -> str:
        who = f"{self.name} ({self.pid!r})" if self.name else repr(self.pid)
        return f"{who} sent its heartbeat {self.seconds:.3g} s late"
