"""The step queue: a scheduler of our own for processes that messages wake.

Trio runs its tasks in batches, with a look at the sockets and the clock between two of
them, and a call is two batches: that is most of what it costs. Here a process stays
the Trio task that it is, with its cancel scopes, its context and its place in the
tree, but when a message wakes it, it goes into a queue of ours, and one task, the
stepper, runs what is in the queue, doing for each what Trio's loop does. Whatever else
a process waits for (sleeps, sockets, locks) it waits for in Trio.

A call to a server that is idle goes one step further: the server is run at once,
inside of the caller's step, and nobody is parked at all if it answers.

Trio gets its turn after `BURST` steps if its queue is not empty, and else after a
millisecond, so that sockets and time-outs are seen to. Slow steps make bursts short.

With ``_late_scope``, this uses names of Trio that are not public. ``_join_steps``
therefore first tries out once whether they are what they were. If not, and as long as
Trio has instruments, which could not see the steps, everything goes by Trio's own way.
"""

from __future__ import annotations

import sys
import types
from collections import deque
from typing import TYPE_CHECKING, Any, Final, final

import trio
from outcome import Error, Value
from trio.lowlevel import (
    Abort,
    RunVar,
    cancel_shielded_checkpoint,
    current_task,
    enable_ki_protection,
    reschedule,
    spawn_system_task,
)

from ._rehearsal import lacking
from ._scheduler import AWAKE, WAKE, Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator
    from contextvars import Context
    from typing import TypeVarTuple, Unpack

    from outcome import Outcome

    from ._scheduler import AbortFunc, Box

    Ts = TypeVarTuple("Ts")

BURST: Final = 64
"""After how many steps at most it is seen whether Trio has something to do."""

FIRST_BURST: Final = 8
"""How many steps it is before it is known how long they take."""

BURSTS: Final = 16
"""After how many times that Trio has its turn in any case."""

SLICE_SECONDS: Final = 0.001
"""For how long the stepper may keep Trio from looking at sockets and the clock."""

DEPTH: Final = 8
"""How many servers may be run inside of each other's steps."""


_run: Any = sys.modules.get("trio._core._run")
_context: Any = getattr(_run, "GLOBAL_RUN_CONTEXT", None)
_Wait: Any = getattr(_run, "WaitTaskRescheduled", None)


