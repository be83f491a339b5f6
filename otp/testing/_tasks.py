"""The tasks of a Trio run, and getting rid of those that no cancellation reaches."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import outcome
from trio.lowlevel import reschedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trio.lowlevel import Task


def children_of(task: Task) -> list[Task]:
    """Return the tasks in the nurseries of *task*."""
    return [child for nursery in task.child_nurseries for child in nursery.child_tasks]


def tasks_below(top: Task) -> Iterator[Task]:
    """Go through the tasks below *top*, however deep."""
    waiting = children_of(top)
    while waiting:
        task = waiting.pop()
        waiting += children_of(task)
        yield task


def leaves_below(top: Task) -> list[Task]:
    """Return the tasks below *top* that have no others below them."""
    return [task for task in tasks_below(top) if not children_of(task)]


def throw_out(tasks: list[Task], error: Exception) -> None:
    """Raise *error* in *tasks*, which wait for something, be it under a shield.

    What they wait for is not told, so this is for a run that is to end anyway.
    """
    for task in tasks:
        with suppress(AssertionError):  # it is about to run anyway
            reschedule(task, outcome.Error(error))
