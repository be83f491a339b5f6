"""Which resource goes to whom, and when one is opened or closed: the rules of a pool.

A slot is the place of one resource, from the moment at which somebody begins to open
it until it is closed. `Slots` decides and does nothing: it is told what has happened,
and answers with steps that are to be done, in their order.

====== ================================================================================
rule   in words
====== ================================================================================
bound  There are never more than *max_size* slots; one that is being closed counts.
order  Who has waited longest is served first; whoever comes goes behind those who wait.
reuse  The resource that was given back last is handed out first.
enough For everybody who waits, one resource is being opened or checked, if the bound
       allows it.
reject Who would wait for others to give something back is refused if *queue* others do.
check  What has lain idle for *check_after* seconds is looked at before it is given out.
fail   If one cannot be opened and there are not enough for all who wait, then who has
       waited longest hears of it; if nobody waits, the next try is made after a pause.
least  There are *min_size* slots, those that are being closed not counted.
pause  What nobody waits for is opened after a pause if the last one could not be opened
       or has ended by itself; the pauses grow until one was of use, or has lasted. What
       fails during a pause makes it no longer.
idle   More than *min_size* are closed when they have lain idle for *idle_timeout*, the
       one that has lain longest first.
age    Nothing is handed out that is *max_lifetime* old: it is closed when it is idle.
====== ================================================================================
"""

from __future__ import annotations

from collections import OrderedDict
from math import inf
from typing import TYPE_CHECKING, Generic, TypeVar, assert_never, final

from ._steps import Check, Close, Grant, Open, Refuse, Slot

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ._spec import PoolSpec
    from ._steps import CloseWhy, SlotState, Step

W = TypeVar("W", bound="Hashable")


