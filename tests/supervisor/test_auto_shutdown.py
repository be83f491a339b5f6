"""When the end of a significant child is the end of the supervisor."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import attrs
from hypothesis import given, strategies as st

from otp.supervisor import AutoShutdown
from otp.supervisor._auto_shutdown import Member, shuts_down

if TYPE_CHECKING:
    from collections.abc import Iterator


@attrs.frozen
class Child:
    significant: bool
    is_up: bool = False


class Unread:
    """A family that nobody may look at."""

    def __iter__(self) -> Iterator[Member]:
        raise AssertionError("the family is looked at")


MODES: st.SearchStrategy[AutoShutdown] = st.sampled_from(get_args(AutoShutdown))
FAMILIES = st.lists(st.builds(Child, st.booleans(), st.booleans()))
SIGNIFICANT, OTHER = Child(significant=True), Child(significant=False)


def test_never_means_never() -> None:
    assert not shuts_down("never", SIGNIFICANT, Unread())


@given(MODES)
def test_an_insignificant_child_does_not_matter(mode: AutoShutdown) -> None:
    assert not shuts_down(mode, OTHER, Unread())


def test_any_means_the_first_one() -> None:
    assert shuts_down("any_significant", SIGNIFICANT, Unread())


@given(FAMILIES)
def test_all_means_when_no_significant_child_is_up(family: list[Child]) -> None:
    left = Child(significant=True, is_up=True) in family

    assert shuts_down("all_significant", SIGNIFICANT, family) is not left


def test_a_significant_child_that_never_ran_does_not_count() -> None:
    assert shuts_down("all_significant", SIGNIFICANT, [SIGNIFICANT, SIGNIFICANT])
