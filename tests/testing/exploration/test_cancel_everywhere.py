from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import trio
from trio.lowlevel import checkpoint

import otp
from otp import InvalidSpecError, gen_server
from otp.testing import Cancelling, DeadlockError, cancel_everywhere

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class NaivePool:
    """A pool of two that forgets a member when it is cancelled in the wrong place."""

    def __init__(self) -> None:
        self.free = 2

    @asynccontextmanager
    async def member(self) -> AsyncIterator[None]:
        self.free -= 1
        await checkpoint()
        try:
            yield
        finally:
            self.free += 1


class CarefulPool(NaivePool):
    """The same, put right."""

    @asynccontextmanager
    async def member(self) -> AsyncIterator[None]:
        self.free -= 1
        try:
            await checkpoint()
            yield
        finally:
            self.free += 1


async def use(pool: NaivePool, cancelling: Cancelling) -> None:
    with cancelling:
        await checkpoint()
        async with pool.member():
            await checkpoint()

    assert pool.free == 2


def test_a_leak_is_found_and_its_place_named() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        await use(NaivePool(), cancelling)

    with pytest.raises(AssertionError) as caught:
        cancel_everywhere(scenario)

    (note,) = caught.value.__notes__
    assert note.startswith("cancelled after step 2, in ")


def test_every_step_has_its_turn() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        await use(CarefulPool(), cancelling)

    assert cancel_everywhere(scenario) == 3


def test_steps_of_other_tasks_count_too() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        async def other() -> None:
            for _ in range(4):
                await checkpoint()

        with cancelling:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(other)

    assert cancel_everywhere(scenario) == 6


def test_more_schedules_are_more_places() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        await use(CarefulPool(), cancelling)

    assert cancel_everywhere(scenario, schedules=3) == 9


def test_random_schedules_are_the_same_up_to_the_cancellation() -> None:
    seen: list[str] = []

    async def scenario(cancelling: Cancelling) -> None:
        order: list[str] = []

        async def go(name: str) -> None:
            for _ in range(3):
                order.append(name)
                await checkpoint()

        with cancelling:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(go, "a")
                nursery.start_soon(go, "b")
        seen.append("".join(order))

    first = cancel_everywhere(scenario)
    del seen[:]
    cancel_everywhere(scenario, schedules=2, seed=3)

    random = seen[first + 1 :]
    assert all(random[-1].startswith(each) for each in random)
    assert random[-1] not in ("aaabbb", "bbbaaa")


def test_the_scenario_goes_on_behind_the_cancelled_part() -> None:
    endings: list[bool] = []

    async def scenario(cancelling: Cancelling) -> None:
        with cancelling:
            await checkpoint()
        await checkpoint()
        endings.append(cancelling.cancelled)

    cancel_everywhere(scenario)

    assert endings == [True, False]


class Counter(otp.GenServer):
    """Counts."""

    async def init(self) -> None:
        self.count = 0

    @otp.call
    async def add(self) -> int:
        self.count += 1
        return self.count


def test_a_call_that_is_cancelled_harms_nobody() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        async with otp.Node():
            counter = await gen_server.start_link(Counter)
            with cancelling:
                await Counter.add(counter)
            done = await Counter.add(counter)

            assert done in ((1, 2) if cancelling.cancelled else (2,))

    assert cancel_everywhere(scenario, schedules=5) >= 5


def test_a_part_that_cannot_be_cancelled_is_found() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        with cancelling, trio.CancelScope(shield=True):
            await trio.sleep(7200)

    with pytest.raises(DeadlockError):
        cancel_everywhere(scenario)


async def nothing(cancelling: Cancelling) -> None:
    del cancelling


async def never_waits(cancelling: Cancelling) -> None:
    with cancelling:
        pass


async def twice(cancelling: Cancelling) -> None:
    for _ in range(2):
        with cancelling:
            await checkpoint()


async def too_long(cancelling: Cancelling) -> None:
    with cancelling:
        for _ in range(20):
            await checkpoint()


@pytest.mark.parametrize(
    ("scenario", "text"),
    [
        (nothing, "it has no part in 'with cancelling:'"),
        (never_waits, "the part that is cancelled never waits"),
        (twice, "one part of a scenario is cancelled, once"),
        (too_long, "it is not over after 10 steps: raise 'most'"),
    ],
)
def test_a_scenario_in_which_nothing_is_cancelled_is_refused(
    scenario: object, text: str
) -> None:
    with pytest.raises(InvalidSpecError, match=text):
        cancel_everywhere(scenario, most=10)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "arguments", [{"schedules": 0}, {"most": 0}, {"limit": 0}, {"schedules": True}]
)
def test_bad_arguments_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(InvalidSpecError):
        cancel_everywhere(nothing, **arguments)  # type: ignore[arg-type]
