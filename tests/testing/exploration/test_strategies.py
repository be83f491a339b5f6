from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from otp.testing import DepthFirst, Pct, RandomWalk, Replay


def test_a_random_walk_takes_everybody_as_often() -> None:
    chooser = RandomWalk().start(Random(1))

    counted = Counter(chooser.choose([7, 8, 9], preempts=False) for _ in range(3000))

    assert set(counted) == {0, 1, 2}
    assert min(counted.values()) > 900


@pytest.mark.parametrize("seed", range(20))
def test_pct_without_a_change_lets_the_same_one_go_on(seed: int) -> None:
    chooser = Pct(depth=1).start(Random(seed))
    assert chooser.begin(10)

    seen = {[1, 2, 3][chooser.choose([1, 2, 3], preempts=True)] for _ in range(10)}

    assert len(seen) == 1


@pytest.mark.parametrize("seed", range(20))
def test_pct_lets_who_falls_behind_wait_for_all_others(seed: int) -> None:
    chooser = Pct(depth=2).start(Random(seed))
    chooser.begin(10)

    order = [[1, 2, 3][chooser.choose([1, 2, 3], preempts=True)] for _ in range(20)]

    first, second = dict.fromkeys(order)
    assert order == [first] * order.count(first) + [second] * order.count(second)
    # And behind the third one, too.
    third = ({1, 2, 3} - {first, second}).pop()
    options = [first, third]
    assert options[chooser.choose(options, preempts=True)] == third


def test_pct_changes_as_often_as_its_depth_says() -> None:
    seen: set[int] = set()
    for seed in range(50):
        chooser = Pct(depth=4).start(Random(seed))
        chooser.begin(10)

        order = [chooser.choose(range(6), preempts=True) for _ in range(20)]
        seen.add(len(set(order)))

    # Who falls behind at once has not been seen.
    assert max(seen) == 4


@pytest.mark.parametrize("wanted", ["abcab", "abcba"])
def test_pct_finds_every_order_that_takes_as_many_changes(wanted: str) -> None:
    chooser = Pct(depth=3).start(Random(0))
    seen: set[str] = set()

    for _ in range(1000):
        chooser.begin(5)
        left = list("aabbc")
        order = ""
        while left:
            options = sorted(set(left))
            # A choice only if there are several, as in a run.
            numbers = [ord(name) for name in options]
            alone = len(options) == 1
            chosen = 0 if alone else chooser.choose(numbers, preempts=False)
            order += options[chosen]
            left.remove(options[chosen])
        seen.add(order)

    assert wanted in seen


def test_pct_begins_each_run_anew() -> None:
    chooser = Pct(depth=1).start(Random(1))
    firsts: set[int] = set()
    for _ in range(30):
        chooser.begin(5)
        firsts.add(chooser.choose([4, 5, 6], preempts=False))

    assert firsts == {0, 1, 2}


def test_a_replay_is_one_run_and_counts_round() -> None:
    chooser = Replay([1, 5]).start(Random(0))

    assert chooser.begin(0)
    assert [chooser.choose([1, 2, 3], preempts=False) for _ in range(3)] == [1, 2, 0]
    assert not chooser.begin(0)


@pytest.mark.parametrize(
    ("strategy", "text"),
    [
        (RandomWalk(), "random walk"),
        (Pct(2), "PCT, depth 2"),
        (DepthFirst(), "depth-first"),
        (Replay("01"), "replay"),
    ],
)
def test_a_strategy_says_what_it_is(strategy: object, text: str) -> None:
    assert str(strategy) == text
