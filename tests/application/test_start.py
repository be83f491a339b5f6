from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

import otp
from otp import application, process
from otp.application import Application
from otp.supervisor import FailedToStartChild, Supervisor, one_for_one
from tests.application.tracing import Traced, Worker, ended_by, worker_of

if TYPE_CHECKING:
    from otp.kernel import Report
    from tests.application.tracing import Trace


class Broken(otp.GenServer):
    async def init(self) -> None:
        raise ValueError("boom")


class Slow(otp.GenServer):
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    async def init(self) -> None:
        await trio.sleep(self.seconds)


class Nothing(Supervisor):
    def children(self) -> otp.Ignore:
        return otp.Ignore()


def running() -> list[str]:
    return [info.name for info in application.which_applications()]


def with_child(child: otp.ChildSpec) -> otp.ChildSpec[Supervisor]:
    return otp.child_spec(Supervisor, one_for_one(child))


async def start_plain() -> otp.Pid:
    return process.spawn_link(trio.sleep, 1)


# ------------------------------------------------------------------- starts that fail


async def test_a_child_that_fails_to_start_is_named_in_the_reason(
    trace: Trace,
) -> None:
    async with otp.Node() as node:
        app = Traced("a", trace)
        app.behaviour = lambda: with_child(otp.child_spec(Broken))
        with pytest.raises(application.ApplicationStartError) as caught:
            await application.start(app)

        reason = caught.value.reason
        assert isinstance(reason, otp.Shutdown)
        assert isinstance(reason.detail, FailedToStartChild)
        assert reason.detail.id == "Broken"
        assert isinstance(caught.value.__cause__, otp.StartError)
        assert [p.name for p in node.processes.values()] == ["application_controller"]
        assert trace == [("start", "a")]


async def test_a_top_supervisor_that_does_not_want_to_start_is_a_mistake(
    trace: Trace,
) -> None:
    async with otp.Node():
        app = Traced("a", trace, behaviour=lambda: otp.child_spec(Nothing))

        with pytest.raises(application.BadStartError, match="did not want to start"):
            await application.start(app)


async def test_a_start_that_exits_with_a_reason_of_its_own_is_a_mistake(
    trace: Trace,
) -> None:
    def leave() -> object:
        raise otp.Exit(otp.Reason("odd"))

    async with otp.Node():
        with pytest.raises(application.BadStartError) as caught:
            await application.start(Traced("a", trace, behaviour=leave))

        assert caught.value.reason == otp.Reason("odd")
        assert not caught.value.declined


async def test_an_invalid_specification_is_quoted(trace: Trace) -> None:
    def misspell() -> object:
        return otp.child_spec(Worker, "a", trace).override(
            restart="often"  # type: ignore[arg-type]
        )

    async with otp.Node():
        with pytest.raises(application.BadStartError, match="'a': the restart of"):
            await application.start(Traced("a", trace, behaviour=misspell))


async def test_a_failed_start_leaves_the_application_loaded(trace: Trace) -> None:
    async with otp.Node():
        app = Traced("a", trace, behaviour=lambda: None)
        with pytest.raises(application.BadStartError):
            await application.start(app)
        app.behaviour = None

        await application.start("a")

        assert running() == ["a"]


async def test_what_start_spawned_is_killed_if_the_start_fails(trace: Trace) -> None:
    strays: list[otp.Pid] = []

    def spawn_and_fail() -> object:
        strays.append(process.spawn(trio.sleep_forever))
        raise otp.StartError("a", otp.Reason("nope"))

    async with otp.Node():
        with pytest.raises(application.ApplicationStartError):
            await application.start(Traced("a", trace, behaviour=spawn_and_fail))

        assert not process.is_alive(strays[0])


async def test_the_processes_of_a_start_that_succeeds_live_on(trace: Trace) -> None:
    strays: list[otp.Pid] = []
    app = Traced("a", trace)

    def spawn_and_go_on() -> object:
        strays.append(process.spawn(trio.sleep_forever))
        return app.tree()

    app.behaviour = spawn_and_go_on
    async with otp.Node():
        await application.start(app)

        assert application.get_application(strays[0]) == "a"


