"""The probes of processes: links, monitors, exit signals, names and aliases."""

from __future__ import annotations

import pytest
import trio

from otp import (
    Alias,
    Exit,
    Kill,
    Name,
    NameTakenError,
    NoProcessError,
    Normal,
    Pid,
    Reason,
    process,
)
from tests.kernel.support import (
    dead_pid,
    exit_reason_of,
    flush,
    idle,
    trapping_idle,
)

from .erlang import Raised, error, probe

BYE = Reason("bye")
NOSUCH = Name[object]("nosuch")


async def bye_on_go() -> None:
    await process.receive(lambda message: message == "go")
    raise Exit(BYE)


async def kill_oneself() -> None:
    raise Exit(Kill())


async def receive_nothing(seconds: float) -> None:
    with pytest.raises(TimeoutError):
        await process.receive(lambda _: False, timeout=seconds)


async def nothing() -> None:
    pass


@probe("link dead, not trapping")
async def test_a_link_to_the_dead_raises_in_who_does_not_trap() -> object:
    pid = await dead_pid()
    with pytest.raises(NoProcessError):
        process.link(pid)
    return error("noproc")


@probe("link dead, trapping")
async def test_a_link_to_the_dead_is_a_message_to_who_traps() -> object:
    process.trap_exit(True)
    process.link(await dead_pid())
    return await flush()


@probe("monitor dead")
async def test_a_monitor_of_the_dead_is_answered_at_once() -> object:
    process.monitor(await dead_pid())
    return await flush()


@probe("monitor unregistered name")
async def test_a_monitor_of_nobodys_name_is_answered_at_once() -> object:
    process.monitor(NOSUCH)
    return await flush()


@probe("exit(P,kill) linked trapping peer sees")
async def test_a_killed_peer_died_of_killed() -> object:
    process.trap_exit(True)
    pid = process.spawn_link(trapping_idle)
    process.exit(pid, Kill())
    return await flush()


@probe("linked peer does exit(kill): trapping sees")
async def test_a_peer_that_ends_itself_with_kill_passes_kill_on() -> object:
    process.trap_exit(True)
    process.spawn_link(kill_oneself)
    return await flush()


@probe("linked peer does exit(kill): nontrap dies with")
async def test_who_does_not_trap_dies_of_the_kill_of_a_peer() -> object:
    async def parent() -> None:
        process.spawn_link(kill_oneself)
        await idle()

    return [await exit_reason_of(parent)]


@probe("linked peer exits normal: nontrap survives")
async def test_a_normal_end_of_a_peer_is_not_noticed() -> object:
    process.spawn_link(nothing)
    await trio.sleep(0.03)
    return "alive"


@probe("exit(P,normal) to other, nontrap")
async def test_an_exit_signal_normal_is_not_noticed() -> object:
    pid = process.spawn(idle)
    process.exit(pid, Normal())
    await trio.sleep(0.02)
    return process.is_alive(pid)


@probe("exit(P,normal) to other, trapping gets")
async def test_an_exit_signal_normal_is_a_message_to_who_traps() -> object:
    me = process.self()

    async def other() -> None:
        process.trap_exit(True)
        process.send(me, "up")
        process.send(me, ("got", await process.receive()))

    pid = process.spawn(other)
    assert await process.receive() == "up"
    process.exit(pid, Normal())
    return await flush()


@probe("exit(self(),normal) nontrap dies")
async def test_an_exit_signal_normal_to_oneself_is_the_end() -> object:
    process.exit(process.self(), Normal())
    await trio.sleep(0.1)
    return "alive"


@probe("exit(self(),normal) trapping")
async def test_an_exit_signal_to_oneself_can_be_trapped() -> object:
    process.trap_exit(True)
    process.exit(process.self(), Normal())
    return await flush()


@probe("exit(self(),kill) while trapping")
async def test_to_kill_oneself_cannot_be_trapped() -> object:
    async def body() -> None:
        process.trap_exit(True)
        process.exit(process.self(), Kill())
        await trio.sleep(0.1)

    return await exit_reason_of(body)


@probe("error reason shape")
async def test_an_exception_is_a_reason_with_its_traceback() -> object:
    async def body() -> None:
        raise Raised("x")

    return await exit_reason_of(body)


@probe("exit reason shape")
async def test_an_exit_is_the_very_reason() -> object:
    async def body() -> None:
        raise Exit(Reason(("a", "b")))

    return await exit_reason_of(body)


