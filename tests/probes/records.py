"""Probes that are recorded in files of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otp import Node
from tests.kernel.support import assert_nothing_left, outcome_in_process, with_clock

from .erlang import NODE, read_records

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Body = Callable[[], Awaitable[object]]


class Probes:
    """The probes in one file, and how their outcomes are written."""

    def __init__(self, file: str, width: int, write: Callable[[object], str]) -> None:
        self.records = read_records(file, width)
        self.write = write

    def probe(self, name: str) -> Callable[[Body], Callable[[], Awaitable[None]]]:
        """Mark the test of the probe *name*, which returns the outcome."""
        recorded = self.records[name]

        def decorate(body: Body) -> Callable[[], Awaitable[None]]:
            async def run() -> None:
                results: list[object] = []

                async def keep() -> None:
                    results.append(await body())

                async with Node(NODE) as node:
                    outcome = await outcome_in_process(node, keep)
                if isinstance(outcome, BaseException):
                    raise outcome
                assert_nothing_left(node)
                assert self.write(results[0]) == recorded

            test = with_clock(body, run)
            test.probe = name  # type: ignore[attr-defined]
            return test

        return decorate

    def tested(self, module: dict[str, object]) -> set[str]:
        """Return the names of the probes that have a test among *module*."""
        tests = [value for name, value in module.items() if name.startswith("test_")]
        return {test.probe for test in tests if hasattr(test, "probe")}
