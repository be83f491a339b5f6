"""What a dynamic supervisor does when a child has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from otp import (
    Backoff,
    Exit,
    Exited,
    Fail,
    Ignore,
    Kill,
    Killed,
    NoProc,
    Normal,
    Pid,
    Reason,
    Shutdown,
    gen_server,
    process,
    supervisor,
    sys,
)
from otp.dynamic_supervisor import (
    ChildCounts,
    NotFoundError,
    count_children,
    get_childspec,
    start_child,
    terminate_child,
    which_children,
)
from otp.supervisor import SupervisorReport
from tests.kernel.support import collected_reports, in_process
from tests.supervisor.support import Stage, alive, settled

from .support import ask_after, kill, shown, start, trouble

if TYPE_CHECKING:
    from otp import DynamicSupervisor, ExitReason

QUIET = [Normal(), Shutdown(), Shutdown("x")]
LOUD = [Reason("boom"), Killed(), NoProc()]


@pytest.mark.parametrize(
    ("restart", "reasons", "comes_back", "reported"),
    [
        ("permanent", QUIET, True, True),
        ("permanent", LOUD, True, True),
        ("transient", QUIET, False, False),
        ("transient", LOUD, True, True),
        ("temporary", QUIET, False, False),
        ("temporary", LOUD, False, True),
    ],
)
@in_process
async def test_who_comes_back_and_what_is_reported(
    restart: str, reasons: list[ExitReason], *, comes_back: bool, reported: bool
) -> None:
    for reason in reasons:
        stage = Stage()
        sup = await start()
        a = await start_child(sup, stage.child("a", restart=restart))

        with collected_reports() as reports:
            gen_server.cast(a, Exit(reason))
            await settled()

        assert stage.starts == ["a"] * (1 + comes_back)
        assert len(await which_children(sup)) == comes_back
        assert trouble(reports) == [("child_terminated", "a", reason)] * reported


@in_process
async def test_a_report_names_the_dead_and_how_it_was_started() -> None:
    stage = Stage()
    sup = await start()
    spec = stage.child("a")
    a = await start_child(sup, spec)

    with collected_reports() as reports:
        await kill(a)

    [report] = [r for r in reports if isinstance(r, SupervisorReport)]
    assert report.supervisor is sup
    assert report.offender.pid is a
    assert report.offender.start == spec.start
    assert report.offender.count is None


@in_process
async def test_others_are_not_touched_and_the_newest_comes_last() -> None:
    stage = Stage()
    sup = await start()
    a, b, c = [await start_child(sup, stage.child(id_)) for id_ in "abc"]

    await kill(b)

    assert alive(a, b, c) == [True, False, True]
    assert await shown(sup) == [a, c, stage.pid("b")]


@in_process
async def test_a_child_that_came_back_is_named_by_its_new_pid() -> None:
    stage = Stage()
    sup = await start()
    a = await start_child(sup, stage.child("a"))
    await kill(a)

    with pytest.raises(NotFoundError):
        await get_childspec(sup, a)
    with pytest.raises(NotFoundError):
        await terminate_child(sup, a)
    await terminate_child(sup, stage.pid("a"))

    assert await which_children(sup) == []


@in_process
async def test_the_death_of_a_stranger_is_nothing_to_it() -> None:
    sup = await start()
    stage = Stage()
    await start_child(sup, stage.child("a"))

    process.send(sup, Exited(process.spawn(trio.sleep, 0), Reason("boom")))
    await settled()

    assert stage.starts == ["a"]


# -------------------------------------------------------------------- how many times


@pytest.mark.parametrize("limit", [0, 1, 3])
@in_process
async def test_all_children_share_one_count_of_restarts(limit: int) -> None:
    stage = Stage()
    sup = await start(max_restarts=limit)
    for n in range(limit + 1):
        await start_child(sup, stage.child(f"{n}"))

    for n in range(limit):
        await kill(stage.pid(f"{n}"))
    assert alive(sup) == [True]
    await kill(stage.pid(f"{limit}"))

    assert await process.receive() == Exited(sup, Shutdown())
    assert len(stage.starts) == 2 * limit + 1


@in_process
async def test_giving_up_is_reported_and_stops_the_others() -> None:
    stage = Stage()
    sup = await start(max_restarts=0)
    await start_child(sup, stage.child("a", trap=True))
    await start_child(sup, stage.child("b"))

    with collected_reports() as reports:
        await kill(stage.pid("b"))

    assert alive(sup, stage.pid("a")) == [False, False]
    assert stage.log[2:] == [("stop", "a", Shutdown())]
    assert trouble(reports) == [
        ("child_terminated", "b", Reason("boom")),
        ("shutdown", "b", Reason("reached_max_restart_intensity")),
    ]


@pytest.mark.parametrize(("pause", "survives"), [(5.999, False), (6.0, True)])
@in_process
async def test_time_is_counted_in_whole_seconds(
    pause: float, *, survives: bool
) -> None:
    stage = Stage()
    sup = await start(max_restarts=1, max_seconds=5)
    await start_child(sup, stage.child("a"))

    await kill(stage.pid("a"))
    await trio.sleep(pause)
    await kill(stage.pid("a"))

    assert alive(sup) == [survives]


@in_process
async def test_ends_without_a_restart_do_not_count() -> None:
    stage = Stage()
    sup = await start(max_restarts=0)

    for n in range(5):
        spec = stage.child(f"{n}", restart="temporary")
        await kill(await start_child(sup, spec))

    assert alive(sup) == [True]


# ------------------------------------------------------------- a restart that fails


@pytest.mark.parametrize(("attempts", "survives"), [(2, True), (3, False)])
@in_process
async def test_a_restart_is_tried_again_and_each_attempt_counts(
    attempts: int, *, survives: bool
) -> None:
    stage = Stage()
    sup = await start(max_restarts=3)
    fails = [Fail(Reason("r"))] * attempts
    a = await start_child(sup, stage.child("a", None, *fails))

    with collected_reports() as reports:
        await kill(a)

    assert alive(sup) == [survives]
    told: list[object] = [context for context, _, _ in trouble(reports)]
    gives_up = [] if survives else ["shutdown"]
    assert told == ["child_terminated", *["start_error"] * attempts, *gives_up]


@in_process
async def test_a_child_that_does_not_want_to_come_back_is_dropped() -> None:
    stage = Stage()
    sup = await start()
    a = await start_child(sup, stage.child("a", None, Ignore()))

    with collected_reports() as reports:
        await kill(a)

    assert await which_children(sup) == []
    assert trouble(reports) == [("child_terminated", "a", Reason("boom"))]


async def waiting(
    stage: Stage, sup: Pid[DynamicSupervisor], ask: object
) -> tuple[Pid, object]:
    """Ask while a child waits to be restarted, before its second attempt."""
    a = await start_child(sup, stage.child("a", None, Fail(Reason("r"))))
    await start_child(sup, stage.child("b"))

    async def question() -> object:
        assert callable(ask)
        return await ask(sup)

    return a, await ask_after(sup, lambda: process.exit(a, Kill()), question)


@in_process
async def test_requests_are_answered_between_the_attempts() -> None:
    stage = Stage()
    sup = await start()

    _, answer = await waiting(stage, sup, shown)

    assert answer == [stage.pid("b"), "restarting"]
    assert await shown(sup) == [stage.pid("b"), stage.pid("a")]


@in_process
async def test_a_child_that_waits_is_not_active() -> None:
    sup = await start()

    _, answer = await waiting(Stage(), sup, count_children)

    assert answer == ChildCounts(2, 1, 0, 2)


@in_process
async def test_a_child_that_waits_is_terminated_by_the_pid_it_had() -> None:
    stage = Stage()
    sup = await start()

    async def end(_: Pid[DynamicSupervisor]) -> object:
        await terminate_child(sup, stage.pids["a"][0])
        return "ok"

    await waiting(stage, sup, end)

    assert stage.starts == ["a", "b", "a"]
    assert await shown(sup) == [stage.pid("b")]


@in_process
async def test_a_child_that_waits_has_its_specification() -> None:
    stage = Stage()
    sup = await start()

    async def specification(_: Pid[DynamicSupervisor]) -> object:
        return (await get_childspec(sup, stage.pids["a"][0])).id

    assert (await waiting(stage, sup, specification))[1] == "a"


@in_process
async def test_it_can_be_stopped_while_a_child_waits() -> None:
    stage = Stage()
    sup = await start()
    a = await start_child(sup, stage.child("a", None, Fail(Reason("r"))))

    process.exit(a, Reason("boom"))
    await supervisor.stop(sup, Shutdown())

    assert await process.receive() == Exited(sup, Shutdown())
    assert stage.starts == ["a", "a"]


@in_process
async def test_a_child_may_have_pauses_before_its_restarts() -> None:
    stage = Stage()
    sup = await start(max_restarts=10)
    spec = stage.child("a", backoff=Backoff(1.0, factor=2.0, maximum=8.0))
    await start_child(sup, spec)

    process.exit(stage.pid("a"), Reason("boom"))
    first = await stage.next_start("a")
    process.exit(stage.pid("a"), Reason("boom"))

    assert (first, await stage.next_start("a")) == (1.0, 3.0)


@in_process
async def test_no_order_of_deaths_and_new_children_loses_anybody() -> None:
    stage = Stage()
    sup = await start(max_restarts=100)
    for n in range(20):
        await start_child(sup, stage.child(f"{n}", restart="transient"))

    await sys.suspend(sup)
    for n in range(0, 20, 2):
        process.exit(stage.pid(f"{n}"), Shutdown() if n % 4 else Reason("boom"))
    await sys.resume(sup)
    left = [n for n in range(20) if n % 4 != 2]

    assert set(await shown(sup)) == {stage.pid(f"{n}") for n in left}
    assert await count_children(sup) == ChildCounts(15, 15, 0, 15)
