from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING, cast

import pytest
import trio
from loguru import logger
from trio.testing import wait_all_tasks_blocked

import otp
from otp import application, process
from otp.application import Application, serve, stop_run
from otp.application._run import leaves
from otp.application._signals import on_signals
from otp.supervisor import Supervisor, one_for_one
from tests.application.tracing import Traced, worker_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trio.testing import MockClock

    from otp.kernel import Report
    from tests.application.tracing import Trace

Failure = application.ApplicationError | otp.InvalidSpecError

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Acting(Traced):
    """Does something as soon as it is up."""

    def __init__(
        self, name: str, trace: Trace, act: Callable[[], object], **more: object
    ) -> None:
        super().__init__(name, trace, phases=[("act", None)])
        self.act = act
        self.more = more

    async def start_phase(self, phase: str, argument: object) -> None:
        del phase, argument
        process.spawn(self._act)

    async def _act(self) -> None:
        while application.get_supervisor(self.name) is None:
            await trio.lowlevel.checkpoint()
        self.act()


class Broken(otp.GenServer):
    async def init(self) -> None:
        raise ValueError("boom")


class Misspelt(Supervisor):
    def children(self) -> otp.SupervisorSpec:
        return one_for_one(max_restarts=-1)


class Wrapper(Supervisor):
    def children(self) -> otp.SupervisorSpec:
        return one_for_one(otp.child_spec(Misspelt))


def over(child: otp.ChildSpec) -> otp.ChildSpec[Supervisor]:
    return otp.child_spec(Supervisor, one_for_one(child))


def down(name: str) -> Trace:
    return [
        ("prep_stop", name),
        ("child_term", name, otp.Shutdown()),
        ("stop", name),
    ]


def failure(reports: list[Report]) -> str:
    (report,) = [r for r in reports if isinstance(r, application.ProgramFailed)]
    return report.text()


# --------------------------------------------------------------------- exit statuses


async def test_a_program_that_is_told_to_stop_ends_with_0(trace: Trace) -> None:
    app = Acting("a", trace, stop_run)

    assert await serve(app) == 0
    assert trace == [("start", "a"), ("child_up", "a"), *down("a")]


async def test_a_program_may_choose_its_status(trace: Trace) -> None:
    assert await serve(Acting("a", trace, lambda: stop_run(7))) == 7


async def test_dependencies_are_started_before_and_stopped_after(trace: Trace) -> None:
    app = Acting("a", trace, stop_run)
    app.applications = [Traced("b", trace)]

    assert await serve(app) == 0
    assert [e[:2] for e in trace if e[0] in ("start", "stop")] == [
        ("start", "b"),
        ("start", "a"),
        ("stop", "a"),
        ("stop", "b"),
    ]


async def test_an_application_that_ends_by_itself_is_a_failure(
    trace: Trace, reports: list[Report]
) -> None:
    def crash() -> None:
        process.exit(worker_of(app), otp.Kill())

    app = Acting("a", trace, crash)

    assert await serve(app) == 1
    assert failure(reports) == (
        "the program a ends: the permanent application 'a' ended, and with it its "
        "node: Shutdown(detail=None)"
    )


async def test_a_dependency_that_ends_by_itself_is_a_failure(trace: Trace) -> None:
    below = Traced("b", trace)
    app = Acting("a", trace, lambda: process.exit(worker_of(below), otp.Kill()))
    app.applications = [below]

    assert await serve(app) == 1
    assert trace[4:] == [("prep_stop", "b"), ("stop", "b"), *down("a")]


async def test_an_application_that_does_not_start_is_a_failure(
    trace: Trace, reports: list[Report]
) -> None:
    app = Traced("a", trace, needs=[Traced("b", trace)])
    app.behaviour = lambda: over(otp.child_spec(Broken))

    assert await serve(app) == 1
    assert "'a' could not start" in failure(reports)
    assert trace[-1] == ("stop", "b")


