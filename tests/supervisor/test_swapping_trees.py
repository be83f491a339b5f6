"""Swaps of whole trees, by classes, and of children of one kind."""

from __future__ import annotations

from typing import Any

import pytest
import trio

import otp
from otp import (
    ChildSpec,
    Ignore,
    InvalidSpecError,
    Kill,
    Pid,
    Supervisor,
    child_spec,
    one_for_one,
    process,
    supervisor,
)
from otp.supervisor import (
    StrategyError,
    SwapError,
    child_template,
    get_childspec,
    simple_one_for_one,
    start_dynamic_child,
    swap,
    which_children,
)
from otp.sys import LayoutError
from tests.kernel.support import in_process
from tests.supervisor.support import STUCK, Stage, alive, settled, start, states
from tests.supervisor.swapping import (
    Failing,
    Plain,
    Root,
    Root2,
    Slotted,
    Till,
    Till2,
    args_of,
    begin,
    class_of,
    only_pid,
    outcomes,
    till,
)

# ------------------------------------------------------------------------------ classes


@in_process
async def test_a_class_is_asked_with_the_arguments_of_the_old_one() -> None:
    process.trap_exit(True)
    answers: list[Any] = [one_for_one(till("a"))]
    sup = await supervisor.start_link(Root, answers)

    answers[0] = one_for_one(till("a"), till("b"))
    result = await swap(sup, Root2)

    assert outcomes(result) == [("a", "kept"), ("b", "started")]
    assert await class_of(sup) is Root2


@in_process
async def test_a_class_stays_if_only_its_children_are_swapped() -> None:
    process.trap_exit(True)
    answers: list[Any] = [one_for_one(till("a"))]
    sup = await supervisor.start_link(Root, answers)

    await swap(sup, one_for_one(till("b")))
    assert await class_of(sup) is Root
    assert list(await states(sup)) == ["b"]
    # The class still says what it says.
    await swap(sup, Root)
    assert list(await states(sup)) == ["a"]


@in_process
async def test_ignore_keeps_the_children_and_changes_the_class() -> None:
    process.trap_exit(True)
    answers: list[Any] = [one_for_one(till("a"))]
    sup = await supervisor.start_link(Root, answers)

    answers[0] = Ignore()
    result = await swap(sup, Root2)

    assert outcomes(result) == [("a", "kept")]
    assert await class_of(sup) is Root2


@pytest.mark.parametrize("wrong", [3, ValueError("no")])
@in_process
async def test_a_class_that_cannot_say_what_its_children_are_changes_nothing(
    wrong: object,
) -> None:
    process.trap_exit(True)
    answers: list[Any] = [one_for_one(till("a"))]
    sup = await supervisor.start_link(Root, answers)
    before = await states(sup)

    answers[0] = wrong
    with pytest.raises(SwapError, match="does not say what its children are") as caught:
        await swap(sup, Root2)

    assert caught.value.__cause__ is not None
    assert await states(sup) == before
    assert await class_of(sup) is Root


@in_process
async def test_a_class_with_a_wrong_specification_changes_nothing() -> None:
    process.trap_exit(True)
    answers: list[Any] = [one_for_one(till("a"))]
    sup = await supervisor.start_link(Root, answers)
    before = await states(sup)

    answers[0] = InvalidSpecError("invalid_strategy", "x", "no")
    with pytest.raises(InvalidSpecError):
        await swap(sup, Root2)

    assert await states(sup) == before


@in_process
async def test_a_change_of_code_goes_on_with_what_was_swapped_in() -> None:
    sup = await begin(till("a"))
    await swap(sup, one_for_one(till("b")))

    await otp.code.change(sup, Supervisor)

    assert list(await states(sup)) == ["b"]


# ------------------------------------------------------------------- supervisors inside


def tree(*children: ChildSpec[Any]) -> ChildSpec[Supervisor]:
    return child_spec(Supervisor, one_for_one(*children)).override(id="tree")


@in_process
async def test_the_children_of_a_supervisor_inside_are_swapped_in_turn() -> None:
    sup = await begin(tree(till("a"), tree(till("x")), till("b")))
    inner = (await states(sup))["tree"]

    new = tree(till("a", Till2), tree(till("x"), till("y")))
    result = await swap(sup, one_for_one(new))

    assert outcomes(result) == [("tree", "migrated")]
    assert result["tree"].pid is inner
    inside = result["tree"].inside
    assert inside is not None
    assert outcomes(inside) == [
        ("b", "stopped"),
        ("a", "migrated"),
        ("tree", "migrated"),
    ]
    innermost = inside["tree"].inside
    assert innermost is not None
    assert outcomes(innermost) == [("x", "kept"), ("y", "started")]
    assert result.ok
    assert await get_childspec(sup, "tree") == new


@in_process
async def test_a_failure_inside_is_no_failure_of_the_supervisor() -> None:
    sup = await begin(tree(till("a")))

    result = await swap(sup, one_for_one(tree(till("a", Failing))))

    assert outcomes(result) == [("tree", "migrated")]
    assert not result.ok


@in_process
async def test_the_class_of_a_supervisor_inside_is_exchanged() -> None:
    answers: list[Any] = [one_for_one(till("a"))]
    sup = await begin(child_spec(Root, answers).override(id="r"))
    inner = await only_pid(sup)

    other: list[Any] = [one_for_one(till("b"), till("a"))]
    result = await swap(sup, one_for_one(child_spec(Root2, other).override(id="r")))

    assert outcomes(result) == [("r", "migrated")]
    assert await class_of(inner) is Root2
    assert list(await states(inner)) == ["b", "a"]
    # What it was given now is what it is asked with from now on.
    other[0] = one_for_one(till("c"))
    await swap(inner, Root)
    assert list(await states(inner)) == ["c"]


