"""What Erlang/OTP 27's supervisors did in the recorded scenarios is done here."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance import deviations
from tests.conformance.compare import Chunk, chunks, differences, records, replay
from tests.conformance.driver import answer

FIXED = records("supervisor_fixed.otp27.jsonl")

DEVIATING = {"spec_errors": deviations.SPECIFICATION_COMES_FIRST}


@pytest.mark.slow
@pytest.mark.parametrize("chunk", chunks("supervisor_random.otp27.jsonl.xz"), ids=str)
def test_every_event_is_erlangs_in_erlangs_order(chunk: Chunk) -> None:
    assert not differences(chunk.records())


@pytest.mark.slow
def test_every_event_of_the_hand_made_scenarios_is_erlangs() -> None:
    assert not differences(r for r in FIXED if r["scenario"]["id"] not in DEVIATING)


@pytest.mark.parametrize("name", DEVIATING)
def test_few_hand_made_scenarios_deviate(name: str) -> None:
    (record,) = [r for r in FIXED if r["scenario"]["id"] == name]
    assert replay(record)["deviation"] == DEVIATING[name].reason


def test_but_for_one_answer_the_deviating_scenario_is_erlangs() -> None:
    (record,) = [r for r in FIXED if r["scenario"]["id"] == "spec_errors"]
    here, there = replay(record)["trace"], record["trace"]
    differing = [pair for pair in zip(here, there, strict=True) if pair[0] != pair[1]]
    assert differing == [
        (
            ["result", 8, _bad_combination("{restart,permanent}")],
            ["result", 8, _bad_combination("{auto_shutdown,never}")],
        )
    ]


def _bad_combination(what: str) -> str:
    return f"{{error,{{bad_combination,[{what},{{significant,true}}]}}}}"


def one_worker(*steps: Any, **child: Any) -> Any:
    return {"id": 1, "children": [{"id": "a", **child}], "steps": list(steps)}


def test_an_exception_that_carries_shutdown_is_a_crash() -> None:
    line = answer(one_worker(["error", "a", "shutdown"], restart="transient"))
    assert line["deviation"] == deviations.CRASH_IS_A_CRASH.reason
    assert line["final"] == ["{a,{'$pid',a,2},worker}"]


def test_a_supervisor_survives_a_cast() -> None:
    line = answer(one_worker(["crash", "top", "boom"]))
    assert line["deviation"] == deviations.SUPERVISOR_DROPS_CASTS.reason
    assert line["final"] == ["{a,{'$pid',a,1},worker}"]


def test_the_restart_window_counts_ticks_and_nothing_else() -> None:
    kill = ["exit", "a", "kill"]
    # Erlang's default: two restarts within five seconds are one too many.
    line = answer(one_worker(kill, ["sleep", 900], ["tick", 6], kill))
    assert line["final"] == ["{a,{'$pid',a,3},worker}"]


def test_a_scenario_that_hangs_is_given_up() -> None:
    stuck = [{"trap": True, "term": "stuck"}]
    stop = ["terminate_child", "top", "a"]
    line = answer(one_worker(stop, shutdown="infinity", behave=stuck))
    assert line["final"] == "timeout"
