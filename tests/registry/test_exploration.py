"""Laws of registries that hold in whatever order things happen."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any, Literal

import pytest
import trio
import trio.testing
from trio.lowlevel import checkpoint

import otp
from otp import Down, process, registry, supervisor
from otp.registry import AlreadyRegisteredError
from otp.testing import Cancelling, cancel_everywhere, explore
from tests.kernel.support import idle
from tests.testing.worlds import Crew, in_world, mail, start_is_cancelled, together

ROOMS = otp.Name[otp.Registry[str, int]]("rooms")


async def start(
    keys: Literal["unique", "duplicate"] = "unique", partitions: int = 1
) -> otp.Pid[Any]:
    return await supervisor.start_named(
        ROOMS, otp.Registry, keys=keys, partitions=partitions
    )


def test_a_key_belongs_to_one_at_a_time() -> None:
    async def scenario() -> None:
        await start()
        holders = 0

        async def hold() -> None:
            nonlocal holders
            try:
                registry.register(ROOMS, "lobby", 1)
            except AlreadyRegisteredError:
                return
            holders += 1
            assert holders == 1
            await checkpoint()
            assert registry.whereis(ROOMS, "lobby") is process.self()
            holders -= 1
            registry.unregister(ROOMS, "lobby")
            await checkpoint()

        await together(hold, hold, hold)

        assert registry.count(ROOMS) == 0

    explore(in_world(scenario), runs=200)


def test_who_hears_of_a_death_finds_no_entry_of_the_dead() -> None:
    async def scenario() -> None:
        await start()

        async def hold() -> None:
            registry.register(ROOMS, "lobby", 1)
            await idle()

        holder = process.spawn(hold)

        async def follow() -> None:
            process.monitor(holder)
            await process.receive(Down)
            assert registry.lookup(ROOMS, "lobby") == []
            registry.register(ROOMS, "lobby", 2)

        async def look() -> None:
            for _ in range(3):
                for pid, _value in registry.lookup(ROOMS, "lobby"):
                    assert process.is_alive(pid)
                await checkpoint()

        async def kill() -> None:
            await checkpoint()
            process.exit(holder, otp.Kill())

        await together(follow, look, kill)

        assert registry.count(ROOMS) == 0

    explore(in_world(scenario), runs=200)


@pytest.mark.parametrize("keys", ["unique", "duplicate"])
def test_nothing_is_left_of_who_registers_while_being_killed(
    keys: Literal["unique", "duplicate"],
) -> None:
    async def scenario() -> None:
        await start(keys)

        async def hold(n: int) -> None:
            for key in ("lobby", f"own {n}"):
                with suppress(AlreadyRegisteredError):
                    registry.register(ROOMS, key, n)
                await checkpoint()
            await idle()

        holders = [process.spawn(hold, n) for n in range(2)]

        async def kill(n: int) -> None:
            await checkpoint()
            process.exit(holders[n], otp.Kill())

        crew = Crew()
        crew.start(kill, 0)
        crew.start(kill, 1)
        await crew.wait()

        assert registry.count(ROOMS) == 0

    explore(in_world(scenario), runs=150)


def test_one_holds_a_lock_at_a_time_whoever_dies() -> None:
    async def scenario() -> None:
        await start()
        inside: list[otp.Pid] = []

        async def work() -> None:
            async with registry.lock(ROOMS, "lobby"):
                assert not [pid for pid in inside if process.is_alive(pid)]
                inside.append(process.self())
                await checkpoint()
                await checkpoint()
                inside.remove(process.self())

        crew = Crew()
        workers = [crew.start(work) for _ in range(3)]

        async def kill() -> None:
            await checkpoint()
            process.exit(workers[0], otp.Kill())

        crew.start(kill)
        await crew.wait()
        async with registry.lock(ROOMS, "lobby"):
            pass

    explore(in_world(scenario), runs=200)


def test_waiting_for_a_lock_can_be_cancelled_everywhere() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        async with otp.Node():
            await start()

            async def holder() -> None:
                async with registry.lock(ROOMS, "lobby"):
                    for _ in range(3):
                        await checkpoint()

            async def waiter() -> None:
                with cancelling:
                    async with registry.lock(ROOMS, "lobby"):
                        await checkpoint()
                with trio.fail_after(10):
                    async with registry.lock(ROOMS, "lobby"):
                        pass
                assert mail() == []

            await together(holder, waiter)

    assert cancel_everywhere(scenario, schedules=5) >= 5


def test_the_start_of_a_registry_can_be_cancelled_everywhere() -> None:
    starting = partial(start, partitions=2)
    scenario = start_is_cancelled(ROOMS, starting, partial(trio.sleep, 10))

    assert cancel_everywhere(scenario, schedules=5) >= 10


def test_the_death_of_a_partition_ends_its_owners_and_no_others() -> None:
    async def scenario() -> None:
        pid = await start(partitions=2)

        async def hold(key: str) -> None:
            registry.register(ROOMS, key, 1)
            await idle()

        holders = [process.spawn(hold, key) for key in "abcd"]
        await trio.testing.wait_all_tasks_blocked()
        info = process.info(pid)
        assert info is not None
        partition = next(p for p in info.links if p not in holders and p is not None)

        async def kill() -> None:
            process.exit(partition, otp.Kill())

        async def look() -> None:
            for _ in range(4):
                for key in "abcd":
                    owner = registry.whereis(ROOMS, key)
                    assert owner is None or process.is_alive(owner)
                await checkpoint()

        await together(kill, look)
        await trio.testing.wait_all_tasks_blocked()

        alive = [holder for holder in holders if process.is_alive(holder)]
        assert registry.count(ROOMS) == len(alive)

    explore(in_world(scenario), runs=100)