async def test_a_mistake_in_start_is_a_failure_that_names_the_mistake(
    trace: Trace, reports: list[Report]
) -> None:
    assert await serve(Traced("a", trace, behaviour=lambda: 1 // 0)) == 1
    assert failure(reports).startswith(
        "the program a ends: application 'a' could not start: Crash(error=ZeroDivision"
    )


MISCONFIGURED: list[tuple[Application | type[Application], str]] = [
    (Traced("a", [], needs=["zzz"]), "no application 'zzz' is known"),
    (Traced("a", [], behaviour=lambda: otp.child_spec(Misspelt)), "could not start"),
    (Traced("a", [], behaviour=lambda: otp.child_spec(Wrapper)), "could not start"),
    (Traced("a", [], behaviour=lambda: over(7)), "a child is specified by"),  # type: ignore[arg-type]
    (Traced("", []), "has no name"),
]


@pytest.mark.parametrize(("app", "text"), MISCONFIGURED)
async def test_a_program_that_is_put_together_wrongly_ends_with_2(
    app: Application, text: str, reports: list[Report]
) -> None:
    assert await serve(app) == 2
    assert text in failure(reports)


async def test_a_circle_of_dependencies_is_a_mistake_in_the_program(
    reports: list[Report],
) -> None:
    a, b = Traced("a", []), Traced("b", [])
    a.applications, b.applications = [b], [a]

    assert await serve(a) == 2
    assert "a -> b -> a" in failure(reports)


async def test_an_error_that_is_not_about_applications_comes_out() -> None:
    class Own(BaseException):
        pass

    class Mad(Traced):
        async def start_phase(self, phase: str, argument: object) -> None:
            raise Own((phase, argument))

    with pytest.raises(BaseExceptionGroup) as caught:
        await serve(Mad("a", [], phases=[("one", 1)]))

    assert caught.group_contains(Own)


def test_the_errors_in_groups_of_groups_are_found() -> None:
    first, second = application.NotLoadedError("a"), application.NotLoadedError("b")
    group = ExceptionGroup("", [ExceptionGroup("", [first]), second])

    assert list(leaves(cast("ExceptionGroup[Failure]", group))) == [first, second]


# --------------------------------------------------------------------------- options


async def test_the_options_reach_the_node_and_the_applications(trace: Trace) -> None:
    seen: list[object] = []

    def look() -> None:
        node = otp.kernel.current_node()
        limiter = trio.to_thread.current_default_thread_limiter()
        seen.extend([node.name, node.shutdown_timeout, limiter.total_tokens])
        seen.append(application.get_all_env("a"))
        stop_run()

    app = Acting("a", trace, look)
    app.env = {"k": 1, "m": 1}

    status = await serve(
        app,
        name="here",
        shutdown_timeout=3.0,
        thread_limit=5,
        seed=1,
        env={"a": {"k": 2}},
    )

    assert status == 0
    assert seen == ["here", 3.0, 5, {"k": 2, "m": 1}]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"thread_limit": 0}, "whole number from 1, not 0"),
        ({"thread_limit": True}, "whole number from 1, not True"),
        ({"thread_limit": 2.5}, "whole number from 1, not 2.5"),
        ({"shutdown_timeout": -1.0}, "not -1.0"),
    ],
)
def test_a_wrong_option_is_refused(options: dict[str, object], text: str) -> None:
    with pytest.raises(otp.InvalidSpecError, match=text):
        otp.run(Traced("a", []), log_level=None, **options)  # type: ignore[arg-type]


async def test_one_thread_is_enough(trace: Trace) -> None:
    assert await serve(Acting("a", trace, stop_run), thread_limit=1) == 0


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(TypeError, match="colour"):
        otp.run(Traced("a", []), log_level=None, colour=1)  # type: ignore[call-arg]


def test_an_unknown_log_level_is_refused() -> None:
    with pytest.raises(otp.InvalidSpecError, match=r"one of TRACE, .* not 'LOUD'"):
        otp.run(Traced("a", []), log_level="LOUD")  # type: ignore[arg-type]


