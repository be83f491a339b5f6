"""Whoever is cancelled or killed, and in whatever order: nothing of a pool leaks."""

from __future__ import annotations

from contextlib import suppress
from math import inf

import pytest
import trio
from attrs import evolve
from trio.lowlevel import checkpoint

import otp
from otp import PoolSpec, pool, process
from otp.testing import Cancelling, cancel_everywhere, explore
from tests.pool.support import POOL, Place
from tests.pool.test_workers import WORKERS, Worker
from tests.testing.worlds import all_exited, cancelled_world, rest, together, world

# Whose time is up may be drawn, so nobody is to be late who is not meant to be.
PATIENT = PoolSpec(
    min_size=0,
    max_size=2,
    acquire_timeout=inf,
    check_after=0.5,
    check_timeout=inf,
    open_timeout=inf,
    close_timeout=inf,
)
TIGHT = PoolSpec(min_size=1, max_size=1, check_after=0, acquire_timeout=2)


async def use(seconds: float = 1) -> None:
    async with pool.checkout(POOL, timeout=inf) as connection:
        await connection.use(seconds)


async def stop_and_look(place: Place) -> None:
    """Check that the pool knows of all that is open, and leaves nothing open."""
    numbers = pool.statistics(POOL)
    assert numbers.used == numbers.waiting == 0
    assert numbers.size == len(place.open) + place.half_open
    assert all(connection.users == 0 for connection in place.open)
    await pool.stop(POOL)
    assert place.open == set()
    assert place.half_open == 0


def slow_place() -> Place:
    return Place(opening=1, closing=1, checking=1)


# -------------------------------------------------------------------------- cancelled


def test_a_checkout_may_be_cancelled_anywhere() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        place = slow_place()
        await place.start(PATIENT, checked=True)
        with cancelling:
            await use()
            await trio.sleep(1)
            await use()
        await rest()
        assert place.most <= 2
        await use()
        await stop_and_look(place)

    assert cancel_everywhere(cancelled_world(scenario), schedules=5) > 20


def test_a_checkout_may_be_cancelled_anywhere_although_others_wait() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        place = slow_place()
        await place.start(TIGHT, checked=True)
        done = 0

        async def other() -> None:
            nonlocal done
            await use()
            done += 1

        async with trio.open_nursery() as nursery:
            nursery.start_soon(other)
            nursery.start_soon(other)
            with cancelling:
                await use()
                await use()
            nursery.start_soon(other)
        assert done == 3
        assert place.most == 1
        await rest()
        await stop_and_look(place)

    assert cancel_everywhere(cancelled_world(scenario), schedules=5) > 20


def test_what_was_granted_to_who_is_cancelled_goes_to_the_next() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        place = Place()
        await place.start(PoolSpec(min_size=1, max_size=1))
        got: list[int] = []

        async def want() -> None:
            async with pool.checkout(POOL) as connection:
                got.append(connection.number)

        async def user() -> None:
            async with pool.checkout(POOL):
                for _ in range(3):
                    await checkpoint()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(user)
            await checkpoint()
            await checkpoint()
            with cancelling:
                # Nothing is used here, so nothing is spoilt.
                lent = pool.checkout(POOL)
                await lent.__aenter__()
                await lent.__aexit__(None, None, None)
            nursery.start_soon(want)
        assert got == [1]
        assert place.made == 1
        await stop_and_look(place)

    assert cancel_everywhere(cancelled_world(scenario), schedules=20) > 20


def test_a_time_out_may_come_at_any_moment() -> None:
    seen: set[str] = set()

    async def body() -> None:
        place = Place(opening=1, closing=1)
        await place.start(evolve(PATIENT, max_size=1, acquire_timeout=1))

        async def want() -> None:
            try:
                async with pool.checkout(POOL):
                    seen.add("granted")
            except pool.PoolTimeoutError:
                seen.add("late")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(want)
            nursery.start_soon(want)
        await rest()
        await stop_and_look(place)

    explore(world(body), runs=100, jumps=2)

    assert seen == {"granted", "late"}


