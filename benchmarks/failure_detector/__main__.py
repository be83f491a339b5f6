"""What failure detectors are worth.

::

    python -m benchmarks.failure_detector tradeoff                  a made-up trace
    python -m benchmarks.failure_detector tradeoff --trace my.csv   one of your own
    python -m benchmarks.failure_detector trace made-up.csv         write one
    python -m benchmarks.failure_detector stall                     a blocked loop

The format of a trace is that of `benchmarks/failure_detector/trace.py`.
"""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING

from . import stall
from .trace import TraceError, make_trace, read_trace, write_trace
from .tradeoff import table

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line asks for."""
    parser = ArgumentParser(
        "python -m benchmarks.failure_detector",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    what = parser.add_subparsers(dest="what", required=True)
    tradeoff = what.add_parser("tradeoff")
    tradeoff.add_argument("--trace", type=Path)
    trace = what.add_parser("trace")
    trace.add_argument("file", type=Path)
    for command in (tradeoff, trace):
        command.add_argument("--beats", type=int, default=600_000)
        command.add_argument("--seed", type=int, default=1)
    what.add_parser("stall")
    asked = parser.parse_args(arguments)
    match asked.what:
        case "stall":
            stall.main()
        case "trace":
            write_trace(asked.file, make_trace(asked.beats, seed=asked.seed))
        case _:
            made = asked.trace is None
            try:
                beats = (
                    list(make_trace(asked.beats, seed=asked.seed))
                    if made
                    else read_trace(asked.trace)
                )
            except (OSError, TraceError) as error:
                parser.error(str(error))
            for line in table(beats):
                print(line, flush=True)


if __name__ == "__main__":
    main()