async def test_without_a_program_there_is_nothing_to_stop() -> None:
    async with otp.Node():
        with pytest.raises(application.NoProgramError, match="no program runs"):
            stop_run()


async def test_after_a_program_there_is_nothing_to_stop(trace: Trace) -> None:
    await serve(Acting("a", trace, stop_run))

    with pytest.raises(otp.NoNodeError):
        stop_run()


async def test_two_programs_in_one_trio_program_are_stopped_one_by_one(
    trace: Trace,
) -> None:
    ended: list[int] = []

    async def live(name: str, status: int) -> None:
        app = Acting(name, trace, lambda: stop_run(status))
        ended.append(await serve(app, name=name))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(live, "a", 3)
        nursery.start_soon(live, "b", 4)

    assert sorted(ended) == [3, 4]


# ------------------------------------------------------------------ ends from outside


async def test_a_cancellation_stops_the_program_in_order_and_goes_on(
    trace: Trace,
) -> None:
    with trio.CancelScope() as scope:
        await serve(Acting("a", trace, scope.cancel))

    assert scope.cancelled_caught
    assert trace[-3:] == down("a")


async def test_a_stop_that_takes_too_long_is_cut_short(
    trace: Trace, autojump_clock: MockClock
) -> None:
    del autojump_clock

    class Stuck(Acting):
        async def prep_stop(self) -> None:
            await trio.sleep_forever()

    begin = trio.current_time()

    assert await serve(Stuck("a", trace, stop_run), shutdown_timeout=4.0) == 0
    assert trio.current_time() - begin == 4


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_stops_the_program_in_order(trace: Trace, number: int) -> None:
    before = [signal.getsignal(each) for each in SIGNALS]
    app = Acting("a", trace, lambda: signal.raise_signal(number))

    assert otp.run(app, log_level=None) == 0
    assert trace == [("start", "a"), ("child_up", "a"), *down("a")]
    assert [signal.getsignal(each) for each in SIGNALS] == before


async def test_what_fails_when_the_end_has_begun_does_not_count(
    trace: Trace, reports: list[Report]
) -> None:
    async def linger() -> None:
        process.trap_exit(True)
        stop_run()
        await process.receive(otp.Exited)
        process.exit(worker_of(app), otp.Kill())
        await wait_all_tasks_blocked()

    # Its processes end in the reverse order of their starts, so this one comes first.
    app = Acting("a", trace, lambda: otp.kernel.current_node().spawn(linger))

    assert await serve(app) == 0
    ends = [r for r in reports if isinstance(r, application.ApplicationExited)]
    assert [r.application for r in ends] == ["a"]


def test_a_signal_during_the_start_gives_it_up(trace: Trace) -> None:
    class Slow(Traced):
        async def start_phase(self, phase: str, argument: object) -> None:
            del phase, argument
            signal.raise_signal(signal.SIGTERM)
            await trio.sleep_forever()

    app = Slow("a", trace, phases=[("one", 1)])

    assert otp.run(app, log_level=None) == 0
    assert trace[-1] == ("child_term", "a", otp.Shutdown())


def test_a_second_signal_kills_every_process_at_once(trace: Trace) -> None:
    class Stuck(Acting):
        async def prep_stop(self) -> None:
            await super().prep_stop()
            signal.raise_signal(signal.SIGTERM)
            await trio.sleep_forever()

    app = Stuck("a", trace, lambda: signal.raise_signal(signal.SIGINT))
    app.applications = [Traced("b", trace)]

    assert otp.run(app, log_level=None, shutdown_timeout=float("inf")) == 1
    assert trace[-1] == ("prep_stop", "a")


def test_two_signals_in_one_go_leave_no_time_for_order(trace: Trace) -> None:
    def act() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)

    assert otp.run(Acting("a", trace, act), log_level=None) == 1
    assert trace == [("start", "a"), ("child_up", "a")]