# -------------------------------------------------------------------------- phases


class Phased(Traced):
    error: BaseException

    async def start_phase(self, phase: str, argument: object) -> None:
        await super().start_phase(phase, argument)
        if argument == "fail":
            raise self.error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("boom"), application.BadStartError),
        (otp.StartError("x", otp.Reason("nope")), application.ApplicationStartError),
        (otp.Exit(otp.Normal()), application.BadStartError),
    ],
)
async def test_if_a_phase_fails_the_whole_tree_is_killed(
    trace: Trace, error: BaseException, kind: type[Exception]
) -> None:
    app = Phased("a", trace, phases=[("one", 1), ("two", "fail"), ("three", 3)])
    app.error = error
    async with otp.Node():
        with pytest.raises(application.ApplicationStartError) as caught:
            await application.start(app)

        assert type(caught.value) is kind
        assert not caught.value.declined
        assert running() == []
        assert process.whereis(app.worker) is None
        assert trace == [
            ("start", "a"),
            ("child_up", "a"),
            ("phase", "a", "one", 1),
            ("phase", "a", "two", "fail"),
        ]


async def test_the_failure_of_another_application_is_not_taken_for_the_own(
    trace: Trace,
) -> None:
    class Starting(Traced):
        async def start_phase(self, phase: str, argument: object) -> None:
            del phase, argument
            await application.start(Traced("other", trace, behaviour=lambda: None))

    async with otp.Node():
        with pytest.raises(application.BadStartError) as caught:
            await application.start(Starting("a", trace, phases=[("one", 1)]))

        cause = caught.value.__cause__
        assert caught.value.application == "a"
        assert isinstance(cause, application.BadStartError)
        assert cause.application == "other"


async def test_included_applications_have_their_phases_between_those_of_their_owner(
    trace: Trace,
) -> None:
    inner = Traced("inner", trace, phases=[("two", "i2"), ("none", "i")])
    app = Traced("a", trace, phases=[("one", 1), ("two", 2)])
    app.included_applications = [inner]
    async with otp.Node():
        await application.start(app)

        assert [e[1:] for e in trace if e[0] == "phase"] == [
            ("a", "one", 1),
            ("a", "two", 2),
            ("inner", "two", "i2"),
        ]
        assert running() == ["a"]


async def test_an_application_counts_as_started_after_its_last_phase(
    trace: Trace,
) -> None:
    seen: list[list[str]] = []

    class Curious(Traced):
        async def start_phase(self, phase: str, argument: object) -> None:
            del phase, argument
            seen.append(running())

    async with otp.Node():
        await application.start(Curious("a", trace, phases=[("one", 1)]))

        assert seen == [[]]
        assert running() == ["a"]


# ----------------------------------------------------------------- at the same time


async def test_who_asks_for_a_start_that_goes_on_waits_for_it(
    trace: Trace, autojump_clock: MockClock
) -> None:
    del autojump_clock
    done: list[float] = []

    async def start() -> None:
        await application.start("a")
        done.append(trio.current_time())

    async with otp.Node():
        app = Traced("a", trace, behaviour=lambda: with_child(otp.child_spec(Slow, 3)))
        application.load(app)
        begin = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(start)
            nursery.start_soon(start)

        assert [time - begin for time in done] == [3, 3]
        assert trace == [("start", "a")]


async def test_who_waits_for_the_same_start_gets_the_same_error(trace: Trace) -> None:
    failures: list[Exception] = []

    async def start() -> None:
        with pytest.raises(application.BadStartError) as caught:
            await application.start("a")
        failures.append(caught.value)

    async with otp.Node():
        application.load(Traced("a", trace, behaviour=lambda: None))
        for starter in [process.spawn(start) for _ in range(2)]:
            await process.wait_exited(starter)

        assert len(failures) == 2
        assert trace == [("start", "a")]


