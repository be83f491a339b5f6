"""The timers of a node: one heap, one task, and a shortcut for calls.

Calls with the same time-out expire in the order in which they were made, so they
need no heap: a queue for each time-out, in which nearly every entry is answered long
before it is looked at. Answered calls leave from the head as new ones come, and a
queue whose head is slow is swept when it has doubled.
"""

from __future__ import annotations

from collections import deque
from math import inf
from typing import TYPE_CHECKING, Final, final

import trio
from trio.lowlevel import current_clock

from .._util import DeadlineHeap
from ._ids import Ref
from ._waiter import PENDING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._util import HeapEntry
    from ._waiter import Waiter

_QUEUES: Final = 32
_SWEEP: Final = 256


@final
class TimerRef(Ref):
    """A running timer, as `otp.timer` gives it out."""

    __slots__ = ("callback", "entry", "timers")

    # Invariant: its place in the heap while it runs, None afterwards.
    entry: HeapEntry[TimerRef] | None

    def __init__(self, timers: Timers, callback: Callable[[], None]) -> None:
        super().__init__()
        self.timers = timers
        self.entry = None
        self.callback = callback


@final
class _CallQueue:
    """The calls with one time-out, by deadline."""

    __slots__ = ("calls", "sweep_at")

    def __init__(self) -> None:
        self.calls: deque[Waiter] = deque()
        self.sweep_at = _SWEEP

    def sweep(self) -> None:
        self.calls = deque(c for c in self.calls if c.value is PENDING)
        self.sweep_at = max(_SWEEP, 2 * len(self.calls))

    def head(self) -> float:
        calls = self.calls
        while calls and calls[0].value is not PENDING:
            calls.popleft()
        return calls[0].deadline if calls else inf


@final
class Timers:
    """All timers of one node; `run` is the task that fires them."""

    def __init__(self) -> None:
        self._heap: DeadlineHeap[TimerRef] = DeadlineHeap()
        self._queues: dict[float, _CallQueue] = {}
        self._scope = trio.CancelScope()
        # Half of what trio.current_time() costs is to find the clock.
        self.now: Callable[[], float] = trio.current_time
        # How many calls have been given a time so far.
        self.queued = 0
        # Invariant: no timer is due before this, except while timers are being fired.
        self._armed = inf

    def start(self, seconds: float, callback: Callable[[], None]) -> TimerRef:
        """Call *callback* in *seconds*; it must not raise or wait."""
        return self.start_at(trio.current_time() + seconds, callback)

    def start_at(self, deadline: float, callback: Callable[[], None]) -> TimerRef:
        """Call *callback* when the clock says *deadline*."""
        timer = TimerRef(self, callback)
        self.restart_at(deadline, timer)
        return timer

    def restart_at(self, deadline: float, timer: TimerRef) -> None:
        """Let a timer that is over run again, until the clock says *deadline*."""
        timer.entry = self._heap.push(deadline, timer)
        if deadline < self._armed:
            self._arm(deadline)

    def cancel(self, timer: TimerRef) -> float | None:
        """Stop the timer and return the seconds it had left, None if it was over."""
        left = self.read(timer)
        if timer.entry is not None:
            self._heap.cancel(timer.entry)
            timer.entry = None
        return left

    def read(self, timer: TimerRef) -> float | None:
        """Return the seconds left, None if the timer is over."""
        if timer.entry is None:
            return None
        return max(0.0, timer.entry.deadline - trio.current_time())

    def running(self) -> list[TimerRef]:
        """Return the timers that run, those of calls not counted, in no order."""
        return self._heap.pending()

    def expire_in(self, seconds: float, call: Waiter) -> None:
        """Let *call* expire in *seconds*, if it is not settled by then."""
        self.expire(call, self.now(), seconds, self.queued)

    def expire(self, call: Waiter, sent: float, seconds: float, queued: int) -> None:
        """Let *call* expire *seconds* after *sent*, if it is not settled by then.

        *queued* is what `queued` was then; who came in between was sent later.
        """
        call.deadline = deadline = sent + seconds
        queue = self._queues.get(seconds)
        if queue is None:
            if len(self._queues) >= _QUEUES:
                self.start_at(deadline, call.expire)
                return
            queue = self._queues[seconds] = _CallQueue()
        # Answered calls leave from the head. This is done for each call there is.
        calls = queue.calls
        while calls and calls[0].value is not PENDING:
            calls.popleft()
        if self.queued == queued:
            calls.append(call)
        else:
            _put_before(calls, call, self.queued - queued)
        self.queued += 1
        if len(calls) >= queue.sweep_at:
            queue.sweep()
        if deadline < self._armed:
            self._arm(deadline)

    def _arm(self, deadline: float) -> None:
        self._armed = deadline
        self._scope.deadline = deadline

    async def run(self) -> None:
        """Fire timers for ever."""
        self.now = current_clock().current_time
        while True:
            self._armed = self._next_deadline()
            with trio.CancelScope(deadline=self._armed) as self._scope:
                await trio.sleep_forever()
            # Timers that are started meanwhile are seen by the next round.
            self._armed = -inf
            self._fire(trio.current_time())

    def _next_deadline(self) -> float:
        first = self._heap.next_deadline()
        for queue in self._queues.values():
            first = min(first, queue.head())
        return first

    def _fire(self, now: float) -> None:
        for timer in self._heap.pop_due(now):
            timer.entry = None
            timer.callback()
        for queue in self._queues.values():
            while queue.head() <= now:
                queue.calls.popleft().expire()


def _put_before(calls: deque[Waiter], call: Waiter, later: int) -> None:
    """Put *call* before those of the last *later* ones that are not due before it."""
    place = len(calls)
    least = place - later
    while place > max(0, least) and calls[place - 1].deadline >= call.deadline:
        place -= 1
    calls.insert(place, call)
