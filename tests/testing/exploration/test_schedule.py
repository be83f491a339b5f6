from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from otp import InvalidSpecError
from otp.testing._exploration._schedule import (
    format_schedule,
    parse_schedule,
    tell_steps,
)


@pytest.mark.parametrize(
    ("choices", "text"),
    [
        ([], "-"),
        ([0, 0], "-"),
        ([0] * 10 + [2], "0(10)2"),
        ([1, 1, 1, 0, 12], "1110c"),
        ([3] * 5, "3(5)"),
    ],
)
def test_a_schedule_is_one_short_word(choices: list[int], text: str) -> None:
    assert format_schedule(choices) == text


@given(st.lists(st.integers(0, 35)))
def test_what_is_written_is_read_again_but_for_zeros_at_the_end(
    choices: list[int],
) -> None:
    again = parse_schedule(format_schedule(choices))

    assert again == choices[: len(again)]
    assert not any(choices[len(again) :])
    assert not again or again[-1] > 0


@pytest.mark.parametrize("text", ["", "0(", "0(0)1", "A", "0 1", "-1", "0()"])
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(InvalidSpecError, match="a schedule is written like"):
        parse_schedule(text)


def test_steps_are_told_in_order_and_counted() -> None:
    told = tell_steps([1, 1, 2, 1], {1: "client", 2: "server"})

    assert told == "client x2, server, client"


def test_tasks_of_one_name_are_told_apart() -> None:
    told = tell_steps([3, 7, 7, 1], {1: "main", 3: "add", 7: "add"})

    assert told == "add#1, add#2 x2, main"


def test_what_a_node_does_for_itself_is_not_told() -> None:
    assert tell_steps([1, 2, 1], {1: "otp timers", 2: "main"}) == "main"


def test_the_middle_of_a_long_story_is_left_out() -> None:
    told = tell_steps(range(100), {n: str(n) for n in range(100)}, most=4)

    assert told == "0, 1, ... (96 more) ..., 98, 99"
