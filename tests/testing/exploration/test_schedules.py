"""Hypothesis as the source of schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import find, given, settings, strategies as st

import otp
from otp import InvalidSpecError, process
from otp.testing import Replay, replay
from otp.testing.schedules import schedules
from tests.testing.exploration import toys

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def fails(test: Callable[[], Awaitable[object]], schedule: Replay) -> bool:
    try:
        replay(test, schedule)
    except Exception:  # noqa: BLE001 - however it fails
        return True
    return False


@pytest.mark.parametrize(
    ("toy", "choices"),
    [
        (toys.lost_update, "01"),
        (toys.starvation, "1"),
        (toys.lock_order, "01"),
        (toys.stale_pid, "001"),
    ],
)
def test_hypothesis_finds_and_shrinks_a_schedule(
    toy: Callable[[], Awaitable[object]], choices: str
) -> None:
    found = find(
        schedules(20, 3),
        lambda schedule: fails(toy, schedule),
        settings=settings(max_examples=3000, database=None, derandomize=True),
    )

    assert repr(found) == repr(Replay(choices))


@settings(max_examples=50)
@given(schedules(), st.lists(st.integers(), max_size=5))
def test_a_schedule_is_drawn_beside_other_things(
    schedule: Replay, messages: list[int]
) -> None:
    async def send_and_receive() -> None:
        got: list[object] = []

        async def collect() -> None:
            for _ in messages:
                got.append(await process.receive())  # noqa: PERF401 - one by one

        async with otp.Node():
            collector = process.spawn(collect)
            for message in messages:
                process.send(collector, message)
            await process.wait_exited(collector)

        assert got == messages

    replay(send_and_receive, schedule)


def test_a_failure_comes_out_as_it_is() -> None:
    with pytest.raises(AssertionError) as caught:
        replay(toys.starvation, "1")

    assert not hasattr(caught.value, "__notes__")


def test_bad_schedules_are_refused() -> None:
    with pytest.raises(InvalidSpecError, match="a choice is a whole number from 0"):
        Replay([-1])
    with pytest.raises(InvalidSpecError, match="the number of options"):
        schedules(most_options=0)
    with pytest.raises(InvalidSpecError, match="the number of choices"):
        schedules(max_choices=-1)
