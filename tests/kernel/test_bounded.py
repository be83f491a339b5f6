"""Processes with a bounded mailbox: what is lost, and who hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    Bounded,
    GenServer,
    Kill,
    MailboxFullError,
    Node,
    Pid,
    call,
    cast,
    gen_server,
    process,
    sys,
    timer,
)
from otp.gen_server import Options

from .support import Recorder, idle, in_process, on_node

if TYPE_CHECKING:
    from trio.testing import MockClock


def mail(pid: Pid) -> list[object]:
    info = process.info(pid)
    assert info is not None
    return list(info.messages)


def busy(mailbox: Bounded) -> Pid:
    """Return a process that does not read its mail."""
    return process.spawn(idle, mailbox=mailbox)


@on_node
async def test_the_newest_is_dropped() -> None:
    pid = busy(Bounded(2, "drop_newest"))
    for message in (1, 2, 3):
        process.send(pid, message)

    assert mail(pid) == [1, 2]


@on_node
async def test_the_oldest_is_dropped() -> None:
    pid = busy(Bounded(2, "drop_oldest"))
    for message in (1, 2, 3):
        process.send(pid, message)

    assert mail(pid) == [2, 3]


@on_node
async def test_the_sender_fails() -> None:
    pid = busy(Bounded(2, "fail_sender"))
    process.send(pid, 1)
    process.send(pid, 2)
    with pytest.raises(MailboxFullError) as caught:
        process.send(pid, 3)

    assert (caught.value.server, caught.value.limit) == (pid, 2)
    assert mail(pid) == [1, 2]


@on_node
async def test_there_is_room_again_when_a_message_was_taken() -> None:
    got: list[object] = []

    async def reader() -> None:
        while True:
            got.append(await process.receive())

    pid = process.spawn(reader, mailbox=Bounded(1, "fail_sender"))
    await wait_all_tasks_blocked()
    for message in range(3):
        process.send(pid, message)
        await wait_all_tasks_blocked()

    assert got == [0, 1, 2]


async def test_what_is_dropped_is_a_dead_letter(autojump_clock: MockClock) -> None:
    del autojump_clock
    recorder = Recorder()
    async with Node(instruments=[recorder]) as node:
        newest, oldest = busy(Bounded(1)), busy(Bounded(1, "drop_oldest"))
        for message in (1, 2):
            process.send(newest, message)
            process.send(oldest, message)

        assert node.statistics().dead_letters == 2
    letters = [(letter.to, letter.message, letter.why) for letter in recorder.letters]
    assert letters == [(newest, 2, "mailbox full"), (oldest, 1, "mailbox full")]


@in_process
async def test_exits_monitors_and_timers_are_never_refused() -> None:
    async def reader() -> None:
        process.trap_exit(True)
        for _ in range(3):
            process.monitor(process.spawn_link(idle))
        await idle()

    pid = process.spawn(reader, mailbox=Bounded(1, "fail_sender"))
    await wait_all_tasks_blocked()
    process.send(pid, "ordinary")
    for other in process.processes()[-3:]:
        process.exit(other, Kill())

    assert len(mail(pid)) == 7


@on_node
async def test_exits_and_monitors_are_not_dropped_for_a_newer_message() -> None:
    async def reader() -> None:
        process.monitor(process.spawn(idle))
        await idle()

    pid = process.spawn(reader, mailbox=Bounded(2, "drop_oldest"))
    await wait_all_tasks_blocked()
    process.exit(process.processes()[-1], Kill())
    for message in ("a", "b", "c"):
        process.send(pid, message)

    down, last = mail(pid)
    assert type(down).__name__ == "Down"
    assert last == "c"


@on_node
async def test_if_nothing_may_be_dropped_the_newest_is() -> None:
    async def reader() -> None:
        process.monitor(process.spawn(idle))
        await idle()

    pid = process.spawn(reader, mailbox=Bounded(1, "drop_oldest"))
    await wait_all_tasks_blocked()
    process.exit(process.processes()[-1], Kill())
    process.send(pid, "a")

    assert len(mail(pid)) == 1


@on_node
async def test_a_selective_reader_sees_what_comes_after_a_drop() -> None:
    async def reader() -> None:
        await process.receive(lambda message: message == "wanted")

    pid = process.spawn(reader, mailbox=Bounded(2, "drop_oldest"))
    for message in (1, 2, "wanted"):
        await wait_all_tasks_blocked()
        process.send(pid, message)
    await wait_all_tasks_blocked()

    assert not process.is_alive(pid)


@on_node
async def test_a_timer_that_finds_a_full_mailbox_loses_its_message() -> None:
    pid = busy(Bounded(1, "fail_sender"))
    for message in (1, 2):
        timer.send_after(1, pid, message)
    await trio.sleep(2)

    assert mail(pid) == [1]


class Slow(GenServer):
    """A server that is busy for a second with whatever it is asked."""

    @call
    async def ask(self, n: int) -> int:
        await trio.sleep(1)
        return n

    @cast
    async def tell(self, n: int) -> None:
        await trio.sleep(1 + n * 0)


async def start_slow(mailbox: Bounded) -> Pid[Slow]:
    """Return a server that works on a cast, with room for so many requests."""
    pid = await Options(mailbox=mailbox).start(Slow)
    Slow.tell(pid, 0)
    await wait_all_tasks_blocked()
    return pid


@on_node
async def test_a_call_to_a_full_mailbox_fails_at_once() -> None:
    for overflow in ("drop_newest", "fail_sender"):
        pid = await start_slow(Bounded(1, overflow))
        Slow.tell(pid, 1)
        before = trio.current_time()
        with pytest.raises(MailboxFullError):
            await Slow.ask(pid, 2)

        assert trio.current_time() == before


@on_node
async def test_a_call_that_is_dropped_for_a_newer_one_fails_at_once() -> None:
    pid = await start_slow(Bounded(1, "drop_oldest"))
    first = Slow.ask.send_request(pid, 1)
    second = Slow.ask.send_request(pid, 2)

    assert first.settled
    with pytest.raises(MailboxFullError):
        first.result()
    assert await gen_server.receive_response(second) == 2


@on_node
async def test_a_request_to_a_full_mailbox_says_so_when_it_is_fetched() -> None:
    pid = await start_slow(Bounded(1, "fail_sender"))
    first = Slow.ask.send_request(pid, 1)
    second = Slow.ask.send_request(pid, 2)

    assert await gen_server.receive_response(first) == 1
    with pytest.raises(MailboxFullError):
        await gen_server.receive_response(second)


@on_node
async def test_system_messages_are_never_refused() -> None:
    pid = await start_slow(Bounded(1, "fail_sender"))
    Slow.tell(pid, 1)

    assert await sys.get_state(pid) == {}
    await gen_server.stop(pid)


@on_node
async def test_a_system_message_is_not_dropped_for_a_newer_call() -> None:
    pid = await start_slow(Bounded(1, "drop_oldest"))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(sys.suspend, pid)
        await wait_all_tasks_blocked()
        with pytest.raises(MailboxFullError):
            await Slow.ask(pid, 1)
    await sys.resume(pid)
