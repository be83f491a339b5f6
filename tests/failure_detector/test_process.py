from __future__ import annotations

import trio

import otp
from otp import failure_detector, gen_server, process, supervisor, sys
from otp.failure_detector import (
    EndProcess,
    Gone,
    MistakeReport,
    Replaced,
    Suspected,
    SuspicionReport,
    Threshold,
    Trusted,
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
    Events,
    Worker,
    mocked,
    start_detector,
    tree,
)


def watching(*watches: Watch) -> otp.ChildSpec[object]:
    return otp.child_spec(otp.FailureDetector, *watches).named(DETECTOR)


async def beat(subject: str, times: int = 20, every: float = 1.0) -> None:
    for _ in range(times):
        heartbeat(DETECTOR, subject)
        await trio.sleep(every)


# ------------------------------------------------------------------------------ hung


@mocked
async def test_a_hung_child_is_restarted_by_its_supervisor() -> None:
    async with otp.Node():
        await supervisor.start_link(
            otp.Supervisor,
            tree(
                otp.child_spec(Worker).named(WORKER),
                watching(Watch(WORKER, QUICK, on_suspect=EndProcess())),
            ),
        )
        assert await Worker.work(WORKER) == 1
        first = process.whereis(WORKER)
        assert first is not None

        Worker.hang(WORKER)
        before = trio.current_time()
        await process.wait_exited(first)

        assert 2.0 <= trio.current_time() - before <= 2.6
        await wait_until_idle()
        assert process.whereis(WORKER) not in (None, first)
        assert await Worker.work(WORKER) == 1
        await trio.sleep(60)
        assert failure_detector.statistics(DETECTOR).suspicions == 1


@mocked
async def test_the_reason_is_what_supervisors_and_callers_see() -> None:
    reason = otp.Reason("hung")
    async with otp.Node():
        pid = await gen_server.start(Worker)
        await start_detector(Watch(pid, QUICK, on_suspect=EndProcess(reason)))
        ends: list[object] = []

        async def call() -> None:
            try:
                await Worker.work.within(99)(pid)
            except otp.ServerExitedError as error:
                ends.append(error.reason)

        Worker.hang(pid)
        caller = process.spawn(call)
        await process.wait_exited(caller)

        assert ends == [reason]
        await trio.sleep(1)
        assert failure_detector.watched(DETECTOR) == []


@mocked
async def test_who_traps_exits_and_hangs_is_killed_after_a_while() -> None:
    async with otp.Node():
        pid = await gen_server.start(Worker, stubborn=True)
        end = EndProcess(otp.Reason("hung"), kill_after=3.0)
        await start_detector(Watch(pid, QUICK, on_suspect=end))
        before = trio.current_time()

        Worker.hang(pid)
        await process.wait_exited(pid)

        assert 5.0 <= trio.current_time() - before <= 5.6


@mocked
async def test_who_is_to_be_killed_is_not_asked() -> None:
    async with otp.Node():
        pid = await gen_server.start(Worker, stubborn=True)
        await start_detector(Watch(pid, QUICK, on_suspect=EndProcess(otp.Kill())))
        before = trio.current_time()

        Worker.hang(pid)
        await process.wait_exited(pid)

        assert trio.current_time() - before <= 2.6


@mocked
async def test_who_obeys_in_time_is_not_killed() -> None:
    async with otp.Node():
        pid = await gen_server.start(Worker, stubborn=True)
        end = EndProcess(otp.Reason("hung"), kill_after=3.0)
        events = Events()
        await start_detector(Watch(pid, QUICK, on_suspect=end), listener=events)

        # It takes the exit signal for a message when it is through, and lives on.
        Worker.hang(pid, 2.9)
        await trio.sleep(4)
        assert events.kinds == ["Suspected", "Trusted"]
        await trio.sleep(60)

        assert process.is_alive(pid)


@mocked
async def test_one_sign_of_life_is_enough_not_to_be_killed() -> None:
    async with otp.Node():
        pid = await gen_server.start(Worker, stubborn=True)
        end = EndProcess(kill_after=3.0)
        hard = Threshold(clear_beats=1000)
        await start_detector(Watch(pid, QUICK, hard, on_suspect=end))

        Worker.hang(pid, 2.9)
        await trio.sleep(20)

        assert failure_detector.is_suspected(DETECTOR, pid)
        assert process.is_alive(pid)


