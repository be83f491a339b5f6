"""What holds in every order of events, and wherever somebody is cancelled."""

from __future__ import annotations

from math import inf

import pytest
import trio
from trio.lowlevel import checkpoint

import otp
from otp import DynamicSupervisor, Kill, Pid, child_spec, dynamic_supervisor, process
from otp.bulkhead import (
    Bulkhead,
    BulkheadFullError,
    BulkheadStatistics,
    SpawnController,
    SpawnLimitError,
)
from otp.dynamic_supervisor import which_children
from otp.rate_limiter import Gcra, RateLimiter
from otp.testing import Cancelling, cancel_everywhere, explore
from tests.bulkhead.test_bulkhead import Room
from tests.testing.worlds import all_exited, cancelled_world, rest, world


def test_never_are_there_more_calls_than_there_may_be() -> None:
    async def body() -> None:
        bulkhead, room = Bulkhead(2, queue=1, max_wait=2), Room()
        refused = 0

        async def call() -> None:
            nonlocal refused
            try:
                await bulkhead.call(room.stay)
            except BulkheadFullError:
                refused += 1

        async def impatient() -> None:
            with trio.move_on_after(1.5):
                await call()

        async with trio.open_nursery() as nursery:
            for each in (call, call, impatient, call):
                nursery.start_soon(each)
        assert room.most <= 2
        assert room.now == 0
        assert bulkhead.statistics() == BulkheadStatistics(2, 0, 0, refused)

    explore(body, runs=100, jumps=2)


@pytest.mark.parametrize("block", [False, True])
def test_a_place_is_free_again_wherever_a_call_is_cancelled(*, block: bool) -> None:
    async def scenario(cancelling: Cancelling) -> None:
        bulkhead, room = Bulkhead(1, queue=2, max_wait=9), Room()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bulkhead.call, room.stay)
            await checkpoint()
            with cancelling:
                if block:
                    async with bulkhead:
                        await room.stay()
                else:
                    await bulkhead.call(room.stay)
            nursery.start_soon(bulkhead.call, room.stay)
        assert room.most == 1
        assert bulkhead.statistics() == BulkheadStatistics(1, 0, 0, 0)

    assert cancel_everywhere(scenario, schedules=4) > 2


# -------------------------------------------------------------------------- children


class Guest(otp.GenServer):
    """Takes its time to come."""

    def __init__(self, room: Room) -> None:
        self.room = room

    async def init(self) -> None:
        process.trap_exit(True)
        self.room.now += 1
        self.room.most = max(self.room.most, self.room.now)
        await checkpoint()

    async def terminate(self, reason: otp.ExitReason) -> None:
        del reason
        await checkpoint()
        self.room.now -= 1


async def start(max_children: int) -> Pid[DynamicSupervisor]:
    """Start a supervisor that the caller is not linked to."""
    sup = await dynamic_supervisor.start_link(
        DynamicSupervisor, max_children=max_children
    )
    process.unlink(sup)
    return sup


def test_never_are_there_more_children_than_there_may_be() -> None:
    async def body() -> None:
        sup, room = await start(1), Room()
        control = SpawnController(sup, queue=2, max_wait=5)
        # As long as it takes: the clock may jump while they leave.
        spec = child_spec(Guest, room).override(restart="temporary", shutdown=inf)
        started = refused = 0

        async def visit() -> None:
            nonlocal started, refused
            try:
                pid = await control.start_child(spec)
            except SpawnLimitError:
                refused += 1
                return
            started += 1
            await trio.sleep(1)
            process.exit(pid, otp.Shutdown())

        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(visit)
        assert room.most == 1
        assert started + refused == 4
        found = control.statistics()
        assert (found.waiting, found.started, found.rejected) == (0, started, refused)
        await dynamic_supervisor.stop(sup)
        assert room.now == 0

    explore(world(body), runs=60, jumps=1)


