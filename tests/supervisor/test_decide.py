"""The rules of restarting: one property for each line of the tables, and more."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import attrs
import pytest
from hypothesis import given, strategies as st

from otp import (
    Crash,
    Kill,
    Killed,
    NoConnection,
    NoProc,
    Normal,
    Reason,
    Shutdown,
)
from otp.proc_lib import Restart
from otp.supervisor import Strategy
from otp.supervisor._decide import (
    Decision,
    Forget,
    Keep,
    Member,
    RestartChild,
    RestartChildren,
    after_exit,
    is_expected_end,
    is_reported,
    is_restarted,
    plan_restart,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otp import ExitReason

QUIET: list[ExitReason] = [Normal(), Shutdown(), Shutdown("done")]
LOUD: list[ExitReason] = [
    Kill(),
    Killed(),
    NoProc(),
    NoConnection(),
    Crash(ValueError("x")),
    Reason("boom"),
    Reason("normal"),
    Reason("shutdown"),
]


@attrs.frozen
class Child:
    id: str
    restart: Restart = "permanent"


QUIET_REASONS = st.sampled_from(QUIET)
LOUD_REASONS = st.sampled_from(LOUD)
REASONS = QUIET_REASONS | LOUD_REASONS
STRATEGIES: st.SearchStrategy[Strategy] = st.sampled_from(get_args(Strategy))
RESTARTS: st.SearchStrategy[Restart] = st.sampled_from(get_args(Restart))
ALONE: st.SearchStrategy[Strategy] = st.sampled_from(
    ["one_for_one", "simple_one_for_one"]
)
TOGETHER: st.SearchStrategy[Strategy] = st.sampled_from(["one_for_all", "rest_for_one"])


@st.composite
def families(draw: st.DrawFn) -> tuple[list[Child], Child]:
    """Return a family in start order, and the one of it that fails."""
    ids = draw(st.permutations("abcdef"))[: draw(st.integers(1, 6))]
    family = [Child(id_, draw(RESTARTS)) for id_ in ids]
    return family, draw(st.sampled_from(family))


def restarted(family: list[Child], failed: Child) -> list[Child]:
    """Return *family* with *failed* as one that is restarted whatever happens."""
    return [Child(c.id, "permanent") if c is failed else c for c in family]


class Unread:
    """A family that nobody may look at."""

    def __iter__(self) -> Iterator[Member]:
        raise AssertionError("the family is looked at")


# ------------------------------------------------------------- the child for itself


@given(STRATEGIES, families(), REASONS)
def test_a_permanent_child_is_always_restarted(
    strategy: Strategy, drawn: tuple[list[Child], Child], reason: ExitReason
) -> None:
    family, failed = drawn
    family = restarted(family, failed)
    failed = next(child for child in family if child.id == failed.id)

    decision = after_exit(strategy, failed, reason, family)

    assert isinstance(decision, (RestartChild, RestartChildren))
    assert decision == plan_restart(strategy, failed, family)
    assert is_restarted("permanent", reason)
    assert is_reported("permanent", reason)


@given(STRATEGIES, QUIET_REASONS)
def test_a_transient_child_that_ends_quietly_is_kept(
    strategy: Strategy, reason: ExitReason
) -> None:
    failed = Child("a", "transient")

    assert after_exit(strategy, failed, reason, Unread()) == Keep()
    assert not is_restarted("transient", reason)
    assert not is_reported("transient", reason)


@given(STRATEGIES, LOUD_REASONS)
def test_a_transient_child_that_ends_otherwise_is_restarted(
    strategy: Strategy, reason: ExitReason
) -> None:
    failed = Child("a", "transient")

    decision = after_exit(strategy, failed, reason, [failed])

    assert isinstance(decision, (RestartChild, RestartChildren))
    assert is_restarted("transient", reason)
    assert is_reported("transient", reason)


@given(STRATEGIES, REASONS)
def test_a_temporary_child_is_forgotten_whatever_it_died_of(
    strategy: Strategy, reason: ExitReason
) -> None:
    failed = Child("a", "temporary")

    assert after_exit(strategy, failed, reason, Unread()) == Forget()
    assert not is_restarted("temporary", reason)


@given(QUIET_REASONS, LOUD_REASONS)
def test_the_end_of_a_temporary_child_is_reported_unless_it_is_quiet(
    quiet: ExitReason, loud: ExitReason
) -> None:
    assert not is_reported("temporary", quiet)
    assert is_reported("temporary", loud)


@given(RESTARTS, REASONS)
def test_every_restart_is_reported(restart: Restart, reason: ExitReason) -> None:
    assert is_reported(restart, reason) or not is_restarted(restart, reason)


# --------------------------------------------------------------------- the family


@given(ALONE, families())
def test_alone_means_that_nobody_else_is_even_looked_at(
    strategy: Strategy, drawn: tuple[list[Child], Child]
) -> None:
    _, failed = drawn

    assert plan_restart(strategy, failed, Unread()) == RestartChild()


def plan(strategy: Strategy, family: list[Child], failed: Child) -> RestartChildren:
    decision: Decision = plan_restart(strategy, failed, family)
    assert isinstance(decision, RestartChildren)
    return decision


def group(strategy: Strategy, family: list[Child], failed: Child) -> list[Child]:
    """Return who is concerned, said in another way than in the rules."""
    first = 0 if strategy == "one_for_all" else family.index(failed)
    return family[first:]


@given(TOGETHER, families())
def test_all_others_of_the_group_are_stopped_newest_first(
    strategy: Strategy, drawn: tuple[list[Child], Child]
) -> None:
    family, failed = drawn
    concerned = group(strategy, family, failed)

    stop = plan(strategy, family, failed).stop

    assert list(stop) == [c.id for c in concerned[::-1] if c is not failed]


@given(TOGETHER, families())
def test_the_temporary_ones_of_the_group_are_forgotten(
    strategy: Strategy, drawn: tuple[list[Child], Child]
) -> None:
    family, failed = drawn
    concerned = group(strategy, family, failed)

    forget = plan(strategy, family, failed).forget

    assert set(forget) == {c.id for c in concerned if c.restart == "temporary"}


@given(TOGETHER, families())
def test_the_others_of_the_group_are_started_oldest_first(
    strategy: Strategy, drawn: tuple[list[Child], Child]
) -> None:
    family, failed = drawn
    concerned = group(strategy, family, failed)

    start = plan(strategy, family, failed).start

    assert list(start) == [c.id for c in concerned if c.restart != "temporary"]


@given(families())
def test_rest_for_one_leaves_those_before_alone(
    drawn: tuple[list[Child], Child],
) -> None:
    family, failed = drawn
    before = {c.id for c in family[: family.index(failed)]}

    decision = plan("rest_for_one", family, failed)

    assert not before & {*decision.stop, *decision.forget, *decision.start}


@given(TOGETHER, families())
def test_whoever_is_started_was_stopped_or_is_the_one_that_failed(
    strategy: Strategy, drawn: tuple[list[Child], Child]
) -> None:
    family, failed = drawn
    decision = plan(strategy, family, failed)

    assert {*decision.start, *decision.forget} == {*decision.stop, failed.id}
    assert not {*decision.start} & {*decision.forget}


def test_the_failure_of_the_first_child_is_the_same_to_both_groups() -> None:
    family = [Child("a"), Child("b", "temporary"), Child("c", "transient")]

    for strategy in get_args(Strategy)[1:3]:
        assert plan(strategy, family, family[0]) == RestartChildren(
            stop=("c", "b"), forget=("b",), start=("a", "c")
        )


# -------------------------------------------------------------- the end as expected


@pytest.mark.parametrize("restart", get_args(Restart))
def test_whoever_was_told_to_shut_down_should_do_just_that(restart: Restart) -> None:
    assert is_expected_end(Shutdown(), restart, brutal=False)


@pytest.mark.parametrize("restart", get_args(Restart))
def test_whoever_was_killed_should_die_of_it(restart: Restart) -> None:
    assert is_expected_end(Killed(), restart, brutal=True)
    assert not is_expected_end(Killed(), restart, brutal=False)


@given(QUIET_REASONS, st.booleans())
def test_whoever_is_not_permanent_may_also_be_done(
    reason: ExitReason, brutal: bool
) -> None:
    assert is_expected_end(reason, "transient", brutal=brutal)
    assert is_expected_end(reason, "temporary", brutal=brutal)


@pytest.mark.parametrize("reason", [Normal(), Shutdown("done")])
@pytest.mark.parametrize("brutal", [True, False])
def test_a_permanent_child_is_never_done(reason: ExitReason, brutal: bool) -> None:
    assert not is_expected_end(reason, "permanent", brutal=brutal)


def test_a_permanent_child_that_is_killed_does_not_just_shut_down() -> None:
    assert not is_expected_end(Shutdown(), "permanent", brutal=True)


@given(st.sampled_from([r for r in LOUD if r != Killed()]), RESTARTS, st.booleans())
def test_anything_else_is_not_expected(
    reason: ExitReason, restart: Restart, brutal: bool
) -> None:
    assert not is_expected_end(reason, restart, brutal=brutal)