async def test_a_start_goes_on_if_who_asked_for_it_loses_interest(
    trace: Trace, autojump_clock: MockClock
) -> None:
    del autojump_clock
    async with otp.Node():
        app = Traced("a", trace, behaviour=lambda: with_child(otp.child_spec(Slow, 3)))
        with trio.move_on_after(1):
            await application.start(app)
        assert running() == []

        await trio.sleep(3)

        assert running() == ["a"]


async def test_what_is_being_started_cannot_be_stopped(
    trace: Trace, autojump_clock: MockClock
) -> None:
    del autojump_clock
    async with otp.Node():
        app = Traced("a", trace, behaviour=lambda: with_child(otp.child_spec(Slow, 3)))
        with trio.move_on_after(1):
            await application.start(app)

        with pytest.raises(application.NotStartedError):
            await application.stop("a")
        with pytest.raises(application.StillRunningError):
            application.unload("a")


async def test_two_plans_at_the_same_time_share_what_both_need() -> None:
    class Shared(Application):
        name = "shared"

        def start(self) -> otp.ChildSpec[Supervisor]:
            return otp.child_spec(Supervisor, one_for_one())

    class Left(Shared):
        name = "left"
        applications = (Shared,)

    class Right(Shared):
        name = "right"
        applications = (Shared,)

    begun: list[list[str]] = []

    async def start(app: type[Application]) -> None:
        begun.append(await application.ensure_all_started(app))

    async with otp.Node():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(start, Left)
            nursery.start_soon(start, Right)

        assert sorted(running()) == ["left", "right", "shared"]
        assert "shared" in begun[0] + begun[1]


async def hold(self: Traced, phase: str, argument: object) -> None:
    """Stand in for a phase that does not end."""
    del self, phase, argument
    await trio.sleep_forever()


class Held(Traced):
    start_phase = hold


async def test_who_waits_for_a_start_hears_of_the_end_of_its_master(
    trace: Trace,
) -> None:
    async with otp.Node() as node:
        app = Held("a", trace, phases=[("one", 1)])

        async def kill() -> None:
            await wait_all_tasks_blocked()
            leader = node.processes[worker_of(app).serial].leader
            assert leader is not None
            process.exit(leader, otp.Kill())

        process.spawn(kill)
        with pytest.raises(application.ApplicationStartError) as caught:
            await application.start(app)

        assert caught.value.reason == otp.Killed()
        assert running() == []


async def test_who_waits_for_a_start_hears_of_the_end_of_the_controller(
    trace: Trace,
) -> None:
    async def live() -> None:
        async with otp.Node() as node:
            controller = application.CONTROLLER
            application.load(Held("a", trace, phases=[("one", 1)]))

            async def kill() -> None:
                await wait_all_tasks_blocked()
                node.names[controller].kill(otp.Killed())

            process.spawn(kill)
            with pytest.raises(otp.ServerExitedError):
                await application.start("a")
            await trio.sleep_forever()

    with pytest.raises(BaseExceptionGroup) as caught:
        await live()
    assert caught.group_contains(application.ApplicationError)


async def test_the_controller_forgets_who_has_been_answered(trace: Trace) -> None:
    async with otp.Node() as node:
        await application.start(Traced("a", trace))
        with pytest.raises(application.ApplicationAlreadyStartedError):
            await application.start("a")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(application.stop, "a")
            await wait_all_tasks_blocked()
        await application.start("a")
        await application.stop("a")

        assert not node.names[application.CONTROLLER].owed


# ----------------------------------------------------------------------- start types


async def test_a_start_that_fails_is_reported(
    trace: Trace, reports: list[Report]
) -> None:
    def fail() -> object:
        raise otp.StartError("a", otp.Reason("nope"))

    async with otp.Node():
        with pytest.raises(application.ApplicationStartError):
            await application.start(Traced("a", trace, behaviour=fail))

    (report,) = reports
    assert isinstance(report, application.ApplicationExited)
    assert report.text() == (
        "temporary application a could not start: Reason(value='nope')"
    )
    assert report.error() is None


