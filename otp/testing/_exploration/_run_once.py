"""One run of a test under one schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, final

import attrs
import trio
from trio.lowlevel import (
    checkpoint,
    current_root_task,
    current_statistics,
    current_task,
    spawn_system_task,
)
from trio.testing import MockClock

from ...kernel import process_of, where
from .._tasks import children_of, leaves_below, throw_out
from ._errors import DeadlockError, EndlessRunError, NondeterminismError
from ._footprints import Footprints
from ._schedule import OWN
from ._strategies import JUMP
from ._trio_hook import hooked

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from trio.lowlevel import Task

    from ._strategies import Chooser

    Test: TypeAlias = Callable[[], Awaitable[object]]


ROUNDS: Final = 20
"""How often what keeps a run from ending is thrown out."""


@final
@attrs.frozen
class Limits:
    """How far a run may go: steps, seconds, and jumps of the clock."""

    steps: int
    seconds: float
    jumps: int


@final
class Run:
    """What happened in one run.

    *choices* are those that were made, *steps* the number of the task that made each
    step, *names* what these tasks are called, and *cut* is whether it has become so
    long that nothing was chosen any more.
    """

    __slots__ = ("choices", "cut", "error", "names", "steps")

    def __init__(self) -> None:
        self.choices: list[int] = []
        self.steps: list[int] = []
        self.names: dict[int, str] = {JUMP: "time passes"}
        self.error: BaseException | None = None
        self.cut = False


def run_once(test: Test, chooser: Chooser, limits: Limits) -> Run:
    """Run *test* as *chooser* decides."""
    driver = _Driver(test, chooser, limits)
    try:
        trio.run(driver.main, clock=driver.clock, instruments=[driver.seen])
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - however a test fails
        driver.run.error = driver.problem or error
    return driver.run


class _Seen(trio.abc.Instrument):
    """Does nothing, but a node that sees an instrument leaves all steps to Trio."""


@final
class _Driver:
    """Says at each pass of Trio's loop who makes a step."""

    def __init__(self, test: Test, chooser: Chooser, limits: Limits) -> None:
        self.run = Run()
        self.clock = MockClock(autojump_threshold=0)
        self.seen = _Seen()
        self.problem: Exception | None = None
        self._test = test
        self._chooser = chooser
        self._limits = limits
        self._jumps = limits.jumps
        self._scope = trio.CancelScope()
        self._guard: Task | None = None
        self._ends = 0.0
        # Tasks are numbered as they are first seen, those seen together by their birth.
        self._numbers: dict[Task, int] = {}
        self._footprints = Footprints() if chooser.reduces else None
        # Who made the latest step, as long as it is being made, and who else was ready.
        self._last: Task | None = None
        self._stepping: Task | None = None
        self._waiting: set[Task] = set()
        # The step in which each task was last, for the time when all have their turn.
        self._turns: dict[Task, int] = {}

    # ------------------------------------------------------------------------- the run

    async def main(self) -> None:
        with hooked(self):
            self._ends = trio.current_time() + self._limits.seconds
            self._guard = spawn_system_task(
                self._watch, current_task(), name="otp exploration"
            )
            # Whatever Trio and we begin comes to rest before the test begins.
            await checkpoint()
            with self._scope:
                await self._test()
        if self.problem is not None:
            raise self.problem

    async def _watch(self, main: Task) -> None:
        await trio.sleep_until(self._ends)
        waiting = "\n".join(f"  {line}" for line in tell_waiting(self._guard))
        self._give_up(
            DeadlockError(
                f"after {self._limits.seconds:g} s on the clock of the run, the test "
                f"is not over:\n{waiting}"
            )
        )
        for _ in range(ROUNDS):
            # For whatever it takes to clean up.
            await trio.sleep(self._limits.seconds)
            error = EndlessRunError("the run is to end, and this task is shielded")
            throw_out(leaves_below(main) or [main], error)

    def _give_up(self, problem: Exception) -> None:
        if self.problem is None:
            self.problem = problem
            self._scope.cancel()

    # ------------------------------------------------------------------------ its steps

    def choose(self, ready: list[Task]) -> Task | None:
        self._end_step(ready)
        for task in ready:
            if task is self._guard or task.name.startswith("<"):
                # One of Trio's own, or ours: it has no part in the test.
                return task
        for task in ready:
            if task not in self._numbers:
                self._numbers[task] = len(self._numbers) + 1
                if task.name.startswith(OWN):
                    # A task of a node, which only begins to wait: that is no choice.
                    return self._begin_step(task, ready)
        made = len(self.run.steps)
        if self.problem is not None or made >= self._limits.steps:
            return self._begin_step(self._choose_fairly(ready, made), ready)
        options = self._options(ready)
        choice = 0
        if len(options) > 1:
            preempts = options[0] is self._last
            numbers = [JUMP if o is None else self._numbers[o] for o in options]
            try:
                choice = self._chooser.choose(numbers, preempts=preempts)
            except NondeterminismError as error:
                self._give_up(error)
            self.run.choices.append(choice)
        chosen = options[choice]
        if chosen is None:
            self._jump()
            return None
        return self._begin_step(chosen, ready)

    def _options(self, ready: list[Task]) -> list[Task | None]:
        """Return who can go on, who ran last first, and None for the clock."""
        options: list[Task | None] = list(ready)
        if self._last in ready:
            options.remove(self._last)
            options.insert(0, self._last)
        if self._jumps and 0 < self._next_deadline() < self._ends - trio.current_time():
            options.append(None)
        return options

    def _next_deadline(self) -> float:
        return current_statistics().seconds_to_next_deadline

    def _jump(self) -> None:
        self._jumps -= 1
        self.clock.jump(self._next_deadline())
        if self._footprints is not None:
            self._chooser.stepped(JUMP, None)
        self.run.steps.append(JUMP)

    def _choose_fairly(self, ready: list[Task], made: int) -> Task:
        self.run.cut = True
        most = self._limits.steps
        if made >= 2 * most:
            self._give_up(EndlessRunError(f"after {2 * most} steps there is no end"))
        if made >= 4 * most:
            raise EndlessRunError("a cancelled run does not end")
        return min(ready, key=lambda task: self._turns.get(task, 0))

    def _begin_step(self, task: Task, ready: list[Task]) -> Task:
        self._last = self._stepping = task
        self._waiting = {other for other in ready if other is not task}
        self._turns[task] = len(self.run.steps) + 1
        number = self._numbers[task]
        self.run.steps.append(number)
        self.run.names.setdefault(number, plain_name(task))
        self._note_name(task)
        if self._footprints is not None:
            self._footprints.begin()
        return task

    def _end_step(self, ready: list[Task]) -> None:
        task, self._stepping = self._stepping, None
        if task is None:
            return
        self._note_name(task)
        if self._footprints is None:
            return
        woken = [other for other in ready if other not in self._waiting]
        touched = self._footprints.end(task, woken)
        self._chooser.stepped(self._numbers[task], touched)

    def _note_name(self, task: Task) -> None:
        # Before a step, as the dead have no names; and after it, as who has not begun
        # is not known yet.
        name = name_of(task)
        if name is not None:
            self.run.names[self._numbers[task]] = name


def name_of(task: Task) -> str | None:
    """Return the name of the process that *task* is, or its label, if it has one."""
    process = process_of(task)
    if process is None or process.task is not task:
        return None
    label = process.label
    return process.name or (label if isinstance(label, str) else None)


def plain_name(task: Task) -> str:
    """Return the last part of what Trio calls *task*."""
    return task.name.rpartition(".")[2]


def tell_waiting(but: Task | None) -> Iterator[str]:
    """Yield for each task, except *but* and Trio's own, where it waits."""
    root = current_root_task()
    left = [] if root is None else _children(root)
    while left:
        task = left.pop(0)
        left += _children(task)
        if task is not but and not task.name.startswith(("<", OWN)):
            yield f"{name_of(task) or plain_name(task)} waits in {where(task)}"


def _children(task: Task) -> list[Task]:
    return sorted(children_of(task), key=lambda task: task.name)
