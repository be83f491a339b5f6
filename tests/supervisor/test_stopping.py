"""How a supervisor ends, and how its children are made to."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import pytest
import trio

from otp import (
    ChildSpec,
    Crash,
    Exit,
    Exited,
    Kill,
    Killed,
    Node,
    Normal,
    Pid,
    Reason,
    Shutdown,
    child_spec,
    gen_server,
    process,
    supervisor,
    sys,
)
from otp.supervisor import (
    Supervisor,
    SupervisorReport,
    one_for_all,
    one_for_one,
    restart_child,
    terminate_child,
)
from tests.kernel.support import collected_reports, in_process, trapping_idle
from tests.supervisor.support import STUCK, Actor, Stage, alive, settled, start, states

if TYPE_CHECKING:
    from otp import ExitReason
    from otp.kernel import Report


def trouble(reports: list[Report]) -> list[tuple[object, object]]:
    """Return whose ends were not as they should be, and why."""
    return [
        (report.offender.id, report.reason)
        for report in reports
        if isinstance(report, SupervisorReport) and report.context == "shutdown_error"
    ]


# ------------------------------------------------------------------ the supervisor


@pytest.mark.parametrize(
    "reason", [Normal(), Shutdown(), Shutdown("x"), Reason("x"), Killed()]
)
@in_process
async def test_it_stops_its_children_newest_first_whatever_it_ends_of(
    reason: ExitReason,
) -> None:
    stage = Stage()
    sup = await start(one_for_one(*(stage.child(id_, trap=True) for id_ in "abc")))

    await supervisor.stop(sup, reason)

    assert stage.log[3:] == [("stop", id_, Shutdown()) for id_ in "cba"]
    assert await process.receive() == Exited(sup, reason)


@in_process
async def test_the_next_child_is_told_when_the_one_before_is_gone() -> None:
    stage = Stage()
    ends = {"a": 1.0, "b": 2.0}
    sup = await start(
        one_for_one(*(stage.child(id_, trap=True, end=ends[id_]) for id_ in "ab"))
    )

    await supervisor.stop(sup)

    assert trio.current_time() == 3.0


@in_process
async def test_children_that_do_not_run_are_passed_over() -> None:
    stage = Stage()
    sup = await start(one_for_one(*(stage.child(id_, trap=True) for id_ in "abc")))
    await terminate_child(sup, "b")
    stage.forget()

    await supervisor.stop(sup)

    assert stage.stops == ["c", "a"]


@in_process
async def test_a_suspended_supervisor_stops_all_the_same() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", trap=True)))

    await sys.suspend(sup)
    process.exit(sup, Shutdown())

    assert await process.receive() == Exited(sup, Shutdown())
    assert stage.stops == ["a"]


@in_process
async def test_deaths_that_it_had_not_heard_of_are_reported_and_nothing_more() -> None:
    stage = Stage()
    sup = await start(one_for_one(*map(stage.child, "abc")))

    with collected_reports() as reports:
        await sys.suspend(sup)
        await stage.kill("a")
        await stage.kill("c", reason=Shutdown())
        await supervisor.stop(sup)

    assert stage.starts == ["a", "b", "c"]
    assert trouble(reports) == [("a", Reason("boom"))]


@in_process
async def test_it_can_be_stopped_while_it_tries_to_restart() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", None, *[Exit()] * 1000)))
    stopped: list[bool] = []

    async def stop() -> None:
        await supervisor.stop(sup)
        stopped.append(True)

    await sys.suspend(sup)
    await stage.kill("a")
    process.spawn(stop)
    await sys.resume(sup)
    await settled()

    assert stopped == [True]


@in_process
async def test_an_outer_cancellation_stops_the_tree_in_order() -> None:
    stage = Stage()

    with trio.CancelScope() as scope:
        async with Node():
            await supervisor.start_link(
                Supervisor,
                one_for_one(*(stage.child(id_, trap=True, end=1) for id_ in "ab")),
            )
            scope.cancel()
            await trio.sleep_forever()

    assert stage.stops == ["b", "a"]
    assert trio.current_time() == 2.0


# ------------------------------------------------------------------- how long it takes


@pytest.mark.parametrize(("limit", "took"), [(0.5, 0.5), (2.0, 1.0), (inf, 1.0)])
@in_process
async def test_a_child_that_takes_too_long_is_killed(limit: float, took: float) -> None:
    stage = Stage()
    child = stage.child("a", trap=True, end=1.0, shutdown=limit, restart="transient")
    sup = await start(one_for_one(child))

    with collected_reports() as reports:
        await terminate_child(sup, "a")

    assert trio.current_time() == took
    assert trouble(reports) == ([] if took == 1.0 else [("a", Killed())])


@in_process
async def test_without_any_time_a_child_that_does_not_trap_still_shuts_down() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", shutdown=0)))

    with collected_reports() as reports:
        await terminate_child(sup, "a")

    assert trouble(reports) == []


@in_process
async def test_a_child_that_is_killed_at_once_is_not_asked() -> None:
    stage = Stage()
    child = stage.child("a", trap=True, end=STUCK, shutdown="brutal_kill")
    sup = await start(one_for_one(child))

    with collected_reports() as reports:
        await terminate_child(sup, "a")

    assert stage.stops == []
    assert trouble(reports) == []
    assert trio.current_time() == 0.0


@in_process
async def test_children_that_are_stuck_are_killed_one_after_the_other() -> None:
    stage = Stage()
    sup = await start(
        one_for_one(*(stage.child(id_, trap=True, end=STUCK) for id_ in "ab"))
    )

    with collected_reports() as reports:
        await supervisor.stop(sup)

    assert trio.current_time() == 10.0
    assert trouble(reports) == [("b", Killed()), ("a", Killed())]


@in_process
async def test_nobody_is_served_meanwhile() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", trap=True, end=3.0)))
    answered: list[float] = []

    async def ask() -> None:
        await states(sup)
        answered.append(trio.current_time())

    async def stop() -> None:
        await terminate_child(sup, "a")

    process.spawn(stop)
    await settled()
    process.spawn(ask)
    await trio.sleep(10)

    assert answered == [3.0]


# ------------------------------------------------------------------- what is reported


@pytest.mark.parametrize("end", [Exit(Normal()), Exit(Shutdown("x"))])
@pytest.mark.parametrize("restart", ["permanent", "transient", "temporary"])
@in_process
async def test_only_of_a_permanent_child_is_a_quiet_end_reported(
    end: Exit, restart: str
) -> None:
    stage = Stage()
    child = stage.child("a", trap=True, end=end, restart=restart)
    sup = await start(one_for_one(child))

    with collected_reports() as reports:
        await supervisor.stop(sup)

    expected = [("a", end.reason)] if restart == "permanent" else []
    assert trouble(reports) == expected


@pytest.mark.parametrize("restart", ["permanent", "transient", "temporary"])
@in_process
async def test_a_child_that_crashes_in_its_terminate_is_reported(restart: str) -> None:
    stage = Stage()
    error = ValueError("x")
    child = stage.child("a", trap=True, end=error, restart=restart)
    sup = await start(one_for_one(child))

    with collected_reports() as reports:
        await terminate_child(sup, "a")

    assert trouble(reports) == [("a", Crash(error))]


# ------------------------------------------------------- children that cut their links


async def unlinking(stage: Stage) -> Pid:
    """Start a child that has no link to its supervisor."""
    return await gen_server.start(Actor, stage, "a", trap=False, end=None)


@in_process
async def test_a_child_without_a_link_is_stopped_like_any_other() -> None:
    stage = Stage()
    sup = await start(one_for_one(ChildSpec.of("a", unlinking, stage)))

    with collected_reports() as reports:
        await supervisor.stop(sup)

    assert alive(stage.pid("a")) == [False]
    assert trouble(reports) == []


@in_process
async def test_the_death_of_a_child_without_a_link_goes_unnoticed() -> None:
    stage = Stage()
    sup = await start(one_for_one(ChildSpec.of("a", unlinking, stage)))

    with collected_reports() as reports:
        await stage.kill("a", reason=Kill())
        assert await states(sup) == {"a": stage.pid("a")}
        counts = await supervisor.count_children(sup)
        assert (counts.specs, counts.active) == (1, 0)
        with pytest.raises(supervisor.RunningError):
            await restart_child(sup, "a")
        assert trouble(reports) == []
        await terminate_child(sup, "a")

    assert trouble(reports) == [("a", Reason("child_process_unlinked"))]
    assert await states(sup) == {"a": None}


@in_process
async def test_no_exit_of_a_stopped_child_is_left_behind() -> None:
    stage = Stage()
    sup = await start(one_for_all(*map(stage.child, "abc"), max_restarts=1))

    await terminate_child(sup, "a")
    await stage.kill("b")

    info = process.info(sup)
    assert info is not None
    assert info.message_queue_len == 0
    assert info.monitors == ()
    assert set(info.links) == {process.self(), *map(stage.pid, "abc")}


# ---------------------------------------------------------- a supervisor that is killed


@in_process
async def test_children_of_a_killed_supervisor_die_of_their_links() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a"), stage.child("b", trap=True)))

    process.exit(sup, Kill())
    await settled()

    assert not any(alive(*map(stage.pid, "ab")))
    assert stage.log[2:] == [("stop", "b", Killed())]


@pytest.mark.parametrize(
    ("limit", "after"), [(2.0, 2.0), ("brutal_kill", 0.0), (inf, 60.0)]
)
@in_process
async def test_whoever_lives_on_has_its_own_time_to_end(
    limit: object, after: float
) -> None:
    stage = Stage()
    child = stage.child("a", trap=True, end=60.0, shutdown=limit)
    sup = await start(one_for_one(child))

    process.exit(sup, Kill())
    await process.wait_exited(stage.pid("a"))

    assert trio.current_time() == after


@in_process
async def test_times_of_the_orphans_run_side_by_side() -> None:
    stage = Stage()
    sup = await start(
        one_for_one(
            *(
                stage.child(id_, trap=True, end=STUCK, shutdown=limit)
                for id_, limit in [("a", 3.0), ("b", 1.0), ("c", 2.0)]
            )
        )
    )
    ends: dict[str, float] = {}

    async def wait(id_: str) -> None:
        await process.wait_exited(stage.pid(id_))
        ends[id_] = trio.current_time()

    async with trio.open_nursery() as nursery:
        for id_ in "abc":
            nursery.start_soon(wait, id_)
        process.exit(sup, Kill())

    assert ends == {"a": 3.0, "b": 1.0, "c": 2.0}


@in_process
async def test_a_process_beside_the_children_is_no_orphan_either() -> None:
    helpers: list[Pid] = []

    async def two() -> Pid:
        helpers.append(process.spawn_link(trapping_idle))
        return process.spawn_link(trio.sleep_forever)

    sup = await start(one_for_one(ChildSpec.of("a", two)))
    await settled()

    process.exit(sup, Kill())
    await process.wait_exited(helpers[0])

    assert trio.current_time() == 5.0


@in_process
async def test_the_tree_under_a_killed_supervisor_is_stopped_in_order() -> None:
    stage = Stage()
    inner = child_spec(
        Supervisor, one_for_one(*(stage.child(id_, trap=True) for id_ in "ab"))
    )
    top = await start(one_for_one(inner))

    process.exit(top, Kill())
    await settled()

    assert stage.log[2:] == [("stop", "b", Shutdown()), ("stop", "a", Shutdown())]


@pytest.mark.parametrize("blow", [Kill(), Shutdown(), Reason("x")])
@in_process
async def test_the_supervisor_above_starts_a_killed_one_again(blow: ExitReason) -> None:
    stage = Stage()
    inner = child_spec(Supervisor, one_for_one(stage.child("a")))
    top = await start(one_for_one(inner))
    victim = (await states(top))["Supervisor"]
    assert isinstance(victim, Pid)

    process.exit(victim, blow)
    await settled()

    restarted = blow == Kill()
    assert ((await states(top))["Supervisor"] is not victim) is restarted
    assert stage.starts == ["a"] * (1 + restarted)


def test_a_tree_that_is_stuck_ends_when_the_node_has_waited_enough() -> None:
    stage = Stage()

    async def main() -> None:
        async with Node(shutdown_timeout=7.0):
            await supervisor.start_link(
                Supervisor,
                one_for_one(stage.child("a", trap=True, end=STUCK, shutdown=inf)),
            )

    clock = trio.testing.MockClock(autojump_threshold=0)
    trio.run(main, clock=clock)

    assert clock.current_time() == 7.0
