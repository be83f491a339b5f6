"""Many children of one kind, which come and go."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import pytest
import trio

from otp import (
    Backoff,
    ChildSpec,
    Exit,
    Exited,
    Fail,
    GenServer,
    Ignore,
    Kill,
    Killed,
    Normal,
    Pid,
    Reason,
    Shutdown,
    StartIgnored,
    Stop,
    child_spec,
    gen_server,
    process,
    supervisor,
    sys,
)
from otp.proc_lib import Start, Started
from otp.supervisor import (
    ChildCounts,
    ChildInfo,
    NotFoundError,
    ProgressReport,
    StartChildError,
    StrategyError,
    SupervisorReport,
    child_template,
    count_children,
    delete_child,
    get_childspec,
    one_for_one,
    restart_child,
    simple_one_for_one,
    start_child,
    start_dynamic_child,
    start_dynamic_child_with_info,
    terminate_child,
    which_children,
)
from tests.kernel.support import collected_reports, dead_pid, in_process
from tests.supervisor.support import STUCK, act, alive, settled, start

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from otp import ExitReason
    from otp.supervisor import Supervisor


class Clerk(GenServer):
    """Remembers who it is; starts and ends as told."""

    def __init__(
        self, log: list[object], id_: str, *inits: object, end: object = None
    ) -> None:
        self.log = log
        self.id = id_
        # The n-th start of this very child takes the n-th of them.
        starts = sum(entry == ("start", id_) for entry in log)
        self.now = inits[starts] if starts < len(inits) else None
        self.end = end

    async def init(self) -> Any:
        process.trap_exit(self.end is not None)
        self.log.append(("start", self.id))
        return await act(self.now)

    async def handle_call(self, request: object, from_: object) -> str:
        del request, from_
        return self.id

    async def handle_cast(self, request: object) -> Any:
        return await act(request)

    async def terminate(self, reason: ExitReason) -> None:
        self.log.append(("stop", self.id, reason))
        await act(None if self.end is True else self.end)


def clerks(log: list[object], *, end: object = None, **more: Any) -> ChildSpec[Clerk]:
    return child_template(Clerk, log, end=end).override(id="clerk", **more)


async def office(
    log: list[object] | None = None, *, end: object = None, **more: Any
) -> Pid[Supervisor]:
    """Start a supervisor of clerks."""
    limits = {key: more.pop(key) for key in ("max_restarts",) if key in more}
    known: list[object] = [] if log is None else log
    return await start(simple_one_for_one(clerks(known, end=end, **more), **limits))


async def names(sup: Pid[Supervisor]) -> list[object]:
    """Return who works in the office, in the order in which it is shown."""
    return [
        await gen_server.call(child.pid, "?") if isinstance(child.pid, Pid) else None
        for child in await which_children(sup)
    ]


@in_process
async def test_nobody_is_there_at_first() -> None:
    sup = await office()

    assert await which_children(sup) == []
    assert await count_children(sup) == ChildCounts(1, 0, 0, 0)


@in_process
async def test_each_child_has_arguments_of_its_own_behind_those_of_all() -> None:
    sup = await office()

    a = await start_dynamic_child(sup, "a")
    b = await start_dynamic_child(sup, "b")

    assert await names(sup) == ["a", "b"]
    assert await which_children(sup) == [
        ChildInfo(None, pid, "worker", (Clerk,)) for pid in (a, b)
    ]
    assert await count_children(sup) == ChildCounts(1, 2, 0, 2)


@in_process
async def test_supervisors_can_be_dynamic_children_too() -> None:
    sup = await office(type="supervisor")

    await start_dynamic_child(sup, "a")

    assert await count_children(sup) == ChildCounts(1, 1, 1, 0)


@in_process
async def test_what_the_start_function_told_can_be_had() -> None:
    async def told(first: str, second: str) -> tuple[Pid, str]:
        return process.spawn_link(trio.sleep_forever), first + second

    start_of: Start[object] = Start(told, ("x",))
    sup = await start(simple_one_for_one(ChildSpec("a", start_of)))

    started = await start_dynamic_child_with_info(sup, "y")

    assert isinstance(started, Started)
    assert started.info == "xy"


@in_process
async def test_a_child_that_fails_is_not_kept() -> None:
    sup = await office()

    with pytest.raises(StartChildError) as caught:
        await start_dynamic_child(sup, "a", Stop(Reason("no")))
    assert caught.value.reason == Reason("no")
    with pytest.raises(StartIgnored):
        await start_dynamic_child(sup, "b", Ignore())

    assert await which_children(sup) == []


# -------------------------------------------------------------------------- restarts


@in_process
async def test_a_child_comes_back_with_its_own_arguments_as_the_newest() -> None:
    sup = await office()
    a = await start_dynamic_child(sup, "a")
    await start_dynamic_child(sup, "b")

    process.exit(a, Kill())
    await settled()

    assert await names(sup) == ["b", "a"]


@pytest.mark.parametrize("restart", ["transient", "temporary"])
@in_process
async def test_whoever_is_done_is_forgotten(restart: str) -> None:
    sup = await office(restart=restart)
    a = await start_dynamic_child(sup, "a")

    gen_server.cast(a, Exit(Normal()))
    await settled()

    assert await which_children(sup) == []


@in_process
async def test_whoever_does_not_want_to_come_back_is_forgotten() -> None:
    sup = await office()
    a = await start_dynamic_child(sup, "a", None, Ignore())

    process.exit(a, Kill())
    await settled()

    assert await which_children(sup) == []


@in_process
async def test_all_share_one_count_of_restarts() -> None:
    sup = await office(max_restarts=1)
    a = await start_dynamic_child(sup, "a")
    b = await start_dynamic_child(sup, "b")

    process.exit(a, Kill())
    await settled()
    assert alive(sup) == [True]
    process.exit(b, Kill())
    await settled()

    assert await process.receive() == Exited(sup, Shutdown())


@in_process
async def test_a_restart_is_tried_until_it_works() -> None:
    log: list[object] = []
    sup = await office(log)
    await start_dynamic_child(sup, "b")
    a = await start_dynamic_child(sup, "a", None, Fail(Reason("r")), Fail(Reason("r")))

    process.exit(a, Kill())
    await settled()

    assert log.count(("start", "a")) == 4
    assert await names(sup) == ["b", "a"]


async def with_one_that_waits(
    ask: Callable[[Pid[Supervisor], Pid], Awaitable[object]],
) -> tuple[Pid[Supervisor], object]:
    """Ask while the first of two children, given too, waits to be restarted."""
    sup = await office()
    a = await start_dynamic_child(sup, "a", None, Fail(Reason("r")))
    await start_dynamic_child(sup, "b")
    answers: list[object] = []

    async def client() -> None:
        answers.append(await ask(sup, a))

    await sys.suspend(sup)
    process.exit(a, Kill())
    process.spawn(client)
    await settled()
    await sys.resume(sup)
    await settled()
    return sup, answers[0]


@in_process
async def test_those_that_wait_to_be_restarted_are_shown_last() -> None:
    async def ask(sup: Pid[Supervisor], _: Pid) -> object:
        return [child.pid for child in await which_children(sup)]

    sup, shown = await with_one_that_waits(ask)

    [b, _] = [child.pid for child in await which_children(sup)]
    assert shown == [b, "restarting"]


@in_process
async def test_those_that_wait_to_be_restarted_are_not_active() -> None:
    async def ask(sup: Pid[Supervisor], _: Pid) -> object:
        return await count_children(sup)

    _, counts = await with_one_that_waits(ask)

    assert counts == ChildCounts(1, 1, 0, 2)


@in_process
async def test_those_that_wait_to_be_restarted_can_be_told_not_to() -> None:
    async def ask(sup: Pid[Supervisor], pid: Pid) -> object:
        await terminate_child(sup, pid)
        return "ok"

    sup, _ = await with_one_that_waits(ask)

    assert await names(sup) == ["b"]


# ------------------------------------------------------------------------- requests


@in_process
async def test_a_child_is_terminated_by_its_pid() -> None:
    log: list[object] = []
    sup = await office(log, end=True)
    a = await start_dynamic_child(sup, "a")
    await start_dynamic_child(sup, "b")

    await terminate_child(sup, a)

    assert log[2:] == [("stop", "a", Shutdown())]
    assert await names(sup) == ["b"]


@in_process
async def test_the_dead_may_be_terminated_and_living_strangers_not() -> None:
    sup = await office()
    a = await start_dynamic_child(sup, "a")
    await terminate_child(sup, a)

    await terminate_child(sup, a)
    await terminate_child(sup, await dead_pid())
    with pytest.raises(NotFoundError) as caught:
        await terminate_child(sup, process.self())
    assert caught.value.child is process.self()


@pytest.mark.parametrize("ask", [terminate_child, restart_child, delete_child])
@in_process
async def test_children_have_no_ids(ask: Callable[..., Awaitable[object]]) -> None:
    sup = await office()
    await start_dynamic_child(sup, "a")

    word = ask.__name__.removesuffix("_child").removesuffix("e")
    with pytest.raises(StrategyError, match=f"'clerk' cannot be {word}ed: ") as caught:
        await ask(sup, "clerk")

    assert caught.value.child == "clerk"


@in_process
async def test_no_other_kind_of_child_can_be_added() -> None:
    sup = await office()

    with pytest.raises(StrategyError, match="start_dynamic_child") as caught:
        await start_child(sup, child_spec(GenServer))

    assert caught.value.child == "GenServer"


@in_process
async def test_the_specification_is_that_of_all() -> None:
    log: list[object] = []
    sup = await office(log)
    a = await start_dynamic_child(sup, "a")
    spec = clerks(log)

    assert await get_childspec(sup, "clerk") == spec
    assert await get_childspec(sup, a) == spec
    for stranger in ("a", process.self()):
        with pytest.raises(NotFoundError) as caught:
            await get_childspec(sup, stranger)
        assert caught.value.child == stranger


# --------------------------------------------------------------------------- the end


@in_process
async def test_all_are_stopped_at_once_and_have_one_time_together() -> None:
    sup = await office(end=STUCK, shutdown=2.0)
    for id_ in "abc":
        await start_dynamic_child(sup, id_)

    await supervisor.stop(sup)

    assert trio.current_time() == 2.0


@in_process
async def test_slow_ones_do_not_wait_for_each_other() -> None:
    sup = await office(end=1.0, shutdown=inf)
    for id_ in "abc":
        await start_dynamic_child(sup, id_)

    await supervisor.stop(sup)

    assert trio.current_time() == 1.0


@in_process
async def test_with_brutal_kill_nobody_is_asked() -> None:
    log: list[object] = []
    sup = await office(log, end=STUCK, shutdown="brutal_kill")
    for id_ in "abc":
        await start_dynamic_child(sup, id_)

    with collected_reports() as reports:
        await supervisor.stop(sup)

    assert len(log) == 3
    assert not [r for r in reports if isinstance(r, SupervisorReport)]


@in_process
async def test_wrong_ends_are_reported_together_by_reasons() -> None:
    sup = await office(end=STUCK, shutdown=2.0)
    for id_ in "abc":
        await start_dynamic_child(sup, id_)
    d = await start_dynamic_child(sup, "d")

    with collected_reports() as reports:
        await sys.suspend(sup)
        process.exit(d, Kill())
        gen_server.cast(d, None)
        await supervisor.stop(sup)

    [report] = [r for r in reports if isinstance(r, SupervisorReport)]
    assert report.context == "shutdown_error"
    assert report.reason == Killed()
    assert report.offender.count == 4
    assert report.offender.id == "clerk"
    assert report.offender.pid is None


@in_process
async def test_each_wrong_end_of_its_own_kind_is_reported_for_itself() -> None:
    sup = await office()
    a, b, c = [await start_dynamic_child(sup, id_) for id_ in "abc"]

    with collected_reports() as reports:
        await sys.suspend(sup)
        process.exit(a, Kill())
        for pid in (b, c):
            process.exit(pid, Reason(["x"]))
        await supervisor.stop(sup)

    shown = [
        (report.reason, report.offender.id, report.offender.count)
        for report in reports
        if isinstance(report, SupervisorReport)
    ]
    assert shown == [(Killed(), "clerk", 1), (Reason(["x"]), "clerk", 2)]


@pytest.mark.parametrize(
    ("restart", "wrong"), [("permanent", 1), ("transient", 0), ("temporary", 0)]
)
@in_process
async def test_whoever_is_not_permanent_may_also_be_done(
    restart: str, wrong: int
) -> None:
    sup = await office(end=Exit(Normal()), restart=restart)
    await start_dynamic_child(sup, "a")

    with collected_reports() as reports:
        await supervisor.stop(sup)

    assert len([r for r in reports if isinstance(r, SupervisorReport)]) == wrong


@in_process
async def test_those_that_wait_to_be_restarted_are_not_stopped() -> None:
    sup = await office(backoff=Backoff())
    a = await start_dynamic_child(sup, "a")

    with collected_reports() as reports:
        process.exit(a, Kill())
        await settled()
        await supervisor.stop(sup)

    [report] = [r for r in reports if isinstance(r, SupervisorReport)]
    assert report.context == "child_terminated"


@in_process
async def test_children_that_do_not_go_are_waited_for_together() -> None:
    async def stubborn() -> Pid:
        return process.spawn_link(shielded)

    async def shielded() -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(60)

    sup = await start(simple_one_for_one(ChildSpec.of("a", stubborn)))
    for _ in range(5):
        await start_dynamic_child(sup)
    await settled()

    await supervisor.stop(sup)

    assert trio.current_time() == 1.0


@in_process
async def test_of_a_killed_supervisor_no_dynamic_child_is_left() -> None:
    sup = await office(end=STUCK, shutdown=2.0)
    pids = [await start_dynamic_child(sup, id_) for id_ in "abc"]

    process.exit(sup, Kill())
    for pid in pids:
        await process.wait_exited(pid)

    assert trio.current_time() == 2.0


@in_process
async def test_there_are_no_progress_reports() -> None:
    with collected_reports() as reports:
        sup = await office()
        a = await start_dynamic_child(sup, "a")
        process.exit(a, Kill())
        await settled()

    assert not [r for r in reports if isinstance(r, ProgressReport)]
    [report] = [r for r in reports if isinstance(r, SupervisorReport)]
    assert report.context == "child_terminated"
    assert report.offender.pid is a


@in_process
async def test_a_temporary_child_leaves_nothing_behind_not_even_arguments() -> None:
    sup = await office(restart="temporary")

    with collected_reports() as reports:
        for _ in range(3):
            pid = await start_dynamic_child(sup, "a")
            process.exit(pid, Kill())
            await settled()

    assert await count_children(sup) == ChildCounts(1, 0, 0, 0)
    [start, *_] = [r.offender.start for r in reports if isinstance(r, SupervisorReport)]
    assert start == (await get_childspec(sup, "clerk")).start


@in_process
async def test_a_dynamic_supervisor_may_be_a_child() -> None:
    inner = child_spec(supervisor.Supervisor, simple_one_for_one(clerks([])))
    top = await start(one_for_one(inner))
    [office] = [child.pid for child in await which_children(top)]

    assert isinstance(office, Pid)
    await start_dynamic_child(office, "a")
    await supervisor.stop(top)

    assert alive(office) == [False]
