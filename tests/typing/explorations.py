"""Types of explorations: what is right passes, what is wrong is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_type

from hypothesis.strategies import SearchStrategy

from otp.testing import (
    Cancelling,
    DepthFirst,
    Exploration,
    Pct,
    RandomWalk,
    Replay,
    cancel_everywhere,
    explore,
    explored,
    replay,
)
from otp.testing.schedules import schedules

if TYPE_CHECKING:
    from pathlib import Path


async def test() -> None:
    pass


async def scenario(cancelling: Cancelling) -> str:
    with cancelling:
        pass
    assert_type(cancelling.cancelled, bool)
    return "done"


def explorations() -> None:
    assert_type(explore(test), Exploration)
    assert_type(explore(test, RandomWalk(), Pct(2), DepthFirst(), runs=3), Exploration)
    assert_type(explore(test, schedule="01").complete, bool)
    assert_type(cancel_everywhere(scenario, schedules=3), int)
    assert_type(schedules(), SearchStrategy[Replay])
    replay(test, [0, 1])
    replay(test, Replay("01"), jumps=1)


def wrong_explorations() -> None:
    explore(test())  # type: ignore[arg-type]
    explore(scenario)  # type: ignore[arg-type]
    explore(test, "01")  # type: ignore[arg-type]
    cancel_everywhere(test)  # type: ignore[arg-type]
    replay(test, 3)  # type: ignore[arg-type]


@explored(RandomWalk(), runs=5)
async def explored_test(tmp_path: Path, number: int = 0) -> None:
    del tmp_path, number


def an_explored_test_is_a_plain_function(path: Path) -> None:
    assert_type(explored_test(path, number=3), None)
    explored_test()  # type: ignore[call-arg]


@explored()  # type: ignore[arg-type]
def not_async() -> None:
    pass
