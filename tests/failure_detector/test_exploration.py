from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import trio

import otp
from otp import failure_detector, gen_server, process, supervisor
from otp.failure_detector import EndProcess, Suspected, Watch, Watchfulness
from otp.testing import Cancelling, cancel_everywhere, explore
from tests.failure_detector.support import DETECTOR, QUICK, WORKER, Worker, tree
from tests.testing.worlds import (
    all_exited,
    cancelled_world,
    start_is_cancelled,
    together,
    world,
)

if TYPE_CHECKING:
    from otp import Pid

# Time may jump here by itself, which is no stall.
SETTINGS = Watchfulness(poll=0.5, tolerance=inf)


async def start(*watches: Watch) -> Pid[otp.FailureDetector]:
    pid = await gen_server.start_named(
        DETECTOR, otp.FailureDetector, *watches, watchfulness=SETTINGS
    )
    process.unlink(pid)
    return pid


def test_who_hangs_is_ended_and_who_comes_next_is_not() -> None:
    async def body() -> None:
        top = await supervisor.start_link(
            otp.Supervisor,
            tree(
                otp.child_spec(Worker).named(WORKER),
                otp.child_spec(
                    otp.FailureDetector,
                    Watch(WORKER, QUICK, on_suspect=EndProcess()),
                    watchfulness=SETTINGS,
                ).named(DETECTOR),
            ),
        )
        process.unlink(top)
        first = process.whereis(WORKER)
        assert first is not None
        Worker.hang(WORKER)
        await process.wait_exited(first)
        await trio.sleep(10)

        second = process.whereis(WORKER)
        assert second is not first
        assert await Worker.work.within(inf)(WORKER) == 1
        assert process.whereis(WORKER) is second
        assert failure_detector.statistics(DETECTOR).suspicions == 1
        await supervisor.stop(top)

    explore(world(body), runs=60)


def test_a_suspicion_is_told_once_and_taken_back_once() -> None:
    seen: set[int] = set()

    async def body() -> None:
        told: list[object] = []
        pid = await start(Watch("far", QUICK))
        failure_detector.listeners(DETECTOR).add(told.append)

        async def beat() -> None:
            for pause in (1.0, 2.0, 2.0, 1.0):
                await trio.sleep(pause)
                failure_detector.heartbeat(DETECTOR, "far")

        async def look() -> None:
            for _ in range(12):
                await trio.sleep(0.5)
                doubted = failure_detector.is_suspected(DETECTOR, "far")
                last = isinstance(told[-1], Suspected) if told else False
                assert doubted == last

        await together(beat, look)
        kinds = [type(event).__name__ for event in told]
        assert kinds == ["Suspected", "Trusted"] * (len(kinds) // 2) + ["Suspected"] * (
            len(kinds) % 2
        )
        seen.add(len(kinds))
        await gen_server.stop(pid)

    explore(world(body), runs=80, jumps=2)

    # A beat that comes at the moment of the look is heard before the verdict.
    assert 0 in seen


def test_nobody_is_ended_in_place_of_another() -> None:
    """The worker dies by itself, and its name is taken, while it is suspected."""

    async def body() -> None:
        pid = await start(Watch(WORKER, QUICK, on_suspect=EndProcess(kill_after=1)))
        first = await gen_server.Options(name=WORKER).start(Worker, stubborn=True)
        Worker.hang(first)
        seconds: list[Pid] = []

        async def replace() -> None:
            await trio.sleep(2)
            process.exit(first, otp.Kill())
            seconds.append(await gen_server.Options(name=WORKER).start(Worker))

        await together(replace)
        await trio.sleep(10)
        assert all(map(process.is_alive, seconds))
        assert not process.is_alive(first)
        await gen_server.stop(pid)
        await gen_server.stop(seconds[0])

    explore(world(body), runs=60)


def test_what_changes_meanwhile_is_not_acted_on() -> None:
    async def body() -> None:
        pid = await start()
        worker = await gen_server.start(Worker)
        Worker.hang(worker, 4)

        async def watch() -> None:
            for _ in range(4):
                watch = Watch(worker, QUICK, on_suspect=EndProcess())
                failure_detector.watch(DETECTOR, watch)
                await trio.sleep(1)
                assert failure_detector.unwatch(DETECTOR, worker)

        await together(watch)
        await trio.sleep(3)
        assert process.is_alive(worker)
        assert await Worker.work.within(inf)(worker) == 1
        await gen_server.stop(worker)
        await gen_server.stop(pid)

    explore(world(body), runs=60)


# ------------------------------------------------------------------------ cancelled


def test_a_start_that_is_cancelled_leaves_a_detector_or_none() -> None:
    async def settle() -> None:
        await trio.sleep(1)

    scenario = start_is_cancelled(DETECTOR, lambda: start(Watch("far", QUICK)), settle)

    assert cancel_everywhere(scenario, schedules=5) > 3


def test_a_detector_that_is_killed_anywhere_leaves_everybody_as_they_are() -> None:
    async def kill(cancelling: Cancelling) -> None:
        worker = await gen_server.start(Worker)
        detector: list[Pid] = []

        async def watch() -> None:
            with cancelling:
                pid = await start(Watch(worker, QUICK), Watch("far", QUICK))
                detector.append(pid)
                await trio.sleep(3)
            for started in detector:
                process.exit(started, otp.Kill())

        await together(watch)
        await all_exited(*detector)
        left = process.whereis(DETECTOR)
        if left is not None:
            process.exit(left, otp.Kill())
            await all_exited(left)
        assert await Worker.work.within(inf)(worker) == 1
        await gen_server.stop(worker)

    assert cancel_everywhere(cancelled_world(kill), schedules=5) > 5


def test_who_is_cancelled_between_two_beats_goes_on_beating() -> None:
    async def beat(cancelling: Cancelling) -> None:
        pid = await start(Watch("far", QUICK))
        with cancelling:
            for _ in range(3):
                assert failure_detector.heartbeat(DETECTOR, "far")
                await trio.sleep(1)
        assert failure_detector.heartbeat(DETECTOR, "far")
        assert not failure_detector.is_suspected(DETECTOR, "far")
        await gen_server.stop(pid)

    assert cancel_everywhere(cancelled_world(beat), schedules=5) > 3
