"""Time goes on from one run of Trio to the next."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from otp.protection import RunClock


@pytest.mark.parametrize("start", [0, 10_000])
def test_a_second_run_goes_on_where_the_first_was_left(start: float) -> None:
    clock = RunClock()
    times: list[float] = []

    async def look(*pauses: float) -> None:
        for pause in pauses:
            await trio.sleep(pause)
            times.append(clock.now())

    trio.run(look, 100, 20, clock=MockClock(autojump_threshold=0))
    second = MockClock(autojump_threshold=0)
    second.jump(start)
    trio.run(look, 0, 3, clock=second)

    assert times == [100, 120, 120, 123]


async def test_in_the_first_run_it_is_trios_time(mock_clock: MockClock) -> None:
    clock = RunClock()
    mock_clock.jump(7)

    assert clock.now() == trio.current_time() == 7
    assert clock.in_this_run(9) == 9


def test_what_is_waited_for_is_in_the_time_of_the_run() -> None:
    clock = RunClock()

    async def first() -> float:
        await trio.sleep(100)
        return clock.now() + 5

    due = trio.run(first, clock=MockClock(autojump_threshold=0))

    async def second() -> float:
        clock.now()
        await trio.sleep_until(clock.in_this_run(due))
        return trio.current_time()

    assert trio.run(second, clock=MockClock(autojump_threshold=0)) == 5
