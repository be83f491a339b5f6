"""The rules of a pool hold whatever happens, in whatever order."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from otp import Backoff, PoolSpec
from otp.pool._slots import Slots
from otp.pool._steps import Check, Close, Grant, Open, Refuse

if TYPE_CHECKING:
    from otp.pool._steps import Slot, SlotState, Step


class Machine(RuleBasedStateMachine):
    """A pool whose resources do what Hypothesis wants, and a list of who waits."""

    slots: Slots[int]

    @initialize(
        least=st.integers(0, 3),
        more=st.integers(0, 2),
        queue=st.sampled_from([0, 1, 3, None]),
        idle=st.sampled_from([0.0, 4.0, inf]),
        life=st.sampled_from([6.0, inf]),
        check=st.sampled_from([0.0, 2.0]),
        checked=st.booleans(),
    )
    def begin(
        self,
        *,
        least: int,
        more: int,
        queue: int | None,
        idle: float,
        life: float,
        check: float,
        checked: bool,
    ) -> None:
        self.spec = PoolSpec(
            min_size=least,
            max_size=max(1, least + more),
            queue=queue,
            idle_timeout=idle,
            max_lifetime=life,
            check_after=check,
            backoff=Backoff(1.0, maximum=3.0),
        )
        self.check_after = check if checked else inf
        self.slots = Slots(self.spec, checked=checked)
        self.now = 0.0
        self.asked = 0
        self.waiting: list[int] = []
        self.expected: dict[Slot[int], SlotState] = {}
        # When each was opened or checked, if it was not used since.
        self.proven: dict[Slot[int], float] = {}
        self.last_put: list[Slot[int]] = []
        self.obey(self.slots.start(0.0))

    def obey(self, steps: list[Step[int]]) -> None:
        for step in steps:
            match step:
                case Grant(waiter, slot):
                    # In order, the freshest, and neither old nor unchecked.
                    assert waiter == self.waiting.pop(0)
                    assert slot is self.last_put.pop()
                    assert self.expected[slot] == "idle"
                    assert self.now < slot.born + self.spec.max_lifetime
                    if self.now >= slot.since + self.check_after:
                        assert self.proven.get(slot) == self.now == slot.since
                    assert not slot.unwanted
                    self.expected[slot] = "used"
                case Open(slot):
                    # Only as many as are needed.
                    alive = len(self.expected) - len(self.of("closing"))
                    coming = len(self.of("opening", "checking"))
                    assert alive < self.spec.min_size or coming < len(self.waiting)
                    assert slot not in self.expected
                    self.expected[slot] = "opening"
                    assert len(self.expected) <= self.spec.max_size
                case Check(slot):
                    assert self.expected[slot] == "idle"
                    self.last_put.remove(slot)
                    coming = len(self.of("opening", "checking"))
                    assert coming < len(self.waiting)
                    self.expected[slot] = "checking"
                case Close(slot, _):
                    assert self.expected[slot] != "closing"
                    if slot in self.last_put:
                        self.last_put.remove(slot)
                    self.expected[slot] = "closing"
                case Refuse(waiter, why):
                    assert waiter == self.waiting.pop(-1 if why == "full" else 0)

    def of(self, *states: SlotState) -> list[Slot[int]]:
        return [slot for slot, state in self.expected.items() if state in states]

    def pick(self, data: st.DataObject, *states: SlotState) -> Slot[int]:
        return data.draw(st.sampled_from(self.of(*states)))

    @rule(seconds=st.sampled_from([0.0, 0.5, 1.0, 3.0]))
    def wait(self, seconds: float) -> None:
        # The clock never passes over what is due.
        self.now = min(self.now + seconds, max(self.now, self.slots.due))
        if self.now >= self.slots.due:
            self.obey(self.slots.tick(self.now))
            assert self.slots.due > self.now

    @rule()
    def ask(self) -> None:
        self.asked += 1
        self.waiting.append(self.asked)
        self.obey(self.slots.ask(self.asked, self.now))

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        who = data.draw(st.sampled_from(self.waiting))
        self.waiting.remove(who)
        self.slots.withdraw(who)

    @precondition(lambda self: self.of("opening"))
    @rule(data=st.data())
    def opened(self, data: st.DataObject) -> None:
        slot = self.pick(data, "opening")
        self.expected[slot] = "idle"
        self.proven[slot] = self.now
        self.last_put.append(slot)
        self.obey(self.slots.opened(slot, self.now))

    @precondition(lambda self: self.of("opening"))
    @rule(data=st.data())
    def open_failed(self, data: st.DataObject) -> None:
        slot = self.pick(data, "opening")
        del self.expected[slot]
        self.obey(self.slots.open_failed(slot, self.now))

    @precondition(lambda self: self.of("checking"))
    @rule(data=st.data(), good=st.booleans())
    def checked(self, data: st.DataObject, *, good: bool) -> None:
        slot = self.pick(data, "checking")
        if good:
            self.expected[slot] = "idle"
            self.proven[slot] = self.now
            self.last_put.append(slot)
        self.obey(self.slots.checked(slot, self.now, good=good))

    @precondition(lambda self: self.of("used"))
    @rule(data=st.data(), good=st.booleans())
    def give_back(self, data: st.DataObject, *, good: bool) -> None:
        slot = self.pick(data, "used")
        self.proven.pop(slot, None)
        steps = self.slots.give_back(slot, self.now, good=good)
        if slot.state != "closing" or good:
            self.expected[slot] = "idle"
            self.last_put.append(slot)
        self.obey(steps)

    @precondition(lambda self: self.expected)
    @rule(data=st.data())
    def lost(self, data: st.DataObject) -> None:
        slot = self.pick(data, "opening", "checking", "idle", "used", "closing")
        self.obey(self.slots.lost(slot, self.now))

    @precondition(lambda self: self.of("closing"))
    @rule(data=st.data())
    def closed(self, data: st.DataObject) -> None:
        slot = self.pick(data, "closing")
        del self.expected[slot]
        self.obey(self.slots.closed(slot, self.now))

    @rule()
    def clear(self) -> None:
        self.obey(self.slots.clear(self.now))

    @invariant()
    def all_is_as_the_steps_say(self) -> None:
        if not hasattr(self, "expected"):
            return
        assert {slot: slot.state for slot in self.slots.all} == self.expected
        assert self.slots.waiters == tuple(self.waiting)
        assert all(
            (slot.user is not None) == (slot.state == "used") for slot in self.expected
        )

    @invariant()
    def nobody_waits_in_vain(self) -> None:
        if not hasattr(self, "expected"):
            return
        coming = len(self.of("opening", "checking"))
        room = len(self.expected) < self.spec.max_size
        if len(self.waiting) > coming:
            assert not room
            assert not self.of("idle")
        if self.spec.queue is not None:
            # Fewer may be coming than when they were let in.
            assert len(self.waiting) <= self.spec.queue + self.spec.max_size

    @invariant()
    def there_are_as_many_as_there_are_to_be(self) -> None:
        if not hasattr(self, "expected"):
            return
        alive = len(self.expected) - len(self.of("closing"))
        if alive < self.spec.min_size and len(self.expected) < self.spec.max_size:
            assert self.now <= self.slots.due < inf
        if alive > self.spec.min_size:
            for slot in self.of("idle"):
                assert self.slots.due <= slot.since + self.spec.idle_timeout
        for slot in self.of("idle"):
            assert self.slots.due <= slot.born + self.spec.max_lifetime


TestSlots = Machine.TestCase
