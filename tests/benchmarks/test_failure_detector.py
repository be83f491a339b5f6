"""What is measured about failure detectors is what it is said to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.failure_detector.__main__ import main
from benchmarks.failure_detector.replay import CERTAIN, Chen, replay
from benchmarks.failure_detector.trace import (
    Beat,
    TraceError,
    make_trace,
    read_trace,
    write_trace,
)
from benchmarks.failure_detector.tradeoff import contenders, interval_of, table
from otp.failure_detector import Deadline

if TYPE_CHECKING:
    from pathlib import Path

# One a second, each half a second under way; one is late, and two are lost.
TRACE = [
    Beat(n, float(n), None if n in {600, 601} else n + (2.0 if n == 300 else 0.5))
    for n in range(1001)
]


def test_the_quality_is_counted_by_hand() -> None:
    found = replay(
        TRACE, Deadline(interval=1.0, acceptable_pause=0.2).detector(), CERTAIN
    )

    assert found.detection_time == pytest.approx(1.7, abs=1e-5)
    # A second and a half after the last one instead of one, and three seconds.
    assert found.mistake_rate == pytest.approx(2 / 1000)
    assert found.mistake_duration == pytest.approx((0.8 + 1.8) / 2, abs=1e-5)
    assert found.query_accuracy == pytest.approx(1 - 2.6 / 1000, abs=1e-6)


def test_who_knows_the_numbers_expects_the_next() -> None:
    found = replay(TRACE, Chen(TRACE, 1.0, 0.2), CERTAIN)

    assert found.detection_time == pytest.approx(1.7, abs=0.01)
    assert found.mistake_rate == pytest.approx(2 / 1000)


def test_a_trace_is_what_it_was_when_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "trace.csv"
    made = list(make_trace(2000))
    write_trace(file, made)

    found = read_trace(file)

    assert [beat.number for beat in found] == list(range(2000))
    assert found[7].received == pytest.approx(made[7].received, abs=1e-6)
    assert [b.received is None for b in found] == [b.received is None for b in made]
    assert interval_of(found) == pytest.approx(0.1, rel=1e-3)


def test_a_made_up_trace_is_that_of_its_seed() -> None:
    assert list(make_trace(500, seed=2)) == list(make_trace(500, seed=2))
    assert list(make_trace(500, seed=2)) != list(make_trace(500, seed=3))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the first line of a trace is number,sent,received"),
        ("a,b,c\n", "the first line of a trace is number,sent,received"),
        ("number,sent,received\n0,0,0.1\n", "two heartbeats at least"),
        ("number,sent,received\n0,0,0.1\n1,x,\n", "line 3: not a number and two"),
        ("number,sent,received\n0,0\n", "line 2: not a number and two times: 0,0"),
    ],
)
def test_what_is_no_trace_is_refused(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "trace.csv"
    file.write_text(text)

    with pytest.raises(TraceError, match=why):
        read_trace(file)


def test_there_is_a_line_for_each_detector() -> None:
    beats = list(make_trace(1000))
    lines = list(table(beats))

    assert lines[0].startswith("1000 heartbeats, one every 100 ms")
    assert len(lines) == 3 + len(list(contenders(beats)))


def test_a_trace_of_ones_own_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "trace.csv"

    main(["trace", str(file), "--beats", "300"])
    main(["tradeoff", "--trace", str(file)])

    assert "300 heartbeats" in capsys.readouterr().out


def test_a_trace_that_is_not_there_is_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["tradeoff", "--trace", str(tmp_path / "no.csv")])

    assert "No such file" in capsys.readouterr().err
