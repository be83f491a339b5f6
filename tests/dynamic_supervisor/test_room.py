"""Waiting until there is room for another child."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

import otp
from otp import (
    Backoff,
    DynamicSpec,
    DynamicSupervisor,
    GenServer,
    Kill,
    Pid,
    ServerExitedError,
    child_spec,
    dynamic_supervisor,
    process,
    supervisor,
)
from otp.dynamic_supervisor import (
    StrategyError,
    change_specs,
    start_child,
    terminate_child,
    wait_room,
)
from otp.testing import Cancelling, cancel_everywhere, explore
from tests.kernel.support import in_process
from tests.testing.worlds import cancelled_world, world

SPEC = child_spec(GenServer)


async def start(max_children: int | None = None) -> Pid[DynamicSupervisor]:
    """Start a supervisor that the caller is not linked to."""
    sup = await dynamic_supervisor.start_link(
        DynamicSupervisor, max_children=max_children
    )
    process.unlink(sup)
    return sup


async def waits(sup: Pid[DynamicSupervisor]) -> bool:
    """Tell whether one has to wait for room, and wait no longer."""
    with trio.move_on_after(0.001) as scope:
        await wait_room(sup)
    return scope.cancelled_caught


async def freed_by(sup: Pid[DynamicSupervisor], free: Any) -> None:
    """Check that whoever waits goes on when *free* is done, and not before."""
    done: list[int] = []

    async def wait() -> None:
        await wait_room(sup)
        done.append(1)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        assert done == []
        await free()
    assert done == [1, 1]


@in_process
async def test_there_is_room_below_the_limit_and_without_one() -> None:
    endless = await start()
    assert not await waits(endless)
    one = await start(max_children=1)
    assert not await waits(one)
    await start_child(one, SPEC)
    assert await waits(one)
    none = await start(max_children=0)
    assert await waits(none)


@in_process
async def test_the_end_of_a_child_makes_room() -> None:
    sup = await start(max_children=1)
    temporary = SPEC.override(restart="temporary")
    child = await start_child(sup, temporary)

    async def kill() -> None:
        process.exit(child, Kill())

    await freed_by(sup, kill)


@in_process
async def test_a_child_that_is_terminated_makes_room() -> None:
    sup = await start(max_children=1)
    child = await start_child(sup, SPEC)

    await freed_by(sup, lambda: terminate_child(sup, child))


@in_process
async def test_a_child_that_is_restarted_makes_no_room() -> None:
    sup = await start(max_children=1)
    child = await start_child(sup, SPEC.override(backoff=Backoff(10)))
    process.exit(child, Kill())
    assert await waits(sup)
    # It still waits to be restarted.
    await freed_by(sup, lambda: terminate_child(sup, child))


@in_process
async def test_a_child_that_does_not_want_to_come_back_makes_room() -> None:

    class Once(GenServer):
        starts = 0

        async def init(self) -> otp.Ignore | None:
            Once.starts += 1
            return otp.Ignore() if Once.starts > 1 else None

    sup = await start(max_children=1)
    child = await start_child(sup, child_spec(Once).override(backoff=Backoff(10)))

    async def kill() -> None:
        process.exit(child, Kill())

    await freed_by(sup, kill)
    assert Once.starts == 2


@in_process
async def test_a_higher_limit_makes_room() -> None:
    sup = await start(max_children=1)
    await start_child(sup, SPEC)

    await freed_by(sup, lambda: change_specs(sup, DynamicSpec(max_children=2)))


@in_process
async def test_who_waits_hears_of_the_end_of_the_supervisor() -> None:
    sup = await start(max_children=0)
    heard: list[object] = []

    async def wait() -> None:
        try:
            await wait_room(sup)
        except ServerExitedError as error:
            heard.append(error.reason)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        process.exit(sup, Kill())
    assert heard == [otp.Killed()]
    with pytest.raises(otp.NoProcessError):
        await wait_room(sup)


@in_process
async def test_only_a_dynamic_supervisor_has_room() -> None:
    sup = await supervisor.start_link(otp.Supervisor, otp.one_for_one())
    process.unlink(sup)
    with pytest.raises(StrategyError):
        await wait_room(sup)  # type: ignore[arg-type]


def test_whoever_waits_gets_there_in_every_order() -> None:
    async def body() -> None:
        sup = await start(max_children=1)
        temporary = SPEC.override(restart="temporary")

        async def use() -> None:
            while True:
                await wait_room(sup)
                try:
                    child = await start_child(sup, temporary)
                except dynamic_supervisor.MaxChildrenError:
                    continue
                process.exit(child, Kill())
                return

        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(use)
        await dynamic_supervisor.stop(sup)

    explore(world(body), runs=60)


def test_who_is_cancelled_while_it_waits_leaves_nothing() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        sup = await start(max_children=1)
        child = await start_child(sup, SPEC)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(terminate_child, sup, child)
            with cancelling:
                await wait_room(sup)
        assert not await waits(sup)
        assert sup.process is not None
        assert not sup.process.owed
        await dynamic_supervisor.stop(sup)

    assert cancel_everywhere(cancelled_world(scenario), schedules=4) > 2