@final
class StepQueue(Scheduler):
    """The step queue of one Trio run; all nodes of the run that want it share it.

    Invariant: a task in *ready* is in no queue of Trio's, cannot be aborted, and is
    woken by nobody else. It has a next send function if it has just been made. The
    stepper runs or is in Trio's queue whenever there is one.
    """

    __slots__ = (
        "_abort_of",
        "_asking",
        "_burst",
        "_context",
        "_credit",
        "_depth",
        "_idle",
        "_ready",
        "_reasons",
        "_runner",
        "_trap",
        "_users",
    )

    name = "step"

    def __init__(self) -> None:
        # What everybody yields to park. Whoever steps the task reads the abort function
        # from it at once, so that it need not be made anew, which takes longer than
        # all else about parking.
        self._trap: Any = _Wait(None)
        self._abort_of: dict[str, AbortFunc | None] = vars(self._trap)
        # What is Trio's idea of the task that runs, without the search for the thread.
        self._context: dict[str, Any] = vars(_context)
        self._runner: Any = _context.runner
        # Why tasks are left to Trio: the instruments that it has, or the end.
        self._reasons: dict[object, None] = self._runner.instruments["_all"]
        self._ready: deque[Any] = deque()
        # The stepper, while it waits for something to do.
        self._idle: Any = None
        # How many steps are left of this burst.
        self._credit = FIRST_BURST
        # How many steps a burst has: the fewer, the slower they are.
        self._burst = FIRST_BURST
        # How many servers are being run inside of the steps of others.
        self._depth = 0
        self._asking = _Asking(self._ready)
        # How many nodes use this queue; without any, the stepper goes.
        self._users = 0

    # ------------------------------------------------------------ what tasks do here

    @enable_ki_protection
    @types.coroutine
    def park(self, task: Any, abort: AbortFunc) -> Generator[Any, Any, None]:
        task.custom_sleep_data = self
        self._abort_of["abort_func"] = abort
        answer = yield self._trap
        if answer is not WAKE:
            try:
                answer.unwrap()
            finally:
                # The error that it raises leads to this frame.
                del answer

    @enable_ki_protection
    def wake(self, task: Any) -> None:
        if self._reasons:
            reschedule(task, WAKE)
            return
        idle = self._idle
        if idle is not None:
            # It raises if this is another thread; then nothing has happened here.
            reschedule(idle, WAKE)
            self._idle = None
        task._abort_func = None
        task.custom_sleep_data = None
        self._ready.append(task)

    @enable_ki_protection
    def start(
        self,
        nursery: Any,
        context: Context,
        name: str,
        fn: Callable[[Unpack[Ts]], Coroutine[Any, Any, object]],
        *args: *Ts,
    ) -> None:
        if self._reasons or nursery._closed or vars(_context) is not self._context:
            # Another thread is refused there.
            Scheduler.start(self, nursery, context, name, fn, *args)
            return
        # Nursery.start_soon(), without what it does for functions of other kinds, and
        # with another queue: that takes less than half of the time.
        task = _run.Task._create(
            coro=fn(*args),
            parent_nursery=nursery,
            runner=self._runner,
            name=name,
            context=context.copy(),
            ki_protected=False,
        )
        self._runner.tasks.add(task)
        nursery._children.add(task)
        task._activate_cancel_status(nursery._cancel_status)
        task._next_send_fn = task.coro.send
        self._ready.append(task)
        if self._idle is not None:
            reschedule(self._idle, WAKE)
            self._idle = None

    def _return(self, task: Any) -> None:
        """Leave a task that is ready to Trio after all."""
        if task._next_send_fn is None:
            reschedule(task, WAKE)
        else:
            self._runner.runq.append(task)

    @enable_ki_protection
    def ask(self, box: Box, request: object, task: Any) -> bool:
        idle: Any = box.parked
        ready = self._ready
        if (
            idle is None
            # Who is ready comes first: this is a short cut, and no overtaking.
            or ready
            or self._credit <= 0
            or self._depth >= DEPTH
            or idle.custom_sleep_data is not self
            or self._reasons
            # The caller is to hear of its cancellation instead of the answer.
            or task._cancel_status.effectively_cancelled
            or self._runner.ki_pending
            # What the server raised would be raised in the context of this one.
            or sys.exception() is not None
        ):
            # Scheduler.ask(), without a call of its own.
            task.custom_sleep_data = AWAKE
            box.deliver(request)
            return task.custom_sleep_data is AWAKE
        # What is delivered wakes nobody, but is found at once.
        box.parked = None
        abort, idle._abort_func = idle._abort_func, None
        task.custom_sleep_data = self._asking
        try:
            box.deliver(request)
        except BaseException:
            box.parked, idle._abort_func = idle, abort
            raise
        idle.custom_sleep_data = None
        self._depth += 1
        try:
            self._step(idle)
        finally:
            self._depth -= 1
            del idle, abort, box, request  # a traceback may lead back to this frame
        if ready and ready[0] is task:
            ready.popleft()
            return False
        return True

    # ------------------------------------------------------------------- the stepper

    @enable_ki_protection
    async def run(self) -> None:
        """Step what is ready, until there are no users any more."""
        me = current_task()
        now = trio.lowlevel.current_clock().current_time
        ready = self._ready
        trio_ready = self._runner.runq
        try:
            while self._users:
                self._credit = self._burst
                bursts, begins = 0, now()
                while ready:
                    task = ready.popleft()
                    if self._reasons:
                        self._return(task)
                        continue
                    self._step(task)
                    del task
                    if self._credit <= 0:
                        bursts += 1
                        seconds = now() - begins
                        # What is left of Trio's present batch cannot be seen.
                        if trio_ready or bursts >= BURSTS or seconds >= SLICE_SECONDS:
                            self._fit_burst(seconds / bursts)
                            await cancel_shielded_checkpoint()
                            bursts, begins = 0, now()
                        self._credit = self._burst
                self._idle = me
                await self.park(me, self._abort)
        finally:
            self._abort_of["abort_func"] = None
            self._reasons = {"over": None}
            self._idle = None
            for task in ready:
                self._return(task)

    def _fit_burst(self, seconds: float) -> None:
        """Let a burst, which has just taken *seconds*, not take longer than a slice."""
        if seconds > SLICE_SECONDS:
            self._burst = max(1, int(self._burst * SLICE_SECONDS / seconds))
        else:
            self._burst = min(BURST, 2 * self._burst)

    def _abort(self, _raise_cancel: Callable[[], object]) -> Abort:
        self._idle = None
        return Abort.SUCCEEDED

    @enable_ki_protection
    def _step(self, task: Any) -> None:
        """Run *task* until it waits again, as a turn of Trio's own loop would."""
        self._credit -= 1
        context = self._context
        stepping = context["task"]
        context["task"] = task
        final: Outcome[object]
        try:
            send = task._next_send_fn
            if send is None:
                trap = task.context.run(task.coro.send, WAKE)
            else:
                # Its first step.
                value = task._next_send
                task._next_send_fn = task._next_send = None
                trap = task.context.run(send, value)
        except StopIteration as stop:
            final = WAKE if stop.value is None else Value(stop.value)
        except BaseException as error:  # noqa: BLE001 - the nursery has it
            trace = error.__traceback__
            final = Error(error.with_traceback(trace and trace.tb_next))
            del trace
        else:
            task._schedule_points += 1
            if type(trap) is _Wait:
                task._cancel_points += 1
                task._abort_func = trap.abort_func
                if task is self._runner.main_task and self._runner.ki_pending:
                    task._attempt_delivery_of_pending_ki()
                if task._cancel_status.effectively_cancelled:
                    task._attempt_delivery_of_any_pending_cancel()
            else:
                self._step_oddly(task, trap)
            context["task"] = stepping
            return
        context["task"] = stepping
        self._runner.task_exited(task, final)
        # They lead to a traceback, and that to this frame.
        del final, task

    def _step_oddly(self, task: Any, trap: Any) -> None:
        if trap is _run.CancelShieldedCheckpoint:
            self._runner.reschedule(task)
        elif type(trap) is _run.PermanentlyDetachCoroutineObject:
            self._runner.task_exited(task, trap.final_outcome)
        else:
            # It is thrown into the task, as Trio would.
            error = TypeError(f"a process awaits what is not Trio's: {trap!r}")
            self._runner.reschedule(task, error)
            task._next_send_fn = task.coro.throw

    # --------------------------------------------------------------------- its users

    @enable_ki_protection
    def join(self) -> None:
        """Begin to use the queue."""
        self._users += 1
        if self._users == 1:
            spawn_system_task(self.run, name="otp steps")

    @enable_ki_protection
    def leave(self) -> None:
        """Use it no longer."""
        self._users -= 1
        if not self._users:
            # A node that comes later makes a new one.
            queue_of_run.set(None)
            if self._idle is not None:
                idle, self._idle = self._idle, None
                reschedule(idle, WAKE)


