"""`Job`: the handle of something that is to be done, and what is behind it."""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    Literal,
    TypeVar,
    cast,
    final,
)

import trio

from ..kernel import NORMAL, Monitor, Ref, Waiter
from ._errors import JobTimeoutError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from ..kernel import ExitReason, Process
    from ..retry import Retry
    from ..task import Work
    from ._spec import Priority

T_co = TypeVar("T_co", covariant=True)

EndState = Literal["done", "failed", "timed_out", "aborted", "lost"]
"""What has become of a job that is over."""

JobState = Literal["waiting", "starting", "running"] | EndState
"""What a job is about, or what has become of it.

A *lost* one was killed, or its executor has ended.
"""


@final
class Entry:
    """A job, as its executor knows it; *abort* is what that does to abort it."""

    __slots__ = (
        "abort",
        "attempts",
        "error",
        "job",
        "owner",
        "priority",
        "retry",
        "scope",
        "since",
        "state",
        "timeout",
        "trace",
        "value",
        "waiters",
        "work",
    )

    def __init__(
        self,
        work: Work,
        priority: Priority,
        timeout: float,
        retry: Retry | None,
        abort: Callable[[Entry], None],
    ) -> None:
        self.work = work
        self.priority: Priority = priority
        self.timeout = timeout
        self.retry = retry
        self.abort = abort
        self.state: JobState = "waiting"
        # When it came, and later when it began.
        self.since = trio.current_time()
        self.attempts = 0
        self.value: object = None
        self.error: Exception | None = None
        self.trace: TracebackType | None = None
        self.scope = trio.CancelScope()
        self.waiters: dict[Waiter, None] = {}
        self.owner: Owner | None = None
        self.job: Job[Any] = Job(self)

    @property
    def is_over(self) -> bool:
        """Whether there is a result, or will never be one."""
        return self.state not in {"waiting", "starting", "running"}

    async def do(self) -> object:
        """Do the work, in as many attempts as it takes."""
        if self.retry is None:
            return await self._attempt()
        return await self.retry.call(self._attempt)

    async def _attempt(self) -> object:
        self.attempts += 1
        with trio.move_on_after(self.timeout):
            return cast("object", await self.work.do())
        raise JobTimeoutError(self.job, self.timeout)

    def end(self, state: EndState, value: object, error: Exception | None) -> None:
        """Be over, and let all go on who wait for that."""
        self.state = state
        self.value = value
        self.error = error
        self.trace = None if error is None else error.__traceback__
        if self.owner is not None:
            self.owner.forget()
            self.owner = None
        for waiter in self.waiters:
            waiter.settle(None)

    async def wait(self) -> object:
        """Wait for the end, and return the value or raise the error."""
        if self.is_over:
            await trio.lowlevel.checkpoint()
        else:
            waiter = Waiter()
            self.waiters[waiter] = None
            try:
                await waiter.wait()
            finally:
                self.waiters.pop(waiter, None)
        if self.error is not None:
            try:
                # With its own trace only: many may raise it, each of them again.
                raise self.error.with_traceback(self.trace)
            finally:
                # The error leads to this frame.
                del self
        return self.value


@final
class Owner(Waiter):
    """The process on whose end, unless it is a normal one, a job is aborted."""

    __slots__ = ("_entry", "_process", "_ref")

    def __init__(self, entry: Entry, process: Process) -> None:
        super().__init__()
        self._entry = entry
        self._process = process
        self._ref = Ref()
        process.watch(Monitor(self._ref, self, process.pid))

    def died(self, reason: ExitReason) -> None:
        if reason != NORMAL:
            self._entry.abort(self._entry)

    def forget(self) -> None:
        """Do not watch it any longer."""
        self._process.unwatch(self._ref)


@final
class Job(Generic[T_co]):
    """The handle of a job: whoever has it may wait for the result, or abort the job.

    Any number of Trio tasks may wait, of any process, at any time: the result stays.
    """

    __slots__ = ("_entry",)

    def __init__(self, entry: Entry) -> None:
        self._entry = entry

    def __repr__(self) -> str:
        return f"<job {self._entry.work!r}>"

    @property
    def state(self) -> JobState:
        """What the job is about, or what has become of it."""
        return self._entry.state

    @property
    def is_over(self) -> bool:
        """Whether there is a result, or will never be one."""
        return self._entry.is_over

    @property
    def priority(self) -> Priority:
        """With which priority it was submitted."""
        return self._entry.priority

    @property
    def attempts(self) -> int:
        """How often it has been tried so far."""
        return self._entry.attempts

    async def wait(self) -> T_co:
        """Wait until the job is over, and return what its function has returned.

        Who is cancelled while waiting has not aborted it.

        Raises:
            Exception: what the function has raised, in its last attempt.
            JobTimeoutError: the last attempt took too long.
            JobAbortedError: it was aborted.
            JobExitedError: its process was killed, or has ended itself.
            ServerExitedError: its executor has ended.
        """
        return cast("T_co", await self._entry.wait())

    def abort(self) -> None:
        """Let the job not be done, or be cancelled if it runs. Never waits.

        It is over when its function is: `wait` for that. Nothing changes if it is
        over already.
        """
        self._entry.abort(self._entry)