@mocked
async def test_who_has_lost_its_name_is_not_killed_for_the_next_one() -> None:
    async with otp.Node():
        first = await gen_server.Options(name=WORKER).start(Worker, stubborn=True)
        second = await gen_server.start(Worker, stubborn=True)
        end = EndProcess(kill_after=3.0)
        await start_detector(Watch(WORKER, QUICK, on_suspect=end))
        Worker.hang(first)
        Worker.hang(second)
        await trio.sleep(2.4)
        assert failure_detector.is_suspected(DETECTOR, WORKER)

        process.unregister(WORKER)
        process.register(WORKER, second)
        await trio.sleep(20)

        assert process.is_alive(first)
        assert not process.is_alive(second)


@mocked
async def test_without_an_end_it_is_never_killed() -> None:
    async with otp.Node():
        pid = await gen_server.start(Worker, stubborn=True)
        end = EndProcess(kill_after=float("inf"))
        await start_detector(Watch(pid, QUICK, on_suspect=end))

        Worker.hang(pid)
        await trio.sleep(600)

        assert process.is_alive(pid)
        assert failure_detector.suspected(DETECTOR) == [pid]


@mocked
async def test_who_hangs_in_init_is_found_as_well() -> None:
    started = 0

    class Late(otp.GenServer):
        async def init(self) -> None:
            nonlocal started
            started += 1
            if started == 1:
                await trio.sleep_forever()

    late = otp.Name[Late]("late")
    async with otp.Node():
        await start_detector(Watch(late, QUICK, on_suspect=EndProcess()))
        ends: list[object] = []

        async def start() -> None:
            try:
                await gen_server.Options(name=late).start(Late)
            except otp.StartError as error:
                ends.append(error.reason)

        await process.wait_exited(process.spawn(start))

        assert ends == [otp.Reason("suspected")]


# ------------------------------------------------------------------- other than ending


@mocked
async def test_a_suspicion_and_its_end_are_told_and_reported() -> None:
    async with otp.Node():
        with Captured() as captured:
            events = Events()
            await start_detector(Watch("far", QUICK), listener=events)
            await beat("far", 3)
            await trio.sleep(4)
            heartbeat(DETECTOR, "far")
            await trio.sleep(1)

        (_, suspected), (_, trusted) = events.told
        assert isinstance(suspected, Suspected)
        assert (suspected.subject, suspected.pid) == ("far", None)
        assert 2 <= suspected.judgement.silence <= 2.25
        assert isinstance(trusted, Trusted)
        assert 2.5 <= trusted.seconds <= 5
        [report] = captured.of(SuspicionReport)
        assert report.text().startswith("'far' is suspected: silent for 2")
        [mistake] = captured.of(MistakeReport)
        assert "trusted again" in mistake.text()
        found = failure_detector.statistics(DETECTOR)
        assert (found.suspicions, found.mistakes, found.suspected) == (1, 1, 0)


@mocked
async def test_a_function_is_called_in_a_process_of_its_own() -> None:
    called: list[tuple[object, otp.Pid]] = []

    def plainly(event: Suspected) -> None:
        called.append((event.subject, process.self()))

    async def slowly(event: Suspected) -> None:
        await trio.sleep(50)
        called.append((event.subject, process.self()))

    def badly(event: Suspected) -> None:
        raise ValueError(event)

    async with otp.Node():
        detector = await start_detector(
            Watch("a", QUICK, on_suspect=plainly),
            Watch("b", QUICK, on_suspect=slowly),
            Watch("c", QUICK, on_suspect=badly),
        )
        await trio.sleep(60)

        assert [subject for subject, _ in called] == ["a", "b"]
        assert detector not in [pid for _, pid in called]
        assert failure_detector.suspected(DETECTOR) == ["a", "b", "c"]


@mocked
async def test_the_report_says_what_follows() -> None:
    async with otp.Node():
        pid = await gen_server.start(Worker)
        with Captured() as captured:
            await start_detector(Watch(pid, QUICK, on_suspect=EndProcess()))
            Worker.hang(pid)
            await process.wait_exited(pid)

        [report] = captured.of(SuspicionReport)
        assert "EndProcess" in report.text()
        assert repr(pid) in report.text()


# -------------------------------------------------------------------------- who it is


