from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
import trio

import otp
from otp import failure_detector, gen_server, process, registry, sys, timer
from otp.failure_detector import (
    Deadline,
    EndProcess,
    LateHeartbeatReport,
    NoDetectorError,
    NotWatchedError,
    PhiAccrual,
    Threshold,
    Watch,
    Watchfulness,
    beat_every,
    heartbeat,
)
from otp.testing import Captured, wait_until_idle
from tests.failure_detector.support import (
    DETECTOR,
    PHI,
    QUICK,
    WORKER,
    Worker,
    mocked,
    start_detector,
)
from tests.kernel.support import in_process
from tests.sys.kinds import KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio.testing import MockClock

    from otp import Pid

NOBODY = otp.Name[otp.FailureDetector]("nobody")

# ----------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("build", "value"),
    [
        (lambda: Watch(cast("Any", [])), []),
        (lambda: Watch("far", cast("Any", PhiAccrual)), PhiAccrual),
        (lambda: Watch("far", cast("Any", 8.0)), 8.0),
        (lambda: Watch("far", PHI, cast("Any", 8.0)), 8.0),
        (lambda: Watch("far", on_suspect=cast("Any", "exit")), "exit"),
        (lambda: Watch("far", on_suspect=cast("Any", EndProcess)), EndProcess),
        (lambda: Watch("far", on_suspect=EndProcess()), "far"),
        (lambda: EndProcess(otp.Normal()), otp.Normal()),
        (lambda: EndProcess(cast("Any", "hung")), "hung"),
        (lambda: EndProcess(kill_after=-1), -1),
    ],
)
def test_a_watch_that_makes_no_sense_is_refused(
    build: Callable[[], object], value: object
) -> None:
    with pytest.raises(otp.InvalidSpecError) as caught:
        build()

    assert caught.value.kind == "invalid_watch"
    assert caught.value.value == value


@pytest.mark.parametrize(
    "watches",
    [(WORKER,), (Watch("a"), Watch("a")), (Watch("a"), Watch("a", QUICK))],
)
@mocked
async def test_a_detector_is_given_one_watch_for_each_subject(
    watches: tuple[Any, ...],
) -> None:
    async with otp.Node():
        with pytest.raises(otp.StartError) as caught:
            await gen_server.start(otp.FailureDetector, *watches)

        assert isinstance(caught.value.reason, otp.Crash)
        assert isinstance(caught.value.reason.error, otp.InvalidSpecError)


@mocked
async def test_watchfulness_is_more_than_a_number() -> None:
    async with otp.Node():
        with pytest.raises(otp.StartError, match="watchfulness is a value such as"):
            await start_detector(watchfulness=cast("Any", 0.5))


@mocked
async def test_a_listener_has_to_be_a_function() -> None:
    async with otp.Node():
        with pytest.raises(otp.StartError):
            await gen_server.start(
                otp.FailureDetector, listeners=[cast("Any", "print")]
            )
        await start_detector()
        with pytest.raises(TypeError, match="a listener is a function"):
            failure_detector.listeners(DETECTOR).add(cast("Any", None))


@mocked
async def test_only_a_watch_can_be_added() -> None:
    async with otp.Node():
        await start_detector()

        with pytest.raises(otp.InvalidSpecError, match=r"given Watch\(...\) values"):
            failure_detector.watch(DETECTOR, cast("Any", WORKER))


ASKING: list[Callable[[otp.Name[otp.FailureDetector]], object]] = [
    failure_detector.suspected,
    failure_detector.watched,
    failure_detector.statistics,
    lambda d: failure_detector.watch(d, Watch("a")),
    lambda d: failure_detector.unwatch(d, "a"),
    lambda d: failure_detector.phi(d, "a"),
    lambda d: failure_detector.judge(d, "a"),
    lambda d: failure_detector.is_suspected(d, "a"),
    lambda d: failure_detector.listeners(d).add(print),
    lambda d: failure_detector.listeners(d).remove(print),
]


@pytest.mark.parametrize("ask", ASKING)
@mocked
async def test_nobody_can_be_asked(
    ask: Callable[[otp.Name[otp.FailureDetector]], object],
) -> None:
    async with otp.Node():
        with pytest.raises(NoDetectorError, match="there is no failure detector"):
            ask(NOBODY)
        await gen_server.start_named(WORKER, Worker)
        with pytest.raises(NoDetectorError):
            ask(cast("Any", WORKER))
        with pytest.raises(TypeError, match="addressed by a Pid"):
            ask(cast("Any", "detector"))


@mocked
async def test_who_is_not_watched_has_no_phi() -> None:
    async with otp.Node():
        await start_detector()

        for ask in (
            failure_detector.phi,
            failure_detector.judge,
            failure_detector.is_suspected,
        ):
            with pytest.raises(NotWatchedError) as caught:
                ask(DETECTOR, "far")
            assert caught.value.subject == "far"
        assert not failure_detector.unwatch(DETECTOR, "far")


# -------------------------------------------------------------------- beats for nobody


