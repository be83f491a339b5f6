"""What is over is over: processes and calls leave nothing for the garbage collector.

Cycles would be collected in the end, but at the cost of pauses that grow with the
number of living processes.
"""

from __future__ import annotations

import gc
from collections import Counter
from typing import TYPE_CHECKING

import trio
from trio.testing import wait_all_tasks_blocked

import otp
from otp import gen_server, process
from otp.kernel import Waiter

if TYPE_CHECKING:
    from collections.abc import Iterator

import pytest


class Adder(otp.GenServer):
    @otp.call
    async def add(self, n: int) -> int:
        return n + 1

    @otp.cast
    async def stop(self) -> otp.Stop:
        return otp.Stop()


async def enter_a_node() -> None:
    async with otp.Node():
        pass


@pytest.fixture
def garbage() -> Iterator[Counter[str]]:
    """What only the collector could free, by class; filled by `collect`."""
    # The first node of all tries out schedulers, in a Trio run of its own.
    trio.run(enter_a_node)
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield Counter()
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def collect(garbage: Counter[str]) -> Counter[str]:
    gc.collect()
    garbage.update(
        type(o).__name__
        for o in gc.garbage
        if type(o).__module__.startswith("otp") or isinstance(o, Adder)
    )
    return garbage


async def test_a_server_that_ends_leaves_no_cycle(garbage: Counter[str]) -> None:
    async with otp.Node():
        servers = [await gen_server.start_link(Adder) for _ in range(10)]
        for server in servers:
            Adder.stop(server)
        await wait_all_tasks_blocked()
        del servers, server

        assert collect(garbage) == Counter()


async def test_a_process_that_returns_or_is_killed_leaves_no_cycle(
    garbage: Counter[str],
) -> None:
    async def work(for_ever: bool) -> None:
        if for_ever:
            await process.receive()

    async with otp.Node():
        pids = [process.spawn(work, n % 2 == 0) for n in range(10)]
        await wait_all_tasks_blocked()
        for pid in pids:
            process.exit(pid, otp.Kill())
        await wait_all_tasks_blocked()
        del pids, pid

        assert collect(garbage) == Counter()


async def test_calls_and_casts_leave_no_cycle(garbage: Counter[str]) -> None:
    async with otp.Node():
        server = await gen_server.start_link(Adder)
        for n in range(10):
            await Adder.add(server, n)
        await Adder.add.send_request(server, 1).wait()

        assert collect(garbage) == Counter()


class Fragile(Adder):
    def __init__(self, *, breaks: bool = False) -> None:
        if breaks:
            raise RuntimeError("broken from the start")

    @otp.cast
    async def crash(self) -> None:
        raise RuntimeError("crash")


async def test_a_crash_leaves_no_cycle(garbage: Counter[str]) -> None:
    async def crash(by_hand: bool) -> None:
        if by_hand:
            raise otp.Exit(otp.Crash(RuntimeError("crash")))
        raise RuntimeError("crash")

    async with otp.Node():
        for n in range(10):
            process.spawn(crash, n % 2 == 0)
            Fragile.crash(await gen_server.start(Fragile))
        await wait_all_tasks_blocked()

        assert collect(garbage) == Counter()


async def test_an_error_that_servers_share_ends_each_of_them(
    garbage: Counter[str],
) -> None:
    shared = RuntimeError("shared")
    ended: list[otp.ExitReason] = []

    class Sharer(otp.GenServer):
        def __init__(self, wait: trio.Event) -> None:
            self.wait = wait

        @otp.cast
        async def crash(self) -> None:
            raise shared

        async def terminate(self, reason: otp.ExitReason) -> None:
            await self.wait.wait()
            ended.append(reason)

    async with otp.Node():
        events = [trio.Event(), trio.Event()]
        for event in events:
            Sharer.crash(await gen_server.start(Sharer, event))
            await wait_all_tasks_blocked()
        for event in events:
            event.set()
            await wait_all_tasks_blocked()

    assert ended == [otp.Crash(shared)] * 2
    assert "coroutine" not in collect(garbage)


async def test_a_start_that_fails_leaves_no_cycle(garbage: Counter[str]) -> None:
    # Not pytest.raises(), which keeps the frames of the test.
    failed = 0
    async with otp.Node():
        for _ in range(10):
            try:
                await gen_server.start(Fragile, breaks=True)
            except otp.StartError:
                failed += 1
        await wait_all_tasks_blocked()

        assert collect(garbage) == Counter()
    assert failed == 10


class Failing(otp.GenServer):
    @otp.call
    async def fail(self) -> None:
        raise RuntimeError("crash")


async def test_a_call_that_fails_leaves_no_cycle(garbage: Counter[str]) -> None:
    async def call() -> None:
        await Failing.fail(await gen_server.start(Failing))

    async def request() -> None:
        await Failing.fail.send_request(await gen_server.start(Failing)).wait()

    def failed_already() -> Waiter:
        waiter = Waiter()
        waiter.fail(otp.NoProcessError(None))
        return waiter

    async def wait() -> None:
        await failed_already().wait()

    failed = 0
    async with otp.Node():
        for fn in (call, request, wait):
            try:
                await fn()
            except otp.CallError:
                failed += 1
        await wait_all_tasks_blocked()

        assert collect(garbage) == Counter()
    assert failed == 3
