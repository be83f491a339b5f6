"""Submitting jobs, and what else can be asked of a task executor."""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    ParamSpec,
    TypeVar,
    cast,
    final,
)

import attrs
from trio.lowlevel import checkpoint

from ..gen_server import Options as ServerOptions
from ..kernel import check_time, current, current_process, send_ghost_away
from ..task import Work
from ._executor import TaskExecutor, desk_of
from ._job import Entry
from ._spec import check_priority, check_retry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..kernel import Name, Pid, ServerRef, Via
    from ..protection import AnyListeners, Listeners
    from ..retry import Retry
    from ._desk import Desk, Patience
    from ._events import ExecutorStatistics, JobEvent
    from ._job import Job
    from ._spec import ExecutorSpec, Priority

P = ParamSpec("P")
T = TypeVar("T")


@final
@attrs.frozen(kw_only=True)
class Options:
    """How a job is done, where that is more than its function and arguments.

    ::

        urgent = task_executor.Options(priority="high", timeout=2.0)
        job = urgent.submit(JOBS, fetch, url)

    The options stand before the function because the arguments behind it are the
    function's own.

    Args:
        priority: beside the others that wait.
        timeout: seconds for one attempt; what the executor says if this is None.
        retry: how it is tried again if it fails; what the executor says if this is
            None. ``otp.Retry(1)`` is for no second try.
        link: the job is aborted when the process that submits it ends, unless that is
            a normal end. The other way round nothing happens: the error is in the
            handle. Without it a job goes on whatever becomes of who wanted it.

    Raises:
        InvalidSpecError: a value is wrong.
    """

    priority: Priority = "normal"
    timeout: float | None = None
    retry: Retry | None = None
    link: bool = False

    def __attrs_post_init__(self) -> None:
        check_priority(self.priority)
        check_retry(self.retry)
        if self.timeout is not None:
            what = "the time-out of a job"
            check_time("invalid_executor", what, self.timeout, positive=True)

    def submit(
        self,
        executor: ServerRef[TaskExecutor],
        fn: Callable[P, Awaitable[T]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Job[T]:
        """Submit a job, and do not wait."""
        work = Work.of_caller(fn, args, kwargs)
        entry, _ = self._submit(desk_of(executor), executor, work, patient=False)
        return cast("Job[T]", entry.job)

    async def submit_wait(
        self,
        executor: ServerRef[TaskExecutor],
        fn: Callable[P, Awaitable[T]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Job[T]:
        """Submit a job, and wait until it is accepted."""
        if current().reason is not None:
            await send_ghost_away()
        work = Work.of_caller(fn, args, kwargs)
        # Before anything is submitted, so that it need not be taken back.
        await checkpoint()
        entry, line = self._submit(desk_of(executor), executor, work, patient=True)
        if line is not None:
            await line.wait()
        return cast("Job[T]", entry.job)

    async def run(
        self,
        executor: ServerRef[TaskExecutor],
        fn: Callable[P, Awaitable[T]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Submit a job, wait until it is over, and return its result."""
        job = await self.submit_wait(executor, fn, *args, **kwargs)
        try:
            return await job.wait()
        finally:
            job.abort()

    def _submit(
        self, desk: Desk, executor: ServerRef, work: Work, *, patient: bool
    ) -> tuple[Entry, Patience | None]:
        owner = current_process("a job with link=True") if self.link else None
        timeout = desk.spec.timeout if self.timeout is None else self.timeout
        retry = self.retry or desk.spec.retry
        entry = Entry(work, self.priority, timeout, retry, desk.abort_job)
        return entry, desk.submit(executor, entry, owner, patient=patient)


_PLAIN = Options()


def submit(
    executor: ServerRef[TaskExecutor],
    fn: Callable[P, Awaitable[T]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Job[T]:
    """Submit ``await fn(*args, **kwargs)`` as a job, and return its handle.

    It goes on if who submitted it ends, or drops the handle; see `Options`, which also
    has priorities. For functions that block there are `in_thread` and `in_process`.

    Raises:
        QueueFullError: too many wait already.
        NoProcessError: there is no such executor.
        TypeError: *fn* is no function, or *executor* no executor.
    """
    return _PLAIN.submit(executor, fn, *args, **kwargs)


async def submit_wait(
    executor: ServerRef[TaskExecutor],
    fn: Callable[P, Awaitable[T]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Job[T]:
    """Submit a job like `submit`, and wait for a place in the queue if it is full.

    Whoever is cancelled meanwhile has submitted nothing.

    Raises:
        NoProcessError: there is no such executor.
        ServerExitedError: it ended first.
        TypeError: *fn* is no function, or *executor* no executor.
    """
    return await _PLAIN.submit_wait(executor, fn, *args, **kwargs)


async def run(
    executor: ServerRef[TaskExecutor],
    fn: Callable[P, Awaitable[T]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Submit a job like `submit_wait`, wait for it, and return what *fn* returns.

    If the caller is cancelled, the job is aborted, and its end not waited for.

    Raises:
        Exception: what *fn* has raised, or what `Job.wait` raises.
        NoProcessError: there is no such executor.
    """
    return await _PLAIN.run(executor, fn, *args, **kwargs)


def statistics(executor: ServerRef[TaskExecutor]) -> ExecutorStatistics:
    """Return numbers about *executor*. Never waits.

    Raises:
        NoProcessError: there is no such executor.
        TypeError: it is no task executor.
    """
    return desk_of(executor).statistics()


def listeners(executor: ServerRef[TaskExecutor]) -> Listeners[JobEvent]:
    """Return who is told of what happens in *executor*, for adding and removing.

    Those that `TaskExecutor` was given are there after a restart as well, others are
    not.

    Raises:
        NoProcessError: there is no such executor.
        TypeError: it is no task executor.
    """
    return desk_of(executor).listeners


async def start_link(
    spec: ExecutorSpec | None = None, *, listeners: AnyListeners[JobEvent] = ()
) -> Pid[TaskExecutor]:
    """Start an executor, linked to the caller.

    The arguments are those of `TaskExecutor`.

    Raises:
        StartError: an argument is wrong.
    """
    start = ServerOptions().start_link
    return await start(TaskExecutor, spec, listeners=listeners)


async def start_named(
    name: Name[TaskExecutor] | Via[TaskExecutor],
    spec: ExecutorSpec | None = None,
    *,
    listeners: AnyListeners[JobEvent] = (),
) -> Pid[TaskExecutor]:
    """Start an executor like `start_link`, registered as *name*.

    Raises:
        AlreadyStartedError: somebody has the name; nothing is started.
    """
    start = ServerOptions(name=name).start_link
    return await start(TaskExecutor, spec, listeners=listeners)
