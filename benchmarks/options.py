"""The command line: ``python -m benchmarks [growth] [options]``.

Without a word it prints the table of everybody who is here, compared with the floor;
with "growth" what an operation costs when there are many.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, TypeVar

from .files import (
    check_writable,
    load_curves,
    load_results,
    save_curves,
    save_results,
)
from .growth import SUBJECTS
from .growth.curves import measure_growth, measure_subject, measure_subject_afresh
from .hooks import has_schedulers
from .peers import ERL, BenchmarkError, choose, make, missing
from .plot import load_matplotlib, plot_growth, plot_ratios
from .results import BASELINE, Results
from .rows import BY_NAME
from .runner import in_fresh_process, in_this_process, run_all, schedule
from .table import growth_to_markdown, to_markdown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .rows import Row, Scale

T = TypeVar("T")

LARGEST: Final[dict[Scale, int]] = {"full": 100_000, "quick": 10_000, "smoke": 10}
"""How many there are at most, where growth is measured."""


def make_parser() -> ArgumentParser:
    """Return what reads the options."""
    parser = ArgumentParser("python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("what", nargs="?", default="table", choices=["table", "growth"])
    add("--quick", action="store_true", help="smaller sizes, under two minutes")
    add("--smoke", action="store_true", help="tiny sizes: only whether it works")
    add("--rows", type=_list, default=[], help="some rows, separated by commas")
    add("--peers", type=_list, default=[], help="some peers, separated by commas")
    add("--repeats", type=int, help="of each measurement: 5, for growth 3, if quick 1")
    add("--seed", type=int, default=0, help="of the random order")
    add("--scheduler", choices=["trio", "step", "both"], help="of otp's node")
    add("--erl", metavar="PATH", help="the command of Erlang, if it is not in the path")
    add("--json", metavar="FILE", help="write every number there")
    add("--load", metavar="FILE", help="show the numbers in such a file again")
    add("--plot", metavar="FILE", help="draw a picture there, as .svg")
    return parser


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked for, and return the exit status."""
    options = make_parser().parse_args(arguments)
    try:
        check_files(options)
        return (_growth if options.what == "growth" else _table)(options)
    except BenchmarkError as error:
        print(f"python -m benchmarks: {error}", file=sys.stderr)
        return 2


def check_files(options: Namespace) -> None:
    """Refuse what could not be written in the end, before the time is spent.

    Raises:
        BenchmarkError: a file cannot be written, or a picture not be drawn.
    """
    if options.plot:
        if not options.plot.endswith(".svg"):
            raise BenchmarkError(f"a picture is drawn as .svg, not as {options.plot}")
        load_matplotlib()
    for file in filter(None, [options.json, options.plot]):
        check_writable(file)


def scale_of(options: Namespace) -> Scale:
    """Return which sizes are wanted."""
    if options.quick and options.smoke:
        raise BenchmarkError("--quick and --smoke exclude each other")
    return "smoke" if options.smoke else "quick" if options.quick else "full"


def repeats_of(options: Namespace) -> int:
    """Return how often each is measured."""
    if options.repeats is None:
        often = 3 if options.what == "growth" else 5
        return often if scale_of(options) == "full" else 1
    if options.repeats < 1:
        raise BenchmarkError(f"--repeats is a number from 1, not {options.repeats}")
    return int(options.repeats)


def pick(known: Mapping[str, T], wanted: Sequence[str]) -> list[T]:
    """Return those rows that are wanted, or all.

    Raises:
        BenchmarkError: there is no such row.
    """
    for name in wanted:
        if name not in known:
            raise BenchmarkError(f"there is no row {name!r}, only {', '.join(known)}")
    return [row for name, row in known.items() if not wanted or name in wanted]


def peers_of(options: Namespace) -> list[str]:
    """Return who is measured."""
    if options.erl and (why := missing("erlang", options.erl)):
        raise BenchmarkError(f"erlang cannot be measured: {why}")
    names = choose(options.peers, options.erl or ERL)
    scheduler = options.scheduler or "both"
    if options.scheduler and not has_schedulers():
        raise BenchmarkError("this otp.Node takes no scheduler: leave --scheduler out")
    other = {"trio": "otp (step)", "step": "otp (trio)", "both": ""}[scheduler]
    return [name for name in names if name != other]


def show_progress(text: str) -> None:
    """Say what is being measured, where somebody looks."""
    if sys.stderr.isatty():
        print(f"\r{text:<60}", end="", file=sys.stderr, flush=True)


def _table(options: Namespace) -> int:
    rows = pick(BY_NAME, options.rows)
    results = load_results(options.load) if options.load else _measure(options, rows)
    print(to_markdown(results, rows))
    if options.json:
        save_results(options.json, results)
    if options.plot:
        plot_ratios(results, rows, options.plot)
    return 1 if results.failures() else 0


def _measure(options: Namespace, rows: Sequence[Row]) -> Results:
    scale, repeats, names = scale_of(options), repeats_of(options), peers_of(options)
    if scale == "smoke" and not options.peers:
        names = [name for name in names if name == BASELINE or name.startswith("otp")]
    with TemporaryDirectory() as folder:
        peers = [make(name, options.erl or ERL, folder) for name in names]
        order = schedule(peers, rows, repeats, options.seed)
        run = in_this_process if scale == "smoke" else in_fresh_process
        return run_all(order, run, scale, show_progress)


def _growth(options: Namespace) -> int:
    for name in ("peers", "scheduler", "erl"):
        if getattr(options, name):
            raise BenchmarkError(
                f"growth measures otp alone: leave --{name} out (OTP_SCHEDULER in the "
                "environment says with which scheduler)"
            )
    subjects = pick({name: name for name in SUBJECTS}, options.rows)
    scale = scale_of(options)
    if options.load:
        curves = load_curves(options.load)
    else:
        run = measure_subject if scale == "smoke" else measure_subject_afresh
        most, repeats = LARGEST[scale], repeats_of(options)
        curves = measure_growth(subjects, most, repeats, run, show_progress)
    print(growth_to_markdown(curves))
    if options.json:
        save_curves(options.json, curves)
    if options.plot:
        plot_growth(curves, options.plot)
    return 0
