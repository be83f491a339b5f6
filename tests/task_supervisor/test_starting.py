"""Tasks under a supervisor: how they start, whom they hit, and what ends them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

from otp import (
    Crash,
    Down,
    Exited,
    InvalidSpecError,
    Kill,
    Killed,
    Name,
    NoProc,
    NoProcessError,
    Normal,
    Pid,
    Reason,
    Shutdown,
    Supervisor,
    Task,
    TaskResult,
    TaskSupervisor,
    child_spec,
    dynamic_supervisor,
    one_for_one,
    process,
    supervisor,
    sys,
    task,
    task_supervisor,
)
from otp.kernel import current_node
from otp.supervisor import SupervisorReport
from otp.task import Done, Failed, Order, TaskExitedError, TaskReport, Work
from otp.task_supervisor import MaxChildrenError, NotFoundError, Options
from tests.gen_server.trials import assert_free, assert_quiet, settle, trial
from tests.kernel.support import (
    cancel_at_every_step,
    cancel_at_step,
    collected_reports,
    exit_reason_of,
    flush,
    in_process,
    on_node,
    outcome_in_process,
)
from tests.task.work import BOOM, echo, fail, late, leave, trap

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio.testing import MockClock

TASKS = Name[TaskSupervisor]("tasks")


async def start(**limits: Any) -> Pid[TaskSupervisor]:
    """Start a task supervisor that is not linked to the test."""
    pid = await task_supervisor.start_named(TASKS, TaskSupervisor, **limits)
    process.unlink(pid)
    return pid


def pid_of(one: Task[Any]) -> Pid:
    assert one.pid is not None
    return one.pid


async def owning(body: Callable[[], Awaitable[object]]) -> tuple[Pid, Pid | None]:
    """Run *body* in a process until it waits; return the pid, and that of its task."""
    tasks: list[Task[Any]] = []

    async def run() -> None:
        started = await body()
        assert isinstance(started, Task)
        tasks.append(started)
        await trio.sleep_forever()

    pid = process.spawn(run)
    await trio.sleep(1)
    return pid, tasks[0].pid if tasks else None


# ------------------------------------------------------------------------- the result


@on_node
async def test_a_task_of_a_supervisor_is_awaited_like_any_other() -> None:
    await start()

    linked = await task_supervisor.async_(TASKS, late, 1, "a")
    alone = await task_supervisor.async_nolink(TASKS, late, 2, value="b")

    assert await task.await_many([linked, alone]) == ["a", "b"]
    assert await task_supervisor.children(TASKS) == []


@in_process
async def test_its_result_may_come_as_a_message() -> None:
    await start()

    one = await task_supervisor.async_nolink(TASKS, late, 1, "a")

    assert await flush(2) == [TaskResult(one.ref, "a")]


@on_node
async def test_it_runs_under_its_supervisor_and_on_behalf_of_its_owner() -> None:
    async def who() -> tuple[object, ...]:
        return process.ancestors()[0], task.callers()

    await start()
    me = process.self()

    one = await task_supervisor.async_(TASKS, who)
    assert await task.await_(one) == ("tasks", (me,))
    pid = await task_supervisor.start_child(TASKS, late, 1, "x")
    info = process.info(pid)
    assert info is not None
    assert info.ancestors[0] == "tasks"


@on_node
async def test_its_supervisor_lists_it_while_it_runs() -> None:
    await start()
    first = await task_supervisor.async_nolink(TASKS, late, 1, "a")
    second = await task_supervisor.start_child(TASKS, late, 2, "b")

    assert await task_supervisor.children(TASKS) == [first.pid, second]
    assert (await task_supervisor.count_children(TASKS)).active == 2
    await trio.sleep(1.5)
    assert await task_supervisor.children(TASKS) == [second]


# --------------------------------------------------------------- crashes, and the owner


@in_process
async def test_without_a_link_a_crash_is_news_and_no_harm() -> None:
    await start()

    one = await task_supervisor.async_nolink(TASKS, leave, BOOM)

    assert await task.yield_(one) == Failed(BOOM)
    other = await task_supervisor.async_nolink(TASKS, leave, BOOM, 1)
    assert await flush(2) == [Down(other.ref, pid_of(other), BOOM)]
    third = await task_supervisor.async_nolink(TASKS, fail)
    with pytest.raises(TaskExitedError) as caught:
        await task.await_(third)
    assert isinstance(caught.value.__cause__, ValueError)


@on_node
async def test_with_a_link_the_owner_crashes_as_well() -> None:
    await start()

    async def owner() -> None:
        await task.await_(await task_supervisor.async_(TASKS, fail, 1))

    reason = await exit_reason_of(owner)

    assert isinstance(reason, Crash)
    assert isinstance(reason.error, ValueError)
    assert process.whereis(TASKS) is not None


@on_node
async def test_a_linked_task_dies_with_its_owner() -> None:
    await start()
    owner, pid = await owning(lambda: task_supervisor.async_(TASKS, late, 100, 1))
    assert await task_supervisor.children(TASKS) == [pid]

    process.exit(owner, BOOM)

    assert await task_supervisor.children(TASKS) == []


@on_node
@pytest.mark.parametrize("reason", [BOOM, Kill(), Shutdown()])
async def test_one_without_a_link_outlives_its_owner(
    reason: Reason | Kill | Shutdown,
) -> None:
    await start()
    owner, pid = await owning(lambda: task_supervisor.async_nolink(TASKS, late, 9, 1))
    assert pid is not None

    process.exit(owner, reason)

    assert process.is_alive(pid)
    assert await process.wait_exited(pid) == Normal()


@on_node
async def test_a_task_ends_with_its_supervisor_and_has_its_time_to_do_so() -> None:
    top = await start()
    polite = await task_supervisor.async_nolink(TASKS, trap, 3, "done")
    deaf = await task_supervisor.async_nolink(TASKS, trap, 100, "done")
    brutal = await Options(shutdown="brutal_kill").async_nolink(TASKS, trap, 3, "x")
    short = await Options(shutdown=1.0).start_child(TASKS, trap, 3, "x")
    await trio.sleep(0.1)
    begin = trio.current_time()

    await supervisor.stop(top)

    assert trio.current_time() - begin == pytest.approx(5)
    assert await task.yield_(polite) == Done("done")
    assert await task.yield_(deaf) == Failed(Killed())
    assert await task.yield_(brutal) == Failed(Killed())
    assert not process.is_alive(short)


# ------------------------------------------------------------------------- start_child


@on_node
async def test_a_task_that_nobody_waits_for_is_not_restarted() -> None:
    runs: list[float] = []

    async def flaky() -> None:
        runs.append(trio.current_time())
        raise ValueError

    await start()
    pid = await task_supervisor.start_child(TASKS, flaky)
    await trio.sleep(1)

    assert not process.is_alive(pid)
    assert len(runs) == 1


@on_node
@pytest.mark.parametrize(("restart", "expected"), [("transient", 3), ("permanent", 4)])
async def test_unless_it_is_said_otherwise(restart: Any, expected: int) -> None:
    runs: list[int] = []

    async def flaky(limit: int) -> None:
        runs.append(limit)
        if len(runs) < limit:
            raise ValueError
        if len(runs) > limit:
            await trio.sleep_forever()

    await start()
    await Options(restart=restart).start_child(TASKS, flaky, 3)
    await trio.sleep(1)

    assert runs == [3] * expected


@on_node
async def test_too_many_restarts_end_the_supervisor() -> None:
    top = await start(max_restarts=1, max_seconds=5)

    await Options(restart="permanent").start_child(TASKS, echo, 1)

    assert await process.wait_exited(top) == Shutdown()


@on_node
async def test_a_task_can_be_terminated() -> None:
    await start()
    one = await task_supervisor.async_nolink(TASKS, late, 100, 1)

    await task_supervisor.terminate_child(TASKS, pid_of(one))

    assert await task.yield_(one) == Failed(Shutdown())
    with pytest.raises(NotFoundError):
        await task_supervisor.terminate_child(TASKS, pid_of(one))


@on_node
async def test_a_task_can_be_shut_down_by_its_owner() -> None:
    await start()
    for begin in (task_supervisor.async_, task_supervisor.async_nolink):
        one = await begin(TASKS, late, 100, 1)
        assert await task.shutdown(one) is None

    assert await task_supervisor.children(TASKS) == []


# -------------------------------------------------------------------- what is refused


@on_node
async def test_there_may_be_a_limit() -> None:
    await start(max_children=1)
    await task_supervisor.start_child(TASKS, late, 1, "x")

    for begin in (
        task_supervisor.async_,
        task_supervisor.async_nolink,
        task_supervisor.start_child,
    ):
        with pytest.raises(MaxChildrenError) as caught:
            await begin(TASKS, late, 1, "x")
        assert caught.value.limit == 1

    await trio.sleep(2)
    one = await task_supervisor.async_(TASKS, late, 1, "x")
    assert await task.await_(one) == "x"


@on_node
async def test_without_a_supervisor_there_are_no_tasks() -> None:
    for begin in (
        task_supervisor.async_,
        task_supervisor.async_nolink,
        task_supervisor.start_child,
    ):
        with pytest.raises(NoProcessError):
            await begin(TASKS, echo, 1)


@on_node
async def test_what_is_no_function_is_refused_at_once() -> None:
    await start()
    wrong: Any = 3

    for begin in (
        task_supervisor.async_,
        task_supervisor.async_nolink,
        task_supervisor.start_child,
    ):
        with pytest.raises(TypeError, match="not 3"):
            await begin(TASKS, wrong)


@on_node
async def test_who_is_waited_for_is_temporary() -> None:
    await start()
    options = Options(restart="transient")

    for begin in (options.async_, options.async_nolink):
        with pytest.raises(InvalidSpecError, match="use start_child"):
            await begin(TASKS, echo, 1)


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ({"restart": "sometimes"}, "invalid_restart_type"),
        ({"shutdown": -1}, "invalid_shutdown"),
        ({"shutdown": "kill"}, "invalid_shutdown"),
    ],
)
def test_wrong_options_are_refused_where_they_are_made(
    wrong: dict[str, Any], kind: str
) -> None:
    with pytest.raises(InvalidSpecError) as caught:
        Options(**wrong)

    assert caught.value.kind == kind


@pytest.mark.parametrize("wrong", [{"max_children": -1}, {"max_restarts": -1}])
def test_so_are_wrong_limits(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidSpecError):
        TaskSupervisor(**wrong)


# --------------------------------------------------------------------- the supervisor


@on_node
async def test_a_task_supervisor_is_a_child_like_any_other() -> None:
    spec = child_spec(TaskSupervisor, max_children=3).named(TASKS)
    assert (spec.id, spec.type, spec.restart) == (
        "TaskSupervisor",
        "supervisor",
        "permanent",
    )
    await supervisor.start_link(Supervisor, one_for_one(spec))

    one = await task_supervisor.async_(TASKS, echo, 1)

    assert await task.await_(one) == 1


@on_node
async def test_its_children_are_shown_as_tasks() -> None:
    await start()
    pid = await task_supervisor.start_child(TASKS, late, 1, "x")

    [child] = await dynamic_supervisor.which_children(TASKS)

    assert (child.pid, child.type, child.modules) == (pid, "worker", (Task,))


@on_node
async def test_a_crash_is_reported_by_the_task_and_its_supervisor() -> None:
    await start()

    with collected_reports() as reports:
        await task_supervisor.start_child(TASKS, fail, 1, text="because")
        await trio.sleep(2)

    [of_task] = [r for r in reports if isinstance(r, TaskReport)]
    [of_supervisor] = [r for r in reports if isinstance(r, SupervisorReport)]
    assert "doing: fail(1, text='because')" in of_task.text()
    assert of_task.starter is process.self()
    assert of_supervisor.context == "child_terminated"


# ------------------------------------------------------- between the order and the work


@on_node
async def test_nothing_is_done_for_who_dies_while_the_task_is_started() -> None:
    done: list[int] = []

    async def work() -> None:
        done.append(1)

    top = await start()
    await sys.suspend(top)
    owner, _ = await owning(lambda: task_supervisor.async_nolink(TASKS, work))
    process.exit(owner, BOOM)
    with collected_reports() as reports:
        await sys.resume(top)
        await trio.sleep(1)

    assert done == []
    assert await task_supervisor.children(TASKS) == []
    assert not [r for r in reports if isinstance(r, SupervisorReport)]


@on_node
async def test_who_waits_for_the_word_of_a_dead_owner_ends_with_its_reason() -> None:
    top = await start()
    orders: list[Order] = []

    async def hesitant() -> None:
        orders.append(Order(Work.of_caller(echo, (1,), {})))
        await trio.sleep_forever()

    owner = process.spawn(hesitant)
    await trio.sleep(1)
    pid = await task_supervisor.start_child(top, orders[0].wait)
    process.exit(owner, BOOM)
    await trio.sleep(1)

    assert not process.is_alive(pid)
    assert orders[0].value == Shutdown(BOOM)


@in_process
@pytest.mark.parametrize("trapping", [False, True])
async def test_a_task_that_is_dead_before_its_word_was_no_process(
    *, trapping: bool
) -> None:
    top = await start()
    process.trap_exit(trapping)
    order = Order(Work.of_caller(echo, (1,), {}))
    pid = await task_supervisor.start_child(top, echo, 1)
    await trio.sleep(1)

    one = task.handle(order.give(pid))

    assert await task.yield_(one) == Failed(NoProc())
    assert await flush() == []


@pytest.mark.parametrize("kind", ["linked", "alone"])
async def test_whoever_starts_a_task_may_be_cancelled(
    autojump_clock: MockClock, kind: str
) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[Task[int]]:
        done: list[int] = []
        found: list[Task[int]] = []

        async def work() -> int:
            done.append(1)
            await trio.sleep(1)
            return 1

        async def body() -> None:
            begin = (
                task_supervisor.async_
                if kind == "linked"
                else task_supervisor.async_nolink
            )
            found.extend(await cancel_at_step(step, lambda: begin(TASKS, work)))
            if found:
                assert await task.await_(found[0]) == 1
            await settle()
            assert done == [1] * len(found)
            assert_free(process.self())

        top = await start()
        outcome = await outcome_in_process(current_node(), body)
        if isinstance(outcome, BaseException):
            raise outcome
        assert await task_supervisor.children(top) == []
        assert_quiet()
        await supervisor.stop(top)
        return found

    assert await cancel_at_every_step(world) >= 1


@in_process
async def test_a_trapping_owner_hears_of_a_linked_task_twice() -> None:
    await start()
    process.trap_exit(True)

    one = await task_supervisor.async_(TASKS, leave, BOOM)

    assert await flush(1) == [
        Exited(pid_of(one), BOOM),
        Down(one.ref, pid_of(one), BOOM),
    ]
