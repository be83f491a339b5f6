"""Other specifications for a supervisor that runs: nothing starts, nothing stops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

from otp import (
    Exit,
    GenServer,
    Ignore,
    InvalidSpecError,
    Kill,
    Normal,
    Pid,
    child_spec,
    process,
    supervisor,
    sys,
)
from otp.supervisor import (
    StrategyError,
    Supervisor,
    change_specs,
    child_template,
    get_childspec,
    one_for_all,
    one_for_one,
    restart_child,
    simple_one_for_one,
    start_dynamic_child,
    terminate_child,
    which_children,
)
from tests.kernel.support import in_process
from tests.supervisor.support import Stage, alive, settled, start, states

if TYPE_CHECKING:
    from otp.supervisor import SupervisorSpec


class Shop(Supervisor):
    """Has the children that are on the list just now."""

    def __init__(self, answers: list[Any]) -> None:
        self.answers = answers

    def children(self) -> Any:
        answer = self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


async def change_code(sup: Pid[Supervisor]) -> None:
    """Let the supervisor ask its class again."""
    await sys.suspend(sup)
    try:
        await sys.change_code(sup)
    finally:
        await sys.resume(sup)


async def shop(answers: list[Any]) -> Pid[Shop]:
    process.trap_exit(True)
    return await supervisor.start_link(Shop, answers)


@in_process
async def test_what_stays_goes_on_and_what_is_new_is_down() -> None:
    stage = Stage()
    sup = await start(one_for_one(*map(stage.child, "abc")))
    a, b, c = (stage.pid(id_) for id_ in "abc")

    await change_specs(sup, one_for_one(*map(stage.child, "cxa")))

    assert await states(sup) == {"c": c, "x": None, "a": a, "b": b}
    assert list(await states(sup)) == ["c", "x", "a", "b"]
    assert stage.starts == ["a", "b", "c"]


@in_process
async def test_what_is_new_can_be_started_and_what_is_gone_stopped() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a")))

    await change_specs(sup, one_for_one(stage.child("b")))
    await restart_child(sup, "b")
    await terminate_child(sup, "a")

    assert await states(sup) == {"b": stage.pid("b"), "a": None}


@in_process
async def test_a_child_is_what_it_is_now_when_it_ends() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a"), stage.child("b")))
    temporary = stage.child("a", restart="temporary")

    await change_specs(sup, one_for_one(temporary, stage.child("b")))
    await stage.crash("a", Exit(Normal()))

    assert list(await states(sup)) == ["b"]


@in_process
async def test_a_restart_brings_the_new_class() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a")))
    other = child_spec(GenServer).override(id="a")

    await change_specs(sup, one_for_one(other))
    await stage.kill("a")

    assert stage.starts == ["a"]
    assert isinstance((await states(sup))["a"], Pid)
    assert await get_childspec(sup, "a") == other


@in_process
async def test_the_strategy_counts_from_now_on() -> None:
    stage = Stage()
    children = [stage.child("a"), stage.child("b")]
    sup = await start(one_for_one(*children))

    await change_specs(sup, one_for_all(*children))
    await stage.kill("a")

    assert stage.starts == ["a", "b", "a", "b"]


@in_process
async def test_earlier_restarts_count_under_the_new_limit() -> None:
    stage = Stage()
    child = stage.child("a")
    sup = await start(one_for_one(child, max_restarts=3))
    await stage.kill("a")
    await stage.kill("a")

    await change_specs(sup, one_for_one(child, max_restarts=2))
    await stage.kill("a")

    assert alive(sup) == [False]


@in_process
async def test_the_time_that_restarts_count_for_is_the_new_one() -> None:
    stage = Stage()
    child = stage.child("a")
    sup = await start(one_for_one(child, max_restarts=1, max_seconds=100))
    await stage.kill("a")

    await change_specs(sup, one_for_one(child, max_restarts=1, max_seconds=1))
    await trio.sleep(10)
    await stage.kill("a")

    assert alive(sup) == [True]


@in_process
async def test_the_order_of_the_end_is_the_new_one() -> None:
    stage = Stage()
    a, b = (stage.child(id_, trap=True) for id_ in "ab")
    sup = await start(one_for_one(a, b))

    await change_specs(sup, one_for_one(b, a))
    await supervisor.stop(sup)

    assert stage.stops == ["a", "b"]


@in_process
async def test_auto_shutdown_can_be_changed() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", restart="transient")))
    significant = stage.child("a", restart="transient", significant=True)

    await change_specs(sup, one_for_one(significant, auto_shutdown="any_significant"))
    await stage.crash("a", Exit(Normal()))

    assert alive(sup) == [False]


@pytest.mark.parametrize("dynamic_first", [True, False])
@in_process
async def test_a_dynamic_supervisor_stays_one_and_no_other_becomes_one(
    *, dynamic_first: bool
) -> None:
    stage = Stage()
    specs: list[SupervisorSpec] = [
        one_for_one(stage.child("a")),
        simple_one_for_one(child_template(GenServer)),
    ]
    first, second = specs[::-1] if dynamic_first else specs
    sup = await start(first)

    with pytest.raises(StrategyError, match="cannot become"):
        await change_specs(sup, second)

    assert len(await which_children(sup)) == (not dynamic_first)


@in_process
async def test_dynamic_children_come_back_as_the_new_kind() -> None:
    stage = Stage()
    old = stage.child("w", restart="permanent")
    sup = await start(simple_one_for_one(old))
    with pytest.raises(supervisor.StartChildError):
        await start_dynamic_child(sup, "one argument too many")
    pid = await start_dynamic_child(sup)

    await change_specs(sup, simple_one_for_one(old.override(restart="temporary")))
    process.exit(pid, Kill())
    await settled()

    assert await which_children(sup) == []


@in_process
async def test_temporary_dynamic_children_stay_temporary() -> None:
    stage = Stage()
    old = stage.child("w", restart="temporary")
    sup = await start(simple_one_for_one(old))
    pid = await start_dynamic_child(sup)

    await change_specs(sup, simple_one_for_one(old.override(restart="permanent")))
    process.exit(pid, Kill())
    await settled()

    assert await which_children(sup) == []
    assert stage.starts == ["w"]


# ---------------------------------------------------------------- a change of the code


@in_process
async def test_a_change_of_code_asks_the_class_again() -> None:
    stage = Stage()
    answers: list[Any] = [one_for_one(stage.child("a"))]
    sup = await shop(answers)

    answers[0] = one_for_one(stage.child("b"), stage.child("a"))
    await change_code(sup)

    assert await states(sup) == {"b": None, "a": stage.pid("a")}


@in_process
async def test_ignore_means_that_everything_stays() -> None:
    stage = Stage()
    answers: list[Any] = [one_for_one(stage.child("a"))]
    sup = await shop(answers)

    answers[0] = Ignore()
    await change_code(sup)

    assert await states(sup) == {"a": stage.pid("a")}


@pytest.mark.parametrize(
    "wrong",
    [
        3,
        ValueError("no"),
        InvalidSpecError("invalid_strategy", "x", "no"),
        simple_one_for_one(child_template(GenServer)),
    ],
)
@in_process
async def test_a_change_that_is_wrong_changes_nothing(wrong: object) -> None:
    stage = Stage()
    answers: list[Any] = [one_for_one(stage.child("a"))]
    sup = await shop(answers)

    answers[0] = wrong
    with pytest.raises(sys.CallbackFailedError):
        await change_code(sup)

    assert await states(sup) == {"a": stage.pid("a")}
    await stage.kill("a")
    assert await states(sup) == {"a": stage.pid("a")}
