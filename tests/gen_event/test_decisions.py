"""What follows a result, and what an ending means: one table each."""

from __future__ import annotations

from typing import Any

import pytest

from otp import BadReturnError, Fail, Ignore, Normal, Reason, Shutdown
from otp.gen_event import (
    Deleted,
    Failed,
    HandlerRef,
    Hibernate,
    ManagerStopped,
    OwnerDied,
    Remove,
    Removed,
    Replaced,
    Reply,
    Swap,
    Swapped,
)
from otp.gen_event._endings import gone
from otp.gen_event._results import Next, after_call, after_event, after_init

from .handlers import Other, Scripted

NEW = HandlerRef(Other)
REMOVE = Remove("bye")
SWAP = Swap("a", Other).replying("bye")
FAIL = Fail(Reason("no"))
VALUE: list[object] = [1]

EVENTS: list[tuple[object, Next | None]] = [
    (None, Next(None, None)),
    (Hibernate(), Next(None, None)),
    (REMOVE, Next(None, REMOVE)),
    (SWAP, Next(None, SWAP)),
    (Reply(1), None),
    (FAIL, None),
    (Ignore(), None),
    (VALUE, None),
    (False, None),
]

CALLS: list[tuple[object, Next | None]] = [
    (None, Next(None, None)),
    (VALUE, Next(VALUE, None)),
    (Reply(VALUE), Next(VALUE, None)),
    (Reply(REMOVE, hibernate=True), Next(REMOVE, None)),
    (REMOVE, Next("bye", REMOVE)),
    (SWAP, Next("bye", SWAP)),
    (Hibernate(), None),
    (FAIL, None),
    (Ignore(), None),
]

INITS: list[tuple[object, bool, object]] = [
    (None, False, None),
    (None, True, None),
    (FAIL, False, FAIL),
    (FAIL, True, FAIL),
    (Hibernate(), False, None),
    (Hibernate(), True, BadReturnError),
    (Ignore(), False, BadReturnError),
    (REMOVE, False, BadReturnError),
    (VALUE, True, BadReturnError),
]

ENDINGS: list[tuple[Any, object]] = [
    (Deleted("x"), Normal()),
    (Removed(), Normal()),
    (Swapped("x", NEW), Replaced(NEW, None)),
    (ManagerStopped(), Shutdown()),
    (OwnerDied(Reason("x")), Shutdown()),
    (Failed(Reason("x")), Failed(Reason("x"))),
]


@pytest.mark.parametrize(("result", "then"), EVENTS)
def test_what_follows_an_event(result: object, then: Next | None) -> None:
    if then is not None:
        assert after_event(Scripted, "handle_info", result) == then
        return
    with pytest.raises(BadReturnError, match=r"^Scripted\.handle_info\(\) returned"):
        after_event(Scripted, "handle_info", result)


@pytest.mark.parametrize(("result", "then"), CALLS)
def test_what_follows_a_call(result: object, then: Next | None) -> None:
    if then is not None:
        assert after_call(Scripted, result) == then
        return
    with pytest.raises(BadReturnError, match=r"^Scripted\.handle_call\(\) returned"):
        after_call(Scripted, result)


@pytest.mark.parametrize(("result", "in_place", "outcome"), INITS)
def test_what_comes_of_an_init(result: object, in_place: bool, outcome: object) -> None:
    if outcome is not BadReturnError:
        assert after_init(Scripted, result, in_place=in_place) is outcome
        return
    with pytest.raises(BadReturnError, match=r"^Scripted\.init\(\) returned"):
        after_init(Scripted, result, in_place=in_place)


@pytest.mark.parametrize(("ending", "told"), ENDINGS)
def test_what_an_owner_is_told(ending: Any, told: object) -> None:
    assert gone(ending, None) == told


def test_a_swap_carries_what_the_next_handler_is_made_with() -> None:
    swap = Swap("a", HandlerRef(Other, "x"), None, "name", init=None)

    assert (swap.argument, swap.reply) == ("a", None)
    assert swap.new.ref == HandlerRef(Other, "x")
    assert (swap.new.args, swap.new.kwargs) == ((None, "name"), {"init": None})
    made = swap.new.make()
    assert isinstance(made, Other)
    assert made.name == "name"


def test_an_answer_changes_nothing_else_of_a_swap() -> None:
    swap = Swap("a", Other, None, "name")
    answered = swap.replying(5)

    assert (swap.reply, answered.reply) == (None, 5)
    assert (answered.argument, answered.new) == (swap.argument, swap.new)
    assert answered == Swap("a", Other, None, "name").replying(5) != swap
