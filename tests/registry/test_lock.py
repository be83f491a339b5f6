"""Locks: one task at a time, in the order of coming."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
from outcome import Value

import otp
from otp import Kill, NoRegistryError, ServerExitedError, process, registry
from tests.kernel.support import (
    cancel_at_every_step,
    cancel_at_step,
    in_process,
    on_node,
)

from .support import REG, kill, settled, start, watchers

if TYPE_CHECKING:
    from otp import Pid


def locker(log: list[object], name: object, key: object = "k") -> Pid:
    """Start a process that holds the lock until it is told to go on."""

    async def live() -> None:
        async with registry.lock(REG, key):
            log.append(name)
            await process.receive()

    return process.spawn(live)


async def lockers(log: list[object], *names: object) -> list[Pid]:
    """Start processes that ask for the lock in this order."""
    pids: list[Pid] = []
    for name in names:
        pids.append(locker(log, name))
        await settled()
    return pids


async def go_on(pid: Pid) -> None:
    process.send(pid, "go on")
    await settled()


@in_process
async def test_who_waits_gets_in_in_the_order_of_coming() -> None:
    await start()
    log: list[object] = []
    pids = await lockers(log, 1, 2, 3)
    seen = [list(log)]
    for pid in pids:
        await go_on(pid)
        seen.append(list(log))

    assert seen == [[1], [1, 2], [1, 2, 3], [1, 2, 3]]


@in_process
async def test_locks_of_different_keys_are_different() -> None:
    await start()
    log: list[object] = []
    locker(log, 1, "k")
    locker(log, 2, "l")
    await settled()

    assert sorted(log, key=str) == [1, 2]


@in_process
async def test_locks_have_nothing_to_do_with_entries() -> None:
    await start()
    registry.register(REG, "k")
    async with registry.lock(REG, "k"):
        assert registry.count(REG) == 1
    registry.unregister(REG, "k")


@in_process
async def test_a_lock_is_free_after_an_exception() -> None:
    await start()
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            async with registry.lock(REG, "k"):
                _ = 1 / 0


@in_process
async def test_who_holds_a_lock_does_not_ask_for_it_again() -> None:
    await start()
    async with registry.lock(REG, "k"):
        with pytest.raises(RuntimeError, match="holds the lock 'k' already"):
            await registry.lock(REG, "k").__aenter__()
        async with registry.lock(REG, "l"):
            pass


@in_process
async def test_another_task_of_the_same_process_waits() -> None:
    await start()
    log: list[object] = []

    async def second() -> None:
        async with registry.lock(REG, "k"):
            log.append("second")

    async with trio.open_nursery() as nursery, registry.lock(REG, "k"):
        nursery.start_soon(second)
        await settled()
        log.append("first")

    assert log == ["first", "second"]


@in_process
async def test_the_dead_hold_nothing() -> None:
    await start()
    log: list[object] = []
    first, *_ = await lockers(log, 1, 2)
    await kill(first)

    assert log == [1, 2]


@in_process
async def test_the_dead_do_not_wait() -> None:
    await start()
    log: list[object] = []
    first, second, third = await lockers(log, 1, 2, 3)
    await kill(second)
    await go_on(first)

    assert log == [1, 3]
    assert watchers(third) == 1


@in_process
async def test_a_dead_holder_that_lingers_frees_nothing_twice() -> None:
    await start()
    log: list[object] = []

    async def linger() -> None:
        async with registry.lock(REG, "k"):
            with trio.CancelScope(shield=True):
                await trio.sleep(1)

    first = process.spawn(linger)
    await settled()
    await lockers(log, 2, 3)
    await kill(first)
    before = list(log)
    await trio.sleep(2)

    assert before == log == [2]


@in_process
async def test_who_lingers_dead_does_not_get_in() -> None:
    await start()
    log: list[object] = []

    async def linger() -> None:
        with trio.CancelScope(shield=True):
            async with registry.lock(REG, "k"):
                log.append("never")

    first, *_ = await lockers(log, 1)
    second = process.spawn(linger)
    await settled()
    await kill(second)
    await go_on(first)

    assert log == [1]


@in_process
async def test_a_ghost_does_not_ask() -> None:
    await start()
    log: list[object] = []

    async def linger() -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                async with registry.lock(REG, "k"):
                    log.append("never")

    pid = process.spawn(linger)
    await settled()
    await kill(pid)

    assert log == []


@in_process
async def test_who_waits_hears_of_the_end_of_the_registry() -> None:
    pid = await start()
    async with registry.lock(REG, "k"):
        errors: list[ServerExitedError] = []

        async def wait() -> None:
            with pytest.raises(ServerExitedError) as caught:
                await registry.lock(REG, "k").__aenter__()
            errors.append(caught.value)

        process.spawn(wait)
        await settled()
        process.exit(pid, Kill())
        await settled()

    assert [(e.server, e.reason) for e in errors] == [(REG, otp.Killed())]


@in_process
async def test_a_registry_may_end_before_one_waits_at_all() -> None:
    pid = await start()
    errors: list[object] = []

    async def enter() -> None:
        with pytest.raises(ServerExitedError) as caught:
            await registry.lock(REG, "k").__aenter__()
        errors.append(caught.value.reason)

    # It is there when the lock is asked for, and gone at the checkpoint after that.
    entering = enter()
    entering.send(None)
    process.exit(pid, Kill())
    with pytest.raises(StopIteration):
        entering.send(Value(None))

    assert errors == [otp.Killed()]
    with pytest.raises(NoRegistryError):
        await registry.lock(REG, "k").__aenter__()


@on_node
async def test_any_task_may_hold_a_lock() -> None:
    await registry.start_link(REG, keys="unique")
    async with registry.lock(REG, "k"):
        pass


async def test_a_wait_that_is_cancelled_anywhere_leaves_nothing(
    autojump_clock: trio.testing.MockClock,
) -> None:
    del autojump_clock

    async def trial(step: int) -> list[bool]:
        results: list[list[bool]] = []

        async def use() -> bool:
            async with registry.lock(REG, "k"):
                await trio.lowlevel.checkpoint()
            return True

        async def run() -> None:
            pid = await start()
            (holder,) = await lockers([], 1)
            assert pid.process is not None
            results.append([])
            async with trio.open_nursery() as nursery:
                nursery.start_soon(go_on, holder)
                results[-1] = await cancel_at_step(step, use)
            assert not pid.process.owed
            async with registry.lock(REG, "k"):
                pass

        async with otp.Node():
            await process.wait_exited(process.spawn(run))
        return results[0]

    assert await cancel_at_every_step(trial) >= 2
