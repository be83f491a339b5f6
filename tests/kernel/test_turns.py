"""Whoever has much mail lets others have their turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

import otp
from otp import gen_server
from otp.kernel import BUDGET, SLICE, Mailbox

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class HandClock(trio.abc.Clock):
    """A clock that moves when it is told to, and lets nobody sleep."""

    def __init__(self) -> None:
        self.now = 0.0

    def start_clock(self) -> None:
        pass

    def current_time(self) -> float:
        return self.now

    def deadline_to_sleep_time(self, deadline: float) -> float:
        return max(0.0, deadline - self.now)


def run(fn: Callable[[HandClock], Awaitable[None]]) -> None:
    clock = HandClock()

    async def main() -> None:
        await fn(clock)

    trio.run(main, clock=clock)


def slices_in_a_turn(clock: HandClock, seconds_a_slice: float) -> int:
    box = Mailbox()
    for n in range(1, 2 * BUDGET):
        if box.turn_is_over():
            return n
        clock.now += seconds_a_slice
    raise AssertionError("a turn that never ends")


@pytest.mark.parametrize(
    ("seconds_a_slice", "slices"),
    [(0.0, BUDGET // SLICE), (0.001, 11), (0.005, 3), (0.02, 2)],
)
def test_a_turn_ends_after_its_messages_or_its_time(
    seconds_a_slice: float, slices: int
) -> None:
    async def main(clock: HandClock) -> None:
        assert slices_in_a_turn(clock, seconds_a_slice) == slices

    run(main)


def test_a_new_turn_begins_when_the_old_one_is_over() -> None:
    async def main(_clock: HandClock) -> None:
        box = Mailbox()
        turns = [box.turn_is_over() for _ in range(2 * BUDGET // SLICE)]

        assert turns.count(True) == 2
        assert turns[-1]

    run(main)


class Slow(otp.GenServer):
    """Needs a while for each message, and does not await."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.done = 0

    @otp.cast
    async def work(self) -> None:
        self.clock.now += 0.001
        self.done += 1

    @otp.call
    async def get(self) -> int:
        return self.done


def test_a_busy_server_lets_others_run_after_its_time() -> None:
    async def main(clock: HandClock) -> None:
        async with otp.Node():
            server = await gen_server.start_link(Slow, clock)
            for _ in range(BUDGET):
                Slow.work(server)
            while clock.now == 0.0:
                await trio.lowlevel.checkpoint()

            # A turn is two slices: after the first its time begins, after the second
            # it is over. Trio may give the server two turns to our one.
            assert clock.now < 5 * SLICE * 0.001
            assert await Slow.get(server) == BUDGET

    run(main)