@mocked
async def test_a_beat_without_a_detector_harms_nobody() -> None:
    async with otp.Node():
        assert not heartbeat(NOBODY, "far")
        with pytest.raises(otp.NotAProcessError):
            heartbeat(NOBODY)
        with pytest.raises(TypeError):
            heartbeat(cast("Any", "detector"), "far")


@mocked
async def test_what_the_dead_say_is_not_heard() -> None:
    heard: list[bool] = []

    async def body() -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(1)
            heard.append(heartbeat(DETECTOR, "far"))
            heard.append(heartbeat(DETECTOR))

    async with otp.Node():
        await start_detector(Watch("far", QUICK))
        pid = process.spawn(body)
        await wait_until_idle()
        process.exit(pid, otp.Kill())
        await trio.sleep(2)

        assert heard == [False, False]
        assert heartbeat(DETECTOR, "far")


# ------------------------------------------------------------------------------- hearts


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
@mocked
async def test_a_heart_beats_now_and_again(seconds: float) -> None:
    async def body() -> None:
        with pytest.raises(ValueError, match="a heart beats every so many seconds"):
            beat_every(seconds, DETECTOR)

    async with otp.Node():
        await process.wait_exited(process.spawn(body))
        with pytest.raises(otp.NotAProcessError):
            beat_every(1, DETECTOR)


class Beating(Worker):
    async def init(self) -> None:
        self.timer = beat_every(1.0, DETECTOR)

    @otp.cast
    async def stop_beating(self) -> None:
        timer.cancel_timer(self.timer)


@mocked
async def test_a_heart_waits_until_there_is_a_detector() -> None:
    async with otp.Node():
        await gen_server.start_named(WORKER, Beating)
        await trio.sleep(9.5)
        await start_detector(Watch(WORKER, PHI, signs=False))
        await trio.sleep(10)

        assert failure_detector.judge(DETECTOR, WORKER).samples == 9


@mocked
async def test_a_heart_may_beat_for_somebody_else() -> None:
    class Gate(otp.GenServer):
        async def init(self) -> None:
            beat_every(1.0, DETECTOR, "machine")

    async with otp.Node():
        await start_detector(Watch("machine", PHI))
        await gen_server.start(Gate)
        await trio.sleep(10.5)

        assert failure_detector.judge(DETECTOR, "machine").samples == 10


@mocked
async def test_a_heart_can_be_stopped() -> None:
    async with otp.Node():
        pid = await gen_server.start(Beating)
        await start_detector(Watch(pid, QUICK, signs=False))
        await trio.sleep(10)
        assert failure_detector.suspected(DETECTOR) == []

        Beating.stop_beating(pid)
        await trio.sleep(5)

        assert failure_detector.suspected(DETECTOR) == [pid]


@mocked
async def test_the_hearts_of_the_suspended_beat() -> None:
    async with otp.Node():
        pid = await gen_server.start(Beating)
        await start_detector(Watch(pid, QUICK, signs=False))
        await sys.suspend(pid)
        await trio.sleep(20)

        assert failure_detector.suspected(DETECTOR) == []


@mocked
async def test_a_late_heartbeat_is_reported_by_its_sender() -> None:
    async with otp.Node():
        with Captured() as captured:
            await gen_server.start_named(WORKER, Beating)
            await trio.sleep(2.5)
            Worker.hang(WORKER, 1.4)
            await trio.sleep(3)
            assert captured.of(LateHeartbeatReport) == []
            Worker.hang(WORKER, 9)
            await trio.sleep(20)

        [report] = captured.of(LateHeartbeatReport)
        assert report.seconds == pytest.approx(8.5)
        assert report.text().startswith("worker (")
        assert "8.5 s late" in report.text()


@pytest.mark.parametrize("whose", ["another", "its own"])
async def test_a_heartbeat_is_late_as_well_if_the_loop_stood_still(
    whose: str, autojump_clock: MockClock
) -> None:
    class Blocking(Beating):
        @otp.cast
        async def block(self, seconds: float) -> None:
            autojump_clock.jump(seconds)

    async with otp.Node():
        with Captured() as captured:
            beating = await gen_server.start(Blocking)
            await trio.sleep(0.5)
            if whose == "its own":
                Blocking.block(beating, 5)
            else:
                autojump_clock.jump(5)
            await wait_until_idle()
            await trio.sleep(0.3)

        [report] = captured.of(LateHeartbeatReport)
        assert report.seconds == pytest.approx(4.5)


@mocked
async def test_one_message_of_a_heart_is_enough() -> None:
    async with otp.Node():
        pid = await gen_server.start(Beating)
        await wait_until_idle()
        Worker.hang(pid)
        await trio.sleep(600)

        assert pid.process is not None
        assert len(pid.process.mailbox) == 1


@mocked
async def test_a_heart_stops_with_its_process() -> None:
    async with otp.Node() as node:
        pid = await gen_server.start(Beating)
        await gen_server.stop(pid)
        await trio.sleep(5)

        assert node.timers.running() == []


