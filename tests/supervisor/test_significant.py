"""Supervisors that end with their significant children."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from otp import (
    ChildSpec,
    Exit,
    Exited,
    Ignore,
    Normal,
    Reason,
    Shutdown,
    child_spec,
    process,
)
from otp.supervisor import (
    Supervisor,
    delete_child,
    one_for_all,
    one_for_one,
    terminate_child,
)
from tests.kernel.support import in_process
from tests.supervisor.support import Stage, alive, settled, start, states

if TYPE_CHECKING:
    from otp.proc_lib import Restart
    from otp.supervisor import AutoShutdown


def significant(stage: Stage, id_: str, *inits: object, **more: Any) -> ChildSpec:
    restart = more.pop("restart", "transient")
    return stage.child(id_, *inits, restart=restart, significant=True, **more)


async def finish(stage: Stage, id_: str) -> None:
    """Let a child end as one that is done."""
    await stage.crash(id_, Exit(Normal()))


@in_process
async def test_any_means_that_the_first_one_that_is_done_ends_it() -> None:
    stage = Stage()
    sup = await start(
        one_for_one(
            significant(stage, "a"),
            significant(stage, "b"),
            stage.child("c", trap=True),
            auto_shutdown="any_significant",
        )
    )

    await finish(stage, "a")

    assert await process.receive() == Exited(sup, Shutdown())
    assert stage.stops == ["a", "c"]


@in_process
async def test_all_means_the_last_one() -> None:
    stage = Stage()
    sup = await start(
        one_for_one(
            significant(stage, "a"),
            significant(stage, "b"),
            stage.child("c"),
            auto_shutdown="all_significant",
        )
    )

    await finish(stage, "b")
    assert alive(sup) == [True]
    await finish(stage, "a")

    assert alive(sup) == [False]


@pytest.mark.parametrize("mode", ["any_significant", "all_significant"])
@in_process
async def test_others_may_end_as_they_like(mode: AutoShutdown) -> None:
    stage = Stage()
    sup = await start(
        one_for_one(
            significant(stage, "a"),
            stage.child("b", restart="transient"),
            stage.child("c", restart="temporary"),
            auto_shutdown=mode,
        )
    )

    await finish(stage, "b")
    await finish(stage, "c")

    assert alive(sup) == [True]


@pytest.mark.parametrize(
    ("restart", "ends"), [("transient", False), ("temporary", True)]
)
@in_process
async def test_a_crash_counts_if_nobody_comes_back(
    restart: Restart, *, ends: bool
) -> None:
    stage = Stage()
    child = significant(stage, "a", restart=restart)
    sup = await start(one_for_one(child, auto_shutdown="any_significant"))

    await stage.crash("a", Exit(Reason("boom")))

    assert alive(sup) == [not ends]


@pytest.mark.parametrize("mode", ["any_significant", "all_significant"])
@in_process
async def test_whoever_is_stopped_on_request_does_not_count(mode: AutoShutdown) -> None:
    stage = Stage()
    sup = await start(one_for_one(significant(stage, "a"), auto_shutdown=mode))

    await terminate_child(sup, "a")
    await delete_child(sup, "a")
    await settled()

    assert alive(sup) == [True]


@in_process
async def test_whoever_goes_with_a_sibling_does_not_count() -> None:
    stage = Stage()
    sup = await start(
        one_for_all(
            stage.child("a"),
            significant(stage, "b", restart="temporary"),
            auto_shutdown="any_significant",
        )
    )

    await stage.kill("a")

    assert await states(sup) == {"a": stage.pid("a")}


@in_process
async def test_whoever_never_ran_is_not_waited_for() -> None:
    stage = Stage()
    sup = await start(
        one_for_one(
            significant(stage, "a", Ignore()),
            significant(stage, "b"),
            auto_shutdown="all_significant",
        )
    )

    await finish(stage, "b")

    assert alive(sup) == [False]


@in_process
async def test_the_end_of_a_significant_supervisor_climbs() -> None:
    stage = Stage()
    spec = one_for_one(significant(stage, "a"), auto_shutdown="any_significant")
    for _ in range(3):
        inner = child_spec(Supervisor, spec)
        child = inner.override(restart="temporary", significant=True)
        spec = one_for_one(child, auto_shutdown="all_significant")
    top = await start(spec)

    await finish(stage, "a")

    assert await process.receive() == Exited(top, Shutdown())
