"""What can become of a job, and of an attempt to submit one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..kernel import OTPError, Recovery, Severity
from ..protection import RejectedError

if TYPE_CHECKING:
    from ..kernel import ExitReason


class QueueFullError(RejectedError):
    """So many jobs wait already that no other is accepted; *queue* is how many may."""

    severity: ClassVar[Severity] = "medium"

    def __init__(self, executor: object, queue: int) -> None:
        super().__init__(
            f"{executor} accepts no more jobs: {queue} wait already; submit_wait() "
            f"waits until one may"
        )
        self.executor = executor
        self.queue = queue


class JobError(OTPError):
    """A job has ended without a result; *job* is its handle.

    What its function has raised is raised as it is, and no `JobError`.
    """

    severity: ClassVar[Severity] = "medium"
    recovery: ClassVar[Recovery] = "escalate"

    def __init__(self, job: object, text: str) -> None:
        super().__init__(text)
        self.job = job


class JobTimeoutError(JobError, TimeoutError):
    """An attempt of a job took longer than *timeout* seconds, and was cancelled."""

    recovery: ClassVar[Recovery] = "retry"

    def __init__(self, job: object, timeout: float) -> None:
        super().__init__(job, f"{job} was not over in {timeout:g} s")
        self.timeout = timeout


class JobAbortedError(JobError):
    """A job was aborted, by whoever had its handle or by the end of its submitter."""

    severity: ClassVar[Severity] = "low"

    def __init__(self, job: object) -> None:
        super().__init__(job, f"{job} was aborted")


class JobExitedError(JobError):
    """The process of a job has ended otherwise than by its function; see *reason*."""

    severity: ClassVar[Severity] = "high"
    recovery: ClassVar[Recovery] = "retry"

    def __init__(self, job: object, reason: ExitReason) -> None:
        super().__init__(job, f"{job} ended before it was done: {reason!r}")
        self.reason = reason


class ParallelMissingError(OTPError, ImportError):
    """There is nothing to run functions in other processes with."""

    severity: ClassVar[Severity] = "critical"
    recovery: ClassVar[Recovery] = "escalate"

    def __init__(self) -> None:
        super().__init__(
            "in_process() needs trio-parallel, which is not installed: "
            "pip install otp[parallel]"
        )
