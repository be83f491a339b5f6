"""Replays scenarios: ``python -m tests.conformance.driver FILE.jsonl``.

Each line of the file, which may be compressed with xz or gzip, or ``-`` for the
standard input, is a JSON object with a ``"scenario"``; what else is in it is not looked
at. For each a line is printed with the scenario's ``"id"``, the ``"trace"`` of what
happened and what was left, ``"final"``. ``"deviation"`` is added where a difference
from Erlang that is known and meant has shown: see `tests.conformance.deviations`.
"""

from __future__ import annotations

import gzip
import json
import lzma
import sys
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, cast

from loguru import logger

from tests.conformance import gen_event, gen_server, gen_statem, signals, supervisor
from tests.conformance.common import run, to_term

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from tests.conformance.common import Replay, Scenario

KINDS: Final[dict[str, Callable[[Scenario], Awaitable[Replay]]]] = {
    "signals": signals.replay,
    "gen_server": gen_server.replay,
    "gen_statem": gen_statem.replay,
    "gen_event": gen_event.replay,
    "supervisor": supervisor.replay,
}

_OPENERS: Final[dict[str, Callable[..., IO[Any]]]] = {
    ".xz": lzma.open,
    ".gz": gzip.open,
}


def kind_of(scenario: dict[str, object]) -> str:
    """Return the kind of a scenario; supervisors' do not say it."""
    return str(scenario.get("kind", "supervisor"))


def answer(scenario: dict[str, object]) -> dict[str, object]:
    """Replay *scenario* and return the line about it."""
    replayed = run(KINDS[kind_of(scenario)], cast("Scenario", to_term(scenario)))
    line: dict[str, object] = {
        "id": scenario.get("id", 0),
        "trace": replayed.trace,
        "final": replayed.final,
    }
    if replayed.deviation is not None:
        line["deviation"] = replayed.deviation.reason
    return line


@contextmanager
def lines(name: str) -> Iterator[Iterable[str]]:
    """Open a file of lines, compressed or not."""
    if name == "-":
        yield sys.stdin
    else:
        opener = _OPENERS.get(Path(name).suffix, open)
        with opener(name, "rt", encoding="utf-8") as file:
            yield file


def main(names: list[str]) -> int:
    """Replay the scenarios in all files; 1 if one of them could not be replayed."""
    logger.remove()
    failed = 0
    for name in names:
        with lines(name) as file:
            for line in filter(str.strip, file):
                scenario = json.loads(line)["scenario"]
                try:
                    told = answer(scenario)
                except Exception as error:  # noqa: BLE001 - the others are replayed
                    traceback.print_exc()
                    told = {"id": scenario.get("id", 0), "error": repr(error)}
                    failed = 1
                sys.stdout.write(json.dumps(told, separators=(",", ":")) + "\n")
                sys.stdout.flush()
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
