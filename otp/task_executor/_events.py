"""What an executor tells its listeners, and what can be asked about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

import attrs

from .._util import short
from ..kernel import Report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..kernel import Pid
    from ._job import EndState, Job
    from ._spec import Priority


@final
@attrs.frozen
class JobSubmitted:
    """A job was accepted; it is started soon, or waits."""

    job: Job[Any]


@final
@attrs.frozen
class JobRefused:
    """A job was not accepted, since too many wait already."""

    job: Job[Any]


@final
@attrs.frozen
class JobStarted:
    """A job begins, after it has *waited* so many seconds."""

    job: Job[Any]
    waited: float


@final
@attrs.frozen
class JobEnded:
    """A job is over, after so many *seconds* since it began; 0 if it never did."""

    job: Job[Any]
    state: EndState
    seconds: float


JobEvent = JobSubmitted | JobRefused | JobStarted | JobEnded
"""What an executor tells its listeners."""


@final
@attrs.frozen(kw_only=True)
class ExecutorStatistics:
    """Numbers about an executor: of this moment, and since it was started.

    *queued* is how many wait, by priority, and *in_line* how many wait to be let into
    the queue. *submitted* were accepted; of these *done* and the next four are over.
    """

    queued: Mapping[Priority, int]
    in_line: int
    running: int
    submitted: int
    refused: int
    started: int
    done: int
    failed: int
    timed_out: int
    aborted: int
    lost: int
    retried: int
    waited_seconds: float
    ran_seconds: float


@final
@attrs.frozen
class JobReport(Report):
    """A job has failed, and at that moment nobody waited for it."""

    executor: Pid
    name: str | None
    job: Job[Any]
    exception: Exception

    def text(self) -> str:
        who = f"executor {self.name or ''}{self.executor!r}"
        return f"{who}: {short(self.job)} failed: {short(self.exception)}"

    def error(self) -> BaseException | None:
        return self.exception
