from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING

import trio
from trio.lowlevel import checkpoint

import otp
from otp import agent, process
from otp.testing import Cancelling, cancel_everywhere, explore
from tests.testing.worlds import all_exited, cancelled_world, rest, together, world

if TYPE_CHECKING:
    from otp import Agent, Pid


async def slowly_add(state: int, by: int) -> int:
    await checkpoint()
    return state + by


async def take_number(state: int) -> tuple[int, int]:
    await checkpoint()
    return state, state + 1


def zero() -> int:
    return 0


def same(state: int) -> int:
    return state


def broken(state: int) -> int:
    raise RuntimeError(state)


def test_no_two_get_the_same_of_what_is_got_and_updated() -> None:
    async def body() -> None:
        numbers = await agent.start(zero)
        got: list[int] = []

        async def take() -> None:
            got.append(await agent.get_and_update(numbers, take_number))
            got.append(await agent.get_and_update(numbers, take_number))

        await together(take, take, take)
        assert sorted(got) == list(range(6))
        await agent.stop(numbers)

    explore(world(body), runs=60)


def test_no_update_is_lost_and_everybody_sees_their_own() -> None:
    async def body() -> None:
        total = await agent.start(zero)

        async def add(by: int) -> None:
            before = await agent.get(total, same)
            agent.cast(total, slowly_add, by)
            await agent.update(total, slowly_add, by)
            assert await agent.get(total, same) >= before + 2 * by

        await together(partial(add, 1), partial(add, 10), partial(add, 100))
        assert await agent.get(total, same) == 222
        await agent.stop(total)

    explore(world(body), runs=60)


def test_everybody_hears_of_a_function_that_crashes_the_agent() -> None:
    seen: set[object] = set()

    async def body() -> None:
        total = await agent.start(zero)
        done = 0

        async def add() -> None:
            nonlocal done
            try:
                await agent.update(total, slowly_add, 1)
                done += 1
                assert await agent.get(total, same) >= 1
                seen.add("ok")
            except (otp.ServerExitedError, otp.NoProcessError) as error:
                seen.add(type(error))

        async def crash() -> None:
            agent.cast(total, broken)
            await checkpoint()

        await together(add, crash, add)
        await all_exited(total)
        assert done <= 2

    explore(world(body), runs=50)

    assert seen == {"ok", otp.ServerExitedError, otp.NoProcessError}


def test_an_update_whose_time_is_over_happens_once_all_the_same() -> None:
    seen: set[object] = set()

    async def body() -> None:
        total = await agent.start(zero)

        async def add(state: int) -> int:
            await trio.sleep(1)
            return state + 1

        async def ask() -> None:
            try:
                await agent.update(total, add, timeout=1)
                seen.add("in time")
            except otp.CallTimeoutError:
                seen.add("late")

        await together(ask, ask)
        await rest()
        assert await agent.get(total, same, timeout=inf) == 2
        await agent.stop(total)

    explore(world(body), runs=60, jumps=2)

    assert seen == {"in time", "late"}


def test_an_update_that_is_cancelled_happens_or_does_not() -> None:
    async def add(cancelling: Cancelling) -> None:
        total = await agent.start(zero)
        done = False
        with cancelling:
            await agent.update(total, slowly_add, 1)
            done = True
        await rest(0)
        now = await agent.get(total, same)
        # It was sent in the first step, and goes on without who has asked.
        assert now == 1
        assert done or cancelling.cancelled
        await agent.stop(total)

    assert cancel_everywhere(cancelled_world(add), schedules=5) > 5


def test_an_agent_is_there_or_not_if_its_start_is_cancelled() -> None:
    name = otp.Name["Agent[int]"]("total")

    async def slowly_zero() -> int:
        await checkpoint()
        return 0

    async def begin(cancelling: Cancelling) -> None:
        made: Pid[Agent[int]] | None = None
        process.trap_exit(True)
        with cancelling:
            made = await agent.start_named(name, slowly_zero)
        assert process.whereis(name) is made
        if made is None:
            made = await agent.start_named(name, slowly_zero)
        process.unlink(made)
        await agent.stop(made)

    assert cancel_everywhere(cancelled_world(begin), schedules=5) > 5
