"""Depth-first search through all schedules, with sleep sets.

There is no way back in a program that runs, so each run begins anew: it goes the way
of the one before up to the last choice that has an option left, takes that, and goes
on with the first option from there.

Sleep sets (Godefroid, "Partial-Order Methods for the Verification of Concurrent
Systems", 1996) leave out what would only repeat: when all runs that begin with the step
of one task have been seen, and another goes first instead, then the step of the first
need not be tried again until a step was made that touches something which that one
touches, too, because until then it would lead to the same states in another order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, final

from ._errors import NondeterminismError

if TYPE_CHECKING:
    from collections.abc import Sequence

Footprint: TypeAlias = frozenset[object] | None
"""What a step touched: two steps that touch nothing in common may change places.

None is everything. There is always something, at least who makes the step, so that no
two steps of one task commute.
"""

EVERYTHING: Final = None


def commute(one: Footprint, other: Footprint) -> bool:
    """Tell whether two steps with these footprints may change places."""
    return one is not None and other is not None and one.isdisjoint(other)


@final
class _Node:
    """One choice on the way that is being followed.

    Invariant: *left* are the options that are still to be tried at this place, and
    *asleep* the tasks that need not be, with what their next steps touch.
    """

    __slots__ = ("asleep", "left", "options", "taken")

    def __init__(self, options: Sequence[int], left: list[int]) -> None:
        self.options = options
        self.left = left
        self.taken = left.pop()
        self.asleep: dict[int, Footprint] = {}


@final
class DepthFirstChooser:
    """Decides for `DepthFirst`."""

    def __init__(self, preemptions: int | None, *, reduce: bool) -> None:
        self._limit = preemptions
        self.reduces = reduce
        self.exhaustive = preemptions is None
        self._path: list[_Node] = []
        # How many choices of this run have been made, and how many were preemptions.
        self._depth = 0
        self._preempted = 0
        self._first = True
        # The choice whose step is being made, and who is asleep at present.
        self._at: _Node | None = None
        self._asleep: dict[int, Footprint] = {}
        # What can follow has been seen: the run is only brought to its end.
        self.redundant = False

    def begin(self, longest: int) -> bool:
        del longest
        if not self._first:
            while self._path and not self._path[-1].left:
                self._path.pop()
            if not self._path:
                return False
            last = self._path[-1]
            last.taken = last.left.pop()
        self._first = False
        self._depth = self._preempted = 0
        self._asleep = {}
        self._at = None
        self.redundant = False
        return True

    def choose(self, options: Sequence[int], *, preempts: bool) -> int:
        if self.redundant:
            return 0
        if self._depth < len(self._path):
            node = self._path[self._depth]
            if node.options != options:
                raise NondeterminismError(
                    f"the same schedule leads to different choices: number "
                    f"{self._depth + 1} was among {len(node.options)} tasks before, "
                    f"and is among {len(options)}, or among others"
                )
        else:
            left = self._options_left(options, preempts=preempts)
            if not left:
                self.redundant = True
                return 0
            node = _Node(options, left)
            node.asleep = dict(self._asleep)
            self._path.append(node)
        self._depth += 1
        self._at = node
        self._asleep = dict(node.asleep)
        choice = node.options.index(node.taken)
        self._preempted += preempts and choice > 0
        return choice

    def _options_left(self, options: Sequence[int], *, preempts: bool) -> list[int]:
        if preempts and self._limit is not None and self._preempted >= self._limit:
            # What it would take to go on otherwise is used up.
            return [options[0]]
        return [task for task in reversed(options) if task not in self._asleep]

    def stepped(self, task: int, footprint: Footprint) -> None:
        node, self._at = self._at, None
        if node is None and task in self._asleep:
            # The only one that can go on is asleep.
            self.redundant = True
        self._asleep = {
            sleeper: its
            for sleeper, its in self._asleep.items()
            if commute(its, footprint)
        }
        if node is not None:
            # From now on it has been tried at that place.
            node.asleep[node.taken] = footprint
