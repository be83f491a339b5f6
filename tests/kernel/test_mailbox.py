"""Mailboxes by themselves: order, search, and what a full one does."""

from __future__ import annotations

import pytest
import trio
from hypothesis import given, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from trio.testing import wait_all_tasks_blocked

from otp import Bounded, InvalidSpecError
from otp.kernel import MISSING, Mailbox
from otp.kernel._mailbox import FEW


def full_of(messages: range) -> Mailbox:
    box = Mailbox()
    for message in messages:
        box.put(message)
    return box


def test_an_empty_mailbox_has_nothing() -> None:
    box = Mailbox()

    assert len(box) == 0
    assert list(box) == []
    assert box.take() is MISSING
    assert box.find(lambda _: True) is MISSING
    assert box.close() == []


def test_messages_come_out_in_the_order_of_their_arrival() -> None:
    box = full_of(range(3))

    assert [box.take() for _ in range(4)] == [0, 1, 2, MISSING]


def test_none_is_a_message_like_any_other() -> None:
    box = Mailbox()
    box.put(None)

    assert len(box) == 1
    assert box.take() is None


def test_a_search_finds_the_oldest_that_fits_and_leaves_the_rest_in_order() -> None:
    box = full_of(range(6))
    box.take()
    box.put(6)

    assert box.find(lambda m: m in (3, 4, 6)) == 3
    assert box.find(lambda m: m == 6) == 6
    assert list(box) == [1, 2, 4, 5]
    assert box.find(lambda _: False) is MISSING
    assert list(box) == [1, 2, 4, 5]


def test_a_search_may_go_on_where_the_last_one_ended() -> None:
    box = full_of(range(3))
    box.take()  # what was there has been turned round
    for message in (0, 1):
        box.put(message)
    asked: list[object] = []

    def fits(message: object) -> bool:
        asked.append(message)
        return message == 1

    assert box.find(fits, 1) == 1
    assert asked == [1]
    assert list(box) == [1, 2, 0]


def test_what_is_taken_from_the_front_of_many_moves_them_up_once() -> None:
    box = full_of(range(2 * FEW))
    box.take()
    for message in range(2 * FEW):
        box.put(-message)

    assert box.find(lambda m: m == -1) == -1
    assert box.inbox == []
    assert list(box) == [*range(1, 2 * FEW), 0, *range(-2, -2 * FEW, -1)]


def test_a_search_in_what_was_turned_round_looks_at_all_of_it_again() -> None:
    box = full_of(range(3))
    box.take()
    box.put(3)

    assert box.find(lambda m: m == 2, box.heard) == 2


def test_the_newest_is_taken_back_unless_it_was_heard() -> None:
    box = full_of(range(4))
    box.heard = 2

    assert box.take_back(lambda m: m in (1, 2)) == 2
    assert box.take_back(lambda m: m in (1, 2)) is MISSING
    assert list(box) == [0, 1, 3]


def test_what_was_turned_round_is_not_new() -> None:
    box = full_of(range(3))
    box.take()
    box.put(3)

    assert box.take_back(lambda m: m == 2) is MISSING
    assert box.take_back(lambda m: m == 3) == 3


def test_a_closed_mailbox_gives_all_it_had() -> None:
    box = full_of(range(3))
    box.take()
    box.put(3)

    assert box.close() == [1, 2, 3]
    assert len(box) == 0


async def test_the_owner_wakes_up_when_a_message_comes(
    autojump_clock: trio.testing.MockClock,
) -> None:
    del autojump_clock
    box = Mailbox()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(box.park)
        await wait_all_tasks_blocked()
        assert box.parked is not None
        box.put("x")
        assert box.parked is None
        box.put("y")

    assert list(box) == ["x", "y"]


async def test_the_owner_can_be_woken_without_a_message() -> None:
    box = Mailbox()
    box.interrupt()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(box.park)
        await wait_all_tasks_blocked()
        box.interrupt()
        assert box.parked is None


async def test_only_one_task_can_wait_at_a_mailbox() -> None:
    box = Mailbox()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(box.park)
        await wait_all_tasks_blocked()
        with pytest.raises(RuntimeError, match="another task already receives"):
            await box.park()
        box.interrupt()


async def test_a_cancelled_owner_does_not_wait_any_more() -> None:
    box = Mailbox()
    with trio.move_on_after(0):
        await box.park()

    assert box.parked is None


def test_mailboxes_that_were_never_used_share_nothing_that_is_put_in() -> None:
    used, other = Mailbox(), Mailbox()
    for n in range(3):
        used.put(n)
        assert used.take() == n
    used.put("left")
    used.close()
    used.put("late")

    assert list(other) == list(Mailbox()) == []
    assert list(used) == ["late"]


class MailboxMachine(RuleBasedStateMachine):
    """Drives a mailbox and a plain list side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.box = Mailbox()
        self.model: list[int] = []

    @rule(message=st.integers(0, 5))
    def put(self, message: int) -> None:
        self.box.put(message)
        self.model.append(message)

    @rule(message=st.integers(0, 5))
    def put_many(self, message: int) -> None:
        for n in range(FEW):
            self.put((message + n) % 6)

    @rule()
    def take(self) -> None:
        expected = self.model.pop(0) if self.model else MISSING

        assert self.box.take() == expected

    @rule(wanted=st.sets(st.integers(0, 5)))
    def find(self, wanted: set[int]) -> None:
        fitting = [message for message in self.model if message in wanted]

        found = self.box.find(lambda message: message in wanted)
        assert found == (fitting[0] if fitting else MISSING)
        if fitting:
            self.model.remove(fitting[0])

    @rule()
    def close(self) -> None:
        assert self.box.close() == self.model
        self.model = []

    @invariant()
    def it_holds_the_same_in_the_same_order(self) -> None:
        assert list(self.box) == self.model
        assert len(self.box) == len(self.model)


TestMailboxMachine = MailboxMachine.TestCase


@given(st.integers(1, 10**6), st.sampled_from(["drop_newest", "drop_oldest"]))
def test_a_limit_is_a_whole_number_from_one(limit: int, overflow: str) -> None:
    bounded = Bounded(limit, overflow)  # type: ignore[arg-type]

    assert (bounded.limit, bounded.overflow) == (limit, overflow)


def test_the_newest_is_dropped_by_default() -> None:
    assert Bounded(1) == Bounded(1, "drop_newest")


@pytest.mark.parametrize("limit", [0, -1, 1.0, "1", None, True])
def test_another_limit_is_refused(limit: object) -> None:
    with pytest.raises(InvalidSpecError, match="a whole number from 1") as caught:
        Bounded(limit)  # type: ignore[arg-type]

    assert (caught.value.kind, caught.value.value) == ("invalid_mailbox", limit)


def test_another_overflow_is_refused_with_the_right_words() -> None:
    words = "can drop_newest, drop_oldest, fail_sender, not 'drop'"
    with pytest.raises(InvalidSpecError, match=words) as caught:
        Bounded(1, "drop")  # type: ignore[arg-type]

    assert (caught.value.kind, caught.value.value) == ("invalid_mailbox", "drop")
