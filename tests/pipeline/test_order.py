from __future__ import annotations

from itertools import pairwise, permutations
from typing import get_args

import pytest
from hypothesis import given, strategies as st

from otp.pipeline._order import Inversion, find_inversions, right_order
from otp.protection import Place

RIGHT: list[Place] = [*get_args(Place)]
PLACES: st.SearchStrategy[Place | None] = st.sampled_from([*RIGHT, None])


def pairs(places: list[Place | None]) -> list[tuple[int, int]]:
    return [(found.outer, found.inner) for found in find_inversions(places)]


def test_in_the_right_order_nothing_is_inverted() -> None:
    assert find_inversions(RIGHT) == []
    assert find_inversions([]) == []
    assert find_inversions(["retry", "retry", "rate", "rate"]) == []


@pytest.mark.parametrize(("outer", "inner"), [(b, a) for a, b in pairwise(RIGHT)])
def test_two_neighbours_in_the_inverse_order_are_told_with_the_reason(
    outer: Place, inner: Place
) -> None:
    [found] = find_inversions([outer, inner])

    assert (found.outer, found.inner) == (0, 1)
    assert len(found.why) > 20


def test_each_part_that_is_too_far_inside_is_told_once() -> None:
    assert pairs([*reversed(RIGHT)]) == [(0, n) for n in range(1, 6)]
    assert pairs(["breaker", "bulkhead", "retry"]) == [(0, 2)]


def test_the_reason_is_that_of_the_two() -> None:
    assert find_inversions(["breaker", "retry"]) == [
        Inversion(0, 1, "the breaker counts all attempts as one call")
    ]
    assert find_inversions(["retry", "fallback"]) == [
        Inversion(
            0, 1, "what is around the fallback takes its substitutes for successes"
        )
    ]


def test_a_time_out_around_all_is_right_if_there_is_one_for_each_attempt() -> None:
    assert pairs(["timeout", "retry", "breaker", "timeout"]) == []
    assert pairs(["timeout", "retry", "breaker"]) == [(0, 1), (0, 2)]
    assert pairs(["retry", "timeout", "breaker", "timeout", "bulkhead"]) == []


def test_it_does_not_hide_what_else_is_wrong() -> None:
    assert pairs(["timeout", "breaker", "retry", "timeout"]) == [(1, 2)]
    assert right_order(["timeout", "breaker", "retry", "timeout"]) == [0, 2, 1, 3]
    assert right_order(["breaker", "timeout", "retry", "timeout"]) == [1, 2, 0, 3]
    assert right_order(["fallback", "timeout", "retry", "timeout"]) == [0, 1, 2, 3]
    assert right_order(["timeout", "fallback", "timeout"]) == [1, 0, 2]
    assert right_order(["timeout", None, "retry", "timeout"]) == [0, 1, 2, 3]
    assert right_order([None, "fallback"]) == [0, 1]
    assert right_order(["bulkhead", "timeout"]) == [1, 0]


def test_what_has_no_place_is_right_everywhere() -> None:
    assert pairs([None, "retry", None, "breaker", None]) == []
    assert pairs([None, "breaker", None, "retry"]) == [(1, 3)]


@pytest.mark.parametrize("order", [*permutations(range(4))])
def test_any_order_can_be_put_right(order: tuple[int, ...]) -> None:
    places: list[Place | None] = [RIGHT[n] for n in order]

    assert [places[n] for n in right_order(places)] == RIGHT[:4]


@given(st.lists(PLACES, max_size=7))
def test_what_is_put_right_is_right(places: list[Place | None]) -> None:
    right = right_order(places)

    assert sorted(right) == list(range(len(places)))
    assert find_inversions([places[n] for n in right]) == []
    if not find_inversions(places) and places.count("timeout") < 2:
        assert right == sorted(right)
