"""What a supervisor can be given, and what is refused before anything starts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import given, strategies as st

from otp import ChildSpec, GenServer, InvalidSpecError, Pid, child_spec
from otp.supervisor import (
    AutoShutdown,
    Strategy,
    SupervisorSpec,
    check_childspecs,
    one_for_all,
    one_for_one,
    rest_for_one,
    simple_one_for_one,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class Worker(GenServer):
    pass


def child(id_: str, **changes: Any) -> ChildSpec[Worker]:
    return child_spec(Worker).override(id=id_, **changes)


SIGNIFICANT = child("s", restart="transient", significant=True)
GROUPS: list[Callable[..., SupervisorSpec]] = [one_for_one, one_for_all, rest_for_one]


def refused(build: Callable[[], object]) -> tuple[str, object]:
    """Return the kind and the value of what *build* is refused with."""
    with pytest.raises(InvalidSpecError) as caught:
        build()
    text = str(caught.value)
    assert text[:1].islower()
    assert not text.endswith(".")
    return caught.value.kind, caught.value.value


def test_each_strategy_has_a_function_of_its_name() -> None:
    a, b = child("a"), child("b")

    assert one_for_one(a, b) == SupervisorSpec("one_for_one", (a, b))
    assert one_for_all(a, b) == SupervisorSpec("one_for_all", (a, b))
    assert rest_for_one(a, b) == SupervisorSpec("rest_for_one", (a, b))
    assert simple_one_for_one(a) == SupervisorSpec("simple_one_for_one", (a,))


def test_the_limits_are_elixirs_unless_something_else_is_said() -> None:
    for spec in [*(build() for build in GROUPS), simple_one_for_one(child("a"))]:
        assert spec.max_restarts == 3
        assert spec.max_seconds == 5
        assert spec.auto_shutdown == "never"


def test_the_functions_pass_on_what_they_are_given() -> None:
    for build in GROUPS:
        spec = build(
            SIGNIFICANT, max_restarts=0, max_seconds=1, auto_shutdown="any_significant"
        )
        assert (spec.max_restarts, spec.max_seconds) == (0, 1)
        assert spec.auto_shutdown == "any_significant"
    spec = simple_one_for_one(child("a"), max_restarts=7, max_seconds=8)
    assert (spec.max_restarts, spec.max_seconds) == (7, 8)


def test_a_supervisor_may_have_no_children() -> None:
    for build in GROUPS:
        assert build().children == ()


def test_the_children_may_come_in_any_sequence() -> None:
    assert SupervisorSpec("one_for_one", [child("a")]).children == (child("a"),)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"strategy": "foo"}, "invalid_strategy"),
        ({"strategy": None}, "invalid_strategy"),
        ({"max_restarts": -1}, "invalid_intensity"),
        ({"max_restarts": 1.0}, "invalid_intensity"),
        ({"max_restarts": True}, "invalid_intensity"),
        ({"max_restarts": "3"}, "invalid_intensity"),
        ({"max_seconds": 0}, "invalid_period"),
        ({"max_seconds": -1}, "invalid_period"),
        ({"max_seconds": 0.5}, "invalid_period"),
        ({"max_seconds": True}, "invalid_period"),
        ({"auto_shutdown": "x"}, "invalid_auto_shutdown"),
        ({"auto_shutdown": False}, "invalid_auto_shutdown"),
    ],
)
def test_a_wrong_value_is_refused(changes: dict[str, Any], kind: str) -> None:
    given_: dict[str, Any] = {"strategy": "one_for_one", "children": (), **changes}
    [value] = changes.values()

    assert refused(lambda: SupervisorSpec(**given_)) == (kind, value)


def test_the_values_are_looked_at_in_erlangs_order() -> None:
    wrong: list[tuple[str, Any, str]] = [
        ("strategy", "foo", "invalid_strategy"),
        ("max_restarts", -1, "invalid_intensity"),
        ("max_seconds", 0, "invalid_period"),
        ("auto_shutdown", "x", "invalid_auto_shutdown"),
        ("children", (3,), "invalid_child_spec"),
    ]

    for i, (_, _, kind) in enumerate(wrong):
        right: dict[str, Any] = {"strategy": "one_for_one", "children": ()}
        values = right | {field: value for field, value, _ in wrong[i:]}
        assert refused(partial(SupervisorSpec, **values))[0] == kind


@pytest.mark.parametrize("spec", [None, "a", Worker, ("a", "b"), child("a").start])
def test_a_child_is_specified_by_a_child_spec(spec: Any) -> None:
    assert refused(lambda: one_for_one(spec)) == ("invalid_child_spec", spec)


def test_no_two_children_have_the_same_id() -> None:
    for build in GROUPS:
        refusal = refused(partial(build, child("a"), child("b"), child("a")))
        assert refusal == ("duplicate_child_name", "a")


def test_the_first_child_that_is_wrong_decides() -> None:
    wrong: Any = 3

    build = partial(one_for_one, child("a"), SIGNIFICANT, child("a"), wrong)

    assert refused(build)[0] == "bad_combination"


def test_a_significant_child_needs_a_supervisor_that_minds() -> None:
    for build in GROUPS:
        assert refused(partial(build, SIGNIFICANT)) == (
            "bad_combination",
            (("auto_shutdown", "never"), ("significant", True)),
        )
        build(SIGNIFICANT, auto_shutdown="any_significant")
        build(SIGNIFICANT, auto_shutdown="all_significant")


@pytest.mark.parametrize("auto_shutdown", ["any_significant", "all_significant"])
def test_a_dynamic_supervisor_does_not_shut_down_by_itself(
    auto_shutdown: AutoShutdown,
) -> None:
    build = partial(
        SupervisorSpec,
        "simple_one_for_one",
        (child("a"),),
        auto_shutdown=auto_shutdown,
    )

    assert refused(build) == (
        "bad_combination",
        (("auto_shutdown", auto_shutdown), ("strategy", "simple_one_for_one")),
    )


@pytest.mark.parametrize("children", [(), (child("a"), child("b"))])
def test_a_dynamic_supervisor_has_exactly_one_specification(
    children: tuple[ChildSpec, ...],
) -> None:
    build = partial(SupervisorSpec, "simple_one_for_one", children)

    assert refused(build) == ("bad_start_spec", children)


# ------------------------------------------------------------------ check_childspecs


def test_specifications_can_be_checked_without_starting_anything() -> None:
    check_childspecs([])
    check_childspecs([child("a"), child("b")])
    check_childspecs(child(id_) for id_ in "ab")

    build = partial(check_childspecs, [child("a"), child("a")])
    assert refused(build) == ("duplicate_child_name", "a")


def test_significance_is_checked_only_against_a_given_auto_shutdown() -> None:
    check_childspecs([SIGNIFICANT])
    check_childspecs([SIGNIFICANT], "any_significant")
    check_childspecs([SIGNIFICANT], "all_significant")

    build = partial(check_childspecs, [SIGNIFICANT], "never")
    assert refused(build)[0] == "bad_combination"


def test_an_unknown_auto_shutdown_is_refused() -> None:
    wrong: Any = "sometimes"

    assert refused(lambda: check_childspecs([], wrong)) == (
        "invalid_auto_shutdown",
        "sometimes",
    )


# ------------------------------------------------------------------------ properties

STRATEGIES: st.SearchStrategy[Strategy] = st.sampled_from(get_args(Strategy))
AUTO: st.SearchStrategy[AutoShutdown] = st.sampled_from(get_args(AutoShutdown))
IDS = st.lists(st.sampled_from("abcd"), max_size=4)


@given(STRATEGIES, IDS, AUTO, st.integers(-2, 3), st.integers(-2, 3))
def test_what_is_built_breaks_no_rule_and_what_breaks_none_is_built(
    strategy: Strategy,
    ids: list[str],
    auto_shutdown: AutoShutdown,
    max_restarts: int,
    max_seconds: int,
) -> None:
    simple = strategy == "simple_one_for_one"
    fits = (
        max_restarts >= 0
        and max_seconds > 0
        and len(set(ids)) == len(ids)
        and not (simple and (auto_shutdown != "never" or len(ids) != 1))
    )
    build = partial(
        SupervisorSpec,
        strategy,
        [child(id_) for id_ in ids],
        max_restarts=max_restarts,
        max_seconds=max_seconds,
        auto_shutdown=auto_shutdown,
    )

    if fits:
        assert [spec.id for spec in build().children] == ids
    else:
        refused(build)


async def start_nothing() -> Pid:
    raise AssertionError("never called")


def test_any_kind_of_child_will_do() -> None:
    check_childspecs([child("a"), ChildSpec.of("b", start_nothing)])
