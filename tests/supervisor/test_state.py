"""A supervisor as system messages see it: its state, and another class."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
import trio

import otp
from otp import (
    GenServer,
    InvalidSpecError,
    Kill,
    Pid,
    one_for_one,
    process,
    supervisor,
    sys,
)
from otp.supervisor import (
    ChildInfo,
    StrategyError,
    Supervisor,
    SupervisorState,
    child_template,
    simple_one_for_one,
    start_dynamic_child,
    which_children,
)
from otp.sys import CallbackFailedError, LayoutError
from tests.kernel.support import collected_reports, in_process
from tests.supervisor.support import Stage, alive, settled, start, states
from tests.supervisor.swapping import Root, Root2, Till, begin, class_of, till


async def state_of(sup: Pid[Any]) -> SupervisorState:
    state = await sys.get_state(sup)
    assert isinstance(state, SupervisorState)
    return state


@in_process
async def test_the_state_can_be_read() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a"), stage.child("b"), max_restarts=7))
    await trio.sleep(5.5)
    await stage.kill("a")

    state = await state_of(sup)

    modules = tuple(child.modules for child in await which_children(sup))
    assert state == SupervisorState(
        strategy="one_for_one",
        max_restarts=7,
        max_seconds=5,
        auto_shutdown="never",
        children=(
            ChildInfo("a", stage.pid("a"), "worker", modules[0]),
            ChildInfo("b", stage.pid("b"), "worker", modules[0]),
        ),
        restarts=(5,),
    )
    status = await sys.get_status(sup)
    assert (status.module, status.state) == (Supervisor, state)


@in_process
async def test_the_state_of_a_dynamic_supervisor_has_children_without_ids() -> None:
    sup = await start(simple_one_for_one(child_template(Till)))
    pid = await start_dynamic_child(sup)

    (child,) = (await state_of(sup)).children
    assert child == ChildInfo(None, pid, "worker", (Till,))


@in_process
async def test_strategy_limits_and_restarts_can_be_replaced() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a"), stage.child("b"), max_restarts=1))
    await stage.kill("a")

    def replace(state: SupervisorState) -> SupervisorState:
        return attrs.evolve(state, strategy="one_for_all", restarts=())

    new = await sys.replace_state(sup, replace)
    assert new == await state_of(sup)
    stage.forget()
    await stage.kill("a")
    assert stage.starts == ["a", "b"]
    assert alive(sup) == [True]


@in_process
async def test_the_flags_of_a_dynamic_supervisor_can_be_replaced() -> None:
    sup = await start(simple_one_for_one(child_template(Till), max_restarts=0))
    await sys.replace_state(sup, lambda state: attrs.evolve(state, max_restarts=1))
    pid = await start_dynamic_child(sup)

    process.exit(pid, Kill())
    await settled()

    assert len(await which_children(sup)) == 1


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda _: {"strategy": "one_for_all"}, TypeError),
        (lambda state: attrs.evolve(state, children=()), TypeError),
        (lambda state: attrs.evolve(state, strategy="x"), InvalidSpecError),
        (lambda state: attrs.evolve(state, max_seconds=0), InvalidSpecError),
        (lambda state: attrs.evolve(state, strategy="simple_one_for_one"), Exception),
    ],
)
@in_process
async def test_a_state_that_cannot_be_is_refused(
    change: Any, error: type[Exception]
) -> None:
    sup = await begin(till("a"), till("b"))
    before = await state_of(sup)

    with pytest.raises(CallbackFailedError) as caught:
        await sys.replace_state(sup, change)

    assert isinstance(caught.value.__cause__, error)
    assert await state_of(sup) == before


@in_process
async def test_a_dynamic_supervisor_does_not_become_another_by_its_state() -> None:
    sup = await start(simple_one_for_one(child_template(Till)))

    with pytest.raises(CallbackFailedError) as caught:
        await sys.replace_state(
            sup, lambda state: attrs.evolve(state, strategy="one_for_one")
        )

    assert isinstance(caught.value.__cause__, StrategyError)


# ------------------------------------------------------------------------ other classes


async def root(answers: list[Any]) -> Pid[Root]:
    process.trap_exit(True)
    return await supervisor.start_link(Root, answers)


@in_process
async def test_another_class_is_asked_with_the_same_arguments() -> None:
    answers: list[Any] = [one_for_one(till("a"))]
    sup = await root(answers)
    before = await states(sup)

    answers[0] = one_for_one(till("b"), till("a"))
    await otp.code.change(sup, Root2)

    assert await states(sup) == {"b": None, **before}
    assert await class_of(sup) is Root2
    assert process.info(sup).origin is Root2  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "wrong", [ValueError("no"), 3, simple_one_for_one(child_template(Till))]
)
@in_process
async def test_another_class_that_fails_leaves_the_old_one(wrong: object) -> None:
    answers: list[Any] = [one_for_one(till("a"))]
    sup = await root(answers)
    before = await state_of(sup)

    answers[0] = wrong
    with pytest.raises(CallbackFailedError):
        await otp.code.change(sup, Root2)

    assert await class_of(sup) is Root
    assert await state_of(sup) == before


class Stranger(Supervisor):
    """Needs arguments that nobody has given."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(one_for_one())
        self.sum = one + two


@in_process
async def test_a_class_that_needs_other_arguments_cannot_be_gone_on_with() -> None:
    sup = await root([one_for_one(till("a"))])

    with pytest.raises(CallbackFailedError) as caught:
        await otp.code.change(sup, Stranger)

    assert isinstance(caught.value.__cause__, TypeError)
    assert await class_of(sup) is Root


@pytest.mark.parametrize("cls", [GenServer, Till, int])
@in_process
async def test_a_supervisor_does_not_become_anything_else(cls: type[object]) -> None:
    sup = await root([one_for_one(till("a"))])

    with pytest.raises(CallbackFailedError) as caught:
        await otp.code.change(sup, cls)

    assert isinstance(caught.value.__cause__, LayoutError)


@in_process
async def test_a_server_does_not_become_a_supervisor() -> None:
    sup = await begin(till("a"))
    (child,) = await which_children(sup)
    assert isinstance(child.pid, Pid)

    with pytest.raises(CallbackFailedError) as caught:
        await otp.code.change(child.pid, Root)

    assert isinstance(caught.value.__cause__, LayoutError)


@in_process
async def test_reports_are_by_the_new_class() -> None:
    stage = Stage()
    sup = await root([one_for_one(stage.child("a"))])

    await otp.code.change(sup, Root2)
    with collected_reports() as reports:
        await stage.kill("a")

    found = [r for r in reports if isinstance(r, supervisor.SupervisorReport)]
    assert [report.behaviour for report in found] == [Root2]


@in_process
async def test_a_change_of_a_supervisor_can_be_taken_back() -> None:
    answers: list[Any] = [one_for_one(till("a"), till("b"), max_restarts=3)]
    sup = await root(answers)
    before, pids = await state_of(sup), await states(sup)

    answers[0] = one_for_one(till("c"), till("b", shutdown=9.0), max_restarts=1)
    change = sys.ChangeCode(Root2, None, None, at_once=True)
    changed = await sys.ask(sup, change, 5.0)
    assert list(await states(sup)) == ["c", "b", "a"]
    assert isinstance(changed, sys.Changed)
    await sys.ask(sup, sys.Undo(changed), 5.0)

    assert await states(sup) == pids
    assert await state_of(sup) == before
    assert await class_of(sup) is Root
    spec = await supervisor.get_childspec(sup, "b")
    assert spec == till("b")
