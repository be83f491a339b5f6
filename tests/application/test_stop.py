from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

import otp
from otp import application, process, sys
from otp.abc import Instrument
from otp.application import CONTROLLER
from tests.application.tracing import Traced, Worker, worker_of

if TYPE_CHECKING:
    from otp.kernel import Report
    from tests.application.tracing import Trace

NAME = otp.Name[object](CONTROLLER)


class Stubborn(Traced):
    """Takes its time to stop, in seconds, or fails to."""

    seconds = 0.0
    error: BaseException | None = None

    async def prep_stop(self) -> None:
        await super().prep_stop()
        await trio.sleep(self.seconds)
        if self.error is not None:
            raise self.error

    async def stop(self) -> None:
        await super().stop()
        if self.error is not None:
            raise self.error


def running() -> list[str]:
    return [info.name for info in application.which_applications()]


def down(*names: str) -> Trace:
    return [
        event
        for name in names
        for event in (
            ("prep_stop", name),
            ("child_term", name, otp.Shutdown()),
            ("stop", name),
        )
    ]


@pytest.mark.parametrize("error", [ValueError("boom"), otp.Exit(otp.Reason("odd"))])
async def test_a_callback_that_fails_is_reported_and_holds_up_nothing(
    trace: Trace, reports: list[Report], error: BaseException
) -> None:
    async with otp.Node():
        app = Stubborn("a", trace)
        app.error = error
        await application.start(app)
        trace.clear()

        await application.stop("a")

        assert trace == down("a")
    failed = [r for r in reports if isinstance(r, application.CallbackFailed)]
    assert [report.callback for report in failed] == ["prep_stop", "stop"]
    assert failed[0].text().startswith("prep_stop() of application a failed")
    assert failed[0].error() is (error if isinstance(error, ValueError) else None)


async def test_what_is_being_stopped_is_off_the_list_and_can_be_started_again(
    trace: Trace, autojump_clock: MockClock
) -> None:
    del autojump_clock
    async with otp.Node():
        app = Stubborn("a", trace)
        app.seconds = 3
        await application.start(app)
        await application.start(Traced("b", trace))
        begin = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(application.stop, "a")
            await trio.sleep(1)
            assert running() == ["b"]
            trace.clear()

            await application.start("a")

            assert trio.current_time() - begin == 3
            assert running() == ["a", "b"]
            assert trace == [*down("a")[1:], ("start", "a"), ("child_up", "a")]


async def test_a_second_stop_waits_for_the_first_and_finds_nothing_to_do(
    trace: Trace, autojump_clock: MockClock
) -> None:
    del autojump_clock
    async with otp.Node():
        app = Stubborn("a", trace)
        app.seconds = 3
        await application.start(app)
        begin = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(application.stop, "a")
            await trio.sleep(1)

            with pytest.raises(application.NotStartedError):
                await application.stop("a")

            assert trio.current_time() - begin == 3


async def test_other_applications_do_not_wait_for_one_that_stops(
    trace: Trace, autojump_clock: MockClock
) -> None:
    del autojump_clock
    async with otp.Node():
        app = Stubborn("a", trace)
        app.seconds = 3
        await application.start(app)
        begin = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(application.stop, "a")
            await trio.sleep(1)

            await application.start(Traced("b", trace))
            with pytest.raises(application.NotStartedError):
                await application.start(Traced("c", trace, needs=["a"]))

            assert trio.current_time() - begin == 1


async def test_an_application_may_stop_another_on_its_way_down(trace: Trace) -> None:
    class Leader(Traced):
        async def stop(self) -> None:
            await super().stop()
            await application.stop("a")

    async with otp.Node():
        await application.start(Traced("a", trace))
        await application.start(Leader("b", trace))
        trace.clear()

        await application.stop("b")

        assert running() == []
        assert trace == down("b", "a")


async def test_all_that_an_application_spawned_belongs_to_it_and_is_killed(
    trace: Trace,
) -> None:
    async with otp.Node():
        app, other = Traced("a", trace), Traced("b", trace)
        await application.start(app)
        await application.start(other)
        stray = await Worker.spawn(app.worker)
        spared = await Worker.spawn(other.worker)
        own = process.spawn(trio.sleep_forever)
        assert application.get_application(stray) == "a"
        assert application.get_application(own) is None

        await application.stop("a")

        assert application.get_application(stray) is None
        assert not process.is_alive(stray)
        assert process.is_alive(spared)
        assert process.is_alive(own)


class Exits(Instrument):
    """Notes who ended, in order."""

    def __init__(self) -> None:
        self.pids: list[otp.Pid] = []

    def process_exited(self, pid: otp.Pid, reason: otp.ExitReason) -> None:
        del reason
        self.pids.append(pid)


async def test_nothing_of_an_application_is_left_when_its_master_ends(
    trace: Trace,
) -> None:
    exits = Exits()
    async with otp.Node(instruments=[exits]) as node:
        app = Traced("a", trace)
        await application.start(app)
        top = application.get_supervisor("a")
        worker = worker_of(app)
        stray = await Worker.spawn(app.worker)
        leader = node.processes[stray.serial].leader

        await application.stop("a")

        assert exits.pids == [worker, top, stray, leader]