@pytest.mark.parametrize("busy", [False, True])
def test_whoever_is_cancelled_while_it_starts_a_child_leaves_none(
    *, busy: bool
) -> None:
    async def scenario(cancelling: Cancelling) -> None:
        sup, room = await start(1), Room()
        control = SpawnController(sup, queue=1)
        spec = child_spec(Guest, room)
        other = await control.start_child(spec) if busy else None
        children: list[Pid[Guest]] = []
        async with trio.open_nursery() as nursery:
            if other is not None:
                nursery.start_soon(dynamic_supervisor.terminate_child, sup, other)
            with cancelling:
                children.append(await control.start_child(spec))
        await rest()
        # Either it knows the child, or there is none.
        assert [info.pid for info in await which_children(sup)] == children
        assert room.now == len(children)
        assert room.most <= 1
        assert control.statistics().waiting == 0
        assert sup.process is not None
        assert not sup.process.owed
        if not children:
            await control.start_child(spec)
        await dynamic_supervisor.stop(sup)

    assert cancel_everywhere(cancelled_world(scenario), schedules=5) > 4


def test_those_behind_one_who_is_cancelled_get_their_children() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        sup, room = await start(1), Room()
        control = SpawnController(sup, queue=3)
        spec = child_spec(Guest, room).override(restart="temporary")
        first = await control.start_child(spec)
        served = 0

        async def visit() -> None:
            nonlocal served
            pid = await control.start_child(spec)
            served += 1
            process.exit(pid, Kill())

        async with trio.open_nursery() as nursery:
            nursery.start_soon(visit)
            with cancelling:
                await checkpoint()
                process.exit(first, Kill())
                await visit()
            process.exit(first, Kill())
            nursery.start_soon(visit)
        assert served in ((2, 3) if cancelling.cancelled else (3,))
        await dynamic_supervisor.stop(sup)

    assert cancel_everywhere(cancelled_world(scenario), schedules=5) > 6


@pytest.mark.parametrize("busy", [False, True])
def test_a_process_that_is_killed_while_it_starts_a_child_leaves_none(
    *, busy: bool
) -> None:
    outcomes: set[int] = set()

    async def body() -> None:
        sup, room = await start(1), Room()
        control = SpawnController(sup, queue=1)
        spec = child_spec(Guest, room)
        other = await control.start_child(spec) if busy else None
        children: list[Pid[Guest]] = []

        async def starter() -> None:
            children.append(await control.start_child(spec))
            await trio.sleep_forever()

        async def killer() -> None:
            for _ in range(3):
                await checkpoint()
            process.exit(victim, Kill())

        victim = process.spawn(starter)
        killing = process.spawn(killer)
        if other is not None:
            await dynamic_supervisor.terminate_child(sup, other)
        await all_exited(victim, killing)
        await rest()
        assert [info.pid for info in await which_children(sup)] == children
        assert room.now == len(children)
        assert control.statistics().waiting == 0
        assert sup.process is not None
        assert not sup.process.owed
        outcomes.add(len(children))
        await dynamic_supervisor.stop(sup)

    explore(world(body), runs=150)

    assert outcomes == {0, 1}


def test_a_process_that_is_killed_in_a_call_gives_back_what_it_has() -> None:
    async def body() -> None:
        bulkhead, room = Bulkhead(1, queue=1), Room()
        limiter = RateLimiter(Gcra(1))
        limiter.acquire_nowait()

        async def user() -> None:
            await bulkhead.call(limiter.call, room.stay)

        async def killer() -> None:
            await trio.sleep(0.5)
            process.exit(victim, Kill())

        victim = process.spawn(user)
        other = process.spawn(user)
        await all_exited(process.spawn(killer), victim, other)
        await rest()
        assert room.now == 0
        found = bulkhead.statistics()
        assert (found.running, found.waiting) == (0, 0)
        assert limiter.statistics().waiting == 0

    explore(world(body), runs=100, jumps=2)
