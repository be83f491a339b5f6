"""What operators are told of a supervisor, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from otp import (
    Backoff,
    ChildSpec,
    Crash,
    Exit,
    Fail,
    Ignore,
    Name,
    Normal,
    Pid,
    Reason,
    Shutdown,
    StartError,
    process,
    supervisor,
    sys,
)
from otp.gen_server import ServerReport, UnexpectedMessage
from otp.proc_lib import CrashReport
from otp.supervisor import (
    Offender,
    ProgressReport,
    RequestedProgressReport,
    Supervisor,
    SupervisorReport,
    one_for_all,
    one_for_one,
    restart_child,
    start_child,
    terminate_child,
)
from tests.kernel.support import collected_reports, in_process
from tests.supervisor.support import Stage, settled, start

if TYPE_CHECKING:
    from otp.kernel import Report


def of_supervisors(reports: list[Report]) -> list[SupervisorReport]:
    return [report for report in reports if isinstance(report, SupervisorReport)]


def contexts(reports: list[Report]) -> list[tuple[object, object]]:
    return [(report.context, report.offender.id) for report in of_supervisors(reports)]


@in_process
async def test_a_death_is_reported_with_the_child_as_it_was() -> None:
    stage = Stage()
    spec = stage.child("a", restart="transient", shutdown=3)
    with collected_reports() as reports:
        sup = await start(one_for_one(spec))
        pid = stage.pid("a")
        await stage.kill("a")

    [report] = of_supervisors(reports)
    assert report == SupervisorReport(
        context="child_terminated",
        supervisor=sup,
        name=None,
        behaviour=Supervisor,
        reason=Reason("boom"),
        offender=Offender(
            pid=pid,
            id="a",
            start=spec.start,
            restart="transient",
            significant=False,
            shutdown=3,
            type="worker",
        ),
    )
    assert report.level == "ERROR"
    assert report.error() is None


@in_process
async def test_who_crashed_reports_before_the_supervisor_does() -> None:
    stage = Stage()
    await start(one_for_one(stage.child("a")))

    with collected_reports() as reports:
        await stage.crash("a", ValueError("x"))

    assert [type(report) for report in reports] == [
        ServerReport,
        CrashReport,
        SupervisorReport,
        ProgressReport,
    ]


@in_process
async def test_the_end_of_a_permanent_child_is_reported_even_if_it_is_quiet() -> None:
    stage = Stage()
    await start(
        one_for_one(
            stage.child("a"),
            stage.child("b", restart="transient"),
            stage.child("c", restart="temporary"),
        )
    )

    with collected_reports() as reports:
        for id_ in "abc":
            await stage.crash(id_, Exit(Normal()))

    assert contexts(reports) == [("child_terminated", "a")]


@in_process
async def test_a_loud_end_of_a_temporary_child_is_reported() -> None:
    stage = Stage()
    await start(one_for_one(stage.child("a", restart="temporary")))

    with collected_reports() as reports:
        await stage.kill("a")

    assert contexts(reports) == [("child_terminated", "a")]


@in_process
async def test_a_child_that_does_not_start_is_reported() -> None:
    stage = Stage()
    failing = stage.child("b", Fail(Reason("no")))

    with collected_reports() as reports, pytest.raises(StartError):
        await start(one_for_one(stage.child("a"), failing))

    [report] = of_supervisors(reports)
    assert (report.context, report.offender.id) == ("start_error", "b")
    assert report.reason == Reason("no")
    assert report.offender.pid is None


@in_process
async def test_an_attempt_that_fails_is_reported_with_the_pid_of_the_dead() -> None:
    stage = Stage()
    fails = [Fail(Reason("r"))] * 2
    await start(one_for_one(stage.child("a", None, *fails)))
    pid = stage.pid("a")

    with collected_reports() as reports:
        await stage.kill("a")

    shown = [
        (report.context, report.offender.pid, report.offender.restarting)
        for report in of_supervisors(reports)
    ]
    assert shown == [
        ("child_terminated", pid, False),
        ("start_error", pid, False),
        ("start_error", pid, True),
    ]


@in_process
async def test_in_a_restart_of_all_nobody_has_a_pid_any_more() -> None:
    stage = Stage()
    fails = [Fail(Reason("r"))] * 3
    b = stage.child("b", None, *fails)
    await start(one_for_all(stage.child("a"), b, max_restarts=2))

    with collected_reports() as reports:
        await stage.kill("a")

    shown = [
        (report.context, report.offender.id, report.offender.pid is None)
        for report in of_supervisors(reports)
    ]
    assert shown == [
        ("child_terminated", "a", False),
        ("start_error", "b", True),
        ("start_error", "b", True),
        ("shutdown", "b", True),
    ]


@in_process
async def test_the_last_report_of_a_restart_loop_names_the_dead() -> None:
    stage = Stage()
    fails = [Fail(Reason("r"))] * 3
    await start(one_for_one(stage.child("a", None, *fails), max_restarts=1))
    pid = stage.pid("a")

    with collected_reports() as reports:
        await stage.kill("a")

    last = of_supervisors(reports)[-1]
    assert last.context == "shutdown"
    assert (last.offender.pid, last.offender.restarting) == (pid, True)


@in_process
async def test_the_last_report_of_a_loop_of_all_names_the_dead_too() -> None:
    stage = Stage()
    fails = [Fail(Reason("r"))] * 3
    a = stage.child("a", None, *fails)
    await start(one_for_all(a, stage.child("b"), max_restarts=1))
    pid = stage.pid("a")

    with collected_reports() as reports:
        await stage.kill("a")

    last = of_supervisors(reports)[-1]
    assert last.context == "shutdown"
    assert (last.offender.pid, last.offender.restarting) == (pid, True)


@in_process
async def test_after_a_pause_the_report_still_names_the_dead() -> None:
    stage = Stage()
    child = stage.child("a", None, Fail(Reason("r")), backoff=Backoff())
    await start(one_for_one(child))
    pid = stage.pid("a")

    with collected_reports() as reports:
        await stage.kill("a")
        await stage.next_start("a")
        await settled()

    last = of_supervisors(reports)[-1]
    assert last.context == "start_error"
    assert (last.offender.pid, last.offender.restarting) == (pid, True)


@in_process
async def test_what_a_start_function_raised_is_shown_by_nobody_else() -> None:
    error = ValueError("no")

    async def failing() -> Pid:
        raise error

    with collected_reports() as reports, pytest.raises(StartError):
        await start(one_for_one(ChildSpec.of("a", failing)))

    [report] = of_supervisors(reports)
    assert report.reason == Crash(error)
    assert report.error() is error


@in_process
async def test_what_an_init_raised_has_been_shown_by_the_child() -> None:
    stage = Stage()

    with collected_reports() as reports, pytest.raises(StartError):
        await start(one_for_one(stage.child("a", ValueError("no"))))

    [report] = of_supervisors(reports)
    assert report.error() is None
    assert isinstance(reports[0], CrashReport)


@in_process
async def test_a_failed_request_is_reported_to_who_asked_and_to_nobody_else() -> None:
    stage = Stage()
    sup = await start(one_for_one())

    with collected_reports() as reports, pytest.raises(StartError):
        await start_child(sup, stage.child("a", Fail(Reason("no"))))

    assert reports == []


@in_process
async def test_an_orderly_end_makes_no_noise() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a"), stage.child("b", trap=True)))

    with collected_reports() as reports:
        await terminate_child(sup, "a")
        await supervisor.stop(sup, Shutdown())

    assert reports == []


@in_process
async def test_a_supervisor_that_gives_up_reports_no_crash_of_its_own() -> None:
    stage = Stage()
    await start(one_for_one(stage.child("a"), max_restarts=0))

    with collected_reports() as reports:
        await stage.kill("a")

    assert [type(report) for report in reports] == [SupervisorReport] * 2


@in_process
async def test_a_supervisor_that_was_told_nonsense_says_so_and_goes_on() -> None:
    process.trap_exit(True)
    name = Name[Supervisor]("boss")
    sup = await supervisor.start_named(name, Supervisor, one_for_one())

    with collected_reports() as reports:
        process.send(sup, "hello")
        await settled()

    assert reports == [UnexpectedMessage(sup, "boss", Supervisor, "hello")]


# -------------------------------------------------------------------------- progress


@in_process
async def test_each_child_that_is_up_is_progress() -> None:
    stage = Stage()

    with collected_reports() as reports:
        sup = await start(one_for_one(stage.child("a"), stage.child("b", Ignore())))
        pid = stage.pid("a")
        await stage.kill("a")

    progress = [report for report in reports if isinstance(report, ProgressReport)]
    assert [report.started.pid for report in progress] == [pid, stage.pid("a")]
    assert {type(report) for report in progress} == {ProgressReport}
    assert {report.level for report in progress} == {"INFO"}
    assert {report.supervisor for report in progress} == {sup}


@in_process
async def test_progress_that_somebody_asked_for_is_less_news() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a")))

    with collected_reports() as reports:
        await terminate_child(sup, "a")
        await restart_child(sup, "a")
        await start_child(sup, stage.child("b"))

    assert [type(report) for report in reports] == [RequestedProgressReport] * 2
    assert {report.level for report in reports} == {"DEBUG"}


# ----------------------------------------------------------------------------- texts


@in_process
async def test_a_report_says_in_words_what_happened() -> None:
    stage = Stage()
    process.trap_exit(True)
    spec = one_for_one(stage.child("a"), max_restarts=0)
    name = Name[Supervisor]("boss")

    with collected_reports() as reports:
        sup = await supervisor.start_named(name, Supervisor, spec)
        pid = stage.pid("a")
        await stage.kill("a")

    who, child = f"supervisor boss {sup!r}", f"child 'a' {pid!r}"
    started_by = f"\n    started by: Actor({stage!r}, 'a', trap=False, end=None)"
    assert [report.text() for report in reports] == [
        f"{who} started {child}",
        f"{who}: {child} ended: Reason(value='boom'){started_by}",
        f"{who}: gives up, as {child} was restarted too often{started_by}",
    ]


@in_process
async def test_the_text_of_many_says_how_many() -> None:
    stage = Stage()
    child = stage.child("w", end=1.0)
    sup = await start(supervisor.simple_one_for_one(child))
    await supervisor.start_dynamic_child(sup)
    await supervisor.start_dynamic_child(sup)

    with collected_reports() as reports:
        await sys.suspend(sup)
        for pid in stage.pids["w"]:
            process.exit(pid, Reason("x"))
        await supervisor.stop(sup)

    [report] = of_supervisors(reports)
    assert "2 children 'w' did not end as told: Reason(value='x')" in report.text()
