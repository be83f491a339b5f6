"""Traces of heartbeats, in files and made up.

A trace is a CSV file with a head line and one line for each heartbeat that was sent,
in that order::

    number,sent,received
    0,0.000,0.141
    1,0.100,
    2,0.200,0.338

*sent* is in seconds by the clock of the sender, *received* by that of the receiver;
nothing is received of a heartbeat that was lost. The two clocks need not agree, but
what one of them is ahead counts as part of every detection time.
"""

from __future__ import annotations

import csv
from random import Random
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

HEAD = ("number", "sent", "received")


class Beat(NamedTuple):
    """One heartbeat; *received* is None if it was lost."""

    number: int
    sent: float
    received: float | None


class TraceError(ValueError):
    """A file is no trace; the text says in which line and why."""


def read_trace(path: Path) -> list[Beat]:
    """Read a trace.

    Raises:
        TraceError: it is none.
    """
    with path.open(newline="", encoding="utf-8") as file:
        lines = csv.reader(file)
        if tuple(next(lines, ())) != HEAD:
            raise TraceError(f"{path}: the first line of a trace is {','.join(HEAD)}")
        found = [_beat(path, number, line) for number, line in enumerate(lines, 2)]
    if len(found) < 2:
        raise TraceError(f"{path}: a trace has two heartbeats at least")
    return found


def _beat(path: Path, number: int, line: list[str]) -> Beat:
    try:
        beat, sent, received = line
        return Beat(int(beat), float(sent), float(received) if received else None)
    except ValueError:
        text = f"{path}, line {number}: not a number and two times: {','.join(line)}"
        raise TraceError(text) from None


def write_trace(path: Path, beats: Iterable[Beat]) -> None:
    """Write a trace."""
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(HEAD)
        for number, sent, received in beats:
            came = "" if received is None else f"{received:.6f}"
            lines.writerow((number, f"{sent:.6f}", came))


def make_trace(count: int, *, seed: int = 1, interval: float = 0.1) -> Iterator[Beat]:
    """Make up the trace of a long way through many networks.

    A heartbeat takes 140 ms and a bit, by a gamma distribution. One in a thousand is
    lost, most of them in bursts, of which some last for seconds; and now and then
    the way is longer for a while.
    """
    chance = Random(seed)  # noqa: S311 - for repetition, not for secrets
    lost = slow = 0
    for number in range(count):
        sent = number * interval + chance.expovariate(1 / 0.0005)
        if not lost and chance.random() < 5e-5:
            lost = _burst(chance)
        if not slow and chance.random() < 2e-4:
            slow = chance.randrange(1, 20)
        delay = 0.140 + chance.gammavariate(2.0, 0.004)
        if slow:
            slow -= 1
            delay += chance.uniform(0.05, 0.4)
        if lost or chance.random() < 2e-4:
            lost = max(0, lost - 1)
            yield Beat(number, sent, None)
        else:
            yield Beat(number, sent, sent + delay)


def _burst(chance: Random) -> int:
    """Return how many are lost in a row: few as a rule, sometimes very many."""
    return min(400, int(chance.paretovariate(0.9) * 2))
