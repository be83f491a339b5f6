"""Tasks that nobody waits for: alone, linked, and under a supervisor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

from otp import (
    AlreadyStartedError,
    ChildSpec,
    Crash,
    Exit,
    Kill,
    Name,
    Normal,
    Pid,
    Reason,
    Shutdown,
    StartError,
    Supervisor,
    Task,
    child_spec,
    one_for_one,
    process,
    supervisor,
    task,
)
from otp.proc_lib import Start
from otp.supervisor import ProgressReport, SupervisorReport
from otp.task import TaskReport
from tests.kernel.support import (
    collected_reports,
    exit_reason_of,
    flush,
    in_process,
    on_node,
)
from tests.task.work import BOOM, echo, fail, late, leave

if TYPE_CHECKING:
    from otp.kernel import Report


@in_process
async def test_a_started_task_has_no_tie_to_who_started_it() -> None:
    pid = task.start(leave, BOOM)

    assert await process.wait_exited(pid) == BOOM
    assert await flush() == []


@on_node
async def test_a_linked_task_has_one() -> None:
    async def starter() -> None:
        task.start_link(leave, BOOM)
        await trio.sleep(1)

    assert await exit_reason_of(starter) == BOOM


@in_process
async def test_its_result_goes_nowhere() -> None:
    pid = task.start_link(echo, "value")

    assert await process.wait_exited(pid) == Normal()
    assert await flush() == []


# ------------------------------------------------------------------ under supervision


async def supervised(*specs: ChildSpec) -> Pid[Supervisor]:
    return await supervisor.start_link(Supervisor, one_for_one(*specs))


def test_the_child_spec_of_a_task_is_temporary() -> None:
    spec = child_spec(Task, late, 1, value="x")

    assert (spec.id, spec.restart, spec.type) == ("Task", "temporary", "worker")
    assert spec.shutdown == 5
    assert spec.modules == (Task,)


@on_node
async def test_a_supervisor_runs_a_task_and_forgets_it() -> None:
    done: list[int] = []

    async def work(n: int, *, m: int) -> None:
        done.append(n + m)
        await trio.sleep(1)

    top = await supervised(child_spec(Task, work, 1, m=2))
    await trio.sleep(2)

    assert done == [3]
    assert await supervisor.which_children(top) == []


@on_node
async def test_a_task_may_be_made_transient() -> None:
    runs: list[float] = []

    async def flaky() -> None:
        runs.append(trio.current_time())
        if len(runs) < 3:
            raise ValueError("again")

    await supervised(child_spec(Task, flaky).override(restart="transient"))
    await trio.sleep(1)

    assert len(runs) == 3


@on_node
async def test_a_task_may_have_a_name() -> None:
    name = Name[Task[int]]("worker")
    top = await supervised(child_spec(Task, late, 3, 1).named(name))

    [child] = await supervisor.which_children(top)

    assert process.whereis(name) is child.pid
    again = child_spec(Task, late, 3, 1).named(name).override(id="again")
    with pytest.raises(AlreadyStartedError):
        await supervisor.start_child(top, again)


@on_node
async def test_a_supervisor_stops_its_tasks() -> None:
    top = await supervised(child_spec(Task, late, 100, 1))
    [child] = await supervisor.which_children(top)

    await supervisor.stop(top)

    assert isinstance(child.pid, Pid)
    assert not process.is_alive(child.pid)


@on_node
@pytest.mark.parametrize(("args", "text"), [((3,), "not 3"), ((), "async function")])
async def test_the_child_spec_of_a_task_needs_a_function(args: Any, text: str) -> None:
    top = await supervised()
    wrong: ChildSpec = ChildSpec("Task", Start(Task, args))

    with pytest.raises(StartError) as caught:
        await supervisor.start_child(top, wrong)

    assert isinstance(caught.value.reason, Crash)
    assert text in str(caught.value.reason.error)


# ---------------------------------------------------------------------------- callers


@in_process
async def test_a_task_knows_on_whose_behalf_it_runs() -> None:
    async def inner() -> tuple[Pid, ...]:
        return task.callers()

    async def outer() -> tuple[Pid, tuple[Pid, ...]]:
        return process.self(), await task.await_(task.async_(inner))

    me = process.self()

    assert task.callers() == ()
    assert await task.await_(task.async_(inner)) == (me,)
    between, found = await task.await_(task.async_(outer))
    assert found == (between, me)


@in_process
async def test_so_do_tasks_that_nobody_waits_for() -> None:
    found: list[tuple[Pid, ...]] = []

    async def note() -> None:
        found.append(task.callers())

    task.start(note)
    task.start_link(note)
    await trio.sleep(1)

    assert found == [(process.self(),)] * 2


@on_node
async def test_a_task_of_a_supervisor_runs_on_its_behalf() -> None:
    found: list[tuple[Pid, ...]] = []

    async def note() -> None:
        found.append(task.callers())

    top = await supervised(child_spec(Task, note))
    await trio.sleep(1)

    assert found == [(top,)]


# ---------------------------------------------------------------------------- reports


def of_tasks(reports: list[Report]) -> list[TaskReport]:
    return [report for report in reports if isinstance(report, TaskReport)]


@in_process
async def test_a_crash_is_reported_once_with_what_was_to_be_done() -> None:
    process.trap_exit(True)
    with collected_reports() as reports:
        one = task.async_(fail, 1, text="because")
        await trio.sleep(2)

    [report] = reports
    assert isinstance(report, TaskReport)
    assert (report.pid, report.starter) == (one.pid, process.self())
    assert "doing: fail(1, text='because')" in report.text()
    assert isinstance(report.error(), ValueError)


@in_process
@pytest.mark.parametrize("reason", [Normal(), Shutdown(), Shutdown("x")])
async def test_a_quiet_end_is_not_reported(reason: Normal | Shutdown) -> None:
    with collected_reports() as reports:
        await process.wait_exited(task.start(leave, reason))

    assert reports == []


@in_process
async def test_an_exit_for_another_reason_is_reported_without_an_exception() -> None:
    with collected_reports() as reports:
        await process.wait_exited(task.start(leave, BOOM))

    [report] = of_tasks(reports)
    assert report.error() is None
    assert report.reason == BOOM


@in_process
async def test_who_is_killed_has_nothing_to_report() -> None:
    with collected_reports() as reports:
        pid = task.start(late, 10, 1)
        await trio.sleep(1)
        process.exit(pid, Kill())
        await trio.sleep(1)

    assert reports == []


@on_node
async def test_a_supervisor_reports_the_crash_of_a_task_as_well() -> None:
    with collected_reports() as reports:
        await supervised(child_spec(Task, fail, 1))
        await trio.sleep(2)

    assert [type(report) for report in reports] == [
        ProgressReport,
        TaskReport,
        SupervisorReport,
    ]


@in_process
async def test_an_exit_in_a_group_counts_as_itself() -> None:
    async def grouped() -> None:
        async with trio.open_nursery():
            raise Exit(Reason("inside"))

    assert await process.wait_exited(task.start(grouped)) == Reason("inside")