@mocked
async def test_a_name_is_followed_to_a_stranger() -> None:
    async with otp.Node():
        events = Events()
        await start_detector(Watch(WORKER, PHI), listener=events)
        assert not failure_detector.judge(DETECTOR, WORKER).samples
        assert failure_detector.phi(DETECTOR, WORKER) == 0

        first = await gen_server.Options(name=WORKER).start(Worker)
        for _ in range(10):
            await trio.sleep(1)
            heartbeat(DETECTOR, WORKER)
        assert failure_detector.judge(DETECTOR, WORKER).samples == 9
        process.exit(first, otp.Kill())
        second = await gen_server.Options(name=WORKER).start(Worker)
        await trio.sleep(1)

        assert failure_detector.judge(DETECTOR, WORKER).samples == 0
        await gen_server.stop(second)
        await trio.sleep(60)
        third = await gen_server.Options(name=WORKER).start(Worker)
        await trio.sleep(1)
        assert [event for _, event in events.told] == [
            Replaced(WORKER, second),
            Gone(WORKER, second),
            Replaced(WORKER, third),
        ]
        assert failure_detector.statistics(DETECTOR).suspicions == 0


@mocked
async def test_a_beat_of_a_stranger_is_his_first() -> None:
    async with otp.Node():
        await start_detector(
            Watch(WORKER, PHI), watchfulness=Watchfulness(poll=30, tolerance=1)
        )
        for _ in range(3):
            worker = await gen_server.Options(name=WORKER).start(Worker)
            await trio.sleep(1)
            assert heartbeat(DETECTOR, WORKER)
            process.exit(worker, otp.Kill())
            assert not heartbeat(DETECTOR, WORKER)
            assert failure_detector.judge(DETECTOR, WORKER).samples == 0


@mocked
async def test_a_name_may_change_hands_among_the_living() -> None:
    async with otp.Node():
        events = Events()
        first = await gen_server.Options(name=WORKER).start(Worker)
        second = await gen_server.start(Worker)
        await start_detector(Watch(WORKER, QUICK), listener=events)

        process.unregister(WORKER)
        process.register(WORKER, second)
        Worker.hang(first)
        await trio.sleep(10)

        assert [event for _, event in events.told] == [Replaced(WORKER, second)]


@mocked
async def test_a_dead_pid_is_watched_no_longer() -> None:
    async with otp.Node():
        events = Events()
        pid = await gen_server.start(Worker)
        await start_detector(Watch(pid, QUICK), listener=events)

        await gen_server.stop(pid)
        await trio.sleep(1)

        assert events.kinds == ["Gone"]
        assert failure_detector.watched(DETECTOR) == []
        assert not heartbeat(DETECTOR, pid)


@mocked
async def test_who_was_dead_already_is_not_watched_either() -> None:
    async with otp.Node():
        events = Events()
        pid = await gen_server.start(Worker)
        await gen_server.stop(pid)
        await start_detector(Watch(pid, QUICK), listener=events)
        failure_detector.watch(DETECTOR, Watch(pid, QUICK))

        assert events.kinds == ["Gone", "Gone"]
        assert failure_detector.watched(DETECTOR) == []


@mocked
async def test_who_beats_says_by_itself_who_it_is() -> None:
    heard: list[bool] = []

    async def body() -> None:
        process.register(WORKER, process.self())
        heard.append(heartbeat(DETECTOR))
        failure_detector.watch(DETECTOR, Watch(WORKER, PHI))
        heard.append(heartbeat(DETECTOR))
        failure_detector.unwatch(DETECTOR, WORKER)
        failure_detector.watch(DETECTOR, Watch(process.self(), PHI))
        heard.append(heartbeat(DETECTOR))

    async with otp.Node():
        await start_detector()
        await process.wait_exited(process.spawn(body))

    assert heard == [False, True, True]


@mocked
async def test_to_be_watched_again_is_to_begin_anew() -> None:
    async with otp.Node():
        await start_detector(Watch("far", PHI))
        await beat("far", 5)
        assert failure_detector.judge(DETECTOR, "far").samples == 4

        failure_detector.watch(DETECTOR, Watch("far", PHI, Threshold(1)))

        assert failure_detector.judge(DETECTOR, "far").samples == 0
        [watch] = failure_detector.watched(DETECTOR)
        assert watch.policy == Threshold(1)


