"""Where resources are handed out: the rules of `Slots`, carried out.

Nobody waits here for the process of the pool: whoever checks something out or in does
what is to be done himself, at once, and the process lives so that the pool has a place
in the tree and an end. Nothing here has a checkpoint.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Generic, TypeVar, assert_never, final

import trio

from ..kernel import (
    Exit,
    Monitor,
    NoProcessError,
    Ref,
    ServerExitedError,
    Waiter,
    emit,
    enter,
    leave,
)
from ..protection import Listeners
from ._errors import PoolFullError, PoolOpenError, PoolTimeoutError
from ._events import (
    CheckedIn,
    CheckedOut,
    CheckoutRefused,
    OpenFailed,
    PoolEvent,
    PoolStatistics,
    ResourceClosed,
    ResourceOpened,
    ResourceReport,
)
from ._keeper import Keeper
from ._slots import Slots
from ._steps import Check, Close, Grant, Open, Refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Literal

    from trio.lowlevel import Abort

    from ..kernel import ExitReason, Process, TimerRef
    from ..protection import AnyListeners
    from ._source import Source
    from ._spec import PoolSpec
    from ._steps import CloseWhy, Slot, Step


ConnT = TypeVar("ConnT")


@final
class Claim(Waiter, Generic[ConnT]):
    """Somebody who wants a resource, and what he has got; *pool* is how he calls it.

    Its value is the resource. The death of its user comes here, too.
    """

    __slots__ = ("asked", "desk", "pool", "ref", "slot", "timeout", "user")

    def __init__(
        self, desk: Desk[ConnT], pool: object, user: Process | None, timeout: float
    ) -> None:
        super().__init__()
        self.desk = desk
        self.pool = pool
        self.user = user
        self.timeout = timeout
        self.asked = desk.now()
        self.slot: Slot[Claim[ConnT]] | None = None
        self.ref: Ref | None = None
        if user is not None:
            self.ref = Ref()
            user.watch(Monitor(self.ref, self, user.pid))

    def abort(self, raise_cancel: Callable[[], object]) -> Abort:
        self.desk.withdraw(self)
        return super().abort(raise_cancel)

    def expire(self) -> None:
        self.desk.expired(self)

    def died(self, reason: ExitReason) -> None:
        self.desk.user_died(self, reason)

    def forget_user(self) -> None:
        """Do not watch the user any longer."""
        if self.user is not None and self.ref is not None:
            self.user.unwatch(self.ref)
            self.ref = None


@final
class Desk(Waiter, Generic[ConnT]):
    """The resources of one pool, and those who use them and wait for them."""

    def __init__(
        self,
        process: Process,
        source: Source[ConnT],
        spec: PoolSpec,
        listeners: AnyListeners[PoolEvent],
    ) -> None:
        super().__init__()
        self.process = process
        self.source = source
        self.spec = spec
        self.listeners = Listeners[PoolEvent].of(listeners)
        self.now = trio.lowlevel.current_clock().current_time
        self.slots: Slots[Claim[ConnT]] = Slots(spec, checked=source.check is not None)
        # Those that are not gone, by the number of the slot; and what they have opened.
        self._keepers: dict[int, Keeper[ConnT]] = {}
        self._resources: dict[int, ConnT] = {}
        self._whys: dict[int, CloseWhy] = {}
        self._why_not: Exception = NoProcessError(process.pid)
        self._ended = False
        # Settled when it has ended and everything is closed.
        self._empty = Waiter()
        self._timer: TimerRef | None = None
        self._timer_at = inf
        self.granted = self.timed_out = self.full = 0
        self.opened_ = self.failed_ = self.closed_ = self.discarded = 0
        self.waited_seconds = self.used_seconds = 0.0
        process.watch(Monitor(Ref(), self, process.pid))

    def __repr__(self) -> str:
        return f"<{len(self.slots.all)} of {self.spec.max_size} resources>"

    # --------------------------------------------------------------- those who want one

    def ask(self, claim: Claim[ConnT]) -> None:
        """Let somebody have a resource, now or later.

        Raises:
            NoProcessError: the pool ends.
        """
        if self._ended:
            claim.forget_user()
            raise NoProcessError(claim.pool)
        self._do(self.slots.ask(claim, self.now()))
        if claim.settled:
            return
        if claim.timeout <= 0:
            claim.expire()
        elif claim.timeout != inf:
            self.process.node.timers.expire_in(claim.timeout, claim)

    def withdraw(self, claim: Claim[ConnT]) -> None:
        """Let somebody not wait any more."""
        claim.forget_user()
        self.slots.withdraw(claim)

    def expired(self, claim: Claim[ConnT]) -> None:
        """Tell somebody that his time is over."""
        self.timed_out += 1
        self.withdraw(claim)
        self._refuse(
            claim,
            PoolTimeoutError(
                claim.pool,
                claim.timeout,
                self.slots.count("used"),
                self.spec.max_size,
                self.slots.count("opening"),
            ),
            "timeout",
        )

    def user_died(self, claim: Claim[ConnT], reason: ExitReason) -> None:
        """Take back what a dead process has, or wanted."""
        claim.ref = None
        if claim.slot is not None:
            self.give_back(claim, good=self.source.is_kept_from_the_dead)
        else:
            self.slots.withdraw(claim)
            # For code that still runs on behalf of the dead.
            claim.fail(Exit(reason))

    def give_back(self, claim: Claim[ConnT], *, good: bool) -> None:
        """Take back what somebody has got, if he has it still."""
        slot, claim.slot = claim.slot, None
        claim.forget_user()
        if slot is None or self._ended:
            return
        now = self.now()
        if slot.user is claim:
            self.used_seconds += now - slot.since
            if self.listeners:
                used = now - slot.since
                self._tell(CheckedIn(self._resources[slot.number], used, good))
        self._do(self.slots.give_back(slot, now, good=good))

    # ------------------------------------------------------------- heard from keepers

    def opened(self, number: int, resource: ConnT) -> None:
        """Hear that a resource is there."""
        self.opened_ += 1
        self._resources[number] = resource
        if self.listeners:
            self._tell(ResourceOpened(resource))
        self._do(self.slots.opened(self.slots[number], self.now()))

    def checked(self, number: int, *, good: bool) -> None:
        """Hear whether a resource is still good."""
        self._do(self.slots.checked(self.slots[number], self.now(), good=good))

    def mistaken(self, error: Exception) -> None:
        """Hear that a check is wrong, not what it has looked at."""
        self._report("check", error)

    def lost(self, number: int) -> None:
        """Hear that a resource is not to be used any more."""
        chance = self.process.node.random.random()
        self._do(self.slots.lost(self.slots[number], self.now(), chance))

    def gone(self, number: int, error: Exception | None) -> None:
        """Hear that a keeper is done, and of *error*, if it failed at what it did."""
        if number in self._resources:
            self._closed(number, error)
        elif self._ended or self.slots[number].state == "closing":
            self._forget(number)
        else:
            self._open_failed(number, error or RuntimeError("its process was killed"))

    def _closed(self, number: int, error: Exception | None) -> None:
        # It may have ended by itself, and then that comes first.
        self.lost(number)
        self.closed_ += 1
        if self.listeners:
            resource, why = self._resources[number], self._whys[number]
            self._tell(ResourceClosed(resource, why, error))
        if error is not None:
            self._report("close", error)
        self._forget(number)

    def _forget(self, number: int) -> None:
        del self._keepers[number]
        self._resources.pop(number, None)
        self._whys.pop(number, None)
        if not self._ended:
            self._do(self.slots.closed(self.slots[number], self.now()))
        elif not self._keepers:
            self._empty.settle(None)

    def _open_failed(self, number: int, error: Exception) -> None:
        self.failed_ += 1
        self._why_not = error
        del self._keepers[number]
        if self.listeners:
            self._tell(OpenFailed(error))
        chance = self.process.node.random.random()
        steps = self.slots.open_failed(self.slots[number], self.now(), chance)
        if not any(isinstance(step, Refuse) for step in steps):
            self._report("open", error)
        self._do(steps)

    # ----------------------------------------------------------------------- its end

    def died(self, reason: ExitReason) -> None:
        self.stop(reason)

    def stop(self, reason: ExitReason) -> None:
        """Let everything be closed, and nobody wait any more."""
        if self._ended:
            return
        self._ended = True
        if self._timer is not None:
            self.process.node.timers.cancel(self._timer)
        for claim in self.slots.waiters:
            claim.forget_user()
            claim.fail(ServerExitedError(claim.pool, reason))
        if not self._keepers:
            self._empty.settle(None)
        self._do(self.slots.stop())

    async def wait_empty(self) -> None:
        """Wait until everything is closed, after `stop`."""
        await self._empty.wait()

    # ------------------------------------------------------------------ what is done

    def start(self) -> None:
        """Open as many as there are to be."""
        self._do(self.slots.start(self.now()))

    def clear(self) -> None:
        """Let nothing be handed out any more that is there now."""
        self._do(self.slots.clear(self.now()))

    def statistics(self) -> PoolStatistics:
        """Return numbers about the pool."""
        count = self.slots.count
        return PoolStatistics(
            size=len(self.slots.all),
            idle=count("idle"),
            used=count("used"),
            opening=count("opening"),
            checking=count("checking"),
            closing=count("closing"),
            waiting=len(self.slots.waiters),
            granted=self.granted,
            timed_out=self.timed_out,
            full=self.full,
            opened=self.opened_,
            open_failed=self.failed_,
            closed=self.closed_,
            discarded=self.discarded,
            waited_seconds=self.waited_seconds,
            used_seconds=self.used_seconds,
        )

    def _do(self, steps: Iterable[Step[Claim[ConnT]]]) -> None:
        for step in steps:
            match step:
                case Grant(claim, slot):
                    self._grant(claim, slot)
                case Open(slot):
                    keeper = Keeper(self, slot.number, self.source, self.spec)
                    self._keepers[slot.number] = keeper
                    keeper.launch(self.process)
                case Check(slot):
                    self._keepers[slot.number].check()
                case Close(slot, why):
                    self.discarded += why == "failed"
                    self._whys[slot.number] = why
                    self._keepers[slot.number].close()
                case Refuse(claim, why):
                    self._refuse_by_rule(claim, why)
                case _:
                    assert_never(step)
        if self.slots.due < self._timer_at:
            self._set_timer(self.slots.due)

    def _grant(self, claim: Claim[ConnT], slot: Slot[Claim[ConnT]]) -> None:
        resource = self._resources[slot.number]
        waited = slot.since - claim.asked
        self.granted += 1
        self.waited_seconds += waited
        claim.slot = slot
        claim.settle(resource)
        if self.listeners:
            self._tell(CheckedOut(resource, waited))

    def _refuse_by_rule(
        self, claim: Claim[ConnT], why: Literal["full", "open_failed"]
    ) -> None:
        claim.forget_user()
        if why == "full":
            self.full += 1
            error: Exception = PoolFullError(claim.pool, len(self.slots.waiters))
        else:
            error = PoolOpenError(claim.pool, self._why_not)
        self._refuse(claim, error, why)

    def _refuse(
        self,
        claim: Claim[ConnT],
        error: Exception,
        why: Literal["full", "open_failed", "timeout"],
    ) -> None:
        claim.fail(error)
        if self.listeners:
            self._tell(CheckoutRefused(why, self.now() - claim.asked))

    def _set_timer(self, due: float) -> None:
        timers = self.process.node.timers
        if self._timer is None:
            self._timer = timers.start_at(due, self._tick)
        else:
            timers.cancel(self._timer)
            timers.restart_at(due, self._timer)
        self._timer_at = due

    def _tick(self) -> None:
        self._timer_at = inf
        self._do(self.slots.tick(self.now()))

    def _tell(self, event: PoolEvent) -> None:
        # As from the pool, since what the dead send is not heard, and it may be one
        # of those who has just given something back.
        token = enter(self.process)
        try:
            self.listeners.tell(event)
        finally:
            leave(token)

    def _report(
        self, doing: Literal["open", "check", "close"], error: Exception
    ) -> None:
        process = self.process
        emit(ResourceReport(process.pid, process.name, doing, error))
