"""Runs the measurements: each in a fresh process, the peers in random order."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

from .adapter import LacksError
from .files import describe_machine
from .measure import measure
from .peers import BenchmarkError, PythonPeer
from .results import Result, Results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .peers import Peer
    from .rows import Row, Scale, Sizes

    Measure = Callable[[Peer, Row, int, Scale], Result]

ROOT: Final = Path(__file__).parent.parent
PATIENCE: Final = 300.0
"""For how many seconds one measurement may run."""


def schedule(
    peers: Sequence[Peer], rows: Sequence[Row], repeats: int, seed: int
) -> Iterator[tuple[Peer, Row, int]]:
    """Yield every measurement: in each repeat all rows, each with all peers.

    What is compared is so run one right after the other, and nobody is always first.
    """
    random = Random(seed)  # noqa: S311 - for an order
    for repeat in range(repeats):
        for row in rows:
            for peer in random.sample(peers, len(peers)):
                yield peer, row, repeat


def run_all(
    measurements: Iterator[tuple[Peer, Row, int]],
    run: Measure,
    scale: Scale,
    progress: Callable[[str], object],
) -> Results:
    """Run all measurements, except those of which it is known that there are none."""
    results = Results(describe_machine())
    for peer, row, repeat in measurements:
        if any(result.lacks for result in results.of(peer.name, row.name)):
            continue
        progress(f"repeat {repeat + 1}, {row.name}: {peer.name}")
        results.add(run(peer, row, repeat, scale))
    return results


def sizes_for(peer: Peer, row: Row, scale: Scale) -> tuple[Sizes, bool]:
    """Return the sizes for one peer, and whether others have larger ones."""
    sizes = row.sizes_for(scale)
    limits = peer.limits.get(row.name, {})
    own = {key: min(size, limits.get(key, size)) for key, size in sizes.items()}
    return own, own != sizes


def in_this_process(peer: Peer, row: Row, repeat: int, scale: Scale) -> Result:
    """Measure a peer in Python right here, for a run whose numbers say nothing."""
    if not isinstance(peer, PythonPeer):
        return in_fresh_process(peer, row, repeat, scale)
    sizes, reduced = sizes_for(peer, row, scale)
    try:
        metrics = measure(peer.name, row.name, sizes)
    except LacksError as lacks:
        return Result(peer.name, row.name, repeat, lacks=str(lacks))
    return Result(peer.name, row.name, repeat, metrics, reduced)


def in_fresh_process(peer: Peer, row: Row, repeat: int, scale: Scale) -> Result:
    """Measure in a process of its own."""
    sizes, reduced = sizes_for(peer, row, scale)
    command = peer.command(row, sizes)
    if command is None:
        return Result(peer.name, row.name, repeat, lacks="it has no such thing")
    try:
        done = run_afresh(command)
    except BenchmarkError as error:
        return Result(peer.name, row.name, repeat, failure=str(error))
    if done.returncode != 0:
        why = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return Result(peer.name, row.name, repeat, failure=why)
    found = peer.read(done.stdout)
    if isinstance(found, str):
        return Result(peer.name, row.name, repeat, lacks=found)
    return Result(peer.name, row.name, repeat, found, reduced)


def run_afresh(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run *command* at the root of the repository, and return what it said.

    Raises:
        BenchmarkError: it took too long.
    """
    try:
        return subprocess.run(
            command,
            capture_output=True,
            check=False,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": _python_path()},
            text=True,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise BenchmarkError(f"no answer in {PATIENCE:.0f} s") from None


def _python_path() -> str:
    return os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