@final
class _Asking(Scheduler):
    """Stands in a task inside of whose step a server is run: it gets into the line.

    When the server parks, it is seen whether the caller is the next.
    """

    __slots__ = ("_ready",)

    def __init__(self, ready: deque[Any]) -> None:
        self._ready = ready

    @enable_ki_protection
    def wake(self, task: Any) -> None:
        # Who was cancelled before the answer came hears of that instead.
        if not task._cancel_status.effectively_cancelled:
            task.custom_sleep_data = None
            self._ready.append(task)


queue_of_run: RunVar[StepQueue | None] = RunVar("otp_steps", None)


def find_missing() -> list[str]:
    """Return the names of what is used of Trio and is not there."""
    task: Any = current_task()
    return lacking(
        {
            _run: "GLOBAL_RUN_CONTEXT WaitTaskRescheduled CancelShieldedCheckpoint "
            "PermanentlyDetachCoroutineObject Task",
            _context: "runner task",
            type(task): "_create",
            task: "context coro custom_sleep_data _abort_func _activate_cancel_status "
            "_cancel_points _cancel_status _next_send _next_send_fn _schedule_points "
            "_attempt_delivery_of_any_pending_cancel _attempt_delivery_of_pending_ki",
            task._cancel_status: "effectively_cancelled",
            task._runner: "instruments ki_pending main_task reschedule runq "
            "task_exited tasks",
            task.parent_nursery: "_cancel_status _children _closed",
        }
    )
