"""A loop that stands still is nobody's fault but the detector's."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

import otp
from otp import failure_detector
from otp.failure_detector import (
    EndProcess,
    PhiAccrual,
    Stalled,
    StallReport,
    Watch,
    Watchfulness,
)
from otp.testing import Captured
from tests.failure_detector.support import DETECTOR, Events, Worker, start_detector

if TYPE_CHECKING:
    from trio.testing import MockClock

SENSITIVE = PhiAccrual(
    first_estimate=0.05, acceptable_pause=0.0, min_std_deviation=0.01, min_samples=5
)
GUARDED = Watchfulness(poll=0.05, tolerance=0.1, grace=0.2)
BLIND = Watchfulness(poll=0.05, tolerance=inf)


async def send(clock: MockClock, blocks: list[float], block: float) -> None:
    """Beat every 50 ms, as from outside: what was missed comes all at once.

    At the times *blocks* the loop is blocked for *block* seconds.
    """
    start = trio.current_time()
    sent = 0
    for _ in range(400):
        await trio.sleep(0.01)
        now = trio.current_time() - start
        if blocks and now >= blocks[0]:
            blocks.pop(0)
            clock.jump(block)
            now += block
        while (sent + 1) * 0.05 <= now:
            sent += 1
            failure_detector.heartbeat(DETECTOR, "far")


async def play(clock: MockClock, settings: Watchfulness) -> Events:
    events = Events()
    await start_detector(
        Watch("far", SENSITIVE), watchfulness=settings, listener=events
    )
    await send(clock, [1.0, 2.5, 4.0], 0.8)
    return events


async def test_a_blocked_loop_gives_no_false_suspicion(
    autojump_clock: MockClock,
) -> None:
    async with otp.Node():
        with Captured() as captured:
            events = await play(autojump_clock, GUARDED)

        assert events.kinds == ["Stalled"] * 3
        found = failure_detector.judge(DETECTOR, "far")
        assert found.mean == pytest.approx(0.05, abs=0.001)
        assert found.deviation < 0.006
        assert failure_detector.statistics(DETECTOR).stalls == 3
        reports = captured.of(StallReport)
        assert "the loop stood still for 0.8" in reports[0].text()


async def test_without_the_guard_it_gives_some_and_a_poor_memory(
    autojump_clock: MockClock,
) -> None:
    async with otp.Node():
        await play(autojump_clock, BLIND)

        found = failure_detector.judge(DETECTOR, "far")
        # What waited was heard at once, at intervals of nothing.
        assert found.mean < 0.045
        assert found.deviation > 0.012
        assert failure_detector.statistics(DETECTOR).stalls == 0


async def test_somebody_who_is_gone_is_suspected_in_spite_of_stalls(
    autojump_clock: MockClock,
) -> None:
    async with otp.Node():
        events = Events()
        await start_detector(
            Watch("far", SENSITIVE), watchfulness=GUARDED, listener=events
        )
        for _ in range(8):
            await trio.sleep(0.5)
            autojump_clock.jump(0.8)
        await trio.sleep(0.5)

        assert events.kinds.count("Suspected") == 1
        assert events.kinds.count("Trusted") == 0


async def test_a_poor_detector_waits_longer(autojump_clock: MockClock) -> None:
    spec = PhiAccrual(first_estimate=1.0, acceptable_pause=2.0)
    async with otp.Node():
        events = Events()
        await start_detector(
            Watch("far", spec),
            watchfulness=Watchfulness(grace=0, calm=1000),
            listener=events,
        )
        for _ in range(3):
            await trio.sleep(0.5)
            autojump_clock.jump(1)
        await trio.sleep(0.5)
        failure_detector.heartbeat(DETECTOR, "far")
        assert failure_detector.statistics(DETECTOR).health == 3
        assert failure_detector.judge(DETECTOR, "far").confidence <= 0.25

        await trio.sleep(8.5)
        assert events.kinds == ["Stalled"] * 3
        await trio.sleep(4)
        assert events.kinds == ["Stalled"] * 3 + ["Suspected"]


async def test_health_comes_back_in_calm(autojump_clock: MockClock) -> None:
    async with otp.Node():
        await start_detector(watchfulness=Watchfulness(calm=10))
        autojump_clock.jump(5)
        await trio.sleep(1)
        assert failure_detector.statistics(DETECTOR).health == 1

        await trio.sleep(10)

        assert failure_detector.statistics(DETECTOR).health == 0


async def test_a_heartbeat_may_be_the_first_to_see_it(
    autojump_clock: MockClock,
) -> None:
    async with otp.Node():
        events = Events()
        await start_detector(Watch("far", SENSITIVE), listener=events)
        for _ in range(20):
            await trio.sleep(0.05)
            failure_detector.heartbeat(DETECTOR, "far")

        # Not one checkpoint between the stall and the beats.
        autojump_clock.jump(5)
        for _ in range(100):
            failure_detector.heartbeat(DETECTOR, "far")

        [(_, event)] = events.told
        assert isinstance(event, Stalled)
        assert 5 <= event.seconds <= 5.25
        assert event.score == 1
        assert failure_detector.judge(DETECTOR, "far").samples == 19
        await trio.sleep(0.3)
        assert events.kinds == ["Stalled"]


async def test_whoever_asks_may_be_the_first_to_see_it(
    autojump_clock: MockClock,
) -> None:
    async with otp.Node():
        await start_detector(Watch("far", SENSITIVE))
        for _ in range(20):
            await trio.sleep(0.05)
            failure_detector.heartbeat(DETECTOR, "far")

        autojump_clock.jump(5)
        assert failure_detector.phi(DETECTOR, "far") < 1
        autojump_clock.jump(5)
        said = failure_detector.judge(DETECTOR, "far")
        assert said.phi < 1
        assert (said.state, said.confidence) == ("recovering", 0)


async def test_a_heart_does_not_make_up_for_what_it_missed(
    autojump_clock: MockClock,
) -> None:
    class Beating(Worker):
        async def init(self) -> None:
            failure_detector.beat_every(0.1, DETECTOR)

    async with otp.Node():
        pid = await otp.gen_server.start(Beating)
        await start_detector(Watch(pid, SENSITIVE))
        await trio.sleep(1.05)
        before = failure_detector.statistics(DETECTOR).heartbeats

        autojump_clock.jump(10)
        await trio.sleep(0.25)

        assert failure_detector.statistics(DETECTOR).heartbeats - before <= 3


async def start_hung() -> otp.Pid[Worker]:
    """Start a detector, and a worker that it watches and that hangs."""
    pid = await otp.gen_server.start(Worker)
    deadline = failure_detector.Deadline(interval=1, acceptable_pause=1)
    await start_detector(Watch(pid, deadline))
    Worker.hang(pid)
    return pid


async def test_a_hung_child_is_found_although_the_loop_stood_still(
    autojump_clock: MockClock,
) -> None:
    async with otp.Node():
        pid = await otp.gen_server.start(Worker)
        await start_detector(
            Watch(
                pid,
                failure_detector.Deadline(interval=1, acceptable_pause=1),
                on_suspect=EndProcess(),
            )
        )
        Worker.hang(pid)
        await trio.sleep(1)
        autojump_clock.jump(50)
        await trio.sleep(0.8)
        assert otp.process.is_alive(pid)

        await otp.process.wait_exited(pid)


async def test_a_loop_that_is_blocked_again_and_again_hides_nobody(
    autojump_clock: MockClock,
) -> None:
    async with otp.Node():
        pid = await start_hung()
        # Each time before the grace time of the last stall is over.
        for _ in range(100):
            await trio.sleep(0.5)
            autojump_clock.jump(0.4)

        assert failure_detector.suspected(DETECTOR) == [pid]


async def test_a_loop_in_which_every_look_is_late_hides_nobody_for_ever(
    mock_clock: MockClock,
) -> None:
    async with otp.Node():
        pid = await start_hung()
        for _ in range(400):
            mock_clock.jump(0.45)
            await wait_all_tasks_blocked()

        found = failure_detector.statistics(DETECTOR)
        assert found.stalls >= 399
        assert failure_detector.suspected(DETECTOR) == [pid]
