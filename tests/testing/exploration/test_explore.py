from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import SkipTest

import pytest
import trio
from trio.lowlevel import checkpoint

import otp
from otp import InvalidSpecError, process, timer
from otp.testing import (
    SETTINGS,
    DeadlockError,
    DepthFirst,
    EndlessRunError,
    ExplorationError,
    NondeterminismError,
    Pct,
    RandomWalk,
    Replay,
    explore,
    explored,
)
from tests.testing.exploration import toys

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from otp.testing import Strategy

ROOT = Path(__file__).parents[3]

TRACE = """
from otp.testing import Pct, RandomWalk, explore
from tests.testing.exploration import toys
print(explore(toys.Orders(2, 2), RandomWalk(), Pct(), runs=20, seed=7).fingerprint)
"""


def failure_of(
    test: Callable[[], Awaitable[object]], *strategies: Strategy, runs: int
) -> BaseException:
    """Return what *test* fails with under one of the first *runs* schedules."""
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - whatever it is
        explore(test, *strategies, runs=runs)
    assert caught.value.__notes__
    return caught.value


# How many runs are needed is part of what a strategy promises.
@pytest.mark.parametrize(
    ("toy", "strategy", "runs"),
    [
        (toys.lost_update, DepthFirst(), 2),
        (toys.lost_update, RandomWalk(), 1),
        (toys.pool_over_limit, RandomWalk(), 4),
        (toys.pool_over_limit, Pct(), 50),
        (toys.lock_order, DepthFirst(), 4),
        (toys.lock_order, RandomWalk(), 2),
        (toys.starvation, DepthFirst(), 13),
        (toys.starvation, Pct(), 7),
        (toys.stale_pid, RandomWalk(), 3),
        (toys.stale_pid, DepthFirst(reduce=True), 20),
        (toys.offset_race, DepthFirst(), 56),
        (toys.offset_race, DepthFirst(preemptions=2), 20),
        (toys.shared_counter, DepthFirst(reduce=True), 20),
    ],
)
def test_a_bug_is_found(
    toy: Callable[[], Awaitable[object]], strategy: Strategy, runs: int
) -> None:
    error = failure_of(toy, strategy, runs=runs)

    while isinstance(error, BaseExceptionGroup):
        (error,) = error.exceptions
    kind = DeadlockError if toy is toys.lock_order else AssertionError
    assert isinstance(error, kind)


@pytest.mark.parametrize(
    "toy",
    [
        toys.lost_update,
        toys.pool_over_limit,
        toys.lock_order,
        toys.starvation,
        toys.stale_pid,
        toys.offset_race,
    ],
)
def test_every_bug_is_found_by_default(toy: Callable[[], Awaitable[object]]) -> None:
    failure_of(toy, runs=300)


@pytest.mark.parametrize("reduce", [False, True])
def test_a_correct_program_is_certified(reduce: bool) -> None:
    found = explore(toys.correct, DepthFirst(reduce=reduce), runs=864)

    assert found.complete
    assert found.runs < 864


def test_what_chance_has_not_found_is_not_certified() -> None:
    found = explore(toys.correct, RandomWalk(), Pct(), runs=20)

    assert not found.complete
    assert found.runs == 20


def test_a_search_with_a_limit_certifies_nothing() -> None:
    found = explore(toys.correct, DepthFirst(preemptions=0), runs=100)

    assert not found.complete
    assert found.runs < 100


def test_a_search_that_is_cut_off_certifies_nothing() -> None:
    assert not explore(toys.correct, DepthFirst(), steps=8).complete


def test_the_story_is_as_short_as_it_gets() -> None:
    error = failure_of(toys.starvation, RandomWalk(), Pct(), runs=300)

    (note,) = error.__notes__
    assert note.splitlines()[1:] == [
        "schedule='1' makes it fail again",
        "steps: main, runs x13, looks x2, main",
    ]


def test_a_schedule_makes_a_test_fail_again() -> None:
    first = failure_of(toys.offset_race, DepthFirst(), runs=56)

    with pytest.raises(AssertionError) as caught:
        explore(toys.offset_race, schedule="0(5)11")

    assert "schedule='0(5)11'" in first.__notes__[0]
    assert "schedule='0(5)11'" in caught.value.__notes__[0]


def test_the_schedule_of_no_failure_is_run_once() -> None:
    assert explore(toys.offset_race, schedule="-").runs == 1
    assert explore(toys.offset_race, Replay([0, 0])).runs == 1


@pytest.mark.slow
def test_fewer_runs_show_as_much_if_steps_that_commute_are_not_exchanged() -> None:
    whole, reduced = toys.Orders(1, 2), toys.Orders(1, 2)

    everything = explore(whole, DepthFirst(), runs=10_000)
    fewer = explore(reduced, DepthFirst(reduce=True), runs=10_000)

    assert everything.complete
    assert fewer.complete
    assert reduced.seen == whole.seen == {((0,), (0,))}
    assert fewer.runs < everything.runs / 5


