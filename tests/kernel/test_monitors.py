"""Monitors."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    Alias,
    Down,
    Exit,
    Exited,
    Kill,
    Killed,
    Name,
    NoConnection,
    NoProc,
    Normal,
    NotAProcessError,
    Reason,
    process,
)

from .support import (
    assert_owes_nothing,
    dead_pid,
    flush,
    idle,
    in_process,
    on_node,
)

BYE = Reason("bye")


async def look_for_mail_in_vain() -> None:
    with pytest.raises(TimeoutError):
        await process.receive(lambda _: False, timeout=0)


@in_process
async def test_a_monitor_tells_of_the_death_and_only_that() -> None:
    pid = process.spawn(idle)
    ref = process.monitor(pid)

    assert await flush() == []
    process.exit(pid, Kill())
    assert await flush() == [Down(ref, pid, Killed())]


@in_process
async def test_a_monitor_has_one_direction() -> None:
    me, pid = process.self(), process.spawn(idle)
    process.monitor(pid)
    mine, its = process.info(me), process.info(pid)

    assert mine is not None
    assert its is not None
    assert mine.monitors == (pid,)
    assert (its.monitors, its.monitored_by) == ((), (me,))


@in_process
async def test_each_monitor_is_another_one() -> None:
    pid = process.spawn(idle)
    refs = [process.monitor(pid), process.monitor(pid, tag="t")]
    process.exit(pid, Kill())

    assert await flush() == [
        Down(refs[0], pid, Killed()),
        Down(refs[1], pid, Killed(), "t"),
    ]


@in_process
async def test_a_monitor_of_a_name_shows_the_name() -> None:
    name = Name[object]("watched")
    pid = process.spawn(idle)
    process.register(name, pid)
    ref = process.monitor(name)
    process.exit(pid, Kill())

    assert await flush() == [Down(ref, name, Killed())]


@in_process
async def test_the_name_means_who_had_it_when_the_monitor_was_set() -> None:
    first, second = process.spawn(idle), process.spawn(idle)
    process.register("watched", first)
    process.monitor(Name("watched"))
    process.unregister("watched")
    process.register("watched", second)
    process.exit(second, Kill())

    assert await flush() == []


@in_process
async def test_a_monitor_of_nobody_is_answered_at_once() -> None:
    pid = await dead_pid()
    refs = [
        process.monitor(pid),
        process.monitor(Name("nobody")),
        process.monitor(Name("x").at("nowhere")),
    ]

    assert await flush(0) == [
        Down(refs[0], pid, NoProc()),
        Down(refs[1], Name("nobody"), NoProc()),
        Down(refs[2], Name("x").at("nowhere"), NoConnection()),
    ]


@in_process
async def test_a_monitor_that_is_taken_back_tells_nothing() -> None:
    pid = process.spawn(idle)
    ref = process.monitor(pid)

    assert process.demonitor(ref) is True
    assert process.demonitor(ref) is False
    process.exit(pid, Kill())
    assert await flush() == []


@in_process
async def test_only_its_own_message_is_flushed() -> None:
    pid = await dead_pid()
    first, second = process.monitor(pid), process.monitor(pid)
    await look_for_mail_in_vain()

    assert process.demonitor(first, flush=True) is False
    assert await flush() == [Down(second, pid, NoProc())]


@in_process
async def test_that_nobody_is_there_can_be_taken_back_until_it_is_heard() -> None:
    pid = await dead_pid()
    process.send(process.self(), "before")
    heard = process.monitor(pid)
    await look_for_mail_in_vain()
    process.send(process.self(), "after")
    new = process.monitor(pid)

    assert process.demonitor(new) is True
    assert process.demonitor(heard) is False
    assert await flush() == ["before", Down(heard, pid, NoProc()), "after"]


@in_process
async def test_what_was_heard_stays_heard_when_mail_before_it_is_taken() -> None:
    pid = await dead_pid()
    for message in ("a", "b"):
        process.send(process.self(), message)
    heard = process.monitor(pid)
    await look_for_mail_in_vain()
    await process.receive(lambda m: m == "a")
    new = process.monitor(pid)

    assert process.demonitor(new) is True
    assert process.demonitor(heard) is False


@in_process
async def test_flushing_an_active_monitor_leaves_the_mailbox_alone() -> None:
    pid = process.spawn(idle)
    ref = process.monitor(pid)
    process.send(process.self(), "x")

    assert process.demonitor(ref, flush=True) is True
    assert await flush() == ["x"]


@in_process
async def test_the_dead_take_their_monitors_along() -> None:
    pid = process.spawn(idle)

    async def watcher() -> None:
        process.monitor(pid)
        await idle()

    watching = process.spawn(watcher)
    await wait_all_tasks_blocked()
    process.exit(watching, Kill())

    assert_owes_nothing(pid)


@in_process
async def test_links_are_told_before_monitors() -> None:
    async def body() -> None:
        await process.receive()
        raise Exit(BYE)

    pid = process.spawn(body)
    process.trap_exit(True)
    process.link(pid)
    ref = process.monitor(pid)
    process.send(pid, "go")

    assert await flush() == [Exited(pid, BYE), Down(ref, pid, BYE)]


@on_node
async def test_only_a_process_can_set_a_monitor() -> None:
    with pytest.raises(NotAProcessError, match=r"monitor\(\) is for processes"):
        process.monitor(process.spawn(idle))


# ------------------------------------------------------- their aliases


@in_process
async def test_a_monitor_may_be_an_address_too() -> None:
    pid = process.spawn(idle)
    ref = process.monitor(pid, alias="unalias")
    process.send(ref, 1)
    process.exit(pid, Kill())
    process.send(ref, 2)

    assert isinstance(ref, Alias)
    assert await flush() == [1, Down(ref, pid, Killed()), 2]
    assert process.unalias(ref)


@in_process
async def test_taking_back_a_monitor_may_end_its_alias() -> None:
    pid = process.spawn(idle)
    ref = process.monitor(pid, alias="demonitor")
    process.send(ref, 1)
    process.demonitor(ref)
    process.send(ref, 2)

    assert await flush() == [1]
    assert process.self().process is not None
    assert not process.unalias(ref)


@in_process
async def test_taking_back_a_monitor_may_leave_its_alias() -> None:
    pid = process.spawn(idle)
    ref = process.monitor(pid, alias="unalias")
    process.demonitor(ref)
    process.send(ref, 1)

    assert await flush() == [1]


@in_process
async def test_the_first_reply_may_end_both_monitor_and_alias() -> None:
    pid = process.spawn(idle)
    ref = process.monitor(pid, alias="reply_demonitor")
    process.send(ref, 1)
    process.send(ref, 2)
    process.exit(pid, Kill())

    assert await flush() == [1]
    assert not process.demonitor(ref)


@in_process
async def test_a_death_ends_an_alias_that_waits_for_a_reply() -> None:
    pid = process.spawn(idle)
    ref = process.monitor(pid, alias="reply_demonitor")
    process.exit(pid, Kill())
    process.send(ref, 1)

    assert await flush() == [Down(ref, pid, Killed())]


# ------------------------------------------------------------ waiting for an end


@on_node
async def test_any_task_may_wait_for_an_end() -> None:
    before = trio.current_time()
    pid = process.spawn(trio.sleep, 3)

    assert await process.wait_exited(pid) == Normal()
    assert trio.current_time() == before + 3
    assert await process.wait_exited(pid) == NoProc()


@on_node
async def test_waiting_for_an_end_may_take_too_long_and_leaves_nothing() -> None:
    pid = process.spawn(idle)
    with pytest.raises(trio.TooSlowError):
        await process.wait_exited(pid, timeout=3)

    assert_owes_nothing(pid)


@on_node
async def test_the_end_of_a_name_at_an_unknown_node_has_come() -> None:
    assert await process.wait_exited(Name("x").at("nowhere")) == NoConnection()
    assert await process.wait_exited(Name("x")) == NoProc()


@on_node
async def test_several_may_wait_for_one_end() -> None:
    pid = process.spawn(idle)
    reasons: list[object] = []

    async def wait() -> None:
        reasons.append(await process.wait_exited(pid))

    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        process.exit(pid, BYE)

    assert reasons == [BYE] * 3
