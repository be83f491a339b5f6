"""What becomes of a child that has ended, and of its siblings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from otp import (
    Crash,
    Exit,
    Exited,
    Fail,
    Ignore,
    Kill,
    Killed,
    NoProc,
    Normal,
    Reason,
    Shutdown,
    Stop,
    process,
    sys,
)
from otp.supervisor import (
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

if TYPE_CHECKING:
    from collections.abc import Callable

    from otp import ExitReason, Pid
    from otp.supervisor import SupervisorSpec

QUIET = [Normal(), Shutdown(), Shutdown("done")]
LOUD = [Killed(), NoProc(), Reason("boom"), Crash(ValueError("x"))]


# ------------------------------------------------------------- the child for itself


@pytest.mark.parametrize("reason", [*QUIET, *LOUD])
@in_process
async def test_a_permanent_child_always_comes_back(reason: ExitReason) -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a")))
    first = stage.pid("a")

    await stage.crash("a", Exit(reason))

    assert stage.starts == ["a", "a"]
    assert stage.pid("a") is not first
    assert await states(sup) == {"a": stage.pid("a")}


@pytest.mark.parametrize("reason", [*QUIET, *LOUD])
@in_process
async def test_a_transient_child_comes_back_unless_it_ended_quietly(
    reason: ExitReason,
) -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", restart="transient")))

    await stage.crash("a", Exit(reason))

    if reason in QUIET:
        assert stage.starts == ["a"]
        assert await states(sup) == {"a": None}
    else:
        assert stage.starts == ["a", "a"]
        assert await states(sup) == {"a": stage.pid("a")}


@pytest.mark.parametrize("reason", [*QUIET, *LOUD])
@in_process
async def test_a_temporary_child_is_forgotten(reason: ExitReason) -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", restart="temporary")))

    await stage.crash("a", Exit(reason))

    assert stage.starts == ["a"]
    assert await states(sup) == {}


@in_process
async def test_an_exception_is_a_crash_whatever_it_is_called() -> None:
    stage = Stage()
    await start(one_for_one(stage.child("a", restart="transient")))

    await stage.crash("a", SystemError("shutdown"))

    assert stage.starts == ["a", "a"]


@in_process
async def test_a_signal_normal_from_outside_ends_nobody() -> None:
    stage = Stage()
    await start(one_for_one(stage.child("a")))

    await stage.kill("a", reason=Normal())

    assert stage.starts == ["a"]


@in_process
async def test_a_restarted_child_keeps_its_place() -> None:
    stage = Stage()
    sup = await start(one_for_one(*map(stage.child, "abc")))

    await stage.kill("a")

    assert list(await states(sup)) == ["a", "b", "c"]


@in_process
async def test_a_child_that_does_not_want_to_come_back_stays_away() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", None, Ignore())))

    await stage.kill("a")

    assert stage.starts == ["a", "a"]
    assert await states(sup) == {"a": None}


@in_process
async def test_an_exit_of_a_stranger_means_nothing() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a")))

    stranger = process.spawn(_exit_signal_to, sup)
    await process.wait_exited(stranger)
    await settled()

    assert alive(sup) == [True]
    assert stage.starts == ["a"]


async def _exit_signal_to(pid: Pid) -> None:
    process.exit(pid, Shutdown())


@in_process
async def test_an_exit_of_the_parent_ends_the_supervisor() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a")))

    process.exit(sup, Reason("enough"))

    assert await process.receive() == Exited(sup, Reason("enough"))
    assert alive(stage.pid("a")) == [False]


# ------------------------------------------------------------------------ the family


@in_process
async def test_one_for_one_restarts_nobody_else() -> None:
    stage = Stage()
    await start(one_for_one(*map(stage.child, "abc")))

    await stage.kill("b")

    assert stage.starts == ["a", "b", "c", "b"]


@in_process
async def test_one_for_all_stops_the_others_newest_first_and_starts_all() -> None:
    stage = Stage()
    await start(one_for_all(*(stage.child(id_, trap=True) for id_ in "abc")))
    stage.forget()

    await stage.kill("b", reason=Kill())

    assert stage.log == [
        ("stop", "c", Shutdown()),
        ("stop", "a", Shutdown()),
        ("start", "a"),
        ("start", "b"),
        ("start", "c"),
    ]


@in_process
async def test_rest_for_one_does_that_with_the_later_ones_only() -> None:
    stage = Stage()
    sup = await start(rest_for_one(*(stage.child(id_, trap=True) for id_ in "abcd")))
    before = stage.pid("a")
    stage.forget()

    await stage.kill("b", reason=Kill())

    assert stage.log == [
        ("stop", "d", Shutdown()),
        ("stop", "c", Shutdown()),
        ("start", "b"),
        ("start", "c"),
        ("start", "d"),
    ]
    assert (await states(sup))["a"] is before


@pytest.mark.parametrize("together", [one_for_all, rest_for_one])
@in_process
async def test_a_temporary_sibling_is_stopped_and_forgotten(
    together: Callable[..., SupervisorSpec],
) -> None:
    stage = Stage()
    b = stage.child("b", restart="temporary", trap=True)
    sup = await start(together(stage.child("a"), b, stage.child("c")))

    await stage.kill("a")

    assert stage.stops == ["b"]
    assert stage.starts == ["a", "b", "c", "a", "c"]
    assert list(await states(sup)) == ["a", "c"]


@in_process
async def test_the_end_of_a_temporary_child_concerns_nobody_else() -> None:
    stage = Stage()
    b = stage.child("b", restart="temporary")
    await start(one_for_all(stage.child("a"), b))

    await stage.kill("b")

    assert stage.starts == ["a", "b"]


@pytest.mark.parametrize("together", [one_for_all, rest_for_one])
@in_process
async def test_siblings_that_did_not_run_are_started_as_well(
    together: Callable[..., SupervisorSpec],
) -> None:
    stage = Stage()
    sup = await start(
        together(
            stage.child("a"),
            stage.child("done", restart="transient"),
            stage.child("stopped"),
            stage.child("ignored", Ignore()),
        )
    )
    await stage.crash("done", Exit(Normal()))
    await terminate_child(sup, "stopped")
    assert list((await states(sup)).values()) == [stage.pid("a"), None, None, None]

    await stage.kill("a")

    assert await states(sup) == {
        id_: stage.pid(id_) for id_ in ("a", "done", "stopped", "ignored")
    }


@in_process
async def test_a_child_that_was_added_is_the_newest() -> None:
    stage = Stage()
    sup = await start(rest_for_one(stage.child("a"), stage.child("b")))
    await start_child(sup, stage.child("c"))
    stage.forget()

    await stage.kill("b")

    assert stage.starts == ["b", "c"]


# -------------------------------------------------------------- deaths at one moment


async def kill_in_a_burst(sup: Pid, stage: Stage, *ids: str) -> None:
    """Let all of *ids* be dead before the supervisor hears of the first."""
    await sys.suspend(sup)
    await stage.kill(*ids)
    await sys.resume(sup)
    await settled()


@in_process
async def test_alone_each_death_is_a_restart_of_its_own() -> None:
    stage = Stage()
    sup = await start(one_for_one(*map(stage.child, "ab"), max_restarts=1))

    await kill_in_a_burst(sup, stage, "a", "b")

    assert alive(sup) == [False]


@in_process
async def test_a_sibling_found_dead_is_reported_and_counts_no_more() -> None:
    stage = Stage()
    sup = await start(one_for_all(*map(stage.child, "abc"), max_restarts=1))
    stage.forget()

    with collected_reports() as reports:
        await kill_in_a_burst(sup, stage, "b", "a", "c")

    assert stage.starts == ["a", "b", "c"]
    shown = [
        (report.context, report.offender.id, report.reason)
        for report in reports
        if isinstance(report, SupervisorReport)
    ]
    assert shown == [
        ("child_terminated", "b", Reason("boom")),
        ("shutdown_error", "c", Reason("boom")),
        ("shutdown_error", "a", Reason("boom")),
    ]


@in_process
async def test_the_later_death_first_means_two_restarts_of_the_rest() -> None:
    stage = Stage()
    sup = await start(rest_for_one(*map(stage.child, "abc")))
    stage.forget()

    await kill_in_a_burst(sup, stage, "c", "a")

    assert stage.starts == ["c", "a", "b", "c"]


@in_process
async def test_the_earlier_death_first_means_one_restart_of_the_rest() -> None:
    stage = Stage()
    sup = await start(rest_for_one(*map(stage.child, "abc")))
    stage.forget()

    await kill_in_a_burst(sup, stage, "a", "c")

    assert stage.starts == ["a", "b", "c"]


@in_process
async def test_a_sibling_that_crashes_while_another_one_stops_is_not_missed() -> None:
    stage = Stage()
    slow = stage.child("slow", trap=True, end=1.0)
    await start(one_for_all(stage.child("a"), stage.child("b"), slow, max_restarts=1))
    stage.forget()

    await stage.kill("b")
    await stage.kill("a")
    await process.wait_exited(stage.pid("slow"))
    await settled()

    assert stage.starts == ["a", "b", "slow"]


# --------------------------------------------------------------- restarts that fail


@in_process
async def test_a_restart_is_tried_until_it_works() -> None:
    stage = Stage()
    fails = [Fail(Reason("r")), Stop(Reason("r")), ValueError("x")]
    sup = await start(one_for_one(stage.child("a", None, *fails), max_restarts=4))

    await stage.kill("a")

    assert stage.starts == ["a"] * 5
    assert await states(sup) == {"a": stage.pid("a")}


@in_process
async def test_between_two_attempts_the_supervisor_answers() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", None, Fail(Reason("r")))))
    answers: list[object] = []

    async def ask() -> None:
        answers.append(await states(sup))

    await sys.suspend(sup)
    await stage.kill("a")
    process.spawn(ask)
    await settled()
    await sys.resume(sup)
    await settled()

    assert answers == [{"a": "restarting"}]
    assert await states(sup) == {"a": stage.pid("a")}


@in_process
async def test_the_next_attempt_waits_only_for_what_came_before() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", None, Fail(Reason("r")))))
    answers: list[object] = []

    async def ask_twice() -> None:
        answers.append(await states(sup))
        answers.append(await states(sup))

    await sys.suspend(sup)
    await stage.kill("a")
    process.spawn(ask_twice)
    await settled()
    await sys.resume(sup)
    await settled()

    assert answers == [{"a": "restarting"}, {"a": stage.pid("a")}]


@in_process
async def test_whoever_waits_to_be_restarted_can_be_told_not_to() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", None, Fail(Reason("r")))))

    async def stop() -> None:
        await terminate_child(sup, "a")

    await sys.suspend(sup)
    await stage.kill("a")
    process.spawn(stop)
    await settled()
    await sys.resume(sup)
    await settled()

    assert stage.starts == ["a", "a"]
    assert await states(sup) == {"a": None}
    await restart_child(sup, "a")
    assert await states(sup) == {"a": stage.pid("a")}


@pytest.mark.parametrize("failing", ["a", "b"])
@in_process
async def test_one_for_all_begins_again_with_all(failing: str) -> None:
    stage = Stage()
    inits = {failing: [None, Fail(Reason("r"))]}
    children = [stage.child(id_, *inits.get(id_, [])) for id_ in "abc"]
    sup = await start(one_for_all(*children))
    stage.forget()

    await stage.kill("a")

    before = ["a", "b"] if failing == "b" else ["a"]
    assert stage.starts == [*before, "a", "b", "c"]
    assert await states(sup) == {id_: stage.pid(id_) for id_ in "abc"}


@in_process
async def test_rest_for_one_begins_again_where_it_failed() -> None:
    stage = Stage()
    a, b = stage.child("a"), stage.child("b", None, Fail(Reason("r")))
    await start(rest_for_one(a, b, stage.child("c")))
    stage.forget()

    await stage.kill("a")

    assert stage.starts == ["a", "b", "b", "c"]


@in_process
async def test_an_attempt_is_dropped_if_a_sibling_brought_the_child_back() -> None:
    stage = Stage()
    a = stage.child("a")
    b = stage.child("b", None, Fail(Reason("r")))
    sup = await start(rest_for_one(a, b))
    stage.forget()

    await kill_in_a_burst(sup, stage, "b", "a")

    assert stage.starts == ["b", "a", "b"]
    assert await states(sup) == {"a": stage.pid("a"), "b": stage.pid("b")}


@in_process
async def test_a_child_that_crashes_after_its_start_has_started() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a"), max_restarts=3))

    for _ in range(3):
        await stage.crash("a", ValueError("x"))

    assert alive(sup) == [True]
    assert stage.starts == ["a"] * 4
