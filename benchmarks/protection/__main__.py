"""Measure every line, and print them as a Markdown table.

::

    python -m benchmarks.protection
    python -m benchmarks.protection retry pool --repeats 5 --calls 50000
"""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from .. import protection
from ..measure import refuse_hypothesis
from ..table import digits
from .timing import bare, microseconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .timing import Line

TOOLS = {"__main__", "timing"}


def subjects() -> list[str]:
    """Return the packages about which there is something to measure."""
    found = [module.name for module in iter_modules(protection.__path__)]
    return sorted(set(found) - TOOLS)


def lines_of(subject: str) -> Mapping[str, Line]:
    """Return what is measured about one package."""
    lines: Mapping[str, Line] = import_module(
        f"{protection.__name__}.{subject}"
    ).lines()
    return lines


def main() -> None:
    """Measure what the command line asks for."""
    parser = ArgumentParser(
        "python -m benchmarks.protection",
        description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("subjects", nargs="*", metavar="subject")
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    known = subjects()
    for subject in set(asked.subjects) - set(known):
        parser.error(f"there is no {subject!r}, only {', '.join(known)}")
    print("| what | µs | more than the bare call |\n|---|---:|---:|")
    floor = microseconds(bare, asked.calls, asked.repeats)
    print(f"| the bare call | {digits(floor)} | |")
    for subject in asked.subjects or known:
        for name, line in lines_of(subject).items():
            cost = microseconds(line, asked.calls, asked.repeats)
            more = digits(cost - floor)
            print(f"| {subject}: {name} | {digits(cost)} | {more} |", flush=True)
    refuse_hypothesis()


if __name__ == "__main__":
    main()
