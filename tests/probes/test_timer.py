"""The probes of timers."""

from __future__ import annotations

import pytest
import trio

from otp import Name, Reason, process, timer
from tests.kernel.support import flush, idle

from .erlang import error, probe


@probe("timer to dead pid / cancel")
async def test_a_timer_can_be_read_and_stopped_once() -> object:
    ref = timer.send_after(1, process.self(), "x")
    left, stopped = timer.read_timer(ref), timer.cancel_timer(ref)
    return (
        left is not None,
        stopped is not None,
        timer.cancel_timer(ref) is not None,
        timer.read_timer(ref) is not None,
    )


@probe("start_timer message")
async def test_a_started_timer_sends_its_reference() -> object:
    timer.start_timer(0.005, process.self(), "hello")
    return await flush()


@probe("send_after negative")
async def test_a_timer_cannot_run_backwards() -> object:
    with pytest.raises(ValueError, match="0 seconds or more"):
        timer.send_after(-0.001, process.self(), "x")
    return error("badarg")


@probe("timer to name resolved at expiry")
async def test_a_name_is_looked_up_when_the_time_has_come() -> object:
    timer.send_after(0.03, Name[object]("late_name"), "hi")
    process.register("late_name", process.self())
    return await flush()


@probe("same deadline fires in start order")
async def test_timers_of_one_deadline_fire_in_the_order_of_their_start() -> object:
    for number in range(1, 6):
        timer.send_after(0.02, process.self(), number)
    await trio.sleep(0.06)
    return await flush(0)


@probe("timer 0 vs message sent after")
async def test_a_timer_of_no_time_is_later_than_a_message() -> object:
    timer.send_after(0, process.self(), "t")
    process.send(process.self(), "m")
    await trio.sleep(0.03)
    return await flush(0)


@probe("apply_interval + cancel")
async def test_an_interval_goes_on_until_it_is_stopped() -> object:
    ref = timer.send_interval(0.01, process.self(), "tick")
    await trio.sleep(0.035)
    timer.cancel_timer(ref)
    ticks = len(await flush(0))
    await trio.sleep(0.025)
    timer.cancel_timer(ref)
    cancelled = ("ok", "cancel")
    return (cancelled, ticks >= 2, await flush(0), cancelled)


@probe("timer:exit_after")
async def test_a_timer_can_send_an_exit_signal() -> object:
    pid = process.spawn(idle)
    timer.exit_after(0.01, pid, Reason("why"))
    return await process.wait_exited(pid)


@probe("timer:kill_after")
async def test_a_timer_can_kill() -> object:
    pid = process.spawn(idle)
    timer.kill_after(0.01, pid)
    return await process.wait_exited(pid)


@probe("send_interval to dying pid stops")
async def test_an_interval_ends_with_whom_it_sends_to() -> object:
    pid = process.spawn(trio.sleep, 0.03)
    ref = timer.send_interval(0.005, pid, "x")
    await trio.sleep(0.08)
    assert timer.cancel_timer(ref) is None
    return ("ok", "cancel")
