"""How many restarts are too many, and what happens then."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from otp import (
    Exit,
    Exited,
    Fail,
    Node,
    Normal,
    Reason,
    Shutdown,
    child_spec,
    process,
)
from otp.supervisor import (
    Supervisor,
    SupervisorReport,
    one_for_all,
    one_for_one,
    rest_for_one,
    restart_child,
    start_child,
    terminate_child,
)
from tests.kernel.support import collected_reports, in_process
from tests.supervisor.support import Stage, alive, settled, start, states


@pytest.mark.parametrize("limit", [0, 1, 3])
@in_process
async def test_as_many_restarts_as_allowed_and_not_one_more(limit: int) -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a"), max_restarts=limit))

    for _ in range(limit):
        await stage.kill("a")
    assert alive(sup) == [True]
    await stage.kill("a")

    assert alive(sup) == [False]
    assert stage.starts == ["a"] * (limit + 1)


@in_process
async def test_giving_up_is_to_shut_down_in_order() -> None:
    stage = Stage()
    children = [stage.child(id_, trap=True) for id_ in "abc"]
    sup = await start(one_for_one(*children, max_restarts=0))

    await stage.crash("b")

    assert await process.receive() == Exited(sup, Shutdown())
    assert stage.log[3:] == [
        ("stop", "b", Reason("boom")),
        ("stop", "c", Shutdown()),
        ("stop", "a", Shutdown()),
    ]


@in_process
async def test_giving_up_is_reported_with_the_child_that_was_too_much() -> None:
    stage = Stage()
    await start(one_for_one(stage.child("a"), stage.child("b"), max_restarts=0))

    with collected_reports() as reports:
        await stage.kill("b")

    shown = [
        (report.context, report.offender.id, report.reason)
        for report in reports
        if isinstance(report, SupervisorReport)
    ]
    assert shown == [
        ("child_terminated", "b", Reason("boom")),
        ("shutdown", "b", Reason("reached_max_restart_intensity")),
    ]


@in_process
async def test_all_children_share_one_count() -> None:
    stage = Stage()
    sup = await start(one_for_one(*map(stage.child, "abc"), max_restarts=2))

    await stage.kill("a")
    await stage.kill("b")
    assert alive(sup) == [True]
    await stage.kill("c")

    assert alive(sup) == [False]


@in_process
async def test_a_restart_of_many_counts_once() -> None:
    stage = Stage()
    sup = await start(one_for_all(*map(stage.child, "abcdef"), max_restarts=1))

    await stage.kill("a")
    assert alive(sup) == [True]
    await stage.kill("a")

    assert alive(sup) == [False]


@pytest.mark.parametrize(("attempts", "survives"), [(2, True), (3, False)])
@in_process
async def test_each_attempt_counts(attempts: int, *, survives: bool) -> None:
    stage = Stage()
    fails = [Fail(Reason("r"))] * attempts
    sup = await start(one_for_one(stage.child("a", None, *fails), max_restarts=3))

    await stage.kill("a")

    assert alive(sup) == [survives]
    assert stage.starts == ["a"] * 4 + ["a"] * (attempts - 2) * survives


@pytest.mark.parametrize("together", [one_for_all, rest_for_one])
@in_process
async def test_attempts_to_start_a_sibling_count_too(together: object) -> None:
    assert callable(together)
    stage = Stage()
    b = stage.child("b", None, *[Fail(Reason("r"))] * 9)
    sup = await start(together(stage.child("a"), b, max_restarts=4))

    await stage.kill("a")

    assert alive(sup) == [False]
    assert stage.starts.count("b") == 1 + 4


@in_process
async def test_what_was_asked_for_and_what_is_quiet_does_not_count() -> None:
    stage = Stage()
    sup = await start(
        one_for_one(
            stage.child("a"),
            stage.child("b", restart="temporary"),
            stage.child("c", restart="transient"),
            max_restarts=0,
        )
    )

    await stage.kill("b")
    await stage.crash("c", Exit(Normal()))
    await terminate_child(sup, "a")
    await restart_child(sup, "a")
    await start_child(sup, stage.child("d"))
    await settled()

    assert list(await states(sup)) == ["a", "c", "d"]


@in_process
async def test_a_supervisor_that_gave_up_is_restarted_if_it_is_permanent() -> None:
    stage = Stage()
    inner = child_spec(Supervisor, one_for_one(stage.child("a"), max_restarts=0))
    top = await start(one_for_one(inner))
    first = (await states(top))["Supervisor"]

    await stage.kill("a")

    assert stage.starts == ["a", "a"]
    assert (await states(top))["Supervisor"] not in (first, None)


@in_process
async def test_a_transient_supervisor_that_gave_up_is_not() -> None:
    stage = Stage()
    inner = child_spec(Supervisor, one_for_one(stage.child("a"), max_restarts=0))
    top = await start(one_for_one(inner.override(restart="transient")))

    with collected_reports() as reports:
        await stage.kill("a")

    assert await states(top) == {"Supervisor": None}
    assert not any(
        report.supervisor is top
        for report in reports
        if isinstance(report, SupervisorReport)
    )


@in_process
async def test_giving_up_climbs_as_high_as_it_must() -> None:
    stage = Stage()
    spec = one_for_one(stage.child("a"), max_restarts=0)
    for _ in range(3):
        spec = one_for_one(child_spec(Supervisor, spec), max_restarts=0)
    top = await start(spec)

    await stage.kill("a")

    assert await process.receive() == Exited(top, Shutdown())


# ------------------------------------------------------------------------- the window


@pytest.mark.parametrize(
    ("start_at", "later", "survives"),
    [
        (0.0, 0.0, False),
        (0.0, 4.9, False),
        (0.0, 5.0, False),
        (0.0, 5.9, False),
        (0.0, 6.0, True),
        (0.9, 5.0, False),
        (0.9, 5.1, True),
        (0.5, 5.49, False),
        (0.5, 5.5, True),
    ],
)
def test_a_restart_counts_for_whole_seconds_and_the_last_one_included(
    start_at: float, later: float, *, survives: bool
) -> None:
    clock = MockClock()
    # The mock clock starts at 0; whole numbers and halves are exact from here.
    clock.jump(1024 + start_at)

    async def main() -> None:
        async with Node() as node:
            outcome: list[bool] = []

            async def body() -> None:
                stage = Stage()
                spec = one_for_one(stage.child("a"), max_restarts=1, max_seconds=5)
                sup = await start(spec)
                await stage.kill("a")
                clock.jump(later)
                await stage.kill("a")
                outcome.extend(alive(sup))

            await process.wait_exited(node.spawn(body))
            assert outcome == [survives]

    trio.run(main, clock=clock)