@probe("send to dead pid")
async def test_sending_to_the_dead_is_no_error() -> object:
    process.send(await dead_pid(), "hi")
    return "ok"


@probe("send to unregistered name")
async def test_sending_to_nobodys_name_is_an_error() -> object:
    with pytest.raises(NoProcessError):
        process.send(NOSUCH, "hi")
    return error("badarg")


@probe("register same name twice")
async def test_a_name_cannot_be_given_twice() -> object:
    process.register("nm1", process.self())
    with pytest.raises(NameTakenError):
        process.register("nm1", process.spawn(idle))
    return error("badarg")


@probe("register one pid under two names")
async def test_a_process_cannot_have_two_names() -> object:
    process.register("nm2", process.self())
    with pytest.raises(NameTakenError):
        process.register("nm3", process.self())
    return error("badarg")


@probe("register dead pid")
async def test_the_dead_cannot_have_a_name() -> object:
    pid = await dead_pid()
    with pytest.raises(NoProcessError):
        process.register("nm4", pid)
    return error("badarg")


@probe("register undefined")
async def test_undefined_is_no_name() -> object:
    with pytest.raises(ValueError, match="'undefined' cannot be the name"):
        process.register("undefined", process.self())
    return error("badarg")


@probe("unregister unknown")
async def test_nobodys_name_cannot_be_freed() -> object:
    with pytest.raises(NoProcessError):
        process.unregister("nosuch")
    return error("badarg")


@probe("double link = one EXIT")
async def test_linked_twice_is_one_message() -> object:
    process.trap_exit(True)
    pid = process.spawn(bye_on_go)
    process.link(pid)
    process.link(pid)
    process.send(pid, "go")
    return await flush()


@probe("double monitor = two DOWN")
async def test_monitored_twice_is_two_messages() -> object:
    pid = process.spawn(bye_on_go)
    process.monitor(pid)
    process.monitor(pid)
    process.send(pid, "go")
    return len(await flush())


@probe("one unlink removes double link")
async def test_one_unlink_is_enough() -> object:
    process.trap_exit(True)
    pid = process.spawn(bye_on_go)
    process.link(pid)
    process.link(pid)
    process.unlink(pid)
    process.send(pid, "go")
    return await flush()


@probe("demonitor [info] after DOWN queued")
async def test_taking_back_a_monitor_too_late_leaves_its_message() -> object:
    ref = process.monitor(await dead_pid())
    await receive_nothing(0.02)
    return (process.demonitor(ref), await flush(0))


@probe("demonitor [flush,info] after DOWN queued")
async def test_taking_back_a_monitor_with_flush_takes_its_message_out() -> object:
    ref = process.monitor(await dead_pid())
    await receive_nothing(0.02)
    return (process.demonitor(ref, flush=True), await flush(0))


@probe("demonitor [info] active")
async def test_taking_back_a_monitor_tells_whether_it_was_active() -> object:
    ref = process.monitor(process.spawn(idle))
    return (process.demonitor(ref), process.demonitor(ref))


@probe("alias reply: one shot")
async def test_an_alias_for_a_reply_is_good_for_one() -> object:
    alias = process.alias(until="reply")
    process.send(alias, 1)
    process.send(alias, 2)
    return await flush()


@probe("monitor alias reply_demonitor")
async def test_a_reply_through_a_monitors_alias_ends_both() -> object:
    async def other() -> None:
        ref = await process.receive(Alias)
        process.send(ref, (ref, "one"))
        process.send(ref, (ref, "two"))

    pid = process.spawn(other)
    ref = process.monitor(pid, alias="reply_demonitor")
    process.send(pid, ref)
    return await flush()


@probe("monitor alias demonitor, DOWN deactivates")
async def test_a_monitors_message_ends_its_alias() -> object:
    me = process.self()

    async def other() -> None:
        process.send(me, ("keep", await process.receive(Alias)))
        raise Exit(BYE)

    pid = process.spawn(other)
    ref = process.monitor(pid, alias="demonitor")
    process.send(pid, ref)
    messages = await flush()
    process.send(ref, "late")
    return (messages, await flush())


@probe("monitor tag")
async def test_a_monitors_message_has_its_tag() -> object:
    process.monitor(await dead_pid(), tag="mytag")
    return await flush()


@probe("selective receive keeps order")
async def test_what_does_not_fit_stays_in_order() -> object:
    me: Pid = process.self()
    for letter in "abc":
        process.send(me, letter)
    await process.receive(lambda message: message == "b")
    return await flush(0)
