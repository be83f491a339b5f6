"""Exit signals, trapped and not, and what ends a process at once."""

from __future__ import annotations

import contextlib

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    Down,
    Exit,
    Exited,
    Kill,
    Killed,
    NoProc,
    Normal,
    NotAProcessError,
    Reason,
    Shutdown,
    process,
)

from .support import (
    collected_reports,
    dead_pid,
    exit_reason_of,
    flush,
    idle,
    in_process,
    on_node,
    trapping_idle,
)

BYE = Reason("bye")


@on_node
async def test_an_exit_signal_ends_a_process_with_its_reason() -> None:
    pid = process.spawn(idle)
    reasons: list[object] = []

    async def wait() -> None:
        reasons.append(await process.wait_exited(pid))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        process.exit(pid, BYE)

    assert reasons == [BYE]
    assert not process.is_alive(pid)


@in_process
async def test_a_killed_process_dies_of_killed() -> None:
    pids = [process.spawn(idle), process.spawn(trapping_idle)]
    await wait_all_tasks_blocked()
    refs = [process.monitor(pid) for pid in pids]
    for pid in pids:
        process.exit(pid, Kill())

    assert await flush() == [
        Down(ref, pid, Killed()) for ref, pid in zip(refs, pids, strict=True)
    ]


@in_process
async def test_who_traps_exits_gets_messages_instead() -> None:
    process.trap_exit(True)
    me = process.self()
    for reason in (Normal(), Shutdown(), BYE, Killed()):
        process.exit(me, reason)

    assert await flush() == [
        Exited(me, Normal()),
        Exited(me, Shutdown()),
        Exited(me, BYE),
        Exited(me, Killed()),
    ]


@in_process
async def test_trapping_counts_when_the_signal_arrives() -> None:
    async def body() -> None:
        process.trap_exit(True)
        await process.receive(str)
        process.trap_exit(False)
        await idle()

    pid = process.spawn(body)
    await wait_all_tasks_blocked()
    process.exit(pid, BYE)
    assert process.is_alive(pid)
    process.send(pid, "go")
    await wait_all_tasks_blocked()
    assert process.is_alive(pid)  # what is in the mailbox stays a message
    process.exit(pid, BYE)

    assert not process.is_alive(pid)


@in_process
async def test_trap_exit_returns_the_old_value() -> None:
    assert process.trap_exit(True) is False
    assert process.trap_exit(True) is True
    assert process.trap_exit(False) is True


@on_node
async def test_the_node_always_traps_exits() -> None:
    with pytest.raises(NotAProcessError, match=r"trap_exit\(\) is for processes"):
        process.trap_exit(False)
    process.exit(process.self(), BYE)
    await wait_all_tasks_blocked()

    assert process.is_alive(process.self())


@in_process
async def test_a_signal_to_the_dead_has_no_effect() -> None:
    process.exit(await dead_pid(), Kill())


@in_process
async def test_a_signal_needs_a_reason() -> None:
    pid = process.spawn(idle)
    with pytest.raises(TypeError, match="'kill' is not an exit reason"):
        process.exit(pid, "kill")  # type: ignore[arg-type]

    assert process.is_alive(pid)


@on_node
async def test_a_signal_to_oneself_ends_the_caller_on_the_spot() -> None:
    after: list[bool] = []

    async def body() -> None:
        process.exit(process.self(), BYE)
        after.append(True)

    assert await exit_reason_of(body) == BYE
    assert after == []


@on_node
async def test_an_exit_is_not_caught_by_except_exception() -> None:
    async def body() -> None:
        with contextlib.suppress(Exception):
            raise Exit(BYE)

    assert await exit_reason_of(body) == BYE


@in_process
async def test_a_process_that_is_told_to_end_runs_its_cleanup() -> None:
    cleaned: list[bool] = []

    async def body() -> None:
        try:
            await idle()
        finally:
            cleaned.append(process.is_alive(process.self()))

    pid = process.spawn(body)
    await wait_all_tasks_blocked()
    process.exit(pid, Shutdown())
    assert cleaned == []
    await wait_all_tasks_blocked()

    assert cleaned == [False]  # it is dead before its code is over


@in_process
async def test_what_a_dead_process_raises_is_not_reported() -> None:
    async def body() -> None:
        try:
            await idle()
        finally:
            raise ValueError("too late")

    with collected_reports() as reports:
        pid, ref = process.spawn_monitor(body)
        await wait_all_tasks_blocked()
        process.exit(pid, BYE)

        assert await flush() == [Down(ref, pid, BYE)]
    assert reports == []


@in_process
async def test_a_process_that_ends_itself_with_kill_dies_of_kill() -> None:
    async def body() -> None:
        raise Exit(Kill())

    assert await exit_reason_of(body) == Kill()


@in_process
async def test_the_reason_of_the_dead_is_not_kept() -> None:
    assert await process.wait_exited(await dead_pid()) == NoProc()


@in_process
async def test_a_process_can_be_killed_out_of_a_nursery_of_its_own() -> None:
    async def body() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            nursery.start_soon(trio.sleep_forever)

    with collected_reports() as reports:
        pid = process.spawn(body)
        await wait_all_tasks_blocked()
        process.exit(pid, Kill())
        await wait_all_tasks_blocked()

    assert reports == []


@in_process
async def test_the_death_of_a_peer_ends_the_sender_at_its_next_checkpoint() -> None:
    steps: list[str] = []

    async def body() -> None:
        peer = process.spawn_link(idle)
        process.exit(peer, BYE)
        steps.append("still runs")
        await trio.lowlevel.checkpoint()
        steps.append("does not come here")

    assert await exit_reason_of(body) == BYE
    assert steps == ["still runs"]
