from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, strategies as st

from otp.testing._exploration._shrink import rank, shrink_schedule, simpler, trimmed

if TYPE_CHECKING:
    from collections.abc import Sequence


@given(st.lists(st.integers(0, 3), max_size=12), st.integers(0, 11), st.integers(1, 3))
def test_what_is_not_needed_is_left_out(
    choices: list[int], place: int, needed: int
) -> None:
    def fails(candidate: Sequence[int]) -> Sequence[int] | None:
        there = place < len(candidate) and candidate[place] >= needed
        return candidate if there else None

    if fails(choices) is None:
        return

    assert shrink_schedule(choices, fails, 10_000) == [*(0,) * place, needed]


def test_two_preemptions_that_belong_together_are_both_kept() -> None:
    def fails(candidate: Sequence[int]) -> Sequence[int] | None:
        return candidate if sum(c == 2 for c in candidate) >= 2 else None

    assert shrink_schedule([1, 2, 0, 3, 0, 2, 1], fails, 1000) == [2, 2]


def test_the_runs_that_it_may_take_are_limited() -> None:
    tried: list[Sequence[int]] = []

    def fails(candidate: Sequence[int]) -> None:
        tried.append(candidate)

    assert shrink_schedule([1] * 50, fails, 7) == [1] * 50
    assert len(tried) == 7


def test_what_was_really_chosen_counts() -> None:
    def fails(candidate: Sequence[int]) -> Sequence[int] | None:
        # Where there are only two to choose from, a 3 is a 1.
        return [choice % 2 for choice in candidate] if any(candidate) else None

    assert shrink_schedule([0, 3], fails, 100) == [1]


def test_what_is_made_no_simpler_is_not_taken() -> None:
    assert shrink_schedule([1], lambda _: [1, 1, 1], 100) == [1]


@given(st.lists(st.integers(0, 3), max_size=8))
def test_what_is_tried_is_never_longer(choices: list[int]) -> None:
    assert all(len(other) <= len(choices) for other in simpler(choices))


def test_fewer_preemptions_are_simpler_than_a_shorter_schedule() -> None:
    assert rank([0, 0, 0, 3]) < rank([1, 1])


def test_zeros_at_the_end_say_nothing() -> None:
    assert trimmed([0, 1, 0, 0]) == [0, 1]
