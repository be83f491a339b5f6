"""Processes from outside: send, receive, and take turns."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    Alias,
    Exit,
    Exited,
    Kill,
    Name,
    NoProcessError,
    NotAProcessError,
    Reason,
    ReceiveTimeoutError,
    process,
)
from otp.kernel import BUDGET, current_node
from tests.kernel.support import (
    Recorder,
    dead_pid,
    flush,
    in_process,
    on_node,
)

# ------------------------------------------------------------ sending, receiving


@in_process
async def test_messages_arrive_in_the_order_in_which_they_were_sent() -> None:
    me = process.self()
    for number in range(100):
        process.send(me, number)

    assert [await process.receive() for _ in range(100)] == list(range(100))


@in_process
async def test_two_signals_of_one_sender_arrive_in_order_whatever_they_are() -> None:
    async def other() -> None:
        process.send(me, 1)
        process.exit(me, Reason(2))
        process.send(me, 3)
        raise Exit(Reason(4))

    me = process.self()
    process.trap_exit(True)
    pid = process.spawn_link(other)

    assert await flush() == [1, Exited(pid, Reason(2)), 3, Exited(pid, Reason(4))]


@in_process
async def test_receive_waits_for_a_message() -> None:
    async def other() -> None:
        await trio.sleep(10)
        process.send(me, "late")

    me = process.self()
    process.spawn(other)

    assert await process.receive() == "late"


@in_process
@pytest.mark.parametrize("timeout", [100.0, float("inf")])
async def test_a_search_sees_what_comes_while_others_take_messages_out(
    timeout: float,
) -> None:
    me = process.self()
    found: list[object] = []

    async def wait() -> None:
        found.append(await process.receive(lambda m: m == "wanted", timeout=timeout))

    for message in ("a", "b"):
        process.send(me, message)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        process.receive_nowait(lambda m: m == "a")
        process.send(me, "wanted")

    assert found == ["wanted"]
    assert await flush(0) == ["b"]


@in_process
async def test_a_class_selects_what_is_received() -> None:
    me = process.self()
    for message in ("a", 1, "b", 2.0):
        process.send(me, message)

    assert await process.receive(float) == 2.0
    assert await process.receive(int) == 1
    assert await flush(0) == ["a", "b"]


@in_process
async def test_a_selective_receive_waits_for_what_fits() -> None:
    async def other() -> None:
        for message in ("a", "b", 1, "c"):
            process.send(me, message)
            await trio.sleep(1)

    me = process.self()
    process.spawn(other)

    assert await process.receive(int) == 1
    assert await process.receive(lambda m: m == "c", timeout=5) == "c"
    assert await flush(0) == ["a", "b"]


@in_process
async def test_messages_that_do_not_fit_do_not_start_the_time_again() -> None:
    async def other() -> None:
        for _ in range(5):
            await trio.sleep(0.5)
            process.send(me, "other")

    me = process.self()
    process.spawn(other)
    before = trio.current_time()
    with pytest.raises(ReceiveTimeoutError) as caught:
        await process.receive(int, timeout=2)

    assert caught.value.timeout == 2
    assert trio.current_time() == before + 2
    assert len(await flush()) == 4


@in_process
async def test_without_time_the_whole_mailbox_is_looked_at_once() -> None:
    me = process.self()
    process.send(me, "a")
    process.send(me, 1)

    assert await process.receive(int, timeout=0) == 1
    with pytest.raises(ReceiveTimeoutError):
        await process.receive(int, timeout=0)
    assert process.receive_nowait() == "a"


@in_process
async def test_receive_nowait_takes_what_is_there() -> None:
    me = process.self()
    for message in ("a", 1, "b"):
        process.send(me, message)

    assert process.receive_nowait(int) == 1
    assert process.receive_nowait(lambda m: m == "b") == "b"
    assert process.receive_nowait() == "a"
    with pytest.raises(trio.WouldBlock):
        process.receive_nowait()
    with pytest.raises(trio.WouldBlock):
        process.receive_nowait(int)


@on_node
async def test_the_node_itself_has_no_mailbox() -> None:
    with pytest.raises(NotAProcessError, match=r"receive\(\) is for processes"):
        await process.receive()
    with pytest.raises(NotAProcessError, match=r"receive_nowait\(\)"):
        process.receive_nowait()


@on_node
async def test_what_is_sent_to_the_node_is_thrown_away() -> None:
    node = current_node()
    for _ in range(10):
        process.send(process.self(), "x")
    await wait_all_tasks_blocked()

    assert len(node.root.mailbox) == 0


@in_process
async def test_ten_thousand_messages_may_wait() -> None:
    me = process.self()
    for number in range(10_000):
        process.send(me, number)

    assert await process.receive(lambda m: m == 9_999) == 9_999
    assert await process.receive(lambda m: m == 5_000) == 5_000
    assert [await process.receive() for _ in range(9_998)] == [
        number for number in range(9_999) if number != 5_000
    ]


@in_process
async def test_sending_to_nobody_is_a_dead_letter() -> None:
    node = current_node()
    recorder = Recorder()
    node.instruments.append(recorder)
    pid = await dead_pid()
    process.send(pid, "x")
    with pytest.raises(NoProcessError):
        process.send(Name("nobody"), "y")

    letters = [(letter.to, letter.message, letter.why) for letter in recorder.letters]
    assert letters == [(pid, "x", "dead")]
    assert node.statistics().dead_letters == 1


@in_process
async def test_only_one_task_of_a_process_can_receive() -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(process.receive)
        await wait_all_tasks_blocked()
        with pytest.raises(RuntimeError, match="another task already receives"):
            await process.receive()
        nursery.cancel_scope.cancel()


@in_process
async def test_no_message_is_missed_while_another_task_takes_one() -> None:
    me = process.self()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_expect, "this")
        await wait_all_tasks_blocked()
        process.send(me, "other")
        process.send(me, "this")
        # Before the task that waits has run.
        other = process.receive_nowait()

    assert other == "other"


@in_process
async def test_no_message_is_missed_while_another_task_picks_one_of_many() -> None:
    me = process.self()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_expect, "this")
        await wait_all_tasks_blocked()
        for number in range(1000):
            process.send(me, number)
        process.send(me, "this")
        first = process.receive_nowait(int)

    assert first == 0
    assert await flush() == list(range(1, 1000))


async def _expect(message: object) -> None:
    assert await process.receive(str, timeout=1) == message


# ---------------------------------------------------------------------- fairness


@in_process
async def test_who_is_flooded_with_messages_lets_others_run() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    async def flooded() -> None:
        for _ in range(5 * BUDGET):
            await process.receive()

    process.spawn(other)
    pid = process.spawn(flooded)
    for number in range(5 * BUDGET):
        process.send(pid, number)
    await process.wait_exited(pid)

    assert turns >= 5


@in_process
async def test_who_sends_to_itself_for_ever_lets_others_run() -> None:
    async def endless() -> None:
        me = process.self()
        while True:
            process.send(me, "again")
            await process.receive()

    pid = process.spawn(endless)
    for _ in range(3):
        await trio.lowlevel.checkpoint()

    assert process.is_alive(pid)
    process.exit(pid, Kill())


@in_process
async def test_receive_is_no_checkpoint_while_there_is_mail() -> None:
    me = process.self()
    process.send(me, "x")
    with trio.CancelScope() as scope:
        scope.cancel()
        await process.receive()

    assert not scope.cancelled_caught


@in_process
async def test_an_alias_is_an_address_as_well() -> None:
    alias = process.alias()
    process.send(alias, "x")

    assert isinstance(alias, Alias)
    assert await process.receive() == "x"