@final
class Slots(Generic[W]):
    """The resources of one pool and those who wait for one; see the head of this file.

    *due* is when `tick` has something to do, or earlier; ``inf`` if there is nothing.
    """

    def __init__(self, spec: PoolSpec, *, checked: bool) -> None:
        self.spec = spec
        self.due = inf
        self._check_after = spec.check_after if checked else inf
        self._bound = inf if spec.queue is None else spec.queue
        self._made = 0
        # By number, oldest first.
        self._slots: dict[int, Slot[W]] = {}
        # Invariant: ascending in *since*, so the last one is the freshest.
        self._idle: list[Slot[W]] = []
        # Invariant: empty if anything idle could be handed out.
        self._queue: OrderedDict[W, None] = OrderedDict()
        # How many are in state "opening" or "checking", and "closing".
        self._coming = 0
        self._going = 0
        # In a row; and until when nothing is opened that nobody waits for.
        self._failures = 0
        self._pause_until = -inf

    # ------------------------------------------------------------------- looking at it

    @property
    def all(self) -> tuple[Slot[W], ...]:
        """Every slot, oldest first."""
        return tuple(self._slots.values())

    @property
    def waiters(self) -> tuple[W, ...]:
        """Those who wait, who has waited longest first."""
        return tuple(self._queue)

    def __getitem__(self, number: int) -> Slot[W]:
        """Return the slot of that number."""
        return self._slots[number]

    def count(self, state: SlotState) -> int:
        """Return how many slots are in that state."""
        return sum(slot.state == state for slot in self._slots.values())

    # ------------------------------------------------------------- what users may want

    def ask(self, waiter: W, now: float) -> list[Step[W]]:
        """Let *waiter*, who has not asked before, have a resource."""
        self._queue[waiter] = None
        steps = self._serve(now)
        if waiter in self._queue and len(self._queue) - self._coming > self._bound:
            del self._queue[waiter]
            steps.append(Refuse(waiter, "full"))
        return steps

    def withdraw(self, waiter: W) -> None:
        """Let somebody wait no longer, if he does."""
        self._queue.pop(waiter, None)

    def give_back(self, slot: Slot[W], now: float, *, good: bool) -> list[Step[W]]:
        """Take a resource back; one that is not *good* is closed.

        One that was taken away from its user meanwhile is none of his business.
        """
        if slot.state != "used":
            return []
        if not good:
            steps = [self._close(slot, "failed")]
        elif (why := self._why_over(slot, now)) is not None:
            steps = [self._close(slot, why)]
        else:
            steps = []
            self._failures = 0
            self._put(slot, now, fresh=False)
        return steps + self._serve(now)

    def clear(self, now: float) -> list[Step[W]]:
        """Let nothing be handed out any more that is there now."""
        for slot in self._slots.values():
            slot.unwanted = True
        return self.tick(now)

    # ---------------------------------------------------- what is heard from resources

    def start(self, now: float) -> list[Step[W]]:
        """Begin."""
        return self._serve(now)

    def opened(self, slot: Slot[W], now: float) -> list[Step[W]]:
        """Hear that a resource is there."""
        self._coming -= 1
        self._pause_until = -inf
        slot.born = now
        self._put(slot, now, fresh=True)
        return self._serve(now)

    def open_failed(
        self, slot: Slot[W], now: float, chance: float = 0.0
    ) -> list[Step[W]]:
        """Hear that a resource could not be opened; *chance* is for the pause."""
        self._coming -= 1
        del self._slots[slot.number]
        self._stumble(slot, now, chance)
        steps: list[Step[W]] = []
        if self._coming < len(self._queue):
            waiter, _ = self._queue.popitem(last=False)
            steps.append(Refuse(waiter, "open_failed"))
        return steps + self._serve(now)

    def checked(self, slot: Slot[W], now: float, *, good: bool) -> list[Step[W]]:
        """Hear whether a resource is still good."""
        self._coming -= 1
        steps: list[Step[W]] = []
        if good:
            self._put(slot, now, fresh=True)
        else:
            steps.append(self._close(slot, "unhealthy"))
        return steps + self._serve(now)

    def lost(self, slot: Slot[W], now: float, chance: float = 0.0) -> list[Step[W]]:
        """Hear that a resource has ended by itself, in whatever state it was."""
        match slot.state:
            case "closing":
                return []
            case "opening" | "checking":
                self._coming -= 1
            case "idle":
                self._idle.remove(slot)
            case "used":
                pass
            case _:
                assert_never(slot.state)
        self._stumble(slot, now, chance)
        return [self._close(slot, "lost"), *self._serve(now)]

    def closed(self, slot: Slot[W], now: float) -> list[Step[W]]:
        """Hear that a resource is gone for good."""
        self._going -= 1
        del self._slots[slot.number]
        return self._serve(now)

    def tick(self, now: float) -> list[Step[W]]:
        """Do what is due by now."""
        steps: list[Step[W]] = []
        for slot in list(self._idle):
            why = self._why_over(slot, now)
            if why is not None:
                self._idle.remove(slot)
                steps.append(self._close(slot, why))
        steps += self._serve(now)
        self.due = self._next_due(now)
        return steps

    def stop(self) -> list[Step[W]]:
        """Close everything, and hear of nothing any more."""
        self._queue.clear()
        self.due = inf
        left = [slot for slot in self._slots.values() if slot.state != "closing"]
        return [self._close(slot, "stopped") for slot in left]

    # --------------------------------------------------------------- what it is made of

    @property
    def _alive(self) -> int:
        return len(self._slots) - self._going

    def _stumble(self, slot: Slot[W], now: float, chance: float) -> None:
        """Let a pause come before the next try, a longer one each time."""
        if now < self._pause_until:
            # It is one trouble if all fail together, and has its pause already.
            return
        backoff = self.spec.backoff
        if now > slot.born + backoff.maximum:
            self._failures = 0
        self._pause_until = now + backoff.delay(self._failures, chance)
        self._failures += 1

    def _why_over(self, slot: Slot[W], now: float) -> CloseWhy | None:
        """Return why a resource is not to be handed out again, if it is not."""
        if slot.unwanted:
            return "cleared"
        return "lifetime" if now >= slot.born + self.spec.max_lifetime else None

    def _is_stale(self, slot: Slot[W], now: float) -> bool:
        # One that has passed its check is not checked again, even if all are.
        if slot.fresh and slot.since == now:
            return False
        return now >= slot.since + self._check_after

    def _serve(self, now: float) -> list[Step[W]]:
        """Do for those who wait, and for the pool itself, what can be done now."""
        steps: list[Step[W]] = []
        self._provide(now, steps)
        self._let_go(now, steps)
        self._keep_least(now, steps)
        return steps

    def _provide(self, now: float, steps: list[Step[W]]) -> None:
        """Give to those who wait what is there, and let come what they need."""
        idle, queue = self._idle, self._queue
        while queue:
            short = self._coming < len(queue)
            if idle and (short or not self._is_stale(idle[-1], now)):
                self._use(idle.pop(), now, steps)
            elif short and len(self._slots) < self.spec.max_size:
                steps.append(self._open(now))
            else:
                return

    def _use(self, slot: Slot[W], now: float, steps: list[Step[W]]) -> None:
        """Give what was idle to who has waited longest, if it is good for that."""
        why = self._why_over(slot, now)
        if why is not None:
            steps.append(self._close(slot, why))
        elif self._is_stale(slot, now):
            slot.state = "checking"
            self._coming += 1
            steps.append(Check(slot))
        else:
            slot.user, _ = self._queue.popitem(last=False)
            slot.state, slot.since = "used", now
            steps.append(Grant(slot.user, slot))

    def _let_go(self, now: float, steps: list[Step[W]]) -> None:
        spec, idle = self.spec, self._idle
        while self._alive > spec.min_size and idle:
            if now < idle[0].since + spec.idle_timeout:
                return
            steps.append(self._close(idle.pop(0), "idle"))

    def _keep_least(self, now: float, steps: list[Step[W]]) -> None:
        spec = self.spec
        while self._alive < spec.min_size and len(self._slots) < spec.max_size:
            if now < self._pause_until:
                self.due = min(self.due, self._pause_until)
                return
            steps.append(self._open(now))

    def _open(self, now: float) -> Step[W]:
        self._made += 1
        slot: Slot[W] = Slot(self._made, born=now)
        self._slots[slot.number] = slot
        self._coming += 1
        return Open(slot)

    def _put(self, slot: Slot[W], now: float, *, fresh: bool) -> None:
        slot.state, slot.since, slot.user = "idle", now, None
        slot.fresh = fresh
        self._idle.append(slot)
        due = min(self._idle_due(), slot.born + self.spec.max_lifetime)
        self.due = min(self.due, due)

    def _close(self, slot: Slot[W], why: CloseWhy) -> Step[W]:
        slot.state, slot.user = "closing", None
        self._going += 1
        return Close(slot, why)

    def _idle_due(self) -> float:
        if not self._idle or self._alive <= self.spec.min_size:
            return inf
        return self._idle[0].since + self.spec.idle_timeout

    def _next_due(self, now: float) -> float:
        due = self._idle_due()
        for slot in self._idle:
            due = min(due, slot.born + self.spec.max_lifetime)
        if self._alive < self.spec.min_size and now < self._pause_until:
            due = min(due, self._pause_until)
        return due