async def test_a_third_signal_does_what_it_does_to_any_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[object] = []

    def die(number: int) -> None:
        heard.append((number, signal.getsignal(number)))

    monkeypatch.setattr(signal, "raise_signal", die)
    with on_signals(lambda: heard.append("first"), lambda: heard.append("second")):
        handler = signal.getsignal(signal.SIGTERM)
        assert callable(handler)
        for _ in range(3):
            handler(signal.SIGTERM, None)
            await wait_all_tasks_blocked()

    assert heard == ["first", "second", (signal.SIGTERM, signal.SIG_DFL)]


async def test_runs_that_overlap_leave_the_handlers_of_before() -> None:
    before = [signal.getsignal(each) for each in SIGNALS]
    heard: list[str] = []
    first = on_signals(lambda: heard.append("first"), lambda: heard.append("second"))
    later = on_signals(lambda: heard.append("later"), lambda: heard.append("never"))
    first.__enter__()
    later.__enter__()
    signal.raise_signal(signal.SIGTERM)
    await wait_all_tasks_blocked()
    later.__exit__(None, None, None)
    signal.raise_signal(signal.SIGTERM)
    await wait_all_tasks_blocked()
    assert heard == ["later", "first"]

    later = on_signals(lambda: heard.append("last"), lambda: heard.append("never"))
    later.__enter__()
    first.__exit__(None, None, None)
    signal.raise_signal(signal.SIGTERM)
    await wait_all_tasks_blocked()
    later.__exit__(None, None, None)
    assert heard == ["later", "first", "last"]
    assert [signal.getsignal(each) for each in SIGNALS] == before


async def test_a_run_hears_signals_although_another_handler_came_between() -> None:
    def other(_number: int, _frame: object) -> None:
        heard.append("other")

    before = signal.getsignal(signal.SIGTERM)
    heard: list[str] = []
    try:
        with on_signals(lambda: None, lambda: None):
            signal.signal(signal.SIGTERM, other)
            with on_signals(lambda: heard.append("later"), lambda: None):
                signal.raise_signal(signal.SIGTERM)
                await wait_all_tasks_blocked()
        assert heard == ["later"]
        assert signal.getsignal(signal.SIGTERM) is other
    finally:
        signal.signal(signal.SIGTERM, before)


def test_outside_of_the_main_thread_there_are_no_signals(trace: Trace) -> None:
    before = [signal.getsignal(each) for each in SIGNALS]
    seen: list[object] = []

    def act() -> None:
        seen.extend(signal.getsignal(each) for each in SIGNALS)
        stop_run(3)

    def work() -> None:
        seen.append(otp.run(Acting("a", trace, act), log_level=None))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert seen == [*before, 3]


# ------------------------------------------------------------------------------ logs


@pytest.fixture
def fresh_loguru(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let loguru seem to have the handler that it starts with."""
    removed: list[int | None] = []
    real = logger.remove

    def remove(number: int | None = None) -> None:
        removed.append(number)
        if len(removed) > 1:
            raise ValueError("there is no such handler")

    monkeypatch.setattr(logger, "remove", remove)
    yield
    real()
    logger.add(sys.stderr)
    logger.disable("otp")


@pytest.mark.usefixtures("fresh_loguru")
def test_the_reports_are_shown_from_a_level_on(
    trace: Trace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert otp.run(Acting("a", trace, stop_run), log_level="INFO") == 0

    shown = capsys.readouterr().err
    assert "INFO     application a started on node nonode\n" in shown
    assert "INFO     application a stopped\n" in shown
    assert "\x1b" not in shown


@pytest.mark.usefixtures("fresh_loguru")
def test_handlers_that_were_chosen_are_left_alone(trace: Trace) -> None:
    lines: list[str] = []
    logger.remove(0)
    logger.add(lines.append, format="{message}")

    assert otp.run(Acting("a", trace, stop_run)) == 0

    assert "application a stopped\n" in lines
