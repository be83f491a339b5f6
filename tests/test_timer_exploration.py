from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import trio

import otp
from otp import process, timer
from otp.testing import explore, wait_until_idle
from tests.testing.worlds import mail, together, world

if TYPE_CHECKING:
    from collections.abc import Callable

    from otp.timer import TimerRef


async def cancelled_when_due(ref: TimerRef) -> float | None:
    """Cancel *ref* just when its time is over, and return what that returns."""
    left: list[float | None] = []

    async def cancel() -> None:
        await trio.sleep(1)
        left.append(timer.cancel_timer(ref))

    await together(cancel)
    return left[0]


def test_cancel_timer_returns_a_number_exactly_if_the_message_never_comes() -> None:
    seen: set[bool] = set()

    async def body(make: Callable[[], TimerRef], *, wrapped: bool) -> None:
        ref = make()
        left = await cancelled_when_due(ref)
        # It is there by then, and does not come any more.
        came = mail()
        await trio.sleep(2)

        message = otp.Timeout(ref, "ring") if wrapped else "ring"
        assert came == ([message] if left is None else [])
        assert mail() == []
        seen.add(left is None)

    def send_after() -> TimerRef:
        return timer.send_after(1, process.self(), "ring")

    def start_timer() -> TimerRef:
        return timer.start_timer(1, process.self(), "ring")

    explore(world(partial(body, send_after, wrapped=False)), runs=60, jumps=2)
    explore(world(partial(body, start_timer, wrapped=True)), runs=60, jumps=2)

    assert seen == {False, True}


def test_a_timer_that_is_read_as_over_has_sent_its_message() -> None:
    async def body() -> None:
        me = process.self()
        ref = timer.send_after(1, me, "ring")

        async def look() -> None:
            for _ in range(3):
                left = timer.read_timer(ref)
                assert me.process is not None
                assert list(me.process.mailbox) == (["ring"] if left is None else [])
                await trio.sleep(0.5)

        await together(look, look)
        assert await process.receive() == "ring"

    explore(world(body), runs=60, jumps=2)


def test_no_tick_comes_after_an_interval_was_cancelled() -> None:
    seen: set[int] = set()

    async def body() -> None:
        ref = timer.send_interval(0.5, process.self(), "tick")
        assert await cancelled_when_due(ref) is not None
        seen.add(len(mail()))
        await trio.sleep(2)
        assert mail() == []

    explore(world(body), runs=60, jumps=2)

    assert seen >= {1, 2}


def test_a_process_is_killed_exactly_if_nobody_cancels_that_in_time() -> None:
    seen: set[bool] = set()

    async def body() -> None:
        victim = process.spawn(trio.sleep_forever)
        left = await cancelled_when_due(timer.kill_after(1, victim))
        await trio.sleep(2)

        assert process.is_alive(victim) == (left is not None)
        seen.add(process.is_alive(victim))
        process.exit(victim, otp.Kill())

    explore(world(body), runs=60, jumps=2)

    assert seen == {False, True}


def test_what_is_applied_repeatedly_is_never_done_twice_at_once() -> None:
    seen: set[int] = set()

    async def body() -> None:
        busy = most = 0

        async def work() -> None:
            nonlocal busy, most
            busy += 1
            most = max(most, busy)
            await trio.sleep(1)
            busy -= 1

        ref = timer.apply_repeatedly(1, work)
        await trio.sleep(4)
        timer.cancel_timer(ref)
        await wait_until_idle()
        await trio.sleep(2)
        assert most <= 1
        seen.add(most)

    explore(world(body), runs=60, jumps=2)

    assert 1 in seen


def test_a_message_that_comes_at_a_time_out_is_received_or_still_there() -> None:
    seen: set[bool] = set()

    async def body() -> None:
        me = process.self()

        async def send() -> None:
            await trio.sleep(1)
            process.send(me, "hello")

        sender = process.spawn(send)
        try:
            got = [await process.receive(timeout=1)]
        except otp.ReceiveTimeoutError:
            got = []
        seen.add(bool(got))
        await process.wait_exited(sender)
        assert got + mail() == ["hello"]

    explore(world(body), runs=60, jumps=2)

    assert seen == {False, True}
