"""Where jobs are submitted: the rules of `Board`, carried out.

Whoever submits or aborts a job does what is to be done himself, at once. Only the start
of a job is left to the process of the executor, since that asks a task supervisor.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar, assert_never, final, get_args

import trio

from .. import dynamic_supervisor
from ..kernel import (
    NO_PROC,
    Monitor,
    NoProcessError,
    Ref,
    ServerExitedError,
    Waiter,
    current,
    emit,
    enter,
    leave,
    publish,
)
from ..proc_lib import ChildSpec, Start
from ..protection import Listeners
from ..task import Task, Work, start_work
from ._board import Admit, Begin, Board, Refuse
from ._errors import (
    JobAbortedError,
    JobExitedError,
    JobTimeoutError,
    QueueFullError,
)
from ._events import (
    ExecutorStatistics,
    JobEnded,
    JobEvent,
    JobRefused,
    JobReport,
    JobStarted,
    JobSubmitted,
)
from ._job import EndState, Entry, Owner
from ._spec import Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trio.lowlevel import Abort

    from ..kernel import ExitReason, Pid, Process, ServerRef
    from ..protection import AnyListeners
    from ..task_supervisor import TaskSupervisor
    from ._board import Step
    from ._spec import ExecutorSpec


T = TypeVar("T")


@final
class StartJobs:
    """Tells the process of an executor that there is something to start."""

    __slots__ = ()


START_JOBS: Final = StartJobs()


@final
class Patience(Waiter):
    """Somebody who waits until his job is let into the queue."""

    __slots__ = ("desk", "entry")

    def __init__(self, desk: Desk, entry: Entry) -> None:
        super().__init__()
        self.desk = desk
        self.entry = entry

    def abort(self, raise_cancel: Callable[[], object]) -> Abort:
        # First, so that nobody wakes the one that is being cancelled.
        outcome = super().abort(raise_cancel)
        self.desk.abort_job(self.entry)
        return outcome


@final
class _End(Waiter):
    """Hears of the end of the process of a job."""

    __slots__ = ("desk", "entry")

    def __init__(self, desk: Desk, entry: Entry) -> None:
        super().__init__()
        self.desk = desk
        self.entry = entry

    def died(self, reason: ExitReason) -> None:
        self.desk.exited(self.entry, reason)


@final
class Desk(Waiter):
    """The jobs of one executor."""

    tasks: Pid[TaskSupervisor]

    def __init__(
        self, process: Process, spec: ExecutorSpec, listeners: AnyListeners[JobEvent]
    ) -> None:
        super().__init__()
        self.process = process
        self.spec = spec
        self.listeners = Listeners[JobEvent].of(listeners)
        self.threads = trio.CapacityLimiter(spec.max_threads)
        processors = spec.max_processes or os.cpu_count() or 1
        self.processors = trio.CapacityLimiter(processors)
        self.now = trio.lowlevel.current_clock().current_time
        self.board: Board[Entry] = Board(spec)
        # Those that have been started and are not over.
        self._busy: dict[Entry, None] = {}
        self._to_start: deque[Entry] = deque()
        # Those who wait for a place in the queue.
        self._patient: dict[Entry, Patience] = {}
        self._ended: ExitReason | None = None
        # Settled when it has ended and nothing runs.
        self._idle = Waiter()
        self.counts: Counter[str] = Counter()
        self.waited_seconds = self.ran_seconds = 0.0
        process.watch(Monitor(Ref(), self, process.pid))

    def __repr__(self) -> str:
        return f"<{len(self.board.queue)} jobs wait, {len(self._busy)} run>"

    # -------------------------------------------------------------------- submitting

    def submit(
        self,
        executor: ServerRef,
        entry: Entry,
        owner: Process | None,
        *,
        patient: bool = False,
    ) -> Patience | None:
        """Accept a job; if it has to wait for a place, return what waits for that.

        Raises:
            QueueFullError: there are too many, and it is not *patient*.
            NoProcessError: the executor ends.
        """
        if self._ended is not None:
            raise NoProcessError(executor)
        if patient:
            self._patient[entry] = Patience(self, entry)
        steps = self.board.submit(entry, entry.priority, self.now(), patient=patient)
        if steps and isinstance(steps[0], Refuse):
            self.counts["refused"] += 1
            self._tell(JobRefused, entry)
            raise QueueFullError(executor, self.spec.queue)
        if owner is not None:
            entry.owner = Owner(entry, owner)
        if entry not in self.board.line:
            self._accept(entry)
        self._do(steps)
        return self._patient.get(entry)

    def _accept(self, entry: Entry) -> None:
        self.counts["submitted"] += 1
        patience = self._patient.pop(entry, None)
        if patience is not None:
            patience.settle(None)
        self._tell(JobSubmitted, entry)

    def abort_job(self, entry: Entry) -> None:
        """Let a job not be done, or not go on."""
        if entry.state == "running":
            entry.scope.cancel()
        elif not entry.is_over:
            self._end_early(entry, "aborted", JobAbortedError(entry.job))

    def _end_early(self, entry: Entry, state: EndState, error: Exception) -> None:
        """End a job that has not begun."""
        starting = entry.state == "starting"
        in_line = self._patient.pop(entry, None)
        if in_line is not None:
            in_line.fail(error)
            entry.end(state, None, error)
        else:
            self._over(entry, state, error=error)
        if self._ended is None and not starting:
            self._do(self.board.withdraw(entry))

    # ----------------------------------------------------------------------- running

    def _do(self, steps: Iterable[Step[Entry]]) -> None:
        for step in steps:
            match step:
                case Begin(entry):
                    entry.state = "starting"
                    self._busy[entry] = None
                    if not self._to_start:
                        self.process.mailbox.put(START_JOBS)
                    self._to_start.append(entry)
                case Admit(entry):
                    self._accept(entry)
                case Refuse():
                    raise AssertionError("only what is submitted is refused")
                case _:
                    assert_never(step)

    async def start_jobs(self) -> None:
        """Start what is to be started, in the process of the executor."""
        while self._to_start:
            entry = self._to_start[0]
            if entry.state == "starting":
                await self._start(entry)
            # Not before: whoever finds it empty sends a message.
            self._to_start.popleft()

    async def _start(self, entry: Entry) -> None:
        work = Work(self._run, (entry,), {}, entry.work.callers)
        # Not by override(): to make one twice takes as long as all else about it.
        spec: ChildSpec[object] = ChildSpec(
            "Job",
            Start(start_work, (work,)),
            restart="temporary",
            shutdown=self.spec.shutdown,
            modules=(Task,),
        )
        pid = await dynamic_supervisor.start_child(self.tasks, spec)
        found = pid.process
        if found is not None:
            found.watch(Monitor(Ref(), _End(self, entry), pid))
        else:
            self.exited(entry, NO_PROC)

    async def _run(self, entry: Entry) -> None:
        """Do a job, as the body of its process."""
        if entry.state != "starting":
            return
        self._begin(entry)
        try:
            with entry.scope:
                value = await entry.do()
                self._over(entry, "done", value)
                return
        except JobTimeoutError as error:
            mine = error.job is entry.job
            self._over(entry, "timed_out" if mine else "failed", error=error)
        except Exception as error:  # noqa: BLE001 - it may be anybody's code
            self._over(entry, "failed", error=error)
        else:
            self._cancelled(entry)

    def _begin(self, entry: Entry) -> None:
        me = current()
        me.label = entry.work
        publish(me, self)
        entry.state = "running"
        now = self.now()
        waited, entry.since = now - entry.since, now
        self.counts["started"] += 1
        self.waited_seconds += waited
        self._tell(JobStarted, entry, waited)

    def _cancelled(self, entry: Entry) -> None:
        if self._ended is None:
            self._over(entry, "aborted", error=JobAbortedError(entry.job))
        else:
            self._over(entry, "lost", error=self._lost(self._ended))

    def exited(self, entry: Entry, reason: ExitReason) -> None:
        """Hear that the process of a job has ended."""
        error = JobExitedError(entry.job, reason)
        ended = self._ended
        self._over(entry, "lost", error=error if ended is None else self._lost(ended))

    def _over(
        self,
        entry: Entry,
        state: EndState,
        value: object = None,
        *,
        error: Exception | None = None,
    ) -> None:
        """Let a job that was accepted be over, if it is not."""
        if entry.is_over:
            return
        seconds = self.now() - entry.since if entry.state == "running" else 0.0
        heard = bool(entry.waiters)
        entry.end(state, value, error)
        self.counts[state] += 1
        self.counts["retried"] += max(0, entry.attempts - 1)
        self.ran_seconds += seconds
        self._tell(JobEnded, entry, state, seconds)
        if error is not None and state in {"failed", "timed_out"} and not heard:
            me = self.process
            emit(JobReport(me.pid, me.name, entry.job, error))
        if entry in self._busy:
            del self._busy[entry]
            if self._ended is None:
                self._do(self.board.over())
            elif not self._busy:
                self._idle.settle(None)

    # ----------------------------------------------------------------------- its end

    def died(self, reason: ExitReason) -> None:
        self.stop(reason)
        for entry in list(self._busy):
            self._over(entry, "lost", error=self._lost(reason))

    def stop(self, reason: ExitReason) -> None:
        """Accept nothing any more, let nothing begin, and cancel what runs."""
        if self._ended is not None:
            return
        self._ended = reason
        if not self._busy:
            self._idle.settle(None)
        queue, line = self.board.queue.jobs, self.board.line.jobs
        for entry in (*queue, *line, *self._busy):
            if entry.state == "running":
                entry.scope.cancel()
            else:
                self._end_early(entry, "lost", self._lost(reason))

    async def wait_idle(self) -> None:
        """Wait until nothing runs, after `stop`."""
        with trio.move_on_after(self.spec.shutdown):
            await self._idle.wait()

    def _lost(self, reason: ExitReason) -> Exception:
        return ServerExitedError(self.process.pid, reason)

    # ------------------------------------------------------------------ looking at it

    def statistics(self) -> ExecutorStatistics:
        """Return numbers about the executor."""
        queued = Counter(entry.priority for entry in self.board.queue.jobs)
        counts = self.counts
        return ExecutorStatistics(
            queued=MappingProxyType({p: queued[p] for p in get_args(Priority)}),
            in_line=len(self.board.line),
            running=len(self._busy),
            submitted=counts["submitted"],
            refused=counts["refused"],
            started=counts["started"],
            done=counts["done"],
            failed=counts["failed"],
            timed_out=counts["timed_out"],
            aborted=counts["aborted"],
            lost=counts["lost"],
            retried=counts["retried"],
            waited_seconds=self.waited_seconds,
            ran_seconds=self.ran_seconds,
        )

    def _tell(self, event: Callable[..., JobEvent], entry: Entry, *args: Any) -> None:
        if not self.listeners:
            return
        # As from the executor: what the dead send is not heard, and it may be one of
        # those on whose end a job is aborted.
        token = enter(self.process)
        try:
            self.listeners.tell(event(entry.job, *args))
        finally:
            leave(token)
