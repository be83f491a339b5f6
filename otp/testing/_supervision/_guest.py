"""A Trio run that ordinary code drives, and that goes on only as long as it does.

Code that is called by others and cannot wait, such as the rules of a Hypothesis state
machine, has here one long Trio run all the same. It is a run in Trio's guest mode whose
host is a queue of callbacks. `Guest.go` works the queue off until the function that it
was given is over. In between nothing runs and the clock stands still, so that there is
no moment at which something happens by itself.

The clock is a mock clock that jumps when all tasks wait. Trio then asks for events
without waiting for any, and so never needs the thread that a guest run has for that:
whatever happens, happens in the thread of the host, and in the same order each time.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from math import inf
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar, cast, final

import outcome
import trio
from trio.lowlevel import enable_ki_protection, start_guest_run
from trio.testing import MockClock

from .._tasks import leaves_below, throw_out

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType
    from typing import TypeVarTuple, Unpack

    from outcome import Outcome

    Ts = TypeVarTuple("Ts")

T = TypeVar("T")
W = TypeVar("W")

LIMIT: Final = 3600.0
"""Seconds, of the clock that jumps, after which a function counts as stuck."""

PATIENCE: Final = 200_000
"""How many turns of Trio's loop a function may take before it counts as stuck."""


STILL: Final = 256
"""After how many turns it is seen whether anything is to come at all."""

ROUNDS: Final = 20
"""How often what keeps a run from ending is thrown out."""


class GuestError(RuntimeError):
    """The run cannot do what it was asked: it is over, or something in it is stuck."""


@final
class _Job(Generic[T]):
    """A function to be run in the guest, and what has become of it."""

    def __init__(self, run: Callable[[], Awaitable[T]], limit: float) -> None:
        self._run = run
        self._limit = limit
        self.scope = trio.CancelScope()
        self.result: Outcome[T] | None = None

    @property
    def is_over(self) -> bool:
        """Whether there is a result."""
        return self.result is not None

    async def run(self) -> None:
        """Run it; a cancellation of all around it goes on, and leaves no result."""
        try:
            with self.scope:
                self.scope.deadline = trio.current_time() + self._limit
                self.result = outcome.Value(await self._run())
        except trio.Cancelled:
            raise
        except BaseException as error:  # noqa: BLE001 - it is raised in the host
            self.result = outcome.Error(error)
        if self.result is None:
            text = f"it still waits after {self._limit:g} s, for nobody knows what"
            self.result = outcome.Error(GuestError(text))


@asynccontextmanager
async def _nothing() -> AsyncGenerator[None]:
    yield


@final
class Guest(Generic[W]):
    """One Trio run, as long as it is wanted; use it in a ``with`` statement.

    All functions run in the same task, one after the other, inside of what *around*
    returns: a node, for example, whose processes live on from one function to the next.
    Nothing of the kind is there with `Guest.plain`.

    A process that waits for a thread, a socket or anything else in the world is not
    driven: the clock jumps over its time-outs. Give it something else to talk to.
    """

    def __init__(
        self,
        around: Callable[[], AbstractAsyncContextManager[W]],
        *,
        patience: int = PATIENCE,
    ) -> None:
        self._around = around
        self._patience = patience
        self._ticks: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._bell = trio.Event()
        self._job: _Job[Any] | None = None
        self._closing = False
        self._end: Outcome[None] | None = None
        self._told = False
        self._started = False
        self._world: W | None = None
        self._main_task: trio.lowlevel.Task | None = None

    @staticmethod
    def plain(*, patience: int = PATIENCE) -> Guest[None]:
        """Return a run with nothing around its functions."""
        return Guest(_nothing, patience=patience)

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def world(self) -> W:
        """What *around* gave to the functions."""
        return cast("W", self._world)

    @property
    def is_over(self) -> bool:
        """Whether the run has ended, by `close` or by itself."""
        return self._end is not None

    # --------------------------------------------------------------- what a host does

    @enable_ki_protection
    def go(
        self,
        fn: Callable[[Unpack[Ts]], Awaitable[T]],
        *args: *Ts,
        limit: float = LIMIT,
    ) -> T:
        """Run ``await fn(*args)`` in the guest, and return or raise what comes of it.

        Raises:
            GuestError: it takes more than *limit* seconds of the run's clock, or
                never lets the clock go on; or the run is over.
        """
        self._start()

        async def run() -> T:
            return await fn(*args)

        self._raise_end()
        job = _Job(run, limit)
        self._job = job
        self._bell.set()
        try:
            self._wait(job)
            if job.result is None:
                self._raise_end()
                raise GuestError("the run has ended before the function has")
            return job.result.unwrap()
        finally:
            # An error leads to this frame.
            del job

    def _wait(self, job: _Job[Any]) -> None:
        if self._pump(job):
            return
        text = f"something is busy: {self._patience} turns are over in no time"
        job.scope.cancel()
        if not self._pump(job):
            text += ", and cannot be cancelled"
        raise GuestError(text)

    @enable_ki_protection
    def close(self) -> None:
        """End the run in order: leave what is around the functions, and all tasks.

        Raises what the run ended with, if nobody has been told yet.

        Raises:
            GuestError: something keeps the run from ending.
        """
        if not self._started:
            self._started = True
            self._end = outcome.Value(None)
        self._closing = True
        if self._end is None:
            self._bell.set()
            if not self._pump():
                self._throw_out()
                self._told = True
                raise GuestError(
                    "the run did not end by itself: something in it is shielded"
                )
        if not self._told and self._end is not None:
            self._told = True
            self._end.unwrap()

    def _raise_end(self) -> None:
        if self._end is None:
            return
        if not self._told:
            self._told = True
            self._end.unwrap()
        raise GuestError("the run is over: nothing runs in it any more")

    def _start(self) -> None:
        if self._started:
            return
        self._started = True
        start_guest_run(
            self._main,
            run_sync_soon_threadsafe=self._ticks.put,
            run_sync_soon_not_threadsafe=self._ticks.put,
            done_callback=self._done,
            clock=MockClock(autojump_threshold=0),
        )

    def _done(self, result: Outcome[None]) -> None:
        self._end = result

    def _pump(self, job: _Job[Any] | None = None) -> bool:
        """Let the guest go on until *job* or all is over; False if that takes long."""
        still = 0
        for turn in range(self._patience):
            if self.is_over or (job is not None and job.is_over):
                return True
            # There is always one: the run has put it there, or its thread will.
            self._ticks.get()()
            if turn % STILL == 0 and not self.is_over:
                still = still + 1 if _nothing_is_to_come() else 0
                if still > 1:
                    return False
        return False

    def _throw_out(self) -> None:
        """Raise an error in whatever keeps the run from ending, however shielded.

        Else no other run could begin in this thread.
        """
        for _ in range(ROUNDS):
            error = GuestError("the run is to end, and this task is shielded")
            if self._main_task is not None:
                throw_out(leaves_below(self._main_task), error)
            if self._pump():
                break

    # ------------------------------------------------------------------- in the guest

    async def _main(self) -> None:
        self._main_task = trio.lowlevel.current_task()
        async with self._around() as self._world:
            while not self._closing:
                await self._bell.wait()
                self._bell = trio.Event()
                job, self._job = self._job, None
                if job is not None:
                    await job.run()
                    del job


def _nothing_is_to_come() -> bool:
    """Tell whether all tasks of the run wait, and none of them for the clock."""
    now = trio.lowlevel.current_statistics()
    return not now.tasks_runnable and now.seconds_to_next_deadline == inf
