"""The command line, the order of the measurements, and who is measured."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import attrs
import pytest

from benchmarks.growth import SUBJECTS
from benchmarks.growth.curves import measure_subject_afresh
from benchmarks.options import main, make_parser, peers_of
from benchmarks.peers import (
    BenchmarkError,
    ErlangPeer,
    PythonPeer,
    compiler,
    known_peers,
    missing,
)
from benchmarks.results import Result
from benchmarks.rows import BY_NAME, ROWS
from benchmarks.runner import (
    in_fresh_process,
    in_this_process,
    run_all,
    schedule,
    sizes_for,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.peers import Peer
    from benchmarks.rows import Metrics, Row, Scale, Sizes

PEERS = [PythonPeer("floor"), PythonPeer("otp"), PythonPeer("pykka")]
NOBODY = "/nowhere/erl"


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what is said about wrong options."""
    assert main(arguments) == 2
    return capsys.readouterr().err


def test_an_unknown_row_is_named_with_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = complaint(capsys, "--rows", "call,cal")

    assert "there is no row 'cal'" in text
    assert "call, cast" in text


def test_an_unknown_subject_of_growth_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "no row 'call', only dynamic" in complaint(
        capsys, "growth", "--rows", "call"
    )


def test_an_unknown_peer_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no peer 'akka'" in complaint(capsys, "--peers", "akka")


def test_a_peer_that_is_not_installed_is_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.peers.find_spec", lambda _: None)

    assert "pip install pykka" in complaint(capsys, "--peers", "pykka")


def test_erlang_is_asked_for_by_its_path(capsys: pytest.CaptureFixture[str]) -> None:
    text = complaint(capsys, "--peers", "erlang", "--erl", NOBODY)

    assert f"there is no '{NOBODY}' with its erlc" in text


def test_an_erlang_that_was_asked_for_by_its_path_is_not_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = complaint(capsys, "--smoke", "--rows", "call", "--erl", NOBODY)

    assert f"there is no '{NOBODY}'" in text


@pytest.mark.parametrize("option", ["--json", "--plot"])
def test_a_file_that_cannot_be_written_is_named_before_anything_is_measured(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    option: str,
) -> None:
    monkeypatch.setattr("benchmarks.options.load_matplotlib", lambda: None)
    file = str(tmp_path / "nowhere" / "file.svg")

    for growth in [], ["growth"]:
        assert main([*growth, "--smoke", option, file]) == 2
        shown = capsys.readouterr()
        assert f"{file} cannot be written" in shown.err
        assert not shown.out


@pytest.mark.parametrize("option", ["--peers=floor", "--scheduler=trio", "--erl=erl"])
def test_growth_takes_no_option_that_it_would_not_obey(
    capsys: pytest.CaptureFixture[str], option: str
) -> None:
    text = complaint(capsys, "growth", "--smoke", option)

    assert f"leave {option.partition('=')[0]} out" in text
    assert "OTP_SCHEDULER" in text


def test_every_row_can_be_chosen_from_a_list_with_commas() -> None:
    assert not [name for name in [*BY_NAME, *SUBJECTS] if "," in name]


def test_the_compiler_lives_beside_erl() -> None:
    assert compiler("/opt/bin/erl") == "/opt/bin/erlc"
    assert compiler("erl") == "erlc"


@pytest.mark.parametrize("repeats", ["0", "-1"])
def test_nothing_is_measured_less_than_once(
    capsys: pytest.CaptureFixture[str], repeats: str
) -> None:
    assert "--repeats is a number from 1" in complaint(capsys, f"--repeats={repeats}")


def test_a_run_is_quick_or_smoke(capsys: pytest.CaptureFixture[str]) -> None:
    assert "exclude each other" in complaint(capsys, "--quick", "--smoke")


