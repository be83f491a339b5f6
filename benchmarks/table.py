"""Results as a Markdown table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .results import BASELINE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .growth.curves import Curves
    from .results import Results
    from .rows import Metric, Row, Unit

UNITS: Final = {"us": "µs", "B": "bytes", "s": "s"}

ABSENT: Final = "–"

THOUSAND: Final = 1_000


def digits(number: float) -> str:
    """Return a number with about three digits that count."""
    if number >= 100:
        return f"{number:,.0f}"
    if number >= 10:
        return f"{number:.1f}"
    return f"{number:.2f}" if number >= 0.1 else f"{number:.3f}"


def cost(number: float, unit: Unit) -> str:
    """Return a number in its unit, without the unit."""
    return f"{number:,.0f}" if unit == "B" else digits(number)


def cell(results: Results, peer: str, row: Row, metric: Metric) -> str:
    """Return what stands in the table for one peer."""
    number = results.median(peer, row.name, metric.key)
    if number is None:
        failed = any(result.failure for result in results.of(peer, row.name))
        return "failed" if failed else ABSENT
    text = cost(number, metric.unit)
    if results.reduced(peer, row.name):
        text += "\\*"
    ratio = results.ratio(peer, row.name, metric.key)
    if peer == BASELINE or ratio is None:
        return text
    return f"{text} ({digits(ratio)}×)"


def to_markdown(results: Results, rows: Sequence[Row]) -> str:
    """Return the table: a line for each number, a column for each peer."""
    peers = results.peers()
    head = ["what", "unit", *peers]
    lines = [_line(head), _line(["---", "---", *["---:"] * len(peers)])]
    for row in rows:
        for metric in row.metrics:
            cells = [cell(results, peer, row, metric) for peer in peers]
            if set(cells) != {ABSENT}:
                lines.append(_line([metric.label, UNITS[metric.unit], *cells]))
    return "\n".join([*lines, *_notes(results, rows)])


def growth_to_markdown(curves: Curves) -> str:
    """Return the table of growth: a line for each operation, a column for each size.

    The last column is how much more it costs with the most than with a thousand.
    """
    sizes = sorted(
        {size for each in curves.values() for row in each.values() for size in row}
    )
    columns = [f"{size:,}" for size in sizes]
    lines = [
        _line(["µs", *columns, "growth"]),
        _line(["---", *["---:"] * (len(sizes) + 1)]),
    ]
    for subject, operations in curves.items():
        for operation, points in operations.items():
            cells = [digits(points[n]) if n in points else "" for n in sizes]
            lines.append(_line([f"{subject}: {operation}", *cells, _growth(points)]))
    return "\n".join(lines)


def _growth(points: Mapping[int, float]) -> str:
    most = max(points)
    few = points.get(THOUSAND)
    return "" if few is None or most == THOUSAND else f"{digits(points[most] / few)}×"


def _notes(results: Results, rows: Sequence[Row]) -> Iterator[str]:
    yield f"\n{results.machine}, {_medians(results.repeats())}."
    if any(results.reduced(peer, row.name) for peer in results.peers() for row in rows):
        yield "\n\\* measured with fewer of them than the others."
    for result in results.failures():
        yield f"\n{result.peer}, {result.row}: {result.failure}"


def _medians(repeats: int) -> str:
    return "one run" if repeats == 1 else f"medians of {repeats} runs"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
