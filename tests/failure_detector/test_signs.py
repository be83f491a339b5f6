"""What counts as a sign of life of a process that does not beat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
import trio

import otp
from otp import failure_detector, gen_server, process, sys
from otp.failure_detector import Watch
from otp.failure_detector._tap import CountedList, Tap
from otp.testing import wait_until_idle
from tests.failure_detector.support import (
    DETECTOR,
    QUICK,
    Events,
    Worker,
    mocked,
    start_detector,
)
from tests.kernel.support import in_process
from tests.sys.kinds import KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from otp import Pid

MANY = 600


async def suspicions(pid: Pid, seconds: float = 30) -> list[str]:
    """Return what a detector says of *pid* in so many seconds."""
    events = Events()
    await start_detector(Watch(pid, QUICK), listener=events)
    await trio.sleep(seconds)
    return events.kinds


@mocked
async def test_who_waits_for_mail_is_alive() -> None:
    async with otp.Node():
        assert await suspicions(await gen_server.start(Worker), 600) == []


@mocked
async def test_who_works_off_its_mail_is_alive() -> None:
    async with otp.Node():
        pid = await gen_server.start(Worker)
        for _ in range(100):
            # The very same message every time, and never a moment to wait for mail.
            Worker.note(pid, "busy")

        assert await suspicions(pid, 60) == []


@mocked
async def test_who_has_one_message_for_too_long_is_not() -> None:
    async with otp.Node():
        pid = await gen_server.start(Worker)
        Worker.hang(pid, 10)

        assert await suspicions(pid) == ["Suspected", "Trusted"]


@mocked
async def test_mail_that_comes_is_no_sign_of_life() -> None:
    async with otp.Node():
        pid = await gen_server.start(Worker)
        Worker.hang(pid)
        await start_detector(Watch(pid, QUICK))
        for _ in range(60):
            Worker.note(pid, "are you there?")
            await trio.sleep(0.1)

        assert failure_detector.is_suspected(DETECTOR, pid)


@mocked
async def test_who_waits_for_something_of_its_own_in_a_call_is_not_idle() -> None:
    class Waiting(otp.GenServer):
        @otp.call
        async def wait(self) -> None:
            await process.receive(lambda message: message == "never")

    async with otp.Node():
        pid = await gen_server.start(Waiting)
        Waiting.wait.send_request(pid)

        assert await suspicions(pid) == ["Suspected"]


@mocked
async def test_who_looks_for_another_message_than_it_has_is_not_idle() -> None:
    async def look() -> None:
        await process.receive(lambda message: message == "never")

    async with otp.Node():
        pid = process.spawn(look)
        process.send(pid, "something")

        assert await suspicions(pid) == ["Suspected"]


@mocked
async def test_who_only_computes_has_to_beat() -> None:
    async def compute(*, beats: bool) -> None:
        while True:
            await trio.sleep(0.5)
            if beats:
                failure_detector.heartbeat(DETECTOR)

    async with otp.Node():
        silent = process.spawn(lambda: compute(beats=False))
        beating = process.spawn(lambda: compute(beats=True))
        await start_detector(Watch(silent, QUICK), Watch(beating, QUICK))
        await trio.sleep(30)

        assert failure_detector.suspected(DETECTOR) == [silent]


@mocked
async def test_signs_of_life_may_be_said_not_to_count() -> None:
    async with otp.Node():
        pid = await gen_server.start(Worker)
        await start_detector(Watch(pid, QUICK, signs=False))
        await trio.sleep(5)

        assert failure_detector.is_suspected(DETECTOR, pid)
        assert not is_tapped(pid)


@mocked
async def test_who_is_suspended_has_mail_and_does_not_take_it() -> None:
    async with otp.Node():
        pid = await gen_server.start(Worker)
        await start_detector(Watch(pid, QUICK))
        await sys.suspend(pid)
        await trio.sleep(5)
        assert failure_detector.suspected(DETECTOR) == []

        Worker.note(pid, "for later")
        await trio.sleep(5)
        assert failure_detector.suspected(DETECTOR) == [pid]

        await sys.resume(pid)
        await trio.sleep(5)
        assert failure_detector.suspected(DETECTOR) == []


@pytest.mark.parametrize("kind", KINDS, ids=str)
@in_process
async def test_of_every_behaviour_who_has_nothing_to_do_is_alive(kind: Kind) -> None:
    pid = await kind.start()
    await kind.ask(pid)

    assert await suspicions(pid) == []

    await kind.ask(pid)
    await trio.sleep(30)
    assert failure_detector.suspected(DETECTOR) == []
    await sys.suspend(pid)
    process.send(pid, "for later")
    await trio.sleep(30)
    assert failure_detector.suspected(DETECTOR) == [pid]


# ------------------------------------------------------------- how messages are taken


def is_tapped(pid: Pid) -> bool:
    assert pid.process is not None
    box = pid.process.mailbox
    return isinstance(box.inbox, CountedList) or isinstance(box.pending, CountedList)


async def from_the_middle(message: int) -> None:
    await process.receive(lambda found: found == message)


async def the_oldest(message: int) -> None:
    del message
    await process.receive()


async def without_waiting(message: int) -> None:
    process.receive_nowait(lambda found: found == message)


@pytest.mark.parametrize("take", [from_the_middle, the_oldest, without_waiting])
@mocked
async def test_a_tap_sees_every_way_of_taking_a_message(
    take: Callable[[int], Awaitable[None]],
) -> None:
    async def body() -> None:
        for message in (1, 2, 3, MANY - 5, 4, 5):
            await process.receive(lambda found: found == "go")
            await take(message)
            await trio.sleep(1)
        await trio.sleep_forever()

    async with otp.Node():
        pid = process.spawn(body)
        living = pid.process
        assert living is not None
        for message in range(1, MANY):
            process.send(pid, message)
        await wait_until_idle()
        tap = Tap(living)

        for _ in range(6):
            assert not tap.is_alive()
            before = len(living.mailbox)
            process.send(pid, "go")
            await wait_until_idle()
            # The order to go on is taken, and another message.
            assert len(living.mailbox) == before - 1
            assert tap.is_alive()
            await trio.sleep(1)
        assert not tap.is_alive()


@mocked
async def test_nothing_is_left_in_a_mailbox_that_is_watched_no_longer() -> None:
    async with otp.Node():
        pid = await gen_server.start(Worker)
        detector = await start_detector(Watch(pid, QUICK))
        failure_detector.watch(DETECTOR, Watch("far", QUICK))
        assert is_tapped(pid)

        failure_detector.unwatch(DETECTOR, pid)
        assert not is_tapped(pid)
        assert await Worker.work(pid) == 1

        failure_detector.watch(DETECTOR, Watch(pid, QUICK))
        assert is_tapped(pid)
        process.exit(detector, otp.Kill())
        assert not is_tapped(pid)


@mocked
async def test_two_may_watch_one_process() -> None:
    other = otp.Name[otp.FailureDetector]("other")
    async with otp.Node():
        pid = await gen_server.start(Worker)
        await start_detector(Watch(pid, QUICK))
        await gen_server.start_named(other, otp.FailureDetector, Watch(pid, QUICK))
        for _ in range(100):
            Worker.note(pid, "busy")
        await trio.sleep(20)
        assert failure_detector.suspected(DETECTOR) == []
        assert failure_detector.suspected(other) == []

        failure_detector.unwatch(other, pid)
        assert is_tapped(pid)
        await trio.sleep(20)

        assert failure_detector.suspected(DETECTOR) == []


@mocked
async def test_who_is_not_watched_has_an_ordinary_mailbox() -> None:
    async with otp.Node():
        pid = await gen_server.start(Worker)
        await start_detector(Watch("far", QUICK))
        await trio.sleep(1)

        assert not is_tapped(pid)


@mocked
async def test_a_bounded_mailbox_is_bounded_still() -> None:
    class Small(Worker):
        __mailbox__ = otp.Bounded(3, "drop_oldest")

    async with otp.Node():
        pid = await gen_server.start(Small)
        await start_detector(Watch(pid, QUICK))
        Worker.hang(pid, 1)
        await wait_until_idle()
        for n in range(10):
            Worker.note(pid, str(n))

        assert pid.process is not None
        assert [m[2] for m in pid.process.mailbox if isinstance(m, tuple)] == list(
            "789"
        )


@pytest.mark.parametrize("limit", [3, 400])
@mocked
async def test_a_message_that_is_dropped_has_not_been_taken(limit: int) -> None:
    class Small(Worker):
        __mailbox__ = otp.Bounded(limit, "drop_oldest")

    async with otp.Node():
        pid = await gen_server.start(Small)
        await start_detector(Watch(pid, QUICK))
        Worker.hang(pid)
        await wait_until_idle()
        for n in range(1000):
            Worker.note(pid, str(n))
            await trio.sleep(0.1)
            if n == 100 + limit:
                assert failure_detector.suspected(DETECTOR) == [pid]

        assert failure_detector.suspected(DETECTOR) == [pid]
        assert pid.process is not None
        left = [cast("Any", message)[2] for message in pid.process.mailbox]
        assert left == [str(n) for n in range(1000 - limit, 1000)]


@mocked
async def test_who_comes_second_does_not_disturb_who_watches_already() -> None:
    async def take_from_the_front_and_hang() -> None:
        await process.receive(lambda message: message == "go")
        for last in (1, 2):
            for _ in range(MANY):
                process.send(process.self(), last)
            await from_the_middle(last)
        await trio.sleep_forever()

    other = otp.Name[otp.FailureDetector]("other")
    async with otp.Node():
        pid = process.spawn(take_from_the_front_and_hang)
        await start_detector(Watch(pid, QUICK))
        await trio.sleep(1.1)
        process.send(pid, "go")
        await wait_until_idle()
        # The lists of its mailbox are others now.
        assert not is_tapped(pid)
        await gen_server.start_named(other, otp.FailureDetector, Watch(pid, QUICK))
        await trio.sleep(30)

        assert failure_detector.suspected(DETECTOR) == [pid]
        assert failure_detector.suspected(other) == [pid]
        failure_detector.unwatch(DETECTOR, pid)
        assert is_tapped(pid)
        failure_detector.unwatch(other, pid)
        assert not is_tapped(pid)