async def test_a_mistake_in_start_is_reported_with_its_traceback(
    trace: Trace, reports: list[Report]
) -> None:
    async with otp.Node():
        with pytest.raises(application.BadStartError):
            await application.start(Traced("a", trace, behaviour=lambda: 1 // 0))

    (report,) = reports
    assert isinstance(report.error(), ZeroDivisionError)


@pytest.mark.parametrize("type_", ["permanent", "transient"])
async def test_a_start_that_fails_can_be_the_end_of_the_node(
    trace: Trace, type_: application.StartType
) -> None:
    def fail() -> object:
        raise otp.StartError("a", otp.Reason("nope"))

    async def live() -> None:
        async with otp.Node():
            with pytest.raises(application.ApplicationStartError):
                await application.start(Traced("a", trace, behaviour=fail), type_)
            await trio.sleep_forever()

    error = await ended_by(live)

    assert error.application == "a"
    assert error.type == type_
    assert isinstance(error.__cause__, application.ApplicationStartError)
    assert f"the {type_} application 'a' could not start, and with it" in str(error)


async def test_a_permanent_application_may_not_even_decline(trace: Trace) -> None:
    def decline() -> object:
        raise otp.Exit

    async def live() -> None:
        async with otp.Node():
            with pytest.raises(application.ApplicationStartError, match="declined"):
                await application.start(
                    Traced("a", trace, behaviour=decline), "permanent"
                )
            await trio.sleep_forever()

    assert (await ended_by(live)).reason == otp.Normal()


async def test_a_transient_application_may_end_normally(
    trace: Trace, reports: list[Report], autojump_clock: MockClock
) -> None:
    del autojump_clock
    app = Traced("a", trace, behaviour=lambda: otp.ChildSpec.of("plain", start_plain))
    async with otp.Node():
        await application.start(app, "transient")
        await trio.sleep(2)

        assert running() == []
        assert trace == [("start", "a"), ("prep_stop", "a"), ("stop", "a")]
    assert [type(report) for report in reports] == [
        application.ApplicationStarted,
        application.ApplicationExited,
    ]
    assert reports[0].text() == "application a started on node nonode"
    assert reports[1].text() == "transient application a ended: Normal()"


async def test_a_permanent_application_may_not(
    trace: Trace, autojump_clock: MockClock
) -> None:
    del autojump_clock
    app = Traced("a", trace, behaviour=lambda: otp.ChildSpec.of("plain", start_plain))

    async def live() -> None:
        async with otp.Node():
            await application.start(app, "permanent")
            await trio.sleep_forever()

    assert (await ended_by(live)).reason == otp.Normal()


@pytest.mark.parametrize("type_", ["permanent", "transient"])
async def test_an_application_whose_supervisor_gave_up_ends_the_node_and_all_others(
    trace: Trace, type_: application.StartType
) -> None:
    async def live() -> None:
        async with otp.Node():
            app = Traced("b", trace)
            await application.start(Traced("a", trace))
            await application.start(app, type_)
            trace.clear()
            process.exit(worker_of(app), otp.Kill())
            await trio.sleep_forever()

    error = await ended_by(live)

    assert (error.application, error.reason) == ("b", otp.Shutdown())
    assert trace == [
        ("prep_stop", "b"),
        ("stop", "b"),
        ("prep_stop", "a"),
        ("child_term", "a", otp.Shutdown()),
        ("stop", "a"),
    ]


@pytest.mark.parametrize("type_", ["permanent", "transient", "temporary"])
async def test_to_stop_an_application_never_ends_the_node(
    trace: Trace, type_: application.StartType, reports: list[Report]
) -> None:
    async with otp.Node():
        await application.start(Traced("a", trace), type_)
        await application.stop("a")
        await wait_all_tasks_blocked()

        assert running() == []
    assert reports[-1].text() == "application a stopped"
