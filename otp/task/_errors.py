"""What can go wrong for those who wait for tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..kernel import (
    CallError,
    CallTimeoutError,
    Crash,
    OTPError,
    Recovery,
    ServerExitedError,
    Severity,
)

if TYPE_CHECKING:
    from ..kernel import ExitReason, Pid, Ref


class TaskExitedError(ServerExitedError):
    """The task ended without a result; *reason* is why.

    If it crashed, the exception is the ``__cause__``.
    """

    def __init__(self, pid: Pid | None, reason: ExitReason) -> None:
        text = f"task {pid!r} ended without a result: {reason!r}"
        CallError.__init__(self, pid, text)
        self.reason = reason
        if isinstance(reason, Crash):
            self.__cause__ = reason.error


class TaskTimeoutError(CallTimeoutError):
    """The task had no result in time; *timeout* is in seconds.

    It goes on, and if it is linked to its owner it is still that; its result is
    dropped. The tasks of a stream are stopped. Where several were late, *server* is
    the list of their pids.
    """

    def __init__(self, late: list[Pid | None], timeout: float) -> None:
        who = f"task{'s' * (len(late) > 1)} {', '.join(map(repr, late))}"
        server = late[0] if len(late) == 1 else late
        CallError.__init__(self, server, f"{who} had no result in {timeout:g} s")
        self.timeout = timeout


class NotOwnerError(OTPError, ValueError):
    """Only the process that started a task may wait for it, or give it up."""

    severity: ClassVar[Severity] = "high"
    recovery: ClassVar[Recovery] = "escalate"

    def __init__(self, what: str, owner: Pid, caller: Pid) -> None:
        super().__init__(
            f"{what} belongs to {owner!r}, which started it, and not to {caller!r}: "
            f"let the owner wait for it and send on what comes"
        )
        self.owner = owner


class TaskTakenError(OTPError, LookupError):
    """There is nothing to wait for: the outcome was taken before, or given up."""

    severity: ClassVar[Severity] = "high"
    recovery: ClassVar[Recovery] = "escalate"

    def __init__(self, ref: Ref) -> None:
        super().__init__(
            f"the outcome of task {ref!r} has been taken, or was given up by a "
            f"time-out: a task is awaited once, and yield_() may be called before"
        )
        self.ref = ref