def test_a_stop_may_be_cancelled_anywhere() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        place = slow_place()
        await place.start(PATIENT, checked=True)
        pid = process.whereis(POOL)
        assert pid is not None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_use_or_hear)
            nursery.start_soon(_use_or_hear)
            nursery.start_soon(_use_or_hear)
            await trio.sleep(1)
            with cancelling:
                await pool.stop(POOL)
        with suppress(otp.CallError):
            await pool.stop(pid)
        await rest()
        assert place.open == set()
        assert place.half_open == 0

    assert cancel_everywhere(cancelled_world(scenario), schedules=5) > 3


async def _use_or_hear() -> None:
    with suppress(otp.ServerExitedError, otp.NoProcessError):
        async with pool.checkout(POOL):
            await trio.sleep(1)


def test_a_worker_is_not_lost_wherever_its_user_is_cancelled() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        source = pool.workers(otp.child_spec(Worker, starting=1))
        await pool.start_named(WORKERS, source, PoolSpec(min_size=0, max_size=1))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pool.transaction, WORKERS, Worker.use)
            with cancelling:
                await pool.transaction(WORKERS, Worker.use)
                await pool.transaction(WORKERS, Worker.use)
        await rest()
        assert pool.statistics(WORKERS).idle == 1
        assert pool.statistics(WORKERS).opened == 1
        await pool.stop(WORKERS)

    assert cancel_everywhere(cancelled_world(scenario), schedules=5) > 20


# ----------------------------------------------------------------------------- killed


def test_users_may_be_killed_at_any_moment() -> None:
    async def body() -> None:
        place = slow_place()
        await place.start(PATIENT, checked=True)
        users = [process.spawn(use, 1) for _ in range(4)]

        async def kill() -> None:
            await trio.sleep(1)
            process.exit(users[0], otp.Kill())
            await trio.sleep(1)
            process.exit(users[1], otp.Reason("enough"))

        await together(kill)
        await all_exited(*users)
        await rest()
        assert place.most <= 2
        await stop_and_look(place)

    explore(world(body), runs=150, jumps=3)


def test_a_pool_may_be_killed_at_any_moment() -> None:
    async def body() -> None:
        place = slow_place()
        child = otp.child_spec(otp.Pool, place.source(checked=True), PATIENT)
        pid = await otp.supervisor.start_link(
            otp.Supervisor, otp.one_for_one(child.named(POOL))
        )
        done: list[int] = []

        async def insist() -> None:
            for _ in range(10):
                try:
                    async with pool.checkout(POOL):
                        await trio.sleep(1)
                    done.append(1)
                except otp.CallError:
                    await trio.sleep(1)
                else:
                    return

        async def kill() -> None:
            await trio.sleep(1)
            found = process.whereis(POOL)
            if found is not None:
                process.exit(found, otp.Kill())

        users = [process.spawn(insist) for _ in range(3)]
        await together(kill)
        await all_exited(*users)
        assert len(done) == 3
        await otp.supervisor.stop(pid)
        await rest()
        assert place.open == set()
        assert place.half_open == 0

    explore(world(body), runs=80, jumps=2)


@pytest.mark.parametrize("victim", ["worker", "keeper"])
def test_workers_and_keepers_may_be_killed_at_any_moment(victim: str) -> None:
    async def body() -> None:
        source = pool.workers(otp.child_spec(Worker, starting=1, ending=1))
        spec = PoolSpec(min_size=1, max_size=1, backoff=otp.Backoff(1.0))
        await pool.start_named(WORKERS, source, spec)

        async def want() -> None:
            with suppress(otp.CallError, pool.PoolOpenError, pool.PoolTimeoutError):
                await pool.transaction(WORKERS, Worker.use)

        async def kill() -> None:
            await trio.sleep(1)
            line = 2 if victim == "worker" else 1
            for pid in process.processes():
                found = pid.process
                if found is not None and "workers" in found.ancestors[line - 1 : line]:
                    process.exit(pid, otp.Kill())

        await together(want, want, kill)
        await rest(9)
        assert pool.statistics(WORKERS).idle == 1
        await pool.stop(WORKERS)

    explore(world(body), runs=80, jumps=2)


# --------------------------------------------------------------------------- in order


def test_there_are_never_more_than_may_be_and_nobody_shares() -> None:
    async def body() -> None:
        place = slow_place()
        await place.start(PATIENT, checked=True)

        async def often() -> None:
            for _ in range(3):
                await use(0.5)

        await together(often, often, often)
        assert place.most <= 2
        await rest()
        await stop_and_look(place)

    explore(world(body), runs=100, jumps=3)
