from __future__ import annotations

from contextlib import suppress
from functools import partial
from math import inf
from typing import TYPE_CHECKING

import pytest
import trio
from trio.lowlevel import checkpoint

import otp
from otp import DynamicSupervisor, child_spec, dynamic_supervisor, process
from otp.dynamic_supervisor import MaxChildrenError, NotFoundError
from otp.testing import Cancelling, cancel_everywhere, explore
from tests.testing.worlds import all_exited, cancelled_world, rest, together, world

if TYPE_CHECKING:
    from otp import Pid
    from otp.proc_lib import Restart


class Room:
    """How many of its guests there are, and were at most."""

    def __init__(self) -> None:
        self.now = self.most = self.ever = 0


class Guest(otp.GenServer):
    """Takes its time to come and to go."""

    def __init__(self, room: Room) -> None:
        self.room = room

    async def init(self) -> None:
        process.trap_exit(True)
        self.room.now += 1
        self.room.ever += 1
        self.room.most = max(self.room.most, self.room.now)
        await checkpoint()

    @otp.cast
    async def crash(self) -> None:
        raise RuntimeError("asked to")

    async def terminate(self, reason: otp.ExitReason) -> None:
        del reason
        await checkpoint()
        self.room.now -= 1


async def start(max_children: int | None = None) -> Pid[DynamicSupervisor]:
    """Start a supervisor that the caller is not linked to."""
    supervisor = await dynamic_supervisor.start_link(
        DynamicSupervisor, max_children=max_children
    )
    process.unlink(supervisor)
    return supervisor


async def enter(
    supervisor: Pid[DynamicSupervisor],
    room: Room,
    guests: list[Pid[Guest]],
    restart: Restart = "temporary",
) -> None:
    """Start a guest and note it, or that there is no room."""
    spec = child_spec(Guest, room).override(restart=restart)
    try:
        guests.append(await dynamic_supervisor.start_child(supervisor, spec))
    except (MaxChildrenError, otp.CallError):
        await checkpoint()


async def leave(supervisor: Pid[DynamicSupervisor], guest: Pid[Guest]) -> None:
    try:
        await dynamic_supervisor.terminate_child(supervisor, guest)
    except (NotFoundError, otp.CallError):
        await checkpoint()
    assert not process.is_alive(guest)


async def pids(supervisor: Pid[DynamicSupervisor]) -> set[object]:
    children = await dynamic_supervisor.which_children(supervisor)
    assert len(children) == len({child.pid for child in children})
    return {child.pid for child in children}


async def stop(supervisor: Pid[DynamicSupervisor]) -> None:
    process.exit(supervisor, otp.Shutdown())
    await all_exited(supervisor)


def test_there_are_never_more_children_than_there_may_be() -> None:
    refused: set[int] = set()

    async def body() -> None:
        room = Room()
        supervisor = await start(max_children=2)
        guests: list[Pid[Guest]] = []
        come = partial(enter, supervisor, room, guests)

        async def come_and_go() -> None:
            mine: list[Pid[Guest]] = []
            await enter(supervisor, room, mine)
            for guest in mine:
                await leave(supervisor, guest)

        await together(come, come_and_go, come, come_and_go)
        assert room.most <= 2
        assert await pids(supervisor) == set(guests)
        assert room.now == len(guests)
        refused.add(4 - room.ever)
        await stop(supervisor)
        assert room.now == 0

    explore(world(body), runs=100)

    assert refused >= {0, 1}


def test_a_crash_and_a_termination_are_one_end() -> None:
    restarted: set[int] = set()

    async def body() -> None:
        room = Room()
        supervisor = await start()
        guests: list[Pid[Guest]] = []
        await enter(supervisor, room, guests, "permanent")
        (guest,) = guests

        async def crash() -> None:
            Guest.crash(guest)
            await checkpoint()

        await together(crash, partial(leave, supervisor, guest))
        await rest()
        left = await pids(supervisor)
        assert guest not in left
        assert room.now == len(left) <= 1
        restarted.add(len(left))
        await stop(supervisor)
        assert room.now == 0

    explore(world(body), runs=60)

    assert restarted == {0, 1}


def test_a_child_is_terminated_once_and_the_second_hears_that_it_is_gone() -> None:
    async def body() -> None:
        room = Room()
        supervisor = await start()
        guests: list[Pid[Guest]] = []
        await enter(supervisor, room, guests)
        answers: list[str] = []

        async def terminate() -> None:
            try:
                await dynamic_supervisor.terminate_child(supervisor, guests[0])
            except NotFoundError:
                answers.append("gone")
            else:
                answers.append("done")

        await together(terminate, terminate, terminate)
        assert sorted(answers) == ["done", "gone", "gone"]
        assert room.now == 0
        await stop(supervisor)

    explore(world(body), runs=60)


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_no_child_outlives_its_supervisor_even_if_it_has_just_begun(how: str) -> None:
    begun: set[int] = set()

    async def body() -> None:
        room = Room()
        supervisor = await start()
        guests: list[Pid[Guest]] = []

        async def end() -> None:
            for _ in range(3):
                await checkpoint()
            if how == "stop":
                await dynamic_supervisor.stop(supervisor)
            else:
                process.exit(supervisor, otp.Kill())

        come = partial(enter, supervisor, room, guests)
        await together(come, end, come)
        await all_exited(supervisor)
        await rest(6)
        assert not any(map(process.is_alive, guests))
        begun.add(room.ever)

    explore(world(body), runs=60)

    assert begun >= {0, 1, 2}


