"""Exploration: one test, run under one schedule after the other."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from hashlib import blake2b
from itertools import zip_longest
from math import inf
from random import Random
from threading import Lock
from typing import TYPE_CHECKING, Final, NoReturn, ParamSpec, TypeAlias, cast, final
from unittest import SkipTest

import attrs
import trio

from ...kernel import InvalidSpecError, check_count
from .._settings import SETTINGS
from ._errors import ExplorationError, NondeterminismError
from ._run_once import Limits, Run, run_once
from ._schedule import format_schedule, tell_steps
from ._shrink import shrink_schedule
from ._strategies import DepthFirst, Pct, RandomWalk, Replay
from ._trio_hook import find_problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._strategies import Strategy

P = ParamSpec("P")
Test: TypeAlias = Callable[[], Awaitable[object]]

RUNS: Final = 300
"""How many runs there are if nothing else is said."""

SHRINK_RUNS: Final = 300
"""How many runs it may take to make the schedule of a failure simple."""

STRATEGIES: Final[tuple[Strategy, ...]] = (DepthFirst(), RandomWalk(), Pct())


@final
@attrs.frozen
class Exploration:
    """What has been explored.

    Args:
        runs: how many schedules have been tried.
        complete: whether these were all there are. Then the program is right under
            every schedule, as far as its steps are what it consists of.
        redundant: how many of these showed nothing new.
        steps: how many steps the longest run had.
        fingerprint: stands for all steps of all runs; equal if and only if these are.
    """

    runs: int
    complete: bool
    redundant: int
    steps: int
    fingerprint: str


def explore(
    test: Test,
    *strategies: Strategy,
    runs: int = RUNS,
    schedule: str | None = None,
    seed: int = 0,
    jumps: int = 0,
    steps: int = 2_000,
    limit: float = 3600.0,
) -> Exploration:
    """Run *test* under many schedules, and fail as it does in the first that fails.

    Each run is a Trio run of its own with a mock clock, and builds a world of its own.
    Call this in a test that is not async.

    What the test raises comes out with notes: the schedule, made as simple as it gets,
    as a word for *schedule*, and who made the steps. A run that waits for ever fails
    with a `DeadlockError`, and one that makes steps for ever with an
    `EndlessRunError`.

    Args:
        test: an async function without arguments.
        strategies: who chooses, in turns; by default depth-first search, random walks
            and PCT. If one of them has tried everything, that is all.
        runs: how many runs at most, and as many as ``--otp-runs`` says at least.
        schedule: the schedule of a failure, to be run instead of all others;
            ``--otp-schedule`` says it for a whole run of pytest.
        seed: for everything that is left to chance.
        jumps: how many times in a run the clock may jump to the next deadline although
            somebody can go on, so that time-outs come before what was ready.
        steps: after how many steps of a run all who are ready have their turn one
            after the other; it may have as many again before it is said to be endless.
        limit: seconds, on the clock of the run, after which it is said to wait for
            ever; more than anything in it waits for.

    Raises:
        InvalidSpecError: one of the arguments makes no sense.
        NondeterminismError: the same schedule does not lead to the same steps.
        ExplorationError: this Trio is not known, or a Trio run is going on already.
    """
    limits = check_limits(steps, limit, jumps)
    check_count("invalid_exploration", "the number of runs", runs, least=1)
    check_strategies(test, strategies)
    schedule = SETTINGS.schedule if schedule is None else schedule
    if schedule is not None:
        strategies = (Replay(schedule),)
    most = max(runs, SETTINGS.runs or 0)
    with alone():
        return _Explorer(test, limits, seed).explore(strategies or STRATEGIES, most)


def replay(
    test: Test,
    schedule: str | Sequence[int] | Replay,
    *,
    jumps: int = 0,
    steps: int = 2_000,
    limit: float = 3600.0,
) -> None:
    """Run *test* once, under *schedule*, and raise whatever it fails with.

    This is for schedules that come from elsewhere, such as
    `otp.testing.schedules.schedules`; what a failure of `explore` printed is better
    given to `explore`, which tells the story again.

    Raises:
        InvalidSpecError: one of the arguments makes no sense.
        ExplorationError: this Trio is not known, or a Trio run is going on already.
    """
    limits = check_limits(steps, limit, jumps)
    chosen = schedule if isinstance(schedule, Replay) else Replay(schedule)
    with alone():
        run = run_under(chosen, test, limits)
    if run.error is not None:
        raise run.error


def explored(
    *strategies: Strategy,
    runs: int = RUNS,
    schedule: str | None = None,
    seed: int = 0,
    jumps: int = 0,
    steps: int = 2_000,
    limit: float = 3600.0,
) -> Callable[[Callable[P, Awaitable[object]]], Callable[P, None]]:
    """Make an async test one that is explored, as by `explore`.

    What it is given, such as fixtures, is the same in all runs.
    """

    def decorate(test: Callable[P, Awaitable[object]]) -> Callable[P, None]:
        @functools.wraps(test)
        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            explore(
                functools.partial(test, *args, **kwargs),
                *strategies,
                runs=runs,
                schedule=schedule,
                seed=seed,
                jumps=jumps,
                steps=steps,
                limit=limit,
            )

        return run

    return decorate


def check_limits(steps: int, limit: float, jumps: int) -> Limits:
    """Return how far runs may go.

    Raises:
        InvalidSpecError: it makes no sense.
    """
    kind = "invalid_exploration"
    check_count(kind, "the number of steps", steps, least=1)
    check_count(kind, "the number of jumps", jumps)
    if not 0 < limit < inf:
        raise InvalidSpecError(
            kind, limit, f"the limit is a positive number of seconds, not {limit!r}"
        )
    return Limits(steps, limit, jumps)


def check_strategies(test: object, strategies: Sequence[object]) -> None:
    """Refuse what is no test, or no strategy.

    Raises:
        InvalidSpecError: it is not.
    """
    if not callable(test):
        raise InvalidSpecError(
            "invalid_exploration",
            test,
            f"a test is an async function without arguments, not {test!r}",
        )
    for strategy in strategies:
        if isinstance(strategy, type) or not hasattr(strategy, "start"):
            raise InvalidSpecError(
                "invalid_strategy",
                strategy,
                f"a strategy is DepthFirst(), RandomWalk(), Pct() or Replay('...'), "
                f"not {strategy!r}; a schedule is given as schedule=...",
            )


_one_at_a_time = Lock()


@contextmanager
def alone() -> Generator[None]:
    """Refuse to explore where that cannot be done, and let nobody else meanwhile.

    Raises:
        ExplorationError: a Trio run is going on, this Trio is not known, or another
            exploration is going on in another thread.
    """
    _check_surroundings()
    if not _one_at_a_time.acquire(blocking=False):
        raise ExplorationError("another exploration is going on, in another thread")
    try:
        yield
    finally:
        _one_at_a_time.release()


def _check_surroundings() -> None:
    try:
        trio.lowlevel.current_task()
    except RuntimeError:
        problem = find_problem()
        if problem is None:
            return
        raise ExplorationError(
            f"Trio {trio.__version__} is not what exploration was made for: {problem}"
        ) from None
    raise ExplorationError(
        "an exploration starts Trio runs of its own: call it where none is going on, "
        "in a test that is not async"
    )


@final
class _Explorer:
    def __init__(self, test: Test, limits: Limits, seed: int) -> None:
        self._test = test
        self._limits = limits
        self._seed = seed
        self._digest = blake2b(digest_size=8)
        self._runs = 0
        self._redundant = 0
        self._longest = 0
        # The most choices that a run has had.
        self._choices = 0
        # Whether every run was chosen to its end.
        self._whole = True

    def explore(self, strategies: Sequence[Strategy], runs: int) -> Exploration:
        self._check_determinism()
        choosers = [
            (strategy, strategy.start(Random(f"{self._seed} {place}")))  # noqa: S311
            for place, strategy in enumerate(strategies)
        ]
        complete = False
        turn = 0
        while choosers and not complete and self._runs < runs:
            strategy, chooser = choosers[turn % len(choosers)]
            if chooser.begin(self._choices):
                self._runs += 1
                self._take(run_once(self._test, chooser, self._limits), strategy)
                self._redundant += chooser.redundant
                turn += 1
            else:
                complete = chooser.exhaustive and self._whole
                choosers.remove((strategy, chooser))
        return Exploration(
            self._runs,
            complete,
            self._redundant,
            self._longest,
            self._digest.hexdigest(),
        )

    def _check_determinism(self) -> None:
        """Run the same schedule twice, which is to be the same in all that happens."""
        one, other = self._replay(()), self._replay(())
        steps = zip_longest(one.steps, other.steps, fillvalue=0)
        for place, (step, again) in enumerate(steps, 1):
            if step != again:
                first = one.names.get(step, "nobody")
                second = other.names.get(again, "nobody")
                raise NondeterminismError(
                    f"the same schedule leads to different steps: number {place} is "
                    f"made by {first} in one run and by {second} in another"
                )
        self._longest = len(one.steps)
        self._choices = len(one.choices)

    def _take(self, run: Run, strategy: Strategy) -> None:
        self._digest.update(repr((run.steps, sorted(run.names.items()))).encode())
        self._longest = max(self._longest, len(run.steps))
        self._choices = max(self._choices, len(run.choices))
        self._whole = self._whole and not run.cut
        if run.error is not None:
            if says_something_else(run.error):
                raise run.error
            self._fail(run, run.error, strategy)

    def _fail(self, run: Run, error: BaseException, strategy: Strategy) -> NoReturn:
        kind = kind_of(error)
        runs = self._runs

        def try_again(choices: Sequence[int]) -> Sequence[int] | None:
            again = self._replay(choices)
            fails = again.error is not None and kind_of(again.error) == kind
            return again.choices if fails else None

        if try_again(run.choices) is None:
            raise NondeterminismError(
                "a schedule under which the test failed does not make it fail again"
            ) from error
        schedule = shrink_schedule(run.choices, try_again, SHRINK_RUNS)
        last = self._replay(schedule)
        if last.error is not None:
            run, error = last, last.error
        error.add_note(
            f"run {runs} of the exploration failed (by {strategy})\n"
            f"schedule={format_schedule(schedule)!r} makes it fail again\n"
            f"steps: {tell_steps(run.steps, run.names)}"
        )
        raise error

    def _replay(self, choices: Sequence[int]) -> Run:
        return run_under(Replay(choices), self._test, self._limits)


def run_under(schedule: Replay, test: Test, limits: Limits) -> Run:
    """Run *test* under *schedule*."""
    chooser = schedule.start(Random(0))  # noqa: S311
    chooser.begin(0)
    return run_once(test, chooser, limits)


def says_something_else(error: BaseException) -> bool:
    """Tell whether *error* does not mean that the test has failed."""
    if isinstance(error, (SkipTest, NondeterminismError)):
        return True
    # What pytest raises to skip a test, and the like; but for its fail().
    return not isinstance(error, Exception | BaseExceptionGroup) and (
        type(error).__name__ != "Failed"
    )


def kind_of(error: BaseException) -> object:
    """Return what has to be equal for two failures to be the same."""
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        return BaseExceptionGroup, tuple(map(kind_of, group.exceptions))
    return type(error)
