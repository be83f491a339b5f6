"""How a dynamic supervisor ends, and how its children are made to."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import pytest
import trio

from otp import (
    ChildSpec,
    DynamicSupervisor,
    Exit,
    Exited,
    Fail,
    Kill,
    Killed,
    Node,
    Normal,
    Pid,
    Reason,
    Shutdown,
    child_spec,
    dynamic_supervisor,
    process,
    supervisor,
    sys,
)
from otp.dynamic_supervisor import (
    NotFoundError,
    StrategyError,
    start_child,
    terminate_child,
    which_children,
)
from tests.kernel.support import collected_reports, dead_pid, in_process, trapping_idle
from tests.supervisor.support import STUCK, Actor, Stage, alive, settled

from .support import kill, shown, start, trouble

if TYPE_CHECKING:
    from otp import ExitReason


# ----------------------------------------------------------------------- one child


@in_process
async def test_a_child_is_told_to_end_and_forgotten() -> None:
    stage = Stage()
    sup = await start()
    a, b = [await start_child(sup, stage.child(id_, trap=True)) for id_ in "ab"]

    with collected_reports() as reports:
        await terminate_child(sup, a)

    assert stage.stops == ["a"]
    assert stage.log[-1] == ("stop", "a", Shutdown())
    assert await shown(sup) == [b]
    assert trouble(reports) == []


@in_process
async def test_whoever_is_no_child_is_not_terminated() -> None:
    sup, other = await start(), await start()
    stage = Stage()
    theirs = await start_child(other, stage.child("a"))
    ours = await start_child(sup, stage.child("b"))
    await terminate_child(sup, ours)

    for pid in (theirs, ours, sup, process.self(), await dead_pid()):
        with pytest.raises(NotFoundError) as caught:
            await terminate_child(sup, pid)
        assert caught.value.child is pid
    assert alive(theirs, sup) == [True, True]


@pytest.mark.parametrize("id_", ["a", None, 3, [], {}], ids=repr)
@in_process
async def test_only_a_pid_names_a_child(id_: Any) -> None:
    sup = await start()
    await start_child(sup, Stage().child("a"))

    with pytest.raises(StrategyError, match="have no ids") as caught:
        await terminate_child(sup, id_)
    assert caught.value.child == id_
    with pytest.raises(NotFoundError):
        await dynamic_supervisor.get_childspec(sup, id_)

    assert len(await which_children(sup)) == 1


@in_process
async def test_a_child_that_does_not_end_in_time_is_killed_and_reported() -> None:
    stage = Stage()
    sup = await start()
    a = await start_child(sup, stage.child("a", trap=True, end=STUCK, shutdown=2.0))

    with collected_reports() as reports:
        await terminate_child(sup, a)

    assert trio.current_time() == 2.0
    assert trouble(reports) == [("shutdown_error", "a", Killed())]
    assert await which_children(sup) == []


@in_process
async def test_a_child_that_died_unheard_is_terminated_with_its_own_reason() -> None:
    stage = Stage()
    sup = await start()
    a = await start_child(sup, stage.child("a"))

    with collected_reports() as reports:
        await sys.suspend(sup)
        process.spawn(terminate_child, sup, a)
        await settled()
        await kill(a)
        await sys.resume(sup)
        await settled()

    assert stage.starts == ["a"]
    assert trouble(reports) == [("shutdown_error", "a", Reason("boom"))]
    assert await which_children(sup) == []


# ------------------------------------------------------------------ all of them


@pytest.mark.parametrize(
    "reason", [Normal(), Shutdown(), Shutdown("x"), Reason("x"), Killed()]
)
@in_process
async def test_it_stops_its_children_whatever_it_ends_of(reason: ExitReason) -> None:
    stage = Stage()
    sup = await start()
    for id_ in "abc":
        await start_child(sup, stage.child(id_, trap=True))

    await dynamic_supervisor.stop(sup, reason)

    assert sorted(stage.log[3:], key=str) == [
        ("stop", id_, Shutdown()) for id_ in "abc"
    ]
    assert await process.receive() == Exited(sup, reason)


@in_process
async def test_all_are_stopped_at_once() -> None:
    stage = Stage()
    sup = await start()
    for n in range(4):
        await start_child(sup, stage.child(f"{n}", trap=True, end=float(n)))

    await supervisor.stop(sup)

    assert trio.current_time() == 3.0


@in_process
async def test_each_has_the_time_of_its_own_specification() -> None:
    stage = Stage()
    ends: dict[str, float] = {}
    limits = {"a": 3.0, "b": 1.0, "c": 0.0, "d": 1.0, "e": 2.0}
    sup = await start()
    for id_, limit in limits.items():
        spec = stage.child(id_, trap=True, end=STUCK, shutdown=limit)
        await start_child(sup, spec)
    await start_child(sup, stage.child("f", trap=True, end=5.0, shutdown=inf))

    async def watch(id_: str) -> None:
        await process.wait_exited(stage.pid(id_))
        ends[id_] = trio.current_time()

    with collected_reports() as reports:
        async with trio.open_nursery() as nursery:
            for id_ in "abcdef":
                nursery.start_soon(watch, id_)
            await supervisor.stop(sup)

    assert ends == {**limits, "f": 5.0}
    assert sorted(trouble(reports), key=str) == [
        ("shutdown_error", id_, Killed()) for id_ in "abcde"
    ]


@in_process
async def test_with_brutal_kill_a_child_is_not_asked() -> None:
    stage = Stage()
    sup = await start()
    brutal: dict[str, Any] = {"trap": True, "end": STUCK, "shutdown": "brutal_kill"}
    await start_child(sup, stage.child("a", **brutal))
    await start_child(sup, stage.child("b", trap=True))

    with collected_reports() as reports:
        await supervisor.stop(sup)

    assert stage.stops == ["b"]
    assert trouble(reports) == []
    assert trio.current_time() == 0.0


@pytest.mark.parametrize(
    ("restart", "end", "reported"),
    [
        ("permanent", None, False),
        ("permanent", Exit(Normal()), True),
        ("transient", Exit(Normal()), False),
        ("temporary", Exit(Shutdown("x")), False),
        ("transient", Exit(Reason("x")), True),
        ("temporary", Exit(Reason("x")), True),
    ],
)
@in_process
async def test_what_is_no_proper_end_is_reported_of_each(
    restart: str, end: Exit | None, *, reported: bool
) -> None:
    stage = Stage()
    sup = await start()
    for id_ in "ab":
        await start_child(sup, stage.child(id_, trap=True, end=end, restart=restart))

    with collected_reports() as reports:
        await supervisor.stop(sup)

    reason = None if end is None else end.reason
    assert sorted(trouble(reports), key=str) == [
        ("shutdown_error", id_, reason) for id_ in "ab" if reported
    ]


@in_process
async def test_deaths_that_it_had_not_heard_of_are_reported_and_nothing_more() -> None:
    stage = Stage()
    sup = await start()
    for id_ in "abc":
        await start_child(sup, stage.child(id_))

    with collected_reports() as reports:
        await sys.suspend(sup)
        await kill(stage.pid("a"))
        await kill(stage.pid("c"), Shutdown())
        await supervisor.stop(sup)

    assert stage.starts == ["a", "b", "c"]
    assert trouble(reports) == [("shutdown_error", "a", Reason("boom"))]


@in_process
async def test_a_child_that_waits_to_be_restarted_is_passed_over() -> None:
    stage = Stage()
    sup = await start(max_restarts=1000)
    await start_child(sup, stage.child("a", None, *[Fail(Reason("r"))] * 500))
    await start_child(sup, stage.child("b", trap=True))

    process.exit(stage.pid("a"), Reason("boom"))
    await supervisor.stop(sup)

    assert stage.stops == ["b"]
    assert stage.starts == ["a", "b", "a"]


@in_process
async def test_a_suspended_one_stops_all_the_same() -> None:
    stage = Stage()
    sup = await start()
    await start_child(sup, stage.child("a", trap=True))

    await sys.suspend(sup)
    process.exit(sup, Shutdown())

    assert await process.receive() == Exited(sup, Shutdown())
    assert stage.stops == ["a"]


# ------------------------------------------------------------- nothing outlives it


@in_process
async def test_if_it_is_killed_its_children_hear_of_it() -> None:
    stage = Stage()
    sup = await start()
    await start_child(sup, stage.child("a"))
    await start_child(sup, stage.child("b", trap=True))

    process.exit(sup, Kill())
    await settled()

    assert alive(stage.pid("a"), stage.pid("b")) == [False, False]
    assert stage.log[2:] == [("stop", "b", Killed())]


@in_process
async def test_whoever_unlinks_itself_does_not_outlive_it_for_long() -> None:
    async def deserter() -> None:
        parent = process.info(process.self())
        assert parent is not None
        for pid in parent.links:
            process.unlink(pid)
        await trapping_idle()

    async def begin() -> Pid:
        return process.spawn_link(deserter)

    sup = await start()
    spec = ChildSpec.of("a", begin).override(shutdown=2.0)
    a = await start_child(sup, spec)
    await settled()

    process.exit(sup, Kill())
    await process.wait_exited(a)

    assert trio.current_time() == 2.0


async def test_a_node_stops_it_and_its_children_in_order(
    autojump_clock: trio.testing.MockClock,
) -> None:
    del autojump_clock
    stage = Stage()
    async with Node():
        sup = await dynamic_supervisor.start_link(DynamicSupervisor)
        inner = await start_child(sup, child_spec(DynamicSupervisor))
        await start_child(inner, child_spec(Actor, stage, "a", trap=True, end=1.0))

    assert stage.log == [("start", "a"), ("stop", "a", Shutdown())]
