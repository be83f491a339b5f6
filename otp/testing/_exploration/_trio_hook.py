"""The hook in Trio's scheduler: one step at a time, of whom we choose.

Trio runs whoever can go on in batches. For tests of its own, it can put a batch into
the order of birth and then hand it to a source of randomness to be shuffled. That
source is ours here, and it does more: it leaves one task in the batch and puts the
others back into the queue. So each pass of Trio's loop is one step of one task, and
whoever chooses that task chooses the schedule. As Trio's tasks are only ever
interrupted where they wait, this reaches every order of steps there is.

The names for this are not public, though what they do has been the same since 2017,
and Hypothesis relies on it, too. `find_problem` tries out whether all is as it was.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from random import Random
from typing import TYPE_CHECKING, Any, Final, Protocol, final

import trio

if TYPE_CHECKING:
    from collections.abc import Generator

    from trio.lowlevel import Task

_run: Final[Any] = sys.modules.get("trio._core._run")


class Steps(Protocol):
    """Who is asked at each pass which task makes a step."""

    def choose(self, ready: list[Task]) -> Task | None:
        """Return who goes on, one of *ready*, or nobody in this pass.

        They are at least one, in the order of their birth.
        """
        ...


@final
class _Hook(Random):
    """Stands where Trio's source of randomness was.

    Trio runs in other threads, which there may be meanwhile, get from it what they
    always get.
    """

    def __init__(self, steps: Steps, runner: Any) -> None:
        super().__init__(0)
        self._steps = steps
        self._runner = runner

    def shuffle(self, x: Any) -> None:
        runner = self._runner
        if _run.GLOBAL_RUN_CONTEXT.runner is not runner:
            super().shuffle(x)
        elif x:
            chosen = self._steps.choose(list(x))
            runner.runq.extend(task for task in x if task is not chosen)
            x[:] = () if chosen is None else (chosen,)


@contextmanager
def hooked(steps: Steps) -> Generator[None]:
    """Let *steps* choose in the Trio run of the caller, and in no other, meanwhile."""
    hook = _Hook(steps, _run.GLOBAL_RUN_CONTEXT.runner)
    before = _run._r, _run._ALLOW_DETERMINISTIC_SCHEDULING
    _run._r, _run._ALLOW_DETERMINISTIC_SCHEDULING = hook, True
    try:
        yield
    finally:
        _run._r, _run._ALLOW_DETERMINISTIC_SCHEDULING = before


_verdict: list[str | None] = []


def find_problem() -> str | None:
    """Return why schedules cannot be chosen by this Trio, None if they can."""
    if not _verdict:
        try:
            _verdict.append(_rehearse())
        except Exception as error:  # noqa: BLE001 - whatever it is, it does not fit
            _verdict.append(repr(error))
    return _verdict[0]


def _rehearse() -> str | None:
    names = ["GLOBAL_RUN_CONTEXT", "_r", "_ALLOW_DETERMINISTIC_SCHEDULING"]
    missing = [name for name in names if not hasattr(_run, name)]
    if missing:
        return f"there is no {', '.join(missing)}"
    for wanted in ("aaabbb", "bbbaaa", "ababab", "baabba"):
        seen = trio.run(_play, _Script(wanted))
        if seen != wanted:
            return f"tasks that were to go on as {wanted!r} did so as {seen!r}"
    return None


async def _play(script: _Script) -> str:
    seen: list[str] = []

    async def go() -> None:
        name = trio.lowlevel.current_task().name
        for _ in range(3):
            seen.append(name)
            await trio.lowlevel.checkpoint()

    with hooked(script):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(go, name="a")
            nursery.start_soon(go, name="b")
    return "".join(seen)


@final
class _Script:
    """Lets the tasks go on in a given order, and all others before them."""

    def __init__(self, names: str) -> None:
        self._left = list(names)

    def choose(self, ready: list[Task]) -> Task | None:
        named = {task.name: task for task in ready}
        for task in ready:
            if task.name not in ("a", "b"):
                return task
        if self._left and self._left[0] in named:
            return named[self._left.pop(0)]
        return ready[0]
