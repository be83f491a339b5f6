"""A slot for one answer."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import Normal
from otp.kernel import PENDING, Waiter


async def test_the_first_answer_counts() -> None:
    waiter = Waiter()
    assert not waiter.settled
    assert waiter.settle("first") is True
    assert waiter.settled
    assert waiter.settle("second") is False
    assert waiter.fail(ValueError()) is False

    assert await waiter.wait() == "first"


async def test_none_is_an_answer() -> None:
    waiter = Waiter()
    waiter.settle(None)

    assert waiter.settled
    assert await waiter.wait() is None


async def test_an_answer_wakes_who_waits() -> None:
    waiter = Waiter()
    answers: list[object] = []

    async def wait() -> None:
        answers.append(await waiter.wait())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        assert waiter.task is not None
        waiter.settle("x")
        assert waiter.task is None
        waiter.settle("y")

    assert answers == ["x"]


async def test_an_exception_is_raised_in_who_waits() -> None:
    waiter = Waiter()
    error = ValueError("x")
    assert waiter.fail(error) is True
    assert waiter.fail(TypeError()) is False

    with pytest.raises(ValueError, match="x") as caught:
        await waiter.wait()
    assert caught.value is error


async def test_a_death_and_the_end_of_the_time_are_answers() -> None:
    died, expired = Waiter(), Waiter()
    died.died(Normal())
    expired.expire()

    assert await died.wait() == Normal()
    assert await expired.wait() is None


def test_who_lost_interest_gets_no_answer() -> None:
    waiter = Waiter()
    waiter.abandon()

    assert waiter.settled
    assert waiter.settle("x") is False
    waiter.abandon()
    assert waiter.value is None


def test_an_answer_that_is_there_is_not_lost_by_losing_interest() -> None:
    waiter = Waiter()
    waiter.settle("x")
    waiter.abandon()

    assert waiter.value == "x"


async def test_who_is_cancelled_loses_interest() -> None:
    waiter = Waiter()
    with trio.move_on_after(0) as scope:
        await waiter.wait()

    assert scope.cancelled_caught
    assert waiter.settle("x") is False
    assert waiter.task is None


def test_a_slot_without_an_answer_shows_that() -> None:
    assert repr(PENDING) == "<pending>"
    assert Waiter().value is PENDING
    assert Waiter.urgent is False
