"""Cancelling everywhere: a part of a test is cancelled after each of its steps in turn.

Every await can raise `trio.Cancelled`, and nothing may leak or half-happen then. That
is as easy to forget as it is to try out.
"""

from __future__ import annotations

from functools import partial
from random import Random
from typing import TYPE_CHECKING, Final, TypeAlias, final

import trio
from trio.lowlevel import add_instrument, current_task, remove_instrument

from ...kernel import InvalidSpecError, check_count, where
from ._explore import alone, check_limits
from ._run_once import run_once
from ._strategies import RandomWalk, Replay

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from trio.lowlevel import Task

    from ._run_once import Limits

    Scenario: TypeAlias = Callable[["Cancelling"], Awaitable[object]]

MOST: Final = 1000
"""How many steps the part that is cancelled may have, if nothing else is said."""


@final
class Cancelling:
    """The part of a scenario that is cancelled: ``with cancelling: ...``, once.

    It is cancelled between two steps, of whatever task. Afterwards the scenario goes
    on behind the block, and *cancelled* says whether that was done. What waits for
    nothing any more comes to its end all the same.
    """

    def __init__(self, step: int) -> None:
        self.cancelled = False
        self._left = step
        self._scope = trio.CancelScope()
        self._counter = _Counter(self)
        self._task: Task | None = None
        self._place = ""

    def __enter__(self) -> None:
        if self._task is not None:
            raise InvalidSpecError(
                "invalid_scenario", self, "one part of a scenario is cancelled, once"
            )
        self._task = current_task()
        add_instrument(self._counter)
        self._scope.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        remove_instrument(self._counter)
        return self._scope.__exit__(kind, error, traceback)

    @property
    def entered(self) -> bool:
        """Whether the scenario has come to that part."""
        return self._task is not None

    @property
    def place(self) -> str:
        """Where the part had come to when it was cancelled."""
        return self._place

    def count_step(self) -> None:
        """Hear that a step is over."""
        self._left -= 1
        if self._left == 0 and self._task is not None:
            self._place = where(self._task)
            self.cancelled = True
            self._scope.cancel()


@final
class _Counter(trio.abc.Instrument):
    def __init__(self, cancelling: Cancelling) -> None:
        self._cancelling = cancelling

    def after_task_step(self, task: Task) -> None:
        del task
        self._cancelling.count_step()


def cancel_everywhere(
    scenario: Scenario,
    *,
    schedules: int = 1,
    seed: int = 0,
    most: int = MOST,
    limit: float = 3600.0,
) -> int:
    """Run *scenario* again and again, and cancel a part of it after one step more.

    Each run is a Trio run of its own with a mock clock; the scenario builds a world,
    does in ``with cancelling:`` what is to be cancelled, and checks behind it that
    nothing has leaked or half-happened. Call this in a test that is not async.

    What the scenario raises comes out with a note that says where it was cancelled.

    Args:
        scenario: an async function that is given a `Cancelling`.
        schedules: under how many schedules that is done, the first being the one
            without preemptions, the others random walks.
        seed: for the random walks.
        most: how many steps the part may have.
        limit: seconds, on the clock of the run, after which a run is said to wait for
            ever.

    Returns:
        At how many places the part was cancelled.

    Raises:
        InvalidSpecError: an argument makes no sense, or nothing was cancelled because
            the scenario has no such part, or this has no step that waits, or too many.
    """
    check_count("invalid_scenario", "the number of schedules", schedules, least=1)
    check_count("invalid_scenario", "the number of steps", most, least=1)
    limits = check_limits(10 * most, limit, 0)
    with alone():
        return sum(
            _cancel_under(scenario, limits, most, f"{seed} {n}" if n else None)
            for n in range(schedules)
        )


def _cancel_under(
    scenario: Scenario, limits: Limits, most: int, seed: str | None
) -> int:
    """Cancel at every step under one schedule, and return at how many there were."""
    for step in range(1, most + 2):
        strategy = Replay(()) if seed is None else RandomWalk()
        chooser = strategy.start(Random(seed))  # noqa: S311
        chooser.begin(0)
        cancelling = Cancelling(step)
        error = run_once(partial(scenario, cancelling), chooser, limits).error
        if error is not None:
            if cancelling.cancelled:
                error.add_note(f"cancelled after step {step}, in {cancelling.place}")
            raise error
        if not cancelling.cancelled:
            return _check_steps(scenario, cancelling, step - 1)
    raise InvalidSpecError(
        "invalid_scenario", scenario, f"it is not over after {most} steps: raise 'most'"
    )


def _check_steps(scenario: Scenario, cancelling: Cancelling, steps: int) -> int:
    if not cancelling.entered:
        raise InvalidSpecError(
            "invalid_scenario", scenario, "it has no part in 'with cancelling:'"
        )
    if not steps:
        raise InvalidSpecError(
            "invalid_scenario", scenario, "the part that is cancelled never waits"
        )
    return steps
