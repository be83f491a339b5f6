"""What holds for every plan of a swap, whatever there is and whatever is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from hypothesis import given, strategies as st

from otp import ChildSpec, GenServer, Name
from otp.proc_lib import Start
from otp.supervisor._swap import (
    Add,
    Keep,
    Migrate,
    Remove,
    Restart,
    Step,
    Update,
    is_same_start,
    plan_swap,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


class A(GenServer):
    pass


class B(GenServer):
    pass


@attrs.frozen
class Child:
    """A child with the serial number of its process, None if it does not run."""

    spec: ChildSpec
    process: int | None

    @property
    def id(self) -> object:
        return self.spec.id

    @property
    def runs(self) -> bool:
        return self.process is not None


NAMES = st.sampled_from([None, Name[Any]("x"), Name[Any]("y")])


def start(target: type[GenServer], argument: int, name: Name[Any] | None) -> Start:
    return Start(target, (argument,), {}, name)


STARTS = st.builds(start, st.sampled_from([A, B]), st.integers(0, 1), NAMES)
SPECS = st.lists(
    st.builds(
        ChildSpec,
        st.sampled_from("abcdef"),
        STARTS,
        restart=st.sampled_from(["permanent", "temporary"]),
    ),
    unique_by=lambda spec: spec.id,
)


@st.composite
def families(draw: st.DrawFn) -> list[Child]:
    return [
        Child(spec, n if draw(st.booleans()) else None)
        for n, spec in enumerate(draw(SPECS))
    ]


def takes_over(old: Start, new: Start) -> bool:
    return old.args == new.args and new.target is B


def carry_out(children: Sequence[Child], plan: Sequence[Step]) -> list[Child]:
    """Do what the plan says in the most naive way."""
    there = {child.id: child for child in children}
    done: list[Child] = []
    serial = 100
    for step in plan:
        serial += 1
        child = there.pop(step.id, None)
        match step, child:
            case Remove(), Child():
                pass
            case Keep(), Child():
                done.append(child)
            case Update(spec=spec) | Migrate(spec=spec), Child():
                done.append(Child(spec, child.process))
            case Restart(spec=spec), Child(process=int()):
                done.append(Child(spec, serial))
            case Add(spec=spec), None:
                done.append(Child(spec, serial))
            case _:
                raise AssertionError((step, child))
    assert not there, "the plan says of each child what becomes of it"
    return done


@given(families(), SPECS)
def test_the_plan_leads_to_exactly_what_is_wanted(
    children: list[Child], wanted: list[ChildSpec]
) -> None:
    after = carry_out(children, plan_swap(children, wanted, takes_over))

    assert [child.spec for child in after] == wanted


@given(families(), SPECS)
def test_only_who_is_started_in_another_way_gets_another_process(
    children: list[Child], wanted: list[ChildSpec]
) -> None:
    before = {child.id: child for child in children}
    after = carry_out(children, plan_swap(children, wanted, takes_over))

    for child in after:
        old = before.get(child.id)
        if old is None:
            continue
        if old.process != child.process:
            assert old.runs
            assert not is_same_start(old.spec.start, child.spec.start)
        elif old.spec == child.spec:
            assert old == child


@given(families(), SPECS)
def test_the_same_swap_once_more_does_nothing(
    children: list[Child], wanted: list[ChildSpec]
) -> None:
    after = carry_out(children, plan_swap(children, wanted, takes_over))

    again = plan_swap(after, wanted, takes_over)

    assert again == tuple(Keep(spec.id) for spec in wanted)


@given(families(), SPECS)
def test_there_is_one_step_for_each_child_and_removals_come_first_and_backwards(
    children: list[Child], wanted: list[ChildSpec]
) -> None:
    plan = plan_swap(children, wanted, takes_over)

    gone = [child.id for child in children if child.id not in {s.id for s in wanted}]
    assert [step.id for step in plan] == [*reversed(gone), *(s.id for s in wanted)]
    assert [isinstance(step, Remove) for step in plan] == sorted(
        (isinstance(step, Remove) for step in plan), reverse=True
    )


@given(families(), SPECS)
def test_nobody_migrates_who_does_not_take_over_or_has_another_name(
    children: list[Child], wanted: list[ChildSpec]
) -> None:
    before = {child.id: child for child in children}

    for step in plan_swap(children, wanted, takes_over):
        if isinstance(step, Migrate):
            old, new = before[step.id].spec.start, step.spec.start
            assert takes_over(old, new)
            assert old.name == new.name
            assert before[step.id].runs
