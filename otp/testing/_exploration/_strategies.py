"""Strategies: who goes on next, where several could.

A strategy is a value; `Strategy.start` makes of it a `Chooser`, which decides one run
after the other. No strategy is the best for all bugs: random walks find what happens
often, PCT what needs somebody to be late, and depth-first search tries everything, if
there is not too much of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, final

import attrs

from ...kernel import check_count
from ._depth_first import DepthFirstChooser
from ._schedule import format_schedule, parse_schedule

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from ._depth_first import Footprint

JUMP: Final = -1
"""Stands among the tasks for a jump of the clock."""


class Chooser(Protocol):
    """Decides, run by run, who goes on.

    With *reduces*, it wants to know what each step touched. *redundant* is whether the
    run that is going on shows nothing new. With *exhaustive*, everything has been tried
    when there is no run left.
    """

    reduces: bool
    redundant: bool
    exhaustive: bool

    def begin(self, longest: int) -> bool:
        """Begin another run, and tell whether there is one left.

        *longest* is the most choices that a run has had so far.
        """
        ...

    def choose(self, options: Sequence[int], *, preempts: bool) -> int:
        """Return which of *options*, at least two, goes on, as an index.

        With *preempts*, the first is the one that ran last.
        """
        ...

    def stepped(self, task: int, footprint: Footprint) -> None:
        """Hear that *task* made a step, and what it touched."""
        ...


class Strategy(Protocol):
    """How `explore` looks for schedules."""

    def start(self, random: Random) -> Chooser:
        """Return who decides, with *random* for everything that is left to chance."""
        ...


class _Simple:
    """What choosers that do not look back have in common."""

    reduces = redundant = exhaustive = False

    def begin(self, longest: int) -> bool:  # noqa: ARG002 - it does not matter to all
        return True

    def stepped(self, task: int, footprint: Footprint) -> None:
        pass


@final
@attrs.frozen
class RandomWalk:
    """At every choice, anybody goes on with the same probability."""

    def start(self, random: Random) -> Chooser:
        """Return who decides."""
        return _RandomChooser(random)

    def __str__(self) -> str:
        return "random walk"


@final
class _RandomChooser(_Simple):
    def __init__(self, random: Random) -> None:
        self._random = random

    def choose(self, options: Sequence[int], *, preempts: bool) -> int:
        del preempts
        return self._random.randrange(len(options))


@final
@attrs.frozen
class Pct:
    """Probabilistic concurrency testing: strict priorities, which change a few times.

    Every task has a random priority, and the highest goes on. At ``depth - 1`` random
    choices the one whose turn it is falls behind all that have not fallen yet. A bug
    for which *depth* things have to come in a certain order is found with a probability
    of at least ``1 / (n * k ** (depth - 1))`` for n tasks and k choices, which are
    twice as many as any run has had before (Burckhardt and others, "A Randomized
    Scheduler with Probabilistic Guarantees of Finding Bugs", 2010): it keeps somebody
    waiting for as long as it takes, which a random walk hardly ever does.

    Raises:
        InvalidSpecError: the depth is not a whole number from 1.
    """

    depth: int = 3

    def __attrs_post_init__(self) -> None:
        check_count("invalid_strategy", "the depth of PCT", self.depth, least=1)

    def start(self, random: Random) -> Chooser:
        """Return who decides."""
        return _PctChooser(random, self.depth)

    def __str__(self) -> str:
        return f"PCT, depth {self.depth}"


@final
class _PctChooser(_Simple):
    def __init__(self, random: Random, depth: int) -> None:
        self._random = random
        self._depth = depth
        # The higher, the earlier; who falls behind gets less than who has not.
        self._priorities: dict[int, float] = {}
        # To which priority who has its turn falls at which choice: any of them may be
        # the lowest, whichever comes first.
        self._falls: dict[int, int] = {}
        self._decisions = 0

    def begin(self, longest: int) -> bool:
        self._priorities = {}
        self._decisions = 0
        # Twice as many, as runs that are disturbed are longer.
        places = range(max(2 * longest, self._depth))
        chosen = self._random.sample(places, self._depth - 1)
        self._falls = {place: rank - self._depth for rank, place in enumerate(chosen)}
        return True

    def choose(self, options: Sequence[int], *, preempts: bool) -> int:
        del preempts
        priorities = self._priorities
        for task in sorted(options):
            if task not in priorities:
                priorities[task] = 1 + self._random.random()
        highest = max(options, key=priorities.__getitem__)
        if self._decisions in self._falls:
            priorities[highest] = self._falls[self._decisions]
            highest = max(options, key=priorities.__getitem__)
        self._decisions += 1
        return options.index(highest)


@final
@attrs.frozen
class DepthFirst:
    """Everything there is, one after the other, until nothing is left.

    If that is too much, *preemptions* limits how often a run takes the turn from
    somebody who could go on; a few are enough for most bugs. With *reduce*, schedules
    are left out that differ only in the order of steps that do not touch the same
    process or name, so that there are far fewer. That takes for granted that processes
    have nothing in common but what they have from ``otp``; for anything else, say
    `touch`.

    Raises:
        InvalidSpecError: the number of preemptions is not a whole number from 0.
    """

    preemptions: int | None = None
    reduce: bool = False

    def __attrs_post_init__(self) -> None:
        if self.preemptions is not None:
            check_count("invalid_strategy", "a number of preemptions", self.preemptions)

    def start(self, random: Random) -> Chooser:
        """Return who decides."""
        del random
        return DepthFirstChooser(self.preemptions, reduce=self.reduce)

    def __str__(self) -> str:
        return "depth-first"


@final
class Replay:
    """One schedule, once: that of a failure, as it was printed.

    What is not said in it is done without preemption.

    Raises:
        InvalidSpecError: it is no schedule.
    """

    def __init__(self, schedule: str | Sequence[int]) -> None:
        parsed = parse_schedule(schedule) if isinstance(schedule, str) else schedule
        for choice in parsed:
            check_count("invalid_schedule", "a choice", choice)
        self.choices = tuple(parsed)

    def __repr__(self) -> str:
        return f"Replay({format_schedule(self.choices)!r})"

    def start(self, random: Random) -> Chooser:
        """Return who decides."""
        del random
        return _ReplayChooser(self.choices)

    def __str__(self) -> str:
        return "replay"


@final
class _ReplayChooser(_Simple):
    def __init__(self, choices: Sequence[int]) -> None:
        self._choices = choices
        self._place = 0
        self._begun = False

    def begin(self, longest: int) -> bool:
        del longest
        again, self._begun = self._begun, True
        return not again

    def choose(self, options: Sequence[int], *, preempts: bool) -> int:
        del preempts
        if self._place >= len(self._choices):
            return 0
        self._place += 1
        # A list that was made up may have numbers for which there is nobody.
        return self._choices[self._place - 1] % len(options)