class Answer(sys.SpecialProcess[None]):
    """A process with a loop of its own, and a heart."""

    async def run(self) -> None:
        beat_every(1.0, DETECTOR)
        while True:
            await self.receive()


@mocked
async def test_a_special_process_may_have_a_heart() -> None:
    async with otp.Node():
        pid = process.spawn(lambda: Answer(None).run())
        await wait_until_idle()
        await start_detector(Watch(pid, PHI, signs=False))
        await trio.sleep(10.5)

        assert failure_detector.judge(DETECTOR, pid).samples == 9


@pytest.mark.parametrize("kind", KINDS, ids=str)
@in_process
async def test_every_behaviour_answers_a_ping(kind: Kind) -> None:
    heard: list[Pid] = []
    pid = await kind.start()

    await sys.ask(pid, sys.Ping(lambda: heard.append(process.self())), 5)
    await sys.suspend(pid)
    await sys.ask(pid, sys.Ping(lambda: heard.append(process.self())), 5)

    assert heard == [pid, pid]


# --------------------------------------------------------------------------- names


@mocked
async def test_who_has_its_name_from_a_registry_beats_by_it() -> None:
    rooms = otp.Name[otp.Registry[str, None]]("rooms")
    lobby: otp.Via[Worker] = registry.via(rooms, "lobby")
    async with otp.Node():
        await registry.start_link(rooms, keys="unique")
        await start_detector(Watch(lobby, PHI), Watch(WORKER.at("nowhere"), PHI))
        pid = await gen_server.Options(name=lobby).start(Beating)
        await trio.sleep(10.5)
        assert failure_detector.judge(DETECTOR, lobby).samples == 10

        Worker.hang(pid)
        await trio.sleep(10)
        assert failure_detector.suspected(DETECTOR) == [lobby]
        assert failure_detector.unwatch(DETECTOR, lobby)


@mocked
async def test_who_lives_on_another_node_can_be_watched() -> None:
    async with otp.Node("west") as west:
        await start_detector(Watch(WORKER.at("east"), QUICK, on_suspect=EndProcess()))
        async with otp.Node("east"):
            pid = await gen_server.Options(name=WORKER).start(Worker)
            await trio.sleep(10)
            assert process.is_alive(pid)
            Worker.hang(pid)
            await process.wait_exited(pid)
        await trio.sleep(10)
        assert west.names


# --------------------------------------------------------------------------- the rest


@mocked
async def test_the_state_of_a_detector_can_be_looked_at() -> None:
    async with otp.Node():
        await start_detector(Watch("far", QUICK), Watch(WORKER, PHI))
        heartbeat(DETECTOR, "far")

        assert "watches 2" in repr(await sys.get_state(DETECTOR))
        found = failure_detector.statistics(DETECTOR)
        assert (found.watched, found.heartbeats, found.health) == (2, 1, 0)


@mocked
async def test_a_detector_is_reached_from_another_node() -> None:
    async with otp.Node("west"):
        await start_detector(Watch("far", QUICK))
        async with otp.Node("east"):
            assert heartbeat(DETECTOR.at("west"), "far")
            assert failure_detector.watched(DETECTOR.at("west"))


@mocked
async def test_who_beats_survives_the_node_of_the_detector() -> None:
    class Faithful(Worker):
        async def init(self) -> None:
            beat_every(1.0, DETECTOR.at("west"))

    async with otp.Node("east"):
        pid = await gen_server.start(Faithful)
        async with otp.Node("west"):
            await start_detector()
            await trio.sleep(5)
        await trio.sleep(5)

        assert await Worker.work(pid) == 1
        assert not heartbeat(DETECTOR.at("west"), "far")
        with pytest.raises(otp.NodeDownError):
            failure_detector.watched(DETECTOR.at("west"))


@mocked
async def test_a_name_is_one_of_the_node_of_the_detector() -> None:
    events: list[failure_detector.DetectorEvent] = []
    async with otp.Node("west"):
        pid = await gen_server.Options(name=WORKER).start(Worker)
        await start_detector()
        async with otp.Node("east"):
            failure_detector.listeners(DETECTOR.at("west")).add(events.append)
            namesake = await gen_server.Options(name=WORKER).start(Worker)
            watch = Watch(WORKER, QUICK, signs=False)
            failure_detector.watch(DETECTOR.at("west"), watch)

            async def beat() -> None:
                await gen_server.stop(namesake)
                process.register(WORKER, process.self())
                for _ in range(100):
                    assert not heartbeat(DETECTOR.at("west"))
                    await trio.sleep(0.1)

            process.spawn(beat)
            await trio.sleep(5)

            [event] = events
            assert isinstance(event, failure_detector.Suspected)
            assert event.pid == pid


def test_the_defaults_are_those_of_the_table() -> None:
    watch = Watch("far")

    assert watch.detector == PhiAccrual()
    assert watch.policy == Threshold()
    assert (watch.on_suspect, watch.signs) == ("report", True)
    assert Deadline() == Deadline(interval=5.0, acceptable_pause=25.0)
    assert Watchfulness() == Watchfulness(poll=0.25, tolerance=0.1, grace=1.0, calm=10)
