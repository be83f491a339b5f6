"""One measurement, in this process: ``python -m benchmarks.measure PEER ROW SIZES``.

Its last line is a JSON object: the numbers, or what the peer lacks.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Final

from .adapter import LacksError, lack
from .rows import BY_NAME
from .tools import WrongAnswerError
from .workloads import WORKLOADS

if TYPE_CHECKING:
    from .adapter import Adapter
    from .hooks import Scheduler
    from .rows import Metrics, Sizes


SCHEDULERS: Final[dict[str, Scheduler | None]] = {
    "otp": None,
    "otp (trio)": "trio",
    "otp (step)": "step",
}
"""The peers that are this package."""


def measure(peer: str, row: str, sizes: Sizes) -> Metrics:
    """Run the workload of a row, and return its numbers.

    Raises:
        LacksError: the peer has nothing of the kind.
        WrongAnswerError: it did not do what it was to do.
    """
    workload = BY_NAME[row].workload
    if peer == "pykka":
        return _measure_pykka(workload, sizes)
    return measure_adapter(load(peer), workload, sizes)


def measure_adapter(adapter: Adapter, workload: str, sizes: Sizes) -> Metrics:
    """Run a workload with an adapter, and return its numbers; raise what it raises."""

    async def main() -> Metrics | LacksError | WrongAnswerError:
        # Past the nurseries, which would make a group of it.
        try:
            return await WORKLOADS[workload](adapter, sizes)
        except (LacksError, WrongAnswerError) as error:
            return error

    found = adapter.run(main)
    if isinstance(found, Exception):
        raise found
    return found


def load(peer: str) -> Adapter:
    """Return the adapter of a peer on Trio. What it needs is imported now."""
    if peer == "floor":
        from .floor import Floor  # noqa: PLC0415

        return Floor()
    if peer == "triotp":
        from .triotp_peer import Triotp  # noqa: PLC0415

        return Triotp()
    from .hooks import Hooks  # noqa: PLC0415

    return Hooks(SCHEDULERS[peer])


def _measure_pykka(workload: str, sizes: Sizes) -> Metrics:
    from . import pykka_peer  # noqa: PLC0415

    run = pykka_peer.WORKLOADS.get(workload)
    if run is None:
        lack("such thing")
    try:
        return run(sizes)
    finally:
        pykka_peer.stop_all()


def refuse_hypothesis() -> None:
    """Refuse to measure beside Hypothesis, which makes Trio's scheduler another."""
    if "hypothesis" in sys.modules:
        raise RuntimeError(
            "hypothesis is imported here, and changes how Trio schedules"
        )


def main(peer: str, row: str, sizes: str) -> None:
    """Measure, and print the numbers."""
    try:
        metrics = measure(peer, row, json.loads(sizes))
    except LacksError as lacks:
        print(json.dumps({"lacks": str(lacks)}))
    else:
        refuse_hypothesis()
        print(json.dumps({"metrics": metrics}))


if __name__ == "__main__":
    main(*sys.argv[1:])