async def test_the_code_of_what_is_left_is_over_before_the_stop_is(
    trace: Trace, autojump_clock: MockClock
) -> None:
    del autojump_clock

    async def slow_to_go() -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(0.5)
            trace.append(("gone",))

    class Messy(Traced):
        async def start_phase(self, phase: str, argument: object) -> None:
            del phase, argument
            process.spawn(slow_to_go)

    async with otp.Node():
        await application.start(Messy("a", trace, phases=[("one", 1)]))
        await wait_all_tasks_blocked()

        await application.stop("a")

        assert trace[-1] == ("gone",)


async def test_who_is_in_charge_says_so(trace: Trace) -> None:
    async with otp.Node() as node:
        app = Traced("a", trace)
        await application.start(app)
        leader = node.processes[worker_of(app).serial].leader
        controller = process.whereis(NAME)
        assert leader is not None
        assert controller is not None

        master, boss = process.info(leader), process.info(controller)
        assert master is not None
        assert boss is not None
        assert (master.label, master.origin) == ("application a", Traced)
        assert (master.parent, boss.label) == (controller, "application controller")


async def test_a_top_process_that_is_not_linked_is_watched_all_the_same(
    trace: Trace,
) -> None:
    async def start_unlinked() -> otp.Pid:
        return process.spawn(process.receive)

    app = Traced("a", trace)
    app.behaviour = lambda: otp.ChildSpec.of("top", start_unlinked)
    async with otp.Node():
        await application.start(app)
        top = application.get_supervisor("a")
        assert top is not None

        process.send(top, "end")
        await wait_all_tasks_blocked()

        assert running() == []


async def test_a_master_that_is_killed_takes_its_application_with_it(
    trace: Trace, reports: list[Report]
) -> None:
    async with otp.Node() as node:
        app = Traced("a", trace)
        await application.start(app)
        stray = await Worker.spawn(app.worker)
        leader = node.processes[stray.serial].leader
        assert leader is not None
        trace.clear()

        process.exit(leader, otp.Kill())
        await wait_all_tasks_blocked()

        assert running() == []
        assert not process.is_alive(stray)
        assert trace == [("child_term", "a", otp.Shutdown())]
    ended = [r for r in reports if isinstance(r, application.ApplicationExited)]
    assert [r.text() for r in ended] == ["temporary application a ended: Killed()"]


# ----------------------------------------------------------------- the end of the node


async def test_a_node_that_ends_stops_its_applications_the_last_one_first(
    trace: Trace,
) -> None:
    async with otp.Node():
        for name in "abc":
            await application.start(Traced(name, trace))
        trace.clear()

    assert trace == down("c", "b", "a")


async def test_a_node_that_ends_gives_up_a_start_and_stops_what_is_up_of_it(
    trace: Trace, autojump_clock: MockClock
) -> None:
    del autojump_clock

    class Phased(Traced):
        async def start_phase(self, phase: str, argument: object) -> None:
            await super().start_phase(phase, argument)
            await trio.sleep_forever()

    async with otp.Node():
        await application.start(Traced("a", trace))
        with trio.move_on_after(1):
            await application.start(Phased("b", trace, phases=[("one", 1)]))
        trace.clear()

    assert trace == [("child_term", "b", otp.Shutdown()), *down("a")]


async def test_a_node_that_ends_does_not_end_of_the_start_that_it_gave_up(
    trace: Trace, autojump_clock: MockClock
) -> None:
    del autojump_clock

    class Phased(Traced):
        async def start_phase(self, phase: str, argument: object) -> None:
            await super().start_phase(phase, argument)
            await trio.sleep_forever()

    async with otp.Node():
        app = Phased("a", trace, phases=[("one", 1)])
        with trio.move_on_after(1):
            await application.start(app, "permanent")

    assert trace[-1] == ("child_term", "a", otp.Shutdown())


async def test_a_node_that_ends_starts_nothing_that_waited_for_a_stop(
    trace: Trace, autojump_clock: MockClock
) -> None:
    del autojump_clock
    refused: list[BaseException] = []

    async def restart() -> None:
        with pytest.raises(otp.ServerExitedError) as caught:
            await application.start("a")
        refused.append(caught.value)

    async with trio.open_nursery() as nursery, otp.Node():
        app = Stubborn("a", trace)
        app.seconds = 3
        await application.start(app)
        trace.clear()
        nursery.start_soon(application.stop, "a")
        await trio.sleep(1)
        nursery.start_soon(restart)
        await trio.sleep(1)

    assert trace == down("a")
    assert len(refused) == 1


async def test_a_node_that_ends_waits_for_a_stop_that_goes_on(
    trace: Trace, autojump_clock: MockClock
) -> None:
    del autojump_clock
    async with trio.open_nursery() as nursery, otp.Node():
        app = Stubborn("b", trace)
        app.seconds = 3
        await application.start(Traced("a", trace))
        await application.start(app)
        trace.clear()
        nursery.start_soon(application.stop, "b")
        await trio.sleep(1)

    assert trace == down("b", "a")


