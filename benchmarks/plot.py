"""Results as pictures. Needs matplotlib: ``pip install otp[benchmarks]``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .peers import BenchmarkError
from .results import BASELINE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .results import Results
    from .rows import Row


def load_matplotlib() -> Any:
    """Return matplotlib, set up to write files that differ only if the numbers do.

    Raises:
        BenchmarkError: it is not installed.
    """
    try:
        matplotlib: Any = import_module("matplotlib")
    except ImportError:
        text = "a plot needs matplotlib: pip install matplotlib, or otp[benchmarks]"
        raise BenchmarkError(text) from None
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "otp"
    matplotlib.rcParams["svg.fonttype"] = "none"
    matplotlib.rcParams["font.size"] = 8
    return import_module("matplotlib.pyplot")


def plot_ratios(results: Results, rows: Sequence[Row], file: str) -> None:
    """Draw how much each costs compared to the floor, the first number of each row."""
    pyplot = load_matplotlib()
    shown = [row for row in rows if results.median(BASELINE, row.name, _first(row))]
    peers = [peer for peer in results.peers() if peer != BASELINE]
    figure, axes = pyplot.subplots(figsize=(8, 1 + 0.42 * len(shown)))
    height = 0.8 / max(1, len(peers))
    for index, peer in enumerate(peers):
        places = [place + index * height for place in range(len(shown))]
        ratios = [results.ratio(peer, row.name, _first(row)) or 1 for row in shown]
        lengths = [ratio - 1 for ratio in ratios]
        axes.barh(places, lengths, height, left=1, label=peer)
    middle = 0.4 - height / 2
    axes.set_yticks([place + middle for place in range(len(shown))])
    axes.set_yticklabels([row.metrics[0].label for row in shown])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xlabel("cost, compared to the same work on bare Trio (left is cheaper)")
    axes.legend()
    _save(pyplot, figure, file)


def plot_growth(
    curves: Mapping[str, Mapping[str, Mapping[int, float]]], file: str
) -> None:
    """Draw the cost of each operation by how many there are, a field for each subject.

    An operation that costs the same however many there are is a level line.
    """
    pyplot = load_matplotlib()
    many = len(curves)
    columns = 2
    lines = -(-many // columns)
    figure, fields = pyplot.subplots(
        lines, columns, figsize=(8, 3 * lines), squeeze=False, sharex=True, sharey=True
    )
    # Room for the legends above the lines.
    fields.flat[0].set_ylim(0.03, 20_000)
    for axes in list(fields.flat)[many:]:
        axes.set_visible(False)
    for axes, (subject, operations) in zip(fields.flat, curves.items(), strict=False):
        for operation, points in operations.items():
            axes.loglog(
                list(points), list(points.values()), marker=".", label=operation
            )
        axes.minorticks_off()
        axes.set_title(subject)
        axes.set_ylabel("µs for each")
        axes.legend(fontsize=6, ncols=2, loc="upper left")
    _save(pyplot, figure, file)


def _first(row: Row) -> str:
    return row.metrics[0].key


def _save(pyplot: Any, figure: Any, file: str) -> None:
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)
