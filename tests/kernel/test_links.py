"""Links between processes."""

from __future__ import annotations

from itertools import pairwise

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    Crash,
    Exit,
    Exited,
    Kill,
    Killed,
    NoProc,
    NoProcessError,
    Normal,
    Reason,
    Shutdown,
    process,
)
from otp.kernel import current_node

from .support import (
    dead_pid,
    exit_reason_of,
    flush,
    idle,
    in_process,
    on_node,
    trapping_idle,
)

BYE = Reason("bye")


async def bye() -> None:
    raise Exit(BYE)


@in_process
async def test_a_link_is_seen_at_both_ends() -> None:
    me, other = process.self(), process.spawn(idle)
    process.link(other)
    mine, its = process.info(me), process.info(other)

    assert mine is not None
    assert its is not None
    assert (mine.links, its.links) == ((other,), (me,))


@in_process
async def test_the_death_of_one_is_the_death_of_the_other() -> None:
    async def follower() -> None:
        process.spawn_link(bye)
        await idle()

    assert await exit_reason_of(follower) == BYE


@in_process
async def test_a_death_goes_through_any_number_of_links() -> None:
    pids = [process.spawn(idle) for _ in range(5_000)]
    for one, other in pairwise(pids):
        inner, peer = one.process, other.process
        assert inner is not None
        assert peer is not None
        inner.link(peer)
    process.exit(pids[2_000], BYE)

    assert not any(process.is_alive(pid) for pid in pids)


@in_process
async def test_a_ring_of_links_dies_once() -> None:
    process.trap_exit(True)
    pids = [process.spawn(idle) for _ in range(3)]
    for one, other in pairwise([*pids, pids[0]]):
        assert one.process is not None
        assert other.process is not None
        one.process.link(other.process)
    for pid in pids:
        process.link(pid)
    process.exit(pids[1], BYE)

    assert {m.pid for m in await flush() if isinstance(m, Exited)} == set(pids)


@in_process
async def test_who_traps_exits_stops_the_spreading() -> None:
    pid = process.spawn(trapping_idle)
    peer = process.spawn(idle)
    await wait_all_tasks_blocked()
    assert pid.process is not None
    assert peer.process is not None
    pid.process.link(peer.process)
    process.exit(peer, BYE)

    info = process.info(pid)
    assert info is not None
    assert info.messages == (Exited(peer, BYE),)
    assert info.links == ()


@in_process
async def test_a_normal_end_is_a_message_to_who_traps_exits() -> None:
    async def nothing() -> None:
        pass

    process.trap_exit(True)
    pid = process.spawn_link(nothing)

    assert await flush() == [Exited(pid, Normal())]


@in_process
async def test_a_link_to_the_dead_is_no_link() -> None:
    pid = await dead_pid()
    with pytest.raises(NoProcessError) as caught:
        process.link(pid)
    process.trap_exit(True)
    process.link(pid)

    assert caught.value.server is pid
    assert await flush() == [Exited(pid, NoProc())]


@in_process
async def test_a_link_to_oneself_means_nothing() -> None:
    me = process.self()
    process.link(me)
    info = process.info(me)

    assert info is not None
    assert info.links == ()


@in_process
async def test_after_unlink_a_death_has_no_effect() -> None:
    process.trap_exit(True)
    pid = process.spawn_link(bye)

    assert process.unlink(pid) is False
    assert await flush() == []


@in_process
async def test_unlink_can_take_a_message_out_that_is_there() -> None:
    process.trap_exit(True)
    first, second = process.spawn_link(bye), process.spawn_link(bye)
    await wait_all_tasks_blocked()

    assert process.unlink(first) is False
    assert process.unlink(first, flush=True) is True
    assert process.unlink(first, flush=True) is False
    assert await flush() == [Exited(second, BYE)]


@on_node
async def test_the_node_can_be_linked_and_takes_no_notice() -> None:
    pid = process.spawn_link(bye)
    assert current_node().root.links
    await process.wait_exited(pid)
    await wait_all_tasks_blocked()

    assert not current_node().root.links
    assert len(current_node().root.mailbox) == 0


@on_node
async def test_the_node_can_link_to_the_dead() -> None:
    process.link(await dead_pid())


@in_process
async def test_a_dying_process_cannot_link_any_more() -> None:
    other = process.spawn(idle)

    async def dying() -> None:
        try:
            await trio.sleep_forever()
        finally:
            process.link(other)

    pid = process.spawn(dying)
    await wait_all_tasks_blocked()
    process.exit(pid, Kill())
    await wait_all_tasks_blocked()
    info = process.info(other)

    assert info is not None
    assert info.links == ()


@in_process
async def test_a_link_carries_the_very_reason() -> None:
    error = ValueError("x")

    async def crash() -> None:
        raise error

    process.trap_exit(True)
    crashed = process.spawn_link(crash)
    killed = process.spawn_link(idle)
    stopped = process.spawn_link(idle)
    process.exit(killed, Kill())
    process.exit(stopped, Shutdown("x"))

    assert {m.pid: m.reason for m in await flush() if isinstance(m, Exited)} == {
        crashed: Crash(error),
        killed: Killed(),
        stopped: Shutdown("x"),
    }