async def test_a_node_that_ends_kills_what_takes_too_long(
    trace: Trace, autojump_clock: MockClock
) -> None:
    del autojump_clock
    async with otp.Node(shutdown_timeout=5):
        app = Stubborn("a", trace)
        app.seconds = 1000
        await application.start(app)
        begin = trio.current_time()

    assert trio.current_time() - begin == 5


async def test_a_node_that_ends_starts_and_stops_nothing_more(
    trace: Trace, autojump_clock: MockClock
) -> None:
    del autojump_clock
    refused: list[BaseException] = []

    class Late(Traced):
        async def prep_stop(self) -> None:
            for ask in (application.start, application.stop):
                with pytest.raises(otp.ServerExitedError) as caught:
                    await ask("a")
                refused.append(caught.value)

    async with otp.Node():
        await application.start(Traced("a", trace))
        await application.start(Late("b", trace))

    assert len(refused) == 2


async def test_a_cancellation_around_the_node_stops_the_applications_in_order(
    trace: Trace,
) -> None:
    with trio.CancelScope() as scope:
        async with otp.Node():
            await application.start(Traced("a", trace))
            await application.start(Traced("b", trace))
            trace.clear()
            scope.cancel()
            await trio.sleep_forever()

    assert scope.cancelled_caught
    assert trace == down("b", "a")


async def test_a_node_does_not_survive_its_application_controller(
    trace: Trace,
) -> None:
    async def live() -> None:
        async with otp.Node():
            await application.start(Traced("a", trace))
            trace.clear()
            controller = process.whereis(NAME)
            assert controller is not None
            process.exit(controller, otp.Kill())
            await trio.sleep_forever()

    with pytest.raises(BaseExceptionGroup) as caught:
        await live()

    (error,) = caught.value.exceptions
    assert isinstance(error, application.ApplicationError)
    assert "application_controller died" in str(error)
    assert trace == down("a")


async def test_a_controller_without_anything_to_control_may_die(trace: Trace) -> None:
    async with otp.Node():
        application.load(Traced("a", trace))
        controller = process.whereis(NAME)
        assert controller is not None

        process.exit(controller, otp.Kill())
        await wait_all_tasks_blocked()

        assert application.loaded_applications() == []
        await application.start(Traced("a", trace))


# ------------------------------------------------------------------- the controller


async def test_the_controller_obeys_system_messages(trace: Trace) -> None:
    async with otp.Node():
        app = Traced("a", trace)
        application.load(Traced("b", trace))
        await application.start(app)

        assert await sys.get_state(NAME) == {"b": "loaded", "a": "running"}
        status = await sys.get_status(NAME)
        assert status.state == {"b": "loaded", "a": "running"}
        assert status.module.__name__ == "Table"
        await sys.suspend(NAME)
        with trio.move_on_after(0):
            await application.stop("a")
        await wait_all_tasks_blocked()
        assert running() == ["a"]
        with pytest.raises(sys.CallbackFailedError):
            await sys.change_code(NAME, None)
        await sys.resume(NAME)
        await wait_all_tasks_blocked()
        assert running() == []
        with pytest.raises(sys.CallbackFailedError):
            await sys.replace_state(NAME, lambda state: state)


async def test_the_controller_stops_all_if_it_is_told_to_end(trace: Trace) -> None:
    async with otp.Node():
        await application.start(Traced("a", trace))
        await application.start(Traced("b", trace))
        trace.clear()

        await sys.stop(NAME)

        assert trace == down("b", "a")
        assert application.loaded_applications() == []


async def test_a_message_that_the_controller_does_not_know_is_a_dead_letter(
    trace: Trace,
) -> None:
    async with otp.Node() as node:
        await application.start(Traced("a", trace))
        controller = process.whereis(NAME)
        assert controller is not None
        before = node.statistics().dead_letters

        process.send(NAME, "hello")
        process.spawn(_shut_down, controller)
        await wait_all_tasks_blocked()

        assert node.statistics().dead_letters == before + 2
        assert running() == ["a"]


async def _shut_down(pid: otp.Pid) -> None:
    process.exit(pid, otp.Shutdown())


async def test_a_message_that_a_master_does_not_know_is_dropped(trace: Trace) -> None:
    async with otp.Node() as node:
        app = Traced("a", trace)
        await application.start(app)
        leader = node.processes[worker_of(app).serial].leader
        assert leader is not None

        process.send(leader, "hello")
        process.spawn(_shut_down, leader)
        await wait_all_tasks_blocked()

        assert running() == ["a"]


async def test_a_description_that_was_spoilt_does_not_harm_the_controller(
    trace: Trace,
) -> None:
    async with otp.Node():
        inner = Traced("inner", trace)
        app = Traced("a", trace)
        app.included_applications = [inner]
        application.load(app)
        inner.version = 3  # type: ignore[assignment]

        with pytest.raises(otp.InvalidSpecError):
            await application.start("a")

        await application.start(Traced("b", trace))
