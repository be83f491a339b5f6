"""The command that replays scenarios."""

from __future__ import annotations

import gzip
import io
import json
import lzma
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.driver import main

if TYPE_CHECKING:
    from pathlib import Path

SCENARIO = {
    "kind": "signals",
    "id": "x",
    "procs": ["a"],
    "steps": [["do", "a", ["exit", "boom"]]],
}
LINE = {"scenario": SCENARIO, "trace": "not looked at", "other": 1}
ANSWER = {
    "id": "x",
    "trace": [["step", 1], ["exit", "a", "boom"]],
    "final": [["a", "dead"]],
}


def printed(capsys: pytest.CaptureFixture[str]) -> list[Any]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("suffix", "packed"),
    [("", bytes), (".gz", gzip.compress), (".xz", lzma.compress)],
)
def test_a_file_is_replayed_line_by_line(
    suffix: str, packed: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"two.jsonl{suffix}"
    path.write_bytes(packed((json.dumps(LINE) + "\n\n" + json.dumps(LINE)).encode()))
    assert main([str(path)]) == 0
    assert printed(capsys) == [ANSWER, ANSWER]


def test_the_standard_input_is_replayed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(LINE)))
    assert main(["-"]) == 0
    assert printed(capsys) == [ANSWER]


def test_what_cannot_be_replayed_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = {"scenario": {**SCENARIO, "id": 1, "kind": "gen_odd"}}
    text = f"{json.dumps(unknown)}\n{json.dumps(LINE)}"
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(["-"]) == 1
    assert printed(capsys) == [{"id": 1, "error": "KeyError('gen_odd')"}, ANSWER]
