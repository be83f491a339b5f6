from __future__ import annotations

import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import trio
from hypothesis import given, settings, strategies as st
from trio.testing import wait_all_tasks_blocked

import otp
from otp import process
from otp.testing._supervision._guest import Guest, GuestError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


async def now() -> float:
    return trio.current_time()


async def spawn_idle() -> otp.Pid:
    return process.spawn(trio.sleep_forever)


def test_a_function_returns_its_result_to_the_host() -> None:
    async def add(a: int, b: int) -> int:
        await trio.sleep(5)
        return a + b

    with Guest.plain() as guest:
        assert guest.go(add, 1, 2) == 3
        assert guest.go(now) == 5


def test_an_error_comes_out_in_the_host_and_the_run_goes_on() -> None:
    async def fail() -> None:
        raise ValueError("no")

    with Guest.plain() as guest:
        with pytest.raises(ValueError, match="no"):
            guest.go(fail)

        assert guest.go(now) == 0


def test_the_clock_stands_still_while_nothing_is_asked() -> None:
    ticks: list[float] = []

    async def tick() -> None:
        while True:
            await trio.sleep(1)
            ticks.append(trio.current_time())

    @asynccontextmanager
    async def ticking() -> AsyncGenerator[None]:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(tick)
            yield
            nursery.cancel_scope.cancel()

    with Guest(ticking) as guest:
        for _ in range(100):
            guest.go(wait_all_tasks_blocked)
        assert ticks == []

        guest.go(trio.sleep, 2.5)

        assert ticks == [1, 2]


def test_no_thread_is_needed() -> None:
    before = threading.active_count()

    with Guest(otp.Node) as guest:
        for _ in range(10):
            guest.go(spawn_idle)
            guest.go(wait_all_tasks_blocked)
            guest.go(trio.sleep, 100)

        assert threading.active_count() == before


def test_a_node_lives_from_one_function_to_the_next() -> None:
    with Guest(otp.Node) as guest:
        pid = guest.go(spawn_idle)
        guest.go(trio.sleep, 100)

        assert process.is_alive(pid)
        assert guest.world.processes

    assert not process.is_alive(pid)


def test_what_waits_for_ever_is_given_up() -> None:
    with Guest.plain() as guest:
        with pytest.raises(GuestError, match="still waits after 3600 s"):
            guest.go(trio.sleep_forever)
        with pytest.raises(GuestError, match="still waits after 5 s"):
            guest.go(trio.sleep_forever, limit=5)

        assert guest.go(now) == 3605


def test_what_is_busy_for_ever_is_given_up() -> None:
    async def busy() -> None:
        while True:
            await trio.lowlevel.checkpoint()

    with Guest.plain(patience=1000) as guest:
        with pytest.raises(GuestError, match="1000 turns are over in no time"):
            guest.go(busy)

        assert guest.go(now) == 0


def test_the_run_ends_in_order_when_the_host_fails() -> None:
    ended: list[str] = []

    @asynccontextmanager
    async def around() -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await trio.sleep(10)
            ended.append("in order")

    def fail_midway(guest: Guest[None]) -> None:
        with guest:
            guest.go(now)
            raise ZeroDivisionError

    guest = Guest(around)
    with pytest.raises(ZeroDivisionError):
        fail_midway(guest)

    assert ended == ["in order"]
    assert guest.is_over


def test_what_ends_the_run_is_raised_once() -> None:
    async def sabotage() -> None:
        async def interrupt() -> None:
            raise KeyboardInterrupt

        process.spawn(interrupt)
        await trio.sleep(1)

    guest = Guest(otp.Node)
    with pytest.raises(BaseExceptionGroup) as caught:
        guest.go(sabotage)
    assert caught.group_contains(KeyboardInterrupt)

    with pytest.raises(GuestError, match="the run is over"):
        guest.go(now)
    guest.close()


def test_what_is_around_may_fail_at_the_end() -> None:
    @asynccontextmanager
    async def around() -> AsyncGenerator[None]:
        yield
        raise ValueError("late")

    guest = Guest(around)
    guest.go(now)

    with pytest.raises(ValueError, match="late"):
        guest.close()
    guest.close()


def test_what_keeps_the_run_from_ending_is_thrown_out() -> None:
    async def stay() -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep_forever()

    async def start() -> None:
        process.spawn(stay)
        await trio.sleep(1)

    guest = Guest(otp.Node)
    guest.go(start)
    with pytest.raises(GuestError, match="did not end by itself"):
        guest.close()

    with Guest.plain() as another:
        assert another.go(now) == 0


def test_a_run_that_was_never_used_is_closed_like_any_other() -> None:
    guest = Guest.plain()

    guest.close()

    assert guest.is_over
    with pytest.raises(GuestError, match="the run is over"):
        guest.go(now)


def test_there_may_be_one_run_after_the_other_but_not_one_in_the_other() -> None:
    for _ in range(3):
        with Guest.plain() as guest:
            with pytest.raises(RuntimeError, match="inside"):
                trio.run(now)
            assert guest.go(now) == 0


def test_the_same_functions_take_the_same_course_in_each_example() -> None:
    courses: list[list[object]] = []

    # Hypothesis gives Trio's scheduler the same seed for each example.
    @settings(max_examples=5)
    @given(st.integers())
    def take_course(_: int) -> None:
        log: list[object] = []

        async def worker(n: int) -> None:
            for _ in range(3):
                await trio.sleep(n % 3)
                log.append((n, trio.current_time()))

        async def work() -> None:
            for n in range(10):
                process.spawn(worker, n)
            await trio.sleep(20)

        with Guest(otp.Node) as guest:
            guest.go(work)
        courses.append(log)

    take_course()

    assert len(courses) == 5
    assert len(courses[0]) == 30
    assert all(course == courses[0] for course in courses)
