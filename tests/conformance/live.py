"""Compares with Erlang itself, on scenarios that nobody has seen before.

``python -m tests.conformance.live --erl ERL --oracle DIR [--n 1000] [--seed S]``,
and ``--help`` for more.

*ERL* is the program ``erl`` of an OTP 27, beside which there is an ``erlc``. *DIR* has
the Erlang programs that play scenarios, and the generators of scenarios. The exit
status is 1 if anything differs.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, final

from loguru import logger

from tests.conformance.canon import canon
from tests.conformance.compare import difference, replay
from tests.conformance.driver import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

CHUNK = 200
"""How many scenarios Erlang is given at a time."""

UNRECORDED = {"crash_report", "gen_server_error"}
"""Events that Erlang tells of and that are not compared."""

UNUSABLE = {"runaway", "SM-37"}
"""Events after which nothing can be compared.

A state machine would never have come to rest; or a time-out of 0 seconds that was
pending was set again, which makes Erlang's lose it.
"""


@final
class Erlang:
    """Plays scenarios of one kind in Erlang, and makes new ones up."""

    def __init__(self, kind: str, module: ModuleType) -> None:
        self.kind = kind
        self.module = module
        self._oracle = module.Oracle()

    def close(self) -> None:
        """Let Erlang go."""
        self._oracle.close()

    def scenarios(self, n: int, seed: str) -> list[Any]:
        """Make up *n* scenarios, the same for the same seed."""
        rng = random.Random(f"{self.kind}-{seed}")
        make = self.module.gen if self.kind == "supervisor" else self._generator()
        return [make(rng, i) for i in range(n)]

    def _generator(self) -> Any:
        return self.module.GENS[self.kind]

    def records(self, scenarios: list[Any]) -> list[Any]:
        """Play *scenarios*, and return what happened."""
        played = self._oracle.run_many(scenarios)
        for line in played:
            events = line.get("trace", [])
            line["trace"] = [event for event in events if event[0] not in UNRECORDED]
        return [
            {"scenario": json.loads(json.dumps(scenario)), **line}
            for scenario, line in zip(scenarios, played, strict=True)
        ]

    def is_sure(self, scenario: Any, record: Any) -> bool:
        """Tell whether Erlang does the same when it is asked again."""
        again = self.records([scenario] * 3)
        return all(
            canon(self.kind, line["trace"]) == canon(self.kind, record["trace"])
            for line in again
        )


def compile_all(erl: Path, folder: Path, ebin: Path) -> None:
    """Compile the Erlang programs in *folder* with the compiler beside *erl*."""
    sources = [str(path) for path in sorted(folder.glob("*.erl"))]
    subprocess.run([str(erl.with_name("erlc")), "-o", str(ebin), *sources], check=True)


def load(path: Path, erl: Path, ebin: Path) -> ModuleType:
    """Import a module of the oracle, and tell it where things are."""
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    vars(module).update(ERL=str(erl), EBIN=str(ebin))
    return module


def usable(records: Iterable[Any]) -> Iterator[int]:
    """Return which records are good.

    They were played to the end, without a tie of timers, without a loop that never
    ends, and without what Erlang itself gets wrong.
    """
    for i, record in enumerate(records):
        final = record.get("final", "timeout")
        died = isinstance(final, list) and final[:1] == ["runner_died"]
        odd = any(event[0] in UNUSABLE for event in record.get("trace", ()))
        if final != "timeout" and not died and not odd and not record.get("tie"):
            yield i


def compare(erlang: Erlang, n: int, seed: str, show: int) -> bool:
    """Compare *n* scenarios, say what came of it, and tell whether all are equal.

    The first *show* differences are shown in full.
    """
    scenarios = erlang.scenarios(n, seed)
    equal = different = deviating = unsure = unusable = 0
    here = 0.0
    for at in range(0, n, CHUNK):
        chunk = scenarios[at : at + CHUNK]
        records = erlang.records(chunk)
        good = list(usable(records))
        unusable += len(chunk) - len(good)
        for i in good:
            began = time.perf_counter()
            replayed = replay(records[i])
            here += time.perf_counter() - began
            text = difference(records[i], replayed)
            if not text:
                equal += 1
            elif "deviation" in replayed:
                deviating += 1
            elif not erlang.is_sure(chunk[i], records[i]):
                unsure += 1
            else:
                different += 1
                if different <= show:
                    sys.stdout.write(text + "\n")
    sys.stdout.write(
        f"{erlang.kind}: {n} scenarios of seed {seed}: {equal} equal, {different} "
        f"different, {deviating} with a named deviation; left out: {unsure} that "
        f"Erlang plays now so, now otherwise, and {unusable} that it could not play; "
        f"{here:.1f} s here\n"
    )
    sys.stdout.flush()
    return different == 0


def main(arguments: list[str] | None = None) -> int:
    """Compare all kinds, or some; 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--erl", type=Path, required=True)
    parser.add_argument("--oracle", type=Path, required=True)
    parser.add_argument("--n", type=int, default=1000, help="scenarios of each kind")
    parser.add_argument("--seed", default=str(time.time_ns()))
    parser.add_argument("--show", type=int, default=3, help="differences of each kind")
    parser.add_argument("--kind", action="append", choices=list(KINDS))
    given = parser.parse_args(arguments)
    logger.remove()
    erl, folder = given.erl.absolute(), given.oracle.absolute()
    with tempfile.TemporaryDirectory() as ebin:
        compile_all(erl, folder, Path(ebin))
        others = load(folder / "gen_scenarios.py", erl, Path(ebin))
        supervisors = load(folder / "run_oracle.py", erl, Path(ebin))
        equal = True
        for kind in cast("list[str]", given.kind or list(KINDS)):
            module = supervisors if kind == "supervisor" else others
            with closing(Erlang(kind, module)) as erlang:
                equal &= compare(erlang, given.n, given.seed, given.show)
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