def test_a_scheduler_is_chosen_only_where_there_is_a_choice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.options.has_schedulers", lambda: False)

    assert "takes no scheduler" in complaint(capsys, "--scheduler", "step")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ([], ["floor", "otp (trio)", "otp (step)"]),
        (["--scheduler", "both"], ["floor", "otp (trio)", "otp (step)"]),
        (["--scheduler", "step"], ["floor", "otp (step)"]),
        (["--scheduler", "trio"], ["floor", "otp (trio)"]),
        (["--peers", "otp (step)"], ["floor", "otp (step)"]),
    ],
)
def test_each_scheduler_is_a_peer(
    arguments: list[str], names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("options", "peers"):
        monkeypatch.setattr(f"benchmarks.{module}.has_schedulers", lambda: True)

    options = make_parser().parse_args(["--peers", "otp", *arguments])

    assert peers_of(options) == names


def test_without_schedulers_this_package_is_one_peer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in ("options", "peers"):
        monkeypatch.setattr(f"benchmarks.{module}.has_schedulers", lambda: False)

    options = make_parser().parse_args(["--peers", "otp"])

    assert peers_of(options) == ["floor", "otp"]


def test_a_plot_says_what_it_needs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    assert "pip install matplotlib" in complaint(capsys, "--plot", "plot.svg")


def test_a_plot_is_an_svg(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "plot.gif"

    text = complaint(capsys, "--smoke", "--rows", "call", "--plot", str(file))

    assert f"a picture is drawn as .svg, not as {file}" in text
    assert not file.exists()


def test_plots_are_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    ratios, growth = tmp_path / "ratios.svg", tmp_path / "growth.svg"

    table = ["--smoke", "--rows", "call,cast", "--plot", str(ratios)]
    curves = ["growth", "--smoke", "--rows", "names,timers", "--plot", str(growth)]
    assert [main(table), main(curves)] == [0, 0]

    assert "call: there and back" in ratios.read_text(encoding="utf-8")
    assert "look up" in growth.read_text(encoding="utf-8")


def test_a_smoke_run_prints_a_table_and_writes_the_numbers(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "results.json"

    status = main(["--smoke", "--rows", "call,watch", "--json", str(file)])

    table = capsys.readouterr().out
    assert status == 0
    assert table.startswith("| what | unit | floor | otp")
    assert "| call: there and back |" in table

    assert main(["--load", str(file), "--rows", "call,watch"]) == 0
    assert capsys.readouterr().out == table


def test_growth_is_shown_and_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "curves.json"

    status = main(["growth", "--smoke", "--rows", "timers", "--json", str(file)])

    table = capsys.readouterr().out
    assert status == 0
    assert "| timers: start |" in table

    assert main(["growth", "--load", str(file)]) == 0
    assert capsys.readouterr().out == table


@pytest.mark.slow
def test_a_measurement_has_a_process_of_its_own() -> None:
    result = in_fresh_process(PythonPeer("floor"), BY_NAME["call"], 3, "smoke")

    assert (result.peer, result.row, result.repeat) == ("floor", "call", 3)
    assert set(result.metrics) == {"mean", "p50", "p99"}
    assert not result.failure


@pytest.mark.slow
def test_what_a_peer_lacks_is_heard_from_its_process() -> None:
    result = in_fresh_process(PythonPeer("floor"), BY_NAME["watch"], 0, "smoke")

    assert result.lacks == "it has no monitors"


@pytest.mark.slow
def test_the_failure_of_a_process_is_told() -> None:
    result = in_fresh_process(PythonPeer("nobody"), BY_NAME["call"], 0, "smoke")

    assert result.failure == "KeyError: 'nobody'"


@attrs.frozen
class Stranger:
    """A peer that is no Python, like Erlang."""

    name: str = "erlang"
    limits: Mapping[str, Sizes] = attrs.field(factory=dict[str, "Sizes"])

    def command(self, row: Row, sizes: Sizes) -> list[str]:
        return [sys.executable, "-c", f"print({row.name!r}, {sizes['calls']})"]

    def read(self, output: str) -> Metrics:
        return {"calls": float(output.split()[1])}


def test_who_is_no_python_has_a_process_of_its_own_in_a_smoke_run_too() -> None:
    result = in_this_process(Stranger(), BY_NAME["call"], 0, "smoke")

    assert result.metrics == {"calls": 10.0}


@pytest.mark.slow
def test_growth_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.runner.PATIENCE", 0.0)

    with pytest.raises(BenchmarkError, match="timers, 10: no answer in 0 s"):
        measure_subject_afresh("timers", 10)


def test_erlang_has_no_process_for_what_it_lacks() -> None:
    peer = ErlangPeer("erl", "beams")

    result = in_fresh_process(peer, BY_NAME["registry"], 0, "smoke")

    assert result.lacks


def test_erlang_is_told_workload_and_sizes() -> None:
    command = ErlangPeer("erl", "beams").command(BY_NAME["restart_1k"], {"crashes": 7})

    assert command is not None
    assert command[0] == "erl"
    assert command[-3:] == ["-extra", "restart", "crashes=7"]


def test_the_numbers_of_erlang_are_read() -> None:
    assert ErlangPeer("erl", "beams").read("p50 1.5\np99 2\n") == {"p50": 1.5, "p99": 2}


def test_in_every_repeat_each_row_is_measured_with_all_peers_in_some_order() -> None:
    rows = ROWS[:2]

    order = list(schedule(PEERS, rows, 3, seed=1))

    places = [(repeat, row.name) for _, row, repeat in order]
    assert places == [
        (repeat, row.name) for repeat in range(3) for row in rows for _ in PEERS
    ]
    turns = [tuple(p.name for p, _, _ in order[n : n + 3]) for n in range(0, 18, 3)]
    assert all(sorted(turn) == ["floor", "otp", "pykka"] for turn in turns)
    assert len(set(turns)) > 1


def test_the_order_depends_on_the_seed_alone() -> None:
    def order(seed: int) -> list[str]:
        return [peer.name for peer, _, _ in schedule(PEERS, ROWS, 2, seed)]

    assert order(1) == order(1)
    assert order(1) != order(2)


def test_what_a_peer_lacks_is_asked_for_once() -> None:
    def measure(peer: Peer, row: Row, repeat: int, scale: Scale) -> Result:
        asked.append(repeat)
        assert scale == "quick"
        return Result(peer.name, row.name, repeat, lacks="it has none")

    asked: list[int] = []

    run_all(schedule(PEERS[:1], ROWS[:1], 3, 0), measure, "quick", lambda _: None)

    assert asked == [0]


def test_a_slow_peer_does_less() -> None:
    row = attrs.evolve(BY_NAME["call"], sizes={"calls": 100, "rest": 3})

    slow = sizes_for(PythonPeer("pykka", {"call": {"calls": 10}}), row, "full")
    quick = sizes_for(PythonPeer("floor"), row, "full")

    assert slow == ({"calls": 10, "rest": 3}, True)
    assert quick == ({"calls": 100, "rest": 3}, False)


def test_the_floor_is_always_there() -> None:
    assert known_peers()[0] == "floor"
    assert missing("floor", NOBODY) == ""
