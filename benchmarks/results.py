"""What was measured, and what follows from it: medians, ratios, spreads."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Final, final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .rows import Metrics

BASELINE: Final = "floor"

ORDER: Final = (
    BASELINE,
    "otp",
    "otp (trio)",
    "otp (step)",
    "triotp",
    "pykka",
    "erlang",
)
"""All peers there can be, as they stand in the table."""


@final
@attrs.frozen
class Result:
    """One measurement: its numbers, or why there are none.

    *reduced* says that it was done with smaller sizes than those of other peers.
    *lacks* is what the peer does not have; *failure* is what went wrong.
    """

    peer: str
    row: str
    repeat: int
    metrics: Metrics = attrs.field(factory=dict[str, float])
    reduced: bool = False
    lacks: str = ""
    failure: str = ""


@final
class Results:
    """All measurements of one run, and the machine it was on."""

    def __init__(self, machine: str = "", results: Iterable[Result] = ()) -> None:
        self.machine = machine
        self._all: list[Result] = []
        self._found: dict[tuple[str, str], list[Result]] = {}
        for result in results:
            self.add(result)

    def __iter__(self) -> Iterator[Result]:
        return iter(self._all)

    def add(self, result: Result) -> None:
        self._all.append(result)
        self._found.setdefault((result.peer, result.row), []).append(result)

    def of(self, peer: str, row: str) -> list[Result]:
        """Return the measurements of one peer in one row."""
        return self._found.get((peer, row), [])

    def peers(self) -> list[str]:
        """Return who was measured, in the order of the columns."""
        found = dict.fromkeys(result.peer for result in self._all)
        return sorted(found, key=ORDER.index)

    def repeats(self) -> int:
        """Return how often it was measured."""
        return len({result.repeat for result in self._all})

    def failures(self) -> list[Result]:
        """Return the measurements that went wrong."""
        return [result for result in self._all if result.failure]

    def reduced(self, peer: str, row: str) -> bool:
        """Tell whether a peer was measured with smaller sizes than others."""
        return any(result.reduced for result in self.of(peer, row))

    def median(self, peer: str, row: str, metric: str) -> float | None:
        """Return the median of a number, None if it was not measured."""
        numbers = self._numbers(peer, row, metric).values()
        return median(numbers) if numbers else None

    def ratios(self, peer: str, row: str, metric: str) -> list[float]:
        """Return how much it costs, compared to the floor's run of the same repeat."""
        base = self._numbers(BASELINE, row, metric)
        mine = self._numbers(peer, row, metric)
        return [
            number / base[repeat] for repeat, number in mine.items() if base.get(repeat)
        ]

    def ratio(self, peer: str, row: str, metric: str) -> float | None:
        """Return the median of the ratios, None if there is none."""
        ratios = self.ratios(peer, row, metric)
        return median(ratios) if ratios else None

    def _numbers(self, peer: str, row: str, metric: str) -> dict[int, float]:
        return {
            result.repeat: result.metrics[metric]
            for result in self.of(peer, row)
            if metric in result.metrics
        }
