"""Listeners are told at once, and one that raises harms nobody."""

from __future__ import annotations

from typing import Any

import pytest

import otp
from otp.protection import ListenerReport, Listeners
from otp.testing import Captured


def test_listeners_are_told_in_the_order_in_which_they_came() -> None:
    told: list[tuple[str, int]] = []
    listeners = Listeners[int]([lambda event: told.append(("first", event))])
    listeners.add(lambda event: told.append(("second", event)))

    listeners.tell(1)

    assert told == [("first", 1), ("second", 1)]


def test_a_listener_is_there_once() -> None:
    told: list[int] = []
    listeners = Listeners[int]([told.append, told.append])

    listeners.tell(1)

    assert told == [1]


def test_who_is_removed_is_told_nothing_more() -> None:
    told: list[int] = []
    listeners = Listeners[int]([told.append])
    assert listeners

    listeners.remove(told.append)
    listeners.remove(told.append)
    listeners.tell(1)

    assert told == []
    assert not listeners


async def test_one_that_raises_is_reported_and_taken_out() -> None:
    told: list[int] = []
    error = ValueError("no")

    def broken(_: int) -> None:
        raise error

    listeners = Listeners[int]([broken, told.append])
    async with otp.Node():
        with Captured() as captured:
            listeners.tell(1)
            listeners.tell(2)

    assert told == [1, 2]
    assert captured.reports == [ListenerReport(broken, 1, error)]
    assert "raised on 1 and was taken out: ValueError('no')" in captured.text


def test_a_listener_may_add_and_remove_while_it_is_told() -> None:
    told: list[str] = []

    def once(event: int) -> None:
        told.append(f"once {event}")
        listeners.remove(once)
        listeners.add(lambda event: told.append(f"later {event}"))

    listeners = Listeners[int]([once])
    listeners.tell(1)
    listeners.tell(2)

    assert told == ["once 1", "later 2"]


def test_what_cannot_be_called_cannot_listen() -> None:
    nothing: Any = 3
    with pytest.raises(TypeError, match="a listener is a function of an event, not 3"):
        Listeners[int]([nothing])


@pytest.mark.parametrize("one", [print, None, 3])
def test_one_function_is_not_several(one: Any) -> None:
    with pytest.raises(TypeError, match=r"are functions .* such as \[print\]"):
        Listeners[int](one)


def test_listeners_can_be_those_of_somebody_else_too() -> None:
    shared = Listeners[int]()

    assert Listeners[int].of(shared) is shared
    assert not Listeners[int].of([])
