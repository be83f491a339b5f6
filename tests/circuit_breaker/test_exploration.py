"""Whatever the order, wherever it is cancelled: no permit too many, and none lost."""

from __future__ import annotations

from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING, Protocol

import pytest
import trio
from trio.lowlevel import checkpoint

import otp
from otp import CircuitBreaker, CircuitOpenError, gen_statem, process
from otp.circuit_breaker import (
    BreakerServer,
    BreakerSpec,
    BreakerStatistics,
    shared,
)
from otp.testing import Cancelling, cancel_everywhere, explore, wait_until_idle
from tests.testing.worlds import all_exited, cancelled_world, world

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from otp import Pid

TWO = BreakerSpec(
    consecutive_failures=1, open_for=10, half_open_calls=2, half_open_timeout=inf
)


class Local:
    """A breaker of the program."""

    def __init__(self) -> None:
        self.breaker = CircuitBreaker(TWO)
        self.call = self.breaker.call

    async def statistics(self) -> BreakerStatistics:
        return self.breaker.statistics()

    def record(self) -> None:
        self.breaker.record()

    async def stop(self) -> None:
        await checkpoint()


class Shared:
    """A breaker that is a process."""

    def __init__(self, server: Pid[BreakerServer]) -> None:
        self.server = server
        # The clock jumps, and may well jump over any time-out.
        self.breaker = shared(server, timeout=inf)
        self.call = self.breaker.call

    async def statistics(self) -> BreakerStatistics:
        return await self.breaker.statistics()

    def record(self) -> None:
        self.breaker.record()

    async def stop(self) -> None:
        info = process.info(self.server)
        assert info is not None
        assert info.monitors == ()
        await gen_statem.stop(self.server)


async def local() -> Local:
    return Local()


async def by_process() -> Shared:
    return Shared(await gen_statem.start_link(BreakerServer, TWO))


class Opened(Protocol):
    """Makes one of the two."""

    async def __call__(self) -> Local | Shared: ...


BOTH = pytest.mark.parametrize("make", [local, by_process], ids=["local", "shared"])


async def half_open(make: Opened) -> Local | Shared:
    """Return a breaker that has become half-open."""
    kind = await make()
    kind.record()
    assert (await kind.statistics()).state == "open"
    await trio.sleep(10)
    assert (await kind.statistics()).state == "half_open"
    return kind


class Backend:
    """What is called: it counts how many are in it."""

    def __init__(self) -> None:
        self.inside = self.most = self.calls = 0

    async def call(self) -> None:
        self.calls += 1
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await trio.sleep(1)
            await checkpoint()
        finally:
            self.inside -= 1

    async def refuse(self) -> None:
        await self.call()
        raise OSError


# ------------------------------------------------------------------ any order of steps


@BOTH
def test_a_trial_lets_two_of_four_through_in_any_order(make: Opened) -> None:
    async def body() -> None:
        kind, backend = await half_open(make), Backend()
        rejected = 0

        async def client() -> None:
            nonlocal rejected
            try:
                await kind.call(backend.call)
            except CircuitOpenError:
                rejected += 1

        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(client)

        # Whoever came after the trial was over found the breaker closed.
        assert backend.most <= 2
        assert backend.calls + rejected == 4
        found = await kind.statistics()
        assert (found.state, found.permits) == ("closed", 0)
        await kind.stop()

    explore(world(body), runs=60, jumps=2)


@BOTH
def test_one_that_is_cancelled_hands_its_permit_on_in_any_order(make: Opened) -> None:
    async def body() -> None:
        kind, backend = await half_open(make), Backend()

        async def impatient() -> None:
            with trio.move_on_after(0.5), suppress(CircuitOpenError):
                await kind.call(backend.call)

        async def patient() -> None:
            while True:
                try:
                    await kind.call(backend.call)
                except CircuitOpenError:
                    await trio.sleep(0.25)
                else:
                    return

        async with trio.open_nursery() as nursery:
            nursery.start_soon(impatient)
            nursery.start_soon(impatient)
            nursery.start_soon(patient)
            nursery.start_soon(patient)

        assert backend.most <= 2
        found = await kind.statistics()
        assert (found.state, found.permits) == ("closed", 0)
        await kind.stop()

    explore(world(body), runs=60, jumps=2)


@BOTH
def test_a_late_result_never_decides(make: Opened) -> None:
    async def body() -> None:
        kind = await make()

        async def old() -> None:
            await kind.call(trio.sleep, 10)

        async def opens() -> None:
            with pytest.raises(OSError):  # noqa: PT011 - as bare as it is raised
                await kind.call(fails_at_once)

        async def fails_at_once() -> None:
            await trio.sleep(1)
            raise OSError

        async with trio.open_nursery() as nursery:
            nursery.start_soon(old)
            nursery.start_soon(old)
            nursery.start_soon(opens)
            await trio.sleep(9)
        await trio.sleep(1)

        found = await kind.statistics()
        assert (found.state, found.late, found.window_calls) == ("half_open", 2, 0)
        await kind.stop()

    explore(world(body), runs=40)