@in_process
async def test_a_supervisor_inside_that_becomes_of_another_kind_is_restarted() -> None:
    sup = await begin(tree(till("a")))
    before = await only_pid(sup)

    kind = child_spec(Supervisor, simple_one_for_one(child_template(Till)))
    result = await swap(sup, one_for_one(kind.override(id="tree")))

    assert outcomes(result) == [("tree", "restarted")]
    assert isinstance(result["tree"].error, StrategyError)
    assert alive(before) == [False]


@pytest.mark.parametrize(
    "wrong", [ValueError("no"), InvalidSpecError("invalid_period", 0, "no")]
)
@in_process
async def test_a_supervisor_inside_that_cannot_say_what_its_children_are_stays(
    wrong: Exception,
) -> None:
    answers: list[Any] = [one_for_one(till("a"))]
    sup = await begin(child_spec(Root, answers).override(id="r"))
    before = await states(sup)

    result = await swap(sup, one_for_one(child_spec(Root2, [wrong]).override(id="r")))

    assert outcomes(result) == [("r", "restored")]
    assert await states(sup) == before
    assert (await get_childspec(sup, "r")).start.target is Root


@in_process
async def test_a_supervisor_and_a_server_do_not_become_each_other() -> None:
    sup = await begin(tree(till("a")))

    result = await swap(sup, one_for_one(till("tree", Till2)))
    assert outcomes(result) == [("tree", "restarted")]

    result = await swap(sup, one_for_one(tree(till("a"))))
    assert outcomes(result) == [("tree", "restarted")]


@in_process
async def test_a_supervisor_inside_that_dies_meanwhile_is_restarted_as_ever() -> None:
    sup = await begin(tree(till("a")))
    inner = await only_pid(sup)
    stage = Stage()
    new = tree(till("a"), stage.child("x", STUCK))

    async with trio.open_nursery() as nursery:

        async def do() -> None:
            result = await swap(sup, one_for_one(new))
            assert outcomes(result) == [("tree", "died")]

        nursery.start_soon(do)
        await settled()
        process.exit(inner, Kill())

    await settled()
    after = await only_pid(sup)
    assert after is not inner
    assert list(await states(after)) == ["a", "x"]


# ------------------------------------------------------------------- simple_one_for_one


@in_process
async def test_children_of_one_kind_migrate_one_by_one() -> None:
    old = child_template(Till, 1)
    sup = await start(simple_one_for_one(old))
    pids = [await start_dynamic_child(sup, n) for n in range(3)]
    await Till.incr(pids[1])

    result = await swap(sup, simple_one_for_one(child_template(Till2, 1)))

    ids = [child.id for child in result.children]
    assert {child.outcome for child in result.children} == {"migrated"}
    assert [c.pid for c in await which_children(sup)] == pids == ids
    assert [await Till.get(pid) for pid in pids] == [0, 10, 0]
    # One that is restarted keeps its arguments and is of the new kind.
    process.exit(pids[0], Kill())
    await settled()
    last = (await which_children(sup))[-1].pid
    assert isinstance(last, Pid)
    assert await args_of(last) == (1, 0)
    assert await class_of(last) is Till2


@in_process
async def test_children_of_one_kind_that_cannot_migrate_go_on() -> None:
    sup = await start(simple_one_for_one(child_template(Till)))
    pid = await start_dynamic_child(sup)

    result = await swap(sup, simple_one_for_one(child_template(Plain)))
    assert outcomes(result) == [(pid, "updated")]
    result = await swap(sup, simple_one_for_one(child_template(Slotted)))
    assert outcomes(result) == [(pid, "updated")]
    assert isinstance(result[pid].error, LayoutError)
    assert await class_of(pid) is Till

    process.exit(pid, Kill())
    await settled()
    pid = await only_pid(sup)
    assert await class_of(pid) is Slotted


@in_process
async def test_children_of_one_kind_that_fail_to_migrate_stay_of_the_old_kind() -> None:
    sup = await start(simple_one_for_one(child_template(Till)))
    pid = await start_dynamic_child(sup)

    result = await swap(sup, simple_one_for_one(child_template(Failing)))
    assert outcomes(result) == [(pid, "restored")]

    process.exit(pid, Kill())
    await settled()
    pid = await only_pid(sup)
    assert await class_of(pid) is Till


@in_process
async def test_the_same_kind_touches_no_child() -> None:
    spec = simple_one_for_one(child_template(Till))
    sup = await start(spec)
    pid = await start_dynamic_child(sup)

    result = await swap(sup, simple_one_for_one(child_template(Till), max_restarts=9))

    assert outcomes(result) == [(pid, "kept")]
    assert (await swap(sup, spec)).ok


@in_process
async def test_temporary_children_of_one_kind_go_on_and_stay_temporary() -> None:
    old = child_template(Till).override(restart="temporary")
    sup = await start(simple_one_for_one(old))
    pid = await start_dynamic_child(sup)

    result = await swap(sup, simple_one_for_one(child_template(Till2)))
    process.exit(pid, Kill())
    await settled()

    assert outcomes(result) == [(pid, "migrated")]
    assert await which_children(sup) == []


@in_process
async def test_supervisors_of_one_kind_are_swapped_each() -> None:
    sup = await start(simple_one_for_one(child_template(Root)))
    answers: list[Any] = [one_for_one(till("a"))]
    pid = await start_dynamic_child(sup, answers)

    answers[0] = one_for_one(till("b"))
    result = await swap(sup, simple_one_for_one(child_template(Root2)))

    assert outcomes(result) == [(pid, "migrated")]
    assert list(await states(pid)) == ["b"]
