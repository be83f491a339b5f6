"""The plan of a swap: one test for each line of its table, and more."""

from __future__ import annotations

from typing import Any, NoReturn

import attrs
import pytest

from otp import Backoff, ChildSpec, GenServer, Name
from otp.proc_lib import Start
from otp.supervisor import ChildSwap, SwapResult
from otp.supervisor._swap import (
    Add,
    Keep,
    Migrate,
    Remove,
    Restart,
    Step,
    Update,
    has_same_arguments,
    is_same,
    is_same_start,
    plan_swap,
)


class A(GenServer):
    pass


class B(GenServer):
    pass


@attrs.frozen
class Child:
    spec: ChildSpec
    runs: bool = True

    @property
    def id(self) -> object:
        return self.spec.id


def spec(id_: str, target: Any = A, *args: object, **more: Any) -> ChildSpec:
    return ChildSpec(id_, Start(target, args), **more)


def never(_: Start, __: Start) -> bool:
    return False


def always(_: Start, __: Start) -> bool:
    return True


def unasked(_: Start, __: Start) -> NoReturn:
    raise AssertionError("nobody has to take over anything")


def step(old: ChildSpec, new: ChildSpec, *, takes_over: bool = False) -> Step:
    (one,) = plan_swap([Child(old)], [new], always if takes_over else never)
    return one


def test_nothing_becomes_nothing() -> None:
    assert plan_swap([], [], unasked) == ()


def test_who_is_not_wanted_goes_first_and_the_newest_before_the_others() -> None:
    children = [Child(spec(id_)) for id_ in "abcd"]

    plan = plan_swap(children, [spec("x"), spec("c")], unasked)

    assert plan == (
        Remove("d"),
        Remove("b"),
        Remove("a"),
        Add("x", spec("x")),
        Keep("c"),
    )


def test_the_rest_follows_in_the_new_order() -> None:
    children = [Child(spec(id_)) for id_ in "abc"]

    plan = plan_swap(children, [spec(id_) for id_ in "cab"], unasked)

    assert plan == (Keep("c"), Keep("a"), Keep("b"))


@pytest.mark.parametrize("runs", [True, False])
def test_who_is_the_same_is_kept(*, runs: bool) -> None:
    assert plan_swap([Child(spec("a"), runs)], [spec("a")], unasked) == (Keep("a"),)


@pytest.mark.parametrize(
    "rules",
    [
        {"restart": "transient"},
        {"shutdown": 1.0},
        {"type": "supervisor"},
        {"restart": "temporary", "significant": True},
        {"modules": (A, B)},
        {"backoff": Backoff()},
    ],
)
def test_who_is_started_in_the_same_way_is_updated(rules: dict[str, Any]) -> None:
    new = spec("a", A, 1, **rules)

    assert plan_swap([Child(spec("a", A, 1))], [new], unasked) == (Update("a", new),)


def test_who_does_not_run_is_updated_whatever_has_changed() -> None:
    new = spec("a", B, 1)

    assert plan_swap([Child(spec("a"), False)], [new], unasked) == (Update("a", new),)


def test_who_takes_over_migrates() -> None:
    new = spec("a", B)

    assert step(spec("a"), new, takes_over=True) == Migrate("a", new)
    assert step(spec("a"), new) == Restart("a", new)


def test_what_is_asked_is_whether_the_new_start_takes_over_from_the_old() -> None:
    asked: list[tuple[Start, Start]] = []

    def ask(old: Start, new: Start) -> bool:
        asked.append((old, new))
        return True

    old, new = spec("a", A, 1), spec("a", B, 2)
    plan_swap([Child(old)], [new], ask)

    assert asked == [(old.start, new.start)]


def test_who_has_another_name_is_restarted_in_any_case() -> None:
    old = spec("a").named(Name("x"))
    new = spec("a", B).named(Name("y"))

    assert step(old, new, takes_over=True) == Restart("a", new)
    assert step(old, spec("a", B), takes_over=True) == Restart("a", spec("a", B))
    same = spec("a", B).named(Name("x"))
    assert step(old, same, takes_over=True) == Migrate("a", same)


class Odd:
    """Neither equal to anything nor not."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("who knows")

    def __hash__(self) -> int:
        return 0


def test_what_cannot_be_compared_is_not_the_same_unless_it_is_the_very_same() -> None:
    odd = Odd()

    assert is_same(odd, odd)
    assert not is_same(odd, Odd())
    assert is_same((1,), (1.0,))
    assert not is_same(1, 2)


@pytest.mark.parametrize(
    ("new", "same"),
    [
        (Start(A, (1,), {"k": 1}), True),
        (Start(B, (1,), {"k": 1}), False),
        (Start(A, (2,), {"k": 1}), False),
        (Start(A, (1,), {"k": 2}), False),
        (Start(A, (1,), {}), False),
        (Start(A, None, {}), False),
        (Start(A, (1,), {"k": 1}, Name("x")), False),
    ],
)
def test_a_start_is_the_same_if_all_of_it_is(new: Start, *, same: bool) -> None:
    old: Start = Start(A, (1,), {"k": 1})

    assert is_same_start(old, new) == same
    assert has_same_arguments(old, new) == (
        same or new.target is B or new.name is not None
    )


def test_arguments_that_were_not_kept_are_taken_to_be_the_same() -> None:
    old: Start = Start(A, (1,), {"k": 1})

    assert has_same_arguments(old.without_arguments(), old)
    assert is_same_start(old.without_arguments(), old)
    assert not is_same_start(Start(B, None), old)


def test_a_name_is_the_same_if_it_is_called_the_same() -> None:
    old: Start = Start(A, name=Name("x"))

    assert is_same_start(old, Start(A, name=Name("x")))
    assert not is_same_start(old, Start(A, name=Name("y")))


# ------------------------------------------------------------------------- the result


def test_a_result_is_found_by_the_id_and_tells_whether_all_is_well() -> None:
    kept, down = ChildSwap("a", "kept"), ChildSwap("b", "ignored")
    result = SwapResult((kept, down))

    assert result["b"] is down
    assert result.ok
    assert result.outcomes == {"a": "kept", "b": "ignored"}
    with pytest.raises(KeyError):
        result["c"]


@pytest.mark.parametrize("bad", ["restored", "failed", "died"])
def test_what_went_wrong_inside_is_not_well_either(bad: Any) -> None:
    inside = SwapResult((ChildSwap("a", "kept"), ChildSwap("b", bad)))
    result = SwapResult((ChildSwap("tree", "migrated", inside=inside),))

    assert not inside.ok
    assert not result.ok
    assert SwapResult((ChildSwap("b", "restarted", error=ValueError()),)).ok
