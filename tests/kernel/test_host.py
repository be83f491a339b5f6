"""Processes with a nursery for their children, and what is torn down around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio
from trio.testing import wait_all_tasks_blocked

from otp import Kill, Node, proc_lib, process
from otp.kernel import current_node, wait_gone
from otp.proc_lib import StartOptions

from .support import assert_nothing_left, collected_reports, idle, in_process, on_node

if TYPE_CHECKING:
    from trio.testing import MockClock

    from otp import Pid
    from otp.kernel import Process
    from otp.proc_lib import Ack


async def start_host(log: list[str]) -> Pid:
    """Start a process with a nursery, which notes what becomes of its child."""

    async def child() -> None:
        try:
            await trio.sleep_forever()
        finally:
            log.append("child ended")

    async def reap() -> None:
        log.append("reaped")
        await trio.sleep(2)

    async def host(inner: Process, ack: Ack) -> None:
        inner.reaper = reap
        process.spawn_link(child)
        ack.settle(None)
        await trio.sleep_forever()

    inner, _ = await proc_lib.start_process(StartOptions(host, host=True), host)
    assert inner.nursery is not None
    return inner.pid


@on_node
async def test_children_of_a_host_die_by_their_links_before_it_is_gone() -> None:
    log: list[str] = []
    pid = await start_host(log)
    await wait_all_tasks_blocked()
    assert len(process.processes()) == 2
    process.exit(pid, Kill())
    assert process.processes() == []
    await wait_all_tasks_blocked()

    assert sorted(log) == ["child ended", "reaped"]


async def test_the_nursery_of_a_host_is_closed_with_the_node(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    log: list[str] = []
    async with Node() as node:
        await start_host(log)
        await wait_all_tasks_blocked()
    assert_nothing_left(node)
    assert "child ended" in log


async def test_a_ghost_with_a_nursery_is_torn_down_with_the_node(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock

    async def body() -> None:
        with trio.CancelScope(shield=True) as scope:
            async with trio.open_nursery() as nursery:
                for _ in range(2):
                    nursery.start_soon(give_up, scope)

    async def give_up(scope: trio.CancelScope) -> None:
        await trio.sleep(3)
        scope.shield = False
        await trio.sleep_forever()

    async with Node(shutdown_timeout=0) as node:
        node.spawn(body)
        await wait_all_tasks_blocked()
    assert_nothing_left(node)


async def test_an_error_among_cancellations_is_the_end_of_one_process_only(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock

    async def body() -> None:
        with trio.CancelScope(shield=True) as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(give_up, scope)
                nursery.start_soon(fail)

    async def give_up(scope: trio.CancelScope) -> None:
        await trio.sleep(3)
        scope.shield = False
        await trio.sleep_forever()

    async def fail() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise ValueError("x")

    with collected_reports() as reports:
        async with Node(shutdown_timeout=0) as node:
            node.spawn(body)
            await wait_all_tasks_blocked()
    assert_nothing_left(node)
    assert reports == [] or [type(r).__name__ for r in reports] == ["StuckReport"]


@in_process
async def test_who_waits_until_the_dead_are_gone_waits_for_their_code() -> None:
    async def linger(seconds: float) -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(seconds)

    for seconds, waited in ((0.5, 0.5), (3, 1)):
        pid = process.spawn(linger, seconds)
        await wait_all_tasks_blocked()
        process.exit(pid, Kill())
        before = trio.current_time()
        await wait_gone(pid)
        assert trio.current_time() == before + waited


@in_process
async def test_several_may_wait_until_one_of_several_ghosts_is_gone() -> None:
    async def linger(seconds: float) -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(seconds)

    slow, quick = process.spawn(linger, 0.9), process.spawn(linger, 0.5)
    await wait_all_tasks_blocked()
    for pid in (slow, quick):
        process.exit(pid, Kill())
    before = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait_gone, quick)
        nursery.start_soon(wait_gone, quick)
    assert trio.current_time() == before + 0.5


@in_process
async def test_who_has_gone_is_not_waited_for() -> None:
    pid = process.spawn(idle)
    await wait_all_tasks_blocked()
    process.exit(pid, Kill())
    await wait_all_tasks_blocked()
    before = trio.current_time()
    await wait_gone(pid)

    assert trio.current_time() == before
    assert current_node().statistics().ghosts == 0
