"""A request that is given up is carried out wholly or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otp import (
    DynamicSupervisor,
    Kill,
    Pid,
    child_spec,
    dynamic_supervisor,
    process,
)
from otp.dynamic_supervisor import start_child, terminate_child, which_children
from tests.gen_server.trials import Slow, assert_quiet, settle, trial
from tests.kernel.support import cancel_at_every_step, cancel_at_step

if TYPE_CHECKING:
    from trio.testing import MockClock


async def assert_whole(sup: Pid[DynamicSupervisor]) -> list[Pid]:
    """Check that the children are those that run; return them."""
    await settle()
    children = [info.pid for info in await which_children(sup)]
    running = [pid for pid in process.processes() if pid is not sup]
    assert sorted(map(repr, children)) == sorted(map(repr, running))
    assert_quiet(*running)
    info = process.info(sup)
    assert info is not None
    assert len(info.links) == len(running) + 1
    return running


async def test_a_start_of_a_child(autojump_clock: MockClock) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[Pid[Slow]]:
        sup = await dynamic_supervisor.start_link(DynamicSupervisor)
        started = await cancel_at_step(step, lambda: start_child(sup, child_spec(Slow)))
        left = await assert_whole(sup)
        assert started == left or not started
        await start_child(sup, child_spec(Slow))
        assert len(await which_children(sup)) == len(left) + 1
        return started

    assert await cancel_at_every_step(world) >= 5


async def test_a_termination_of_a_child(autojump_clock: MockClock) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[None]:
        sup = await dynamic_supervisor.start_link(DynamicSupervisor)
        pid = await start_child(sup, child_spec(Slow))
        done = await cancel_at_step(step, lambda: terminate_child(sup, pid))
        left = await assert_whole(sup)
        assert not (done and left)
        return done

    assert await cancel_at_every_step(world) >= 2


async def test_a_start_of_the_supervisor(autojump_clock: MockClock) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[Pid[DynamicSupervisor]]:
        started = await cancel_at_step(
            step, lambda: dynamic_supervisor.start_link(DynamicSupervisor)
        )
        await settle()
        assert process.processes() == started
        return started

    assert await cancel_at_every_step(world) >= 1


async def test_the_death_of_the_supervisor_in_the_middle_of_a_start(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[None]:
        sup = await dynamic_supervisor.start_link(DynamicSupervisor)
        await cancel_at_step(step, lambda: start_child(sup, child_spec(Slow)))
        process.exit(sup, Kill())
        await settle()
        assert process.processes() == []
        assert_quiet()
        return []

    for step in range(1, 12):
        await world(step)
