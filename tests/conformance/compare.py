"""Whether a replay is what Erlang did, and what is shown if it is not."""

from __future__ import annotations

import json
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tests.conformance.canon import canon
from tests.conformance.driver import answer, kind_of, lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DATA: Final = Path(__file__).parent / "data"

COMMON: Final = 8
"""How many of the last events that both have are shown."""

CHUNK: Final = 100
"""How many scenarios make one test."""


@cache
def records(name: str) -> list[Any]:
    """Return what was recorded with Erlang, scenario by scenario."""
    with lines(str(DATA / name)) as file:
        return [json.loads(line) for line in file]


class Chunk(NamedTuple):
    """Some of the records in a file."""

    name: str
    start: int
    stop: int

    def __str__(self) -> str:
        return f"{self.start}-{self.stop - 1}"

    def records(self) -> list[Any]:
        """Return the records."""
        return records(self.name)[self.start : self.stop]


def chunks(name: str) -> list[Chunk]:
    """Cut a file into chunks."""
    count = len(records(name))
    return [Chunk(name, n, min(n + CHUNK, count)) for n in range(0, count, CHUNK)]


def differences(recorded: Iterable[Any]) -> str:
    """Replay what was recorded, and describe each that differs."""
    found = [difference(record, replay(record)) for record in recorded]
    return "\n\n".join(filter(None, found))


def replay(record: Any) -> Any:
    """Replay one scenario, and return the line about it as it would be printed."""
    return json.loads(json.dumps(answer(record["scenario"])))


def difference(recorded: Any, replayed: Any) -> str:
    """Describe how the two differ; an empty text if they do not."""
    kind = kind_of(recorded["scenario"])
    there, here = (canon(kind, line["trace"]) for line in (recorded, replayed))
    if there == here and recorded["final"] == replayed["final"]:
        return ""
    if kind != "supervisor":
        # Event by event again, in the order in which they are compared.
        there, here = (_flat(steps) for steps in (there, here))
    there.append(["final", recorded["final"]])
    here.append(["final", replayed["final"]])
    pairs = zip(there, here, strict=False)
    same = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
    return "\n".join(
        [
            f"scenario {json.dumps(recorded['scenario'])}",
            *_shown("both", there[max(0, same - COMMON) : same]),
            *_shown("Erlang", there[same:]),
            *_shown("here", here[same:]),
        ]
    )


def _flat(steps: list[Any]) -> list[Any]:
    events: list[Any] = []
    for n, step in enumerate(steps):
        events.append(["events of step", n])
        events += [event for _, of_one in step for event in of_one]
    return events


def _shown(who: str, events: Iterable[object]) -> Iterator[str]:
    for event in events:
        yield f"  {who:6} {json.dumps(event)}"