def test_all_orders_are_seen_without_those_that_say_nothing_new() -> None:
    orders = toys.Orders(2, 1)

    found = explore(orders, DepthFirst(reduce=True), runs=1000)

    assert found.complete
    assert found.redundant > 0
    assert orders.seen == {((0, 1),), ((1, 0),)}


def test_the_command_line_may_want_more_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SETTINGS, "runs", 30)

    assert explore(toys.correct, RandomWalk(), runs=10).runs == 30
    assert explore(toys.correct, RandomWalk(), runs=40).runs == 40


def test_the_command_line_may_want_one_schedule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SETTINGS, "schedule", "0(5)11")

    assert explore(toys.correct).runs == 1
    with pytest.raises(AssertionError):
        explore(toys.offset_race)


async def late_answer() -> None:
    """The server is ready to answer in time: only a jump makes it late."""

    async def serve() -> None:
        asker = await process.receive()
        for _ in range(3):
            await checkpoint()
        assert isinstance(asker, otp.Pid)
        process.send(asker, "answer")

    async def ask(server: otp.Pid, found: list[object]) -> None:
        process.send(server, process.self())
        found.append(await process.receive(timeout=1))

    async with otp.Node():
        found: list[object] = []
        asking = process.spawn(ask, process.spawn(serve), found)
        await process.wait_exited(asking)

        assert found == ["answer"]


def test_without_jumps_no_time_out_comes_before_who_is_ready() -> None:
    explore(late_answer, runs=100)


def test_a_jump_lets_a_time_out_overtake_who_is_ready() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        explore(late_answer, DepthFirst(preemptions=2), jumps=1, runs=300)

    assert "time passes" in caught.value.__notes__[0]


def test_jumps_are_as_many_as_allowed() -> None:
    most = 0

    async def ticks() -> None:
        nonlocal most
        seen = 0

        async def busy() -> None:
            nonlocal seen
            before = trio.current_time()
            for _ in range(6):
                await checkpoint()
                seen += trio.current_time() > before
                before = trio.current_time()

        async with trio.open_nursery() as nursery:
            for n in range(5):
                nursery.start_soon(trio.sleep, n + 1)
            nursery.start_soon(busy)
        most = max(most, seen)

    explore(ticks, RandomWalk(), jumps=2, runs=50)

    assert most == 2


async def waits_for_nothing() -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep_forever, name="sleeper")


def test_who_waits_for_ever_is_named() -> None:
    with pytest.raises(DeadlockError, match="sleeper waits in"):
        explore(waits_for_nothing)


def test_what_the_test_waits_for_is_no_deadlock() -> None:
    async def waits() -> None:
        await trio.sleep(3000)

    explore(waits, runs=1)
    with pytest.raises(DeadlockError, match="after 2000 s"):
        explore(waits, limit=2000)


def test_a_run_without_end_is_ended() -> None:
    async def spins() -> None:
        while True:
            await checkpoint()

    with pytest.raises(EndlessRunError, match="after 200 steps"):
        explore(spins, steps=100)


def test_who_spins_until_another_has_its_turn_is_right() -> None:
    async def waits_for_another() -> None:
        done = False

        async def work() -> None:
            nonlocal done
            await checkpoint()
            done = True

        async with trio.open_nursery() as nursery:
            nursery.start_soon(work)
            while not done:
                await checkpoint()

    found = explore(waits_for_another, steps=50, runs=20)

    assert not found.complete


def test_a_node_may_be_what_spins_no_test() -> None:
    async def ticks() -> None:
        async with otp.Node():
            pid = process.spawn(trio.sleep, 10)
            timer.send_interval(1, pid, "tick")
            await process.wait_exited(pid)

    explore(ticks, runs=20)


def test_real_chance_is_noticed() -> None:
    chance = random.Random(1)

    async def gambles() -> None:
        for _ in range(chance.randrange(100)):
            await checkpoint()

    with pytest.raises(NondeterminismError, match="by nobody in"):
        explore(gambles)


def test_a_failure_that_does_not_come_again_is_noticed() -> None:
    times = 0

    async def fails_once() -> None:
        nonlocal times
        times += 1
        assert times != 5

    with pytest.raises(NondeterminismError) as caught:
        explore(fails_once, RandomWalk(), runs=10)

    assert isinstance(caught.value.__cause__, AssertionError)


def test_a_keyboard_interrupt_ends_the_exploration() -> None:
    async def interrupted() -> None:
        await checkpoint()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        explore(interrupted)

    assert not hasattr(caught.value, "__notes__")


def test_groups_of_errors_are_told_apart_by_what_is_in_them() -> None:
    async def fails() -> None:
        async def fail() -> None:
            await checkpoint()
            raise ZeroDivisionError

        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail)
            nursery.start_soon(trio.sleep_forever)

    with pytest.raises(ExceptionGroup) as caught:
        explore(fails)

    assert "schedule='-'" in caught.value.__notes__[0]


