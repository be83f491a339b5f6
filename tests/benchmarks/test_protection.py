"""What is measured about protections does its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

import otp
from benchmarks.protection.__main__ import lines_of, subjects
from benchmarks.protection.timing import bare, microseconds

if TYPE_CHECKING:
    from benchmarks.protection.timing import Line

LINES = {
    f"{subject}: {name}": line
    for subject in subjects()
    for name, line in lines_of(subject).items()
}


@pytest.mark.parametrize("name", LINES)
def test_a_line_makes_its_calls(name: str) -> None:
    async def main() -> None:
        async with otp.Node():
            await LINES[name](5)

    trio.run(main)


def test_the_time_is_that_of_the_long_run_without_the_short_one() -> None:
    asked: list[int] = []

    def noting(line: Line) -> Line:
        async def noted(n: int) -> None:
            asked.append(n)
            await line(n)

        return noted

    microseconds(noting(bare), 100, repeats=2)

    # The first is for warmth.
    assert asked == [10, 100, 10, 100, 10]
