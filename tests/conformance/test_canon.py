"""When two traces are the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.canon import canon
from tests.conformance.compare import COMMON, difference

EXIT = ["msg", "a", ["EXIT", ["$pid", "b"], "boom"]]
DOWN = ["msg", "a", ["DOWN", "m1", "process", ["$pid", "b"], "boom"]]
OTHER_DOWN = ["msg", "a", ["DOWN", "m2", "process", ["$pid", "b"], "boom"]]
MAIL = ["msg", "a", ["m", "x", 1]]
END = ["exit", "a", "boom"]


def same(kind: str, one: list[Any], other: list[Any]) -> bool:
    return canon(kind, one) == canon(kind, other)


@pytest.mark.parametrize("kind", ["signals", "gen_server"])
def test_nothing_is_said_about_the_order_of_two_processes(kind: str) -> None:
    one, other = ["exit", "a", "boom"], ["exit", "b", "boom"]
    assert same(kind, [["step", 1], one, other], [["step", 1], other, one])


@pytest.mark.parametrize("kind", ["signals", "gen_server"])
def test_a_process_has_its_own_order(kind: str) -> None:
    assert not same(kind, [MAIL, EXIT], [EXIT, MAIL])


@pytest.mark.parametrize("kind", ["signals", "gen_server"])
def test_a_step_ends_where_it_ends(kind: str) -> None:
    assert not same(
        kind, [["step", 1], MAIL, ["step", 2]], [["step", 1], ["step", 2], MAIL]
    )


def test_a_supervisors_trace_is_compared_event_by_event() -> None:
    one, other = ["exit", "a", 1, "boom"], ["exit", "b", 1, "boom"]
    assert same("supervisor", [one, other], [one, other])
    assert not same("supervisor", [one, other], [other, one])


def test_the_server_is_one_process_whatever_it_does() -> None:
    one, other = ["handle_cast", "x", 0], ["terminate", "normal", 1]
    assert not same("gen_server", [one, other], [other, one])


def test_exits_and_monitors_that_come_together_have_no_order() -> None:
    assert same("signals", [EXIT, DOWN, OTHER_DOWN], [OTHER_DOWN, EXIT, DOWN])
    assert not same("signals", [EXIT, MAIL, DOWN], [DOWN, MAIL, EXIT])


def test_the_end_of_a_process_is_its_last_event() -> None:
    result = ["result", 1, "a", True]
    assert same("signals", [END, result], [result, END])


def test_what_a_process_takes_just_before_it_dies_is_left_out() -> None:
    assert same("signals", [MAIL, EXIT, END], [MAIL, END])
    assert not same("signals", [EXIT, MAIL, END], [MAIL, END])


def test_a_command_to_nobody_is_the_drivers() -> None:
    noproc = ["noproc", 1, "a"]
    assert same("signals", [noproc, MAIL], [MAIL, noproc])


def test_a_difference_is_told_with_what_both_have_before_it() -> None:
    scenario = {"kind": "gen_server", "id": 7}
    both = [["handle_cast", "x", n] for n in range(20)]
    there = {"scenario": scenario, "trace": [*both, ["init"]], "final": "alive"}
    here = {"id": 7, "trace": both, "final": "dead"}
    text = difference(there, here).splitlines()
    assert text[0] == f"scenario {json.dumps(scenario)}"
    assert text[1 : COMMON + 1] == [
        f"  both   {json.dumps(event)}" for event in both[-COMMON:]
    ]
    assert text[COMMON + 1 :] == [
        '  Erlang ["init"]',
        '  Erlang ["final", "alive"]',
        '  here   ["final", "dead"]',
    ]


def test_equal_traces_have_no_difference() -> None:
    there = {"scenario": {"id": 1}, "trace": [["init", "top", 1]], "final": "dead"}
    here = {"id": 1, "trace": [["init", "top", 1]], "final": "dead"}
    assert difference(there, here) == ""
