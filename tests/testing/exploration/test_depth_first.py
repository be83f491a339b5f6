"""Depth-first search over programs that are only lists of what their steps touch."""

from __future__ import annotations

from itertools import pairwise
from math import factorial, prod

import pytest
from hypothesis import given, settings, strategies as st

from otp.testing._exploration._depth_first import DepthFirstChooser, commute

Program = list[list[frozenset[object] | None]]


def run(program: Program, chooser: DepthFirstChooser) -> list[tuple[int, int]]:
    """Run *program*, and return the steps as pairs of task and place in it."""
    places = [0] * len(program)
    steps: list[tuple[int, int]] = []
    last = -1
    while ready := [t for t, p in enumerate(places) if p < len(program[t])]:
        preempts = last in ready
        if preempts:
            ready.remove(last)
            ready.insert(0, last)
        choice = chooser.choose(ready, preempts=preempts) if len(ready) > 1 else 0
        last = ready[choice]
        steps.append((last, places[last]))
        places[last] += 1
        if chooser.reduces:
            chooser.stepped(last, program[last][places[last] - 1])
    return steps


def search(
    program: Program, *, preemptions: int | None = None, reduce: bool = False
) -> tuple[list[list[tuple[int, int]]], int]:
    """Return all runs that show something, and how many did not."""
    chooser = DepthFirstChooser(preemptions, reduce=reduce)
    found: list[list[tuple[int, int]]] = []
    redundant = 0
    while chooser.begin(0):
        steps = run(program, chooser)
        if chooser.redundant:
            redundant += 1
        else:
            found.append(steps)
    return found, redundant


def order(program: Program, steps: list[tuple[int, int]]) -> frozenset[object]:
    """Return in which order those steps came that may not change places."""
    return frozenset(
        (one, other)
        for n, one in enumerate(steps)
        for other in steps[n + 1 :]
        if one[0] == other[0]
        or not commute(program[one[0]][one[1]], program[other[0]][other[1]])
    )


@pytest.mark.parametrize("lengths", [(1,), (1, 1), (3, 3), (2, 2, 2), (4, 1, 2)])
def test_every_interleaving_is_tried_once(lengths: tuple[int, ...]) -> None:
    runs, _ = search([[None] * length for length in lengths])

    expected = factorial(sum(lengths)) // prod(map(factorial, lengths))
    assert len(runs) == expected == len(set(map(tuple, runs)))


def test_without_preemptions_the_tasks_come_one_after_the_other() -> None:
    runs, _ = search([[None] * 3] * 3, preemptions=0)

    assert len(runs) == 6
    assert [task for task, _ in runs[0]] == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_the_number_of_preemptions_is_kept() -> None:
    runs, _ = search([[None] * 3] * 2, preemptions=1)

    switches = [
        sum(one[0] != other[0] for one, other in pairwise(steps)) for steps in runs
    ]
    assert max(switches) == 2
    assert len(runs) == 6


footprints = st.frozensets(st.sampled_from("abc"), min_size=1, max_size=2)


@settings(max_examples=60)
@given(
    st.lists(
        st.lists(st.one_of(st.none(), footprints), min_size=1, max_size=3),
        min_size=1,
        max_size=3,
    )
)
def test_what_is_left_out_differs_only_in_steps_that_may_change_places(
    program: Program,
) -> None:
    everything, _ = search(program)
    reduced, _ = search(program, reduce=True)

    orders = [order(program, steps) for steps in reduced]
    assert set(orders) == {order(program, steps) for steps in everything}
    assert len(orders) == len(set(orders))


def test_steps_that_touch_nothing_in_common_are_tried_in_one_order() -> None:
    mine, yours = frozenset({"mine"}), frozenset({"yours"})

    runs, _ = search([[mine] * 4, [yours] * 4], reduce=True)

    assert len(runs) == 1