@pytest.mark.parametrize("reason", [otp.Kill(), otp.Shutdown()], ids=["kill", "exit"])
def test_a_process_that_is_killed_leaves_no_permit_behind_in_any_order(
    reason: otp.ExitReason,
) -> None:
    async def body() -> None:
        kind, backend = await half_open(by_process), Backend()

        async def client() -> None:
            try:
                await kind.call(backend.call)
            except CircuitOpenError:
                await checkpoint()

        victims = [process.spawn(client) for _ in range(3)]
        for victim in victims:
            await checkpoint()
            process.exit(victim, reason)
        await all_exited(*victims)
        # The last word of a dead process may be read before what tells of its death.
        await wait_until_idle()

        found = await kind.statistics()
        assert found.permits == 0
        await kind.stop()

    explore(world(body), runs=80, jumps=2)


# ------------------------------------------------------------- cancelled at any step


async def assert_works(kind: Local | Shared) -> None:
    """Check that no permit is out, and that two successes close it."""
    found = await kind.statistics()
    assert found.permits == 0
    for _ in range(2):
        await kind.call(checkpoint)
    found = await kind.statistics()
    assert found.state == "closed"
    await kind.stop()


@BOTH
@pytest.mark.parametrize("schedules", [1, 5])
def test_a_call_of_a_task_is_cancelled_at_any_step(
    make: Opened, schedules: int
) -> None:
    async def scenario(cancelling: Cancelling) -> None:
        kind, backend = await half_open(make), Backend()
        with cancelling:
            await kind.call(backend.call)
        await assert_works(kind)

    steps = cancel_everywhere(outside(scenario), schedules=schedules)
    assert steps >= 2


@BOTH
def test_a_call_that_fails_is_cancelled_at_any_step(make: Opened) -> None:
    async def scenario(cancelling: Cancelling) -> None:
        kind, backend = await half_open(make), Backend()
        with cancelling, suppress(OSError):
            await kind.call(backend.refuse)
        found = await kind.statistics()
        assert found.permits == 0
        # One failure has opened it before, and one is enough to open it again.
        assert (found.state == "open") == (found.failures == 2)
        assert found.state == "open" or cancelling.cancelled
        await kind.stop()

    cancel_everywhere(outside(scenario), schedules=3)


@BOTH
def test_a_block_is_cancelled_at_any_step(make: Opened) -> None:
    async def scenario(cancelling: Cancelling) -> None:
        kind, backend = await half_open(make), Backend()
        with cancelling:
            async with kind.breaker:
                await backend.call()
        await assert_works(kind)

    cancel_everywhere(outside(scenario), schedules=3)


@BOTH
def test_a_call_of_a_process_is_cancelled_at_any_step(make: Opened) -> None:
    async def scenario(cancelling: Cancelling) -> None:
        kind, backend = await half_open(make), Backend()
        with cancelling:
            await kind.call(backend.call)
        await assert_works(kind)

    cancel_everywhere(cancelled_world(scenario), schedules=3)


@BOTH
def test_waiting_for_a_place_is_cancelled_at_any_step(make: Opened) -> None:
    async def scenario(cancelling: Cancelling) -> None:
        kind, backend = await half_open(make), Backend()
        with cancelling:
            async with trio.open_nursery() as nursery:
                for _ in range(4):
                    nursery.start_soon(swallow, kind, backend)
        assert backend.most <= 2
        found = await kind.statistics()
        assert found.permits == 0
        await kind.stop()

    cancel_everywhere(outside(scenario), schedules=3)


async def swallow(kind: Local | Shared, backend: Backend) -> None:
    """Call, and take no for an answer."""
    try:
        await kind.call(backend.call)
    except CircuitOpenError:
        await checkpoint()


def outside(
    scenario: Callable[[Cancelling], Awaitable[None]],
) -> Callable[[Cancelling], Awaitable[None]]:
    """Return a scenario of the code around a node, which is no process."""

    async def run(cancelling: Cancelling) -> None:
        async with otp.Node():
            await scenario(cancelling)

    return run


def test_waiting_for_a_state_is_cancelled_at_any_step() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        breaker = CircuitBreaker(TWO)
        breaker.record()
        with cancelling:
            await breaker.wait_state("open")
            await breaker.wait_state("half_open")

        # Nobody is left to be woken.
        async with trio.open_nursery() as nursery:
            nursery.start_soon(breaker.wait_state, "isolated")
            await trio.testing.wait_all_tasks_blocked()
            breaker.isolate()

    cancel_everywhere(scenario, limit=50)
