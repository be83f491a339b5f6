"""Medians, ratios and the tables made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.files import load_curves, load_results, save_curves, save_results
from benchmarks.growth import sizes_of
from benchmarks.peers import BenchmarkError
from benchmarks.results import Result, Results
from benchmarks.rows import ROWS, SMOKE, Metric, Row
from benchmarks.table import cost, digits, growth_to_markdown, to_markdown
from benchmarks.tools import median_us, percentile

if TYPE_CHECKING:
    from pathlib import Path

ROW = Row("call", "call", (Metric("mean", "a call"),), {"calls": 1_000}, {"calls": 99})


def result(peer: str, mean: float, repeat: int = 0, *, reduced: bool = False) -> Result:
    """Return a measurement of `ROW`."""
    return Result(peer, "call", repeat, {"mean": mean}, reduced)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0123, "0.012"),
        (0.1, "0.10"),
        (1.234, "1.23"),
        (12.34, "12.3"),
        (123.4, "123"),
        (12345.6, "12,346"),
    ],
)
def test_a_number_has_about_three_digits(number: float, text: str) -> None:
    assert digits(number) == text


def test_bytes_are_whole() -> None:
    assert (cost(12.6, "B"), cost(12.6, "us")) == ("13", "12.6")


def test_a_ratio_is_the_median_of_those_within_each_repeat() -> None:
    floors = [1.0, 2.0, 4.0]
    mine = [2.0, 4.0, 40.0]
    results = Results(
        "here",
        [result("floor", mean, n) for n, mean in enumerate(floors)]
        + [result("otp", mean, n) for n, mean in enumerate(mine)],
    )

    assert results.ratios("otp", "call", "mean") == [2.0, 2.0, 10.0]
    assert results.ratio("otp", "call", "mean") == 2.0
    assert results.median("otp", "call", "mean") == 4.0
    assert results.repeats() == 3


def test_a_repeat_without_the_floor_has_no_ratio() -> None:
    results = Results("here", [result("floor", 1.0, 0), result("otp", 3.0, 1)])

    assert results.ratios("otp", "call", "mean") == []
    assert results.ratio("otp", "call", "mean") is None


def test_a_floor_that_costs_nothing_has_no_ratio() -> None:
    results = Results("here", [result("floor", 0.0), result("otp", 3.0)])

    assert results.ratios("otp", "call", "mean") == []


def test_the_table_has_a_column_for_each_peer_in_their_order() -> None:
    results = Results("here", [result("erlang", 0.5), result("floor", 2.0)])

    assert to_markdown(results, [ROW]).splitlines() == [
        "| what | unit | floor | erlang |",
        "| --- | --- | ---: | ---: |",
        "| a call | µs | 2.00 | 0.50 (0.25×) |",
        "",
        "here, one run.",
    ]


def test_less_work_than_that_of_others_is_marked() -> None:
    results = Results("here", [result("floor", 2.0), result("pykka", 4, reduced=True)])

    table = to_markdown(results, [ROW])

    assert "| 4.00\\* (2.00×) |" in table
    assert table.endswith("\\* measured with fewer of them than the others.")


def test_a_failure_is_in_the_table_and_below_it() -> None:
    failed = Result("otp", "call", 0, failure="it hangs")
    results = Results("here", [result("floor", 2.0), failed])

    table = to_markdown(results, [ROW])

    assert "| 2.00 | failed |" in table
    assert table.endswith("otp, call: it hangs")
    assert results.failures() == [failed]


def test_what_nobody_has_is_left_out() -> None:
    nobody = Result("floor", "call", 0, lacks="it has no calls")

    assert "a call" not in to_markdown(Results("here", [nobody]), [ROW])


def test_results_come_back_from_a_file(tmp_path: Path) -> None:
    file = str(tmp_path / "results.json")
    results = Results("here", [result("floor", 2.0), result("otp", 3.0)])

    save_results(file, results)
    again = load_results(file)

    assert (again.machine, list(again)) == ("here", list(results))


def test_curves_come_back_from_a_file(tmp_path: Path) -> None:
    file = str(tmp_path / "curves.json")
    curves = {"timers": {"start": {10: 1.5, 100: 1.25}}}

    save_curves(file, curves)

    assert load_curves(file) == curves


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    file = str(tmp_path / "results.json")
    save_results(file, Results("here"))

    with pytest.raises(BenchmarkError, match="has no curves"):
        load_curves(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="cannot be read"):
        load_results(str(tmp_path / "none.json"))


def test_growth_compares_the_most_with_a_thousand() -> None:
    curves = {
        "timers": {"start": {10: 9.0, 1_000: 2.0, 10_000: 3.0}},
        "names": {"look up": {10: 1.0, 1_000: 1.0}},
    }

    assert growth_to_markdown(curves).splitlines() == [
        "| µs | 10 | 1,000 | 10,000 | growth |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| timers: start | 9.00 | 2.00 | 3.00 | 1.50× |",
        "| names: look up | 1.00 | 1.00 |  |  |",
    ]


def test_sizes_are_powers_of_ten() -> None:
    assert sizes_of("timers") == [10, 100, 1_000, 10_000, 100_000]
    assert sizes_of("timers", 10) == [10]
    assert sizes_of("mailbox")[-1] == 1_000_000


def test_a_quick_run_is_smaller_and_a_smoke_run_tiny() -> None:
    assert ROW.sizes_for("full") == {"calls": 1_000}
    assert ROW.sizes_for("quick") == {"calls": 99}
    assert ROW.sizes_for("smoke") == {"calls": SMOKE}


def test_the_rows_have_different_names_and_labels() -> None:
    labels = [metric.label for row in ROWS for metric in row.metrics]

    assert len({row.name for row in ROWS}) == len(ROWS)
    assert len(set(labels)) == len(labels)


def test_a_percentile_is_one_of_the_times() -> None:
    times = [n / 1e6 for n in range(100, 0, -1)]

    assert percentile(times, 0.5) == pytest.approx(51)
    assert percentile(times, 0.99) == pytest.approx(100)
    assert percentile([1e-6], 1.0) == pytest.approx(1)
    assert median_us([1e-6, 5e-6, 2e-6]) == pytest.approx(2)