@explored(RandomWalk(), runs=5)
async def test_an_async_test_can_be_explored(tmp_path: Path) -> None:
    assert tmp_path.name
    await checkpoint()


def test_one_seed_gives_the_same_steps_everywhere() -> None:
    def fingerprint(hash_seed: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", TRACE],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    here = explore(toys.Orders(2, 2), RandomWalk(), Pct(), runs=20, seed=7).fingerprint

    assert fingerprint("1") == fingerprint("2") == here + "\n"


def test_another_seed_gives_other_steps() -> None:
    one, other = (
        explore(toys.Orders(2, 2), RandomWalk(), runs=20, seed=seed).fingerprint
        for seed in (1, 2)
    )

    assert one != other


async def test_an_exploration_is_no_part_of_another_run() -> None:
    with pytest.raises(ExplorationError, match="in a test that is not async"):
        explore(toys.correct)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"runs": 0}, "the number of runs is a whole number from 1, not 0"),
        ({"runs": 1.5}, "the number of runs is a whole number from 1, not 1.5"),
        ({"steps": 0}, "the number of steps is a whole number from 1, not 0"),
        ({"jumps": -1}, "the number of jumps is a whole number from 0, not -1"),
        ({"limit": 0}, "the limit is a positive number of seconds, not 0"),
        ({"limit": float("inf")}, "the limit is a positive number of seconds"),
        ({"runs": None}, "the number of runs is a whole number from 1, not None"),
        ({"schedule": ""}, "a schedule is written like"),
        ({"schedule": "?"}, "a schedule is written like"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, object], text: str) -> None:
    with pytest.raises(InvalidSpecError, match=text):
        explore(toys.correct, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("strategy", ["01", RandomWalk, None, 3])
def test_what_is_no_strategy_is_refused(strategy: object) -> None:
    with pytest.raises(InvalidSpecError, match=r"a strategy is DepthFirst\(\), "):
        explore(toys.correct, strategy)  # type: ignore[arg-type]


def test_what_is_no_test_is_refused() -> None:
    with pytest.raises(InvalidSpecError, match="a test is an async function"):
        explore("test")  # type: ignore[arg-type]


def test_bad_strategies_are_refused_where_they_are_made() -> None:
    with pytest.raises(InvalidSpecError, match="the depth of PCT"):
        Pct(depth=0)
    with pytest.raises(InvalidSpecError, match="a number of preemptions"):
        DepthFirst(preemptions=-1)


async def waits_under_a_shield() -> None:
    with trio.CancelScope(shield=True):
        await trio.sleep_forever()


async def has_a_task_that_waits_under_a_shield() -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(waits_under_a_shield)


@pytest.mark.parametrize(
    "test", [waits_under_a_shield, has_a_task_that_waits_under_a_shield]
)
def test_what_is_shielded_for_ever_does_not_stop_an_exploration(
    test: Callable[[], Awaitable[object]],
) -> None:
    with pytest.raises(DeadlockError, match="waits in waits_under_a_shield"):
        explore(test)


def test_clean_up_under_a_shield_is_not_cut_off() -> None:
    cleaned: list[bool] = []

    async def cleans_up() -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(1000)
            cleaned.append(True)

    with pytest.raises(DeadlockError):
        explore(cleans_up, runs=1)

    assert cleaned


def test_one_thread_explores_at_a_time() -> None:
    refused: list[str] = []

    def explore_elsewhere() -> None:
        try:
            explore(toys.correct)
        except ExplorationError as error:
            refused.append(str(error))

    async def in_a_thread() -> None:
        thread = threading.Thread(target=explore_elsewhere)
        thread.start()
        thread.join()

    explore(in_a_thread, runs=1)

    assert set(refused) == {"another exploration is going on, in another thread"}
    explore(toys.correct, runs=1)


def test_chance_that_shows_late_is_noticed() -> None:
    runs = 0

    async def changes() -> None:
        nonlocal runs
        runs += 1
        async with trio.open_nursery() as nursery:
            for _ in range(2 if runs < 6 else 3):
                nursery.start_soon(checkpoint)

    with pytest.raises(NondeterminismError, match="leads to different choices"):
        explore(changes, DepthFirst())


@pytest.mark.parametrize("skip", [pytest.skip.Exception, SkipTest])
def test_a_test_can_be_skipped_in_a_run(skip: type[BaseException]) -> None:
    runs = 0

    async def skips() -> None:
        nonlocal runs
        await checkpoint()
        runs += 1
        raise skip("not here")

    with pytest.raises(skip) as caught:
        explore(skips)

    assert runs == 3
    assert not hasattr(caught.value, "__notes__")


def test_a_test_that_is_failed_by_pytest_has_failed() -> None:
    async def fails() -> None:
        await checkpoint()
        pytest.fail("so it is")

    with pytest.raises(pytest.fail.Exception) as caught:
        explore(fails)

    assert "schedule='-'" in caught.value.__notes__[0]
