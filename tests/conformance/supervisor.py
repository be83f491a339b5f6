"""Kind ``supervisor``: what happens to a tree, step by step.

The steps are taken by whoever has started the tree. They are told in the order in which
things happen, across all processes, and compared so.
"""

from __future__ import annotations

from contextlib import contextmanager
from math import inf
from typing import TYPE_CHECKING, Any, cast

import trio
from loguru import logger

import otp
from otp import process, supervisor, sys
from otp.supervisor import (
    ChildPresentError,
    NotFoundError,
    RestartingError,
    RunningError,
    StartChildError,
    StrategyError,
    SupervisorReport,
)
from tests.conformance.common import Replay, on_a_node, seconds, to_reason
from tests.conformance.tree import (
    PATIENCE,
    Forest,
    Tree,
    Worker,
    child_spec,
    spec_error,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from loguru import Message, Record

    from otp.supervisor import ChildInfo
    from tests.conformance.common import Scenario, Term


async def replay(scenario: Scenario) -> Replay:
    """Replay a scenario of a supervisor."""
    forest = Forest()
    with _reports(forest.report):
        return await on_a_node(forest, lambda: _play(forest, scenario))


@contextmanager
def _reports(tell: Callable[[SupervisorReport], None]) -> Iterator[None]:
    """Tell of the reports of supervisors when they are made."""

    def is_one(record: Record) -> bool:
        return isinstance(record["extra"].get("report"), SupervisorReport)

    def sink(message: Message) -> None:
        tell(message.record["extra"]["report"])

    handler = logger.add(
        sink, level="ERROR", filter=is_one, format=lambda _: "", catch=False
    )
    logger.enable("otp")
    try:
        yield
    finally:
        logger.disable("otp")
        logger.remove(handler)


async def _play(forest: Forest, scenario: Scenario) -> Term:
    steps = Steps(forest)
    try:
        forest.event("result", 0, "start_link", await _start(forest, scenario))
        await forest.settle()
        for n, step in enumerate(cast("Iterable[Term]", scenario.get("steps", ())), 1):
            await steps.take(n, step)
        await forest.settle()
        top = forest.alive("top")
        return "dead" if top is None else forest.shown(await _which(top))
    except trio.TooSlowError:
        return "timeout"


async def _start(forest: Forest, scenario: Scenario) -> Term:
    try:
        await supervisor.start_link(Tree, forest, {**scenario, "id": "top"})
    except otp.StartIgnored:
        return "ignore"
    except otp.StartError as error:
        return ("error", error.reason)
    return "ok"


class Steps:
    """Takes one step after the other.

    Each is followed by settling; those of an *impatient* one are not.
    """

    def __init__(self, forest: Forest, *, impatient: bool = False) -> None:
        self._forest = forest
        self._impatient = impatient
        self._ticks = 0

    async def take(self, n: int, step: Term) -> None:
        """Take the step *n*."""
        match step:
            case "settle":
                pass
            case ("nosettle", inner):
                await Steps(self._forest, impatient=True).take(n, inner)
                return
            case ("async", inner):
                process.spawn(Steps(self._forest, impatient=True).take, n, inner)
            case ("burst", sup, steps):
                await self._burst(n, sup, steps)
            case ("tick" | "sleep", int(time)):
                await self._wait(step[0], time)
            case ("suspend" | "resume", sup):
                await self._sys(step[0], sup)
            case ("stop_top", reason):
                self._exit(self._forest.pid("top"), reason)
            case (str(what), id, *arguments) if what in _TO_PROCESSES:
                self._tell(n, what, id, arguments)
            case (str(what), sup, *arguments):
                await self._ask(n, what, sup, arguments)
            case _:
                raise ValueError(f"unknown step {step!r}")
        if not self._impatient:
            await self._forest.settle()