def test_a_name_is_held_by_one_living_child_at_most() -> None:
    name = otp.Name[Guest]("guest")

    async def body() -> None:
        room = Room()
        supervisor = await start()
        spec = child_spec(Guest, room).named(name).override(restart="temporary")
        started: list[object] = []

        async def begin() -> None:
            try:
                started.append(await dynamic_supervisor.start_child(supervisor, spec))
            except otp.AlreadyStartedError:
                started.append(None)

        async def crash() -> None:
            Guest.crash(name)
            await checkpoint()

        await together(begin, crash, begin, crash)
        await rest()
        holder = process.whereis(name)
        assert await pids(supervisor) == (set() if holder is None else {holder})
        assert room.now == (0 if holder is None else 1)
        assert len(started) == 2
        assert room.ever == sum(pid is not None for pid in started)
        await stop(supervisor)
        assert process.whereis(name) is None

    explore(world(body), runs=60)


# ------------------------------------------------------------------------ cancelled


def test_a_start_that_is_cancelled_leaves_a_child_that_is_known_or_none() -> None:
    async def begin(cancelling: Cancelling) -> None:
        room = Room()
        supervisor = await start()
        with cancelling:
            await enter(supervisor, room, [])
        await rest()
        assert len(await pids(supervisor)) == room.now <= 1
        assert room.now == 1 or cancelling.cancelled
        await stop(supervisor)
        assert room.now == 0

    assert cancel_everywhere(cancelled_world(begin), schedules=5) > 10


def test_a_termination_that_is_cancelled_is_done_or_not_begun() -> None:
    async def end(cancelling: Cancelling) -> None:
        room = Room()
        supervisor = await start()
        guests: list[Pid[Guest]] = []
        await enter(supervisor, room, guests)
        with cancelling:
            await leave(supervisor, guests[0])
        await rest()
        assert len(await pids(supervisor)) == room.now
        await stop(supervisor)
        assert room.now == 0

    assert cancel_everywhere(cancelled_world(end), schedules=5) > 10


def test_a_supervisor_is_whole_or_not_there_if_its_start_is_cancelled() -> None:
    name = otp.Name[DynamicSupervisor]("rooms")

    async def begin(cancelling: Cancelling) -> None:
        made = None
        process.trap_exit(True)
        with cancelling:
            made = await dynamic_supervisor.start_named(name, DynamicSupervisor)
        assert process.whereis(name) is made
        if made is None:
            made = await dynamic_supervisor.start_named(name, DynamicSupervisor)
        process.unlink(made)
        await stop(made)

    assert cancel_everywhere(cancelled_world(begin), schedules=5) > 5


def test_a_child_that_does_not_end_is_killed_in_its_time() -> None:
    async def body() -> None:
        supervisor = await start()

        async def stubborn() -> None:
            process.trap_exit(True)
            await trio.sleep_forever()

        async def begin() -> Pid:
            return process.spawn_link(stubborn)

        spec = otp.ChildSpec.of("stubborn", begin).override(shutdown=1)
        child = await dynamic_supervisor.start_child(supervisor, spec)

        async def terminate() -> None:
            await dynamic_supervisor.terminate_child(supervisor, child)

        await together(terminate, partial(process.wait_exited, child))
        assert await pids(supervisor) == set()
        await stop(supervisor)

    explore(world(body), runs=60, jumps=2)


def test_a_child_that_waits_to_be_restarted_may_be_terminated_any_time() -> None:
    ever: set[int] = set()

    async def body() -> None:
        room = Room()
        supervisor = await start()
        spec = child_spec(Guest, room)
        spec = spec.override(backoff=otp.Backoff(initial=1), shutdown=inf)
        guest = await dynamic_supervisor.start_child(supervisor, spec)

        async def crash() -> None:
            Guest.crash(guest)
            await trio.sleep(1)

        async def terminate() -> None:
            await trio.sleep(1)
            await leave(supervisor, guest)

        await together(crash, terminate)
        await rest()
        left = await pids(supervisor)
        assert guest not in left
        assert room.now == len(left) <= 1
        ever.add(room.ever)
        await stop(supervisor)
        assert room.now == 0

    explore(world(body), runs=50, jumps=2)

    assert ever == {1, 2}


def test_nobody_is_started_by_a_supervisor_that_gives_up() -> None:
    gave_up: set[bool] = set()

    async def body() -> None:
        room = Room()
        supervisor = await start()
        guests: list[Pid[Guest]] = []
        come = partial(enter, supervisor, room, guests, "permanent")
        await together(come, come)

        async def crash() -> None:
            for _ in range(3):
                for guest in await pids(supervisor):
                    if isinstance(guest, otp.Pid):
                        Guest.crash(guest)
                await checkpoint()

        async def try_to_crash() -> None:
            with suppress(otp.CallError):
                await crash()

        await together(try_to_crash, come)
        await rest()
        gave_up.add(not process.is_alive(supervisor))
        if process.is_alive(supervisor):
            assert room.now == len(await pids(supervisor)) >= 2
            await stop(supervisor)
        assert room.now == 0

    explore(world(body), runs=50)

    assert gave_up == {True, False}