# ------------------------------------------------------------------------- the process


@mocked
async def test_what_is_in_the_specification_is_watched_after_a_restart() -> None:
    async with otp.Node():
        await supervisor.start_link(
            otp.Supervisor,
            tree(otp.child_spec(Worker).named(WORKER), watching(Watch(WORKER, QUICK))),
        )
        failure_detector.watch(DETECTOR, Watch("far", QUICK))
        detector = process.whereis(DETECTOR)
        assert detector is not None

        process.exit(detector, otp.Kill())
        assert not heartbeat(DETECTOR, WORKER)
        await wait_until_idle()

        assert [w.subject for w in failure_detector.watched(DETECTOR)] == [WORKER]
        Worker.hang(WORKER)
        await trio.sleep(4)
        assert failure_detector.is_suspected(DETECTOR, WORKER)


@mocked
async def test_a_heartbeat_does_not_wait_in_a_mailbox() -> None:
    async with otp.Node():
        await start_detector(Watch("far", PHI))

        await sys.suspend(DETECTOR)
        await beat("far", 30)

        assert failure_detector.judge(DETECTOR, "far").samples == 29
        await sys.resume(DETECTOR)
        await trio.sleep(1)
        assert failure_detector.statistics(DETECTOR).stalls == 0
        assert failure_detector.suspected(DETECTOR) == []


@mocked
async def test_beats_that_are_there_already_are_heard_before_a_verdict() -> None:
    """The beat comes in the moment of the look, and whoever hears it has to wake up."""
    settings = Watchfulness(poll=1.0)
    async with otp.Node():
        events = Events()
        await start_detector(
            Watch("far", QUICK), watchfulness=settings, listener=events
        )
        for _ in range(20):
            await trio.sleep(2.0)
            await trio.lowlevel.checkpoint()
            heartbeat(DETECTOR, "far")

        assert events.told == []


@mocked
async def test_a_detector_that_is_busy_is_told_once_to_look() -> None:
    async with otp.Node():
        detector = await start_detector(Watch("far", QUICK))
        await sys.suspend(DETECTOR)
        await trio.sleep(60)

        assert detector.process is not None
        assert len(detector.process.mailbox) == 1
        await sys.resume(DETECTOR)
        await trio.sleep(1)
        assert failure_detector.suspected(DETECTOR) == ["far"]


@mocked
async def test_a_detector_that_is_stopped_leaves_no_timer() -> None:
    async with otp.Node() as node:
        detector = await start_detector(Watch("far", QUICK))
        await gen_server.stop(detector)
        await trio.sleep(5)

        assert node.timers.running() == []


@mocked
async def test_other_messages_do_not_disturb_it() -> None:
    async with otp.Node():
        detector = await start_detector(Watch("far", QUICK))

        process.send(detector, "what is this")
        await trio.sleep(5)

        assert failure_detector.suspected(DETECTOR) == ["far"]
        assert process.is_alive(detector)


@mocked
async def test_a_listener_may_end_the_watch_that_it_hears_of() -> None:
    def listen(event: object) -> None:
        if isinstance(event, Suspected):
            failure_detector.unwatch(DETECTOR, "b")
            failure_detector.unwatch(DETECTOR, "a")

    async with otp.Node():
        events = Events()
        await start_detector(Watch("a", QUICK), Watch("b", QUICK), listener=events)
        failure_detector.listeners(DETECTOR).add(listen)
        await trio.sleep(5)

        assert events.kinds == ["Suspected"]
        failure_detector.listeners(DETECTOR).remove(listen)
        assert failure_detector.watched(DETECTOR) == []


# -------------------------------------------------------------------------- its heart


@mocked
async def test_a_server_beats_by_itself_until_it_hangs() -> None:
    class Beating(Worker):
        async def init(self) -> None:
            beat_every(1.0, DETECTOR)

    async with otp.Node():
        events = Events()
        pid = await gen_server.start(Beating)
        await start_detector(Watch(pid, PHI, signs=False), listener=events)
        await trio.sleep(20.5)
        assert failure_detector.judge(DETECTOR, pid).samples == 19
        assert failure_detector.judge(DETECTOR, pid).mean == 1.0

        Worker.hang(pid)
        await trio.sleep(10)

        assert events.kinds == ["Suspected"]
