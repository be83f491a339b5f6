"""Which job is started, which waits and which is refused: the rules of an executor.

====== ============================================================================
rule   in words
====== ============================================================================
bound  No more than *max_concurrency* jobs run at once.
start  A job that comes is started if that leaves it so and nobody waits.
queue  Else it waits, if fewer than *queue* others do.
line   Else it is refused, or, if it is a patient one, waits to be let into the queue.
next   When one is over, the next of the queue is started, and the next of the line is
       let in; of each the one with the best place, see `_queue`.
====== ============================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, final

import attrs

from ._queue import JobQueue, place_of

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ._spec import ExecutorSpec, Priority

J = TypeVar("J", bound="Hashable")


@final
@attrs.frozen
class Begin(Generic[J]):
    """Start a job."""

    job: J


@final
@attrs.frozen
class Admit(Generic[J]):
    """Tell who submitted a job that it was accepted after all."""

    job: J


@final
@attrs.frozen
class Refuse(Generic[J]):
    """Tell who submits a job that there are too many."""

    job: J


Step = Begin[J] | Admit[J] | Refuse[J]


@final
class Board(Generic[J]):
    """The jobs of one executor; see the head of this file."""

    def __init__(self, spec: ExecutorSpec) -> None:
        self.spec = spec
        self.queue: JobQueue[J] = JobQueue()
        self.line: JobQueue[J] = JobQueue()
        # How many have been started and are not over.
        self.busy = 0
        self._came = 0

    def submit(
        self, job: J, priority: Priority, now: float, *, patient: bool
    ) -> list[Step[J]]:
        """Hear of a new job; a *patient* one waits rather than being refused."""
        self._came += 1
        place = place_of(priority, now, self.spec.ageing, self._came)
        if self._has_room:
            self.queue.add(job, place)
        elif patient:
            self.line.add(job, place)
        else:
            return [Refuse(job)]
        return self._serve()

    def withdraw(self, job: J) -> list[Step[J]]:
        """Forget a job that has not been started."""
        if self.queue.remove(job):
            return self._serve()
        self.line.remove(job)
        return []

    def over(self) -> list[Step[J]]:
        """Hear that a job that was started is over."""
        self.busy -= 1
        return self._serve()

    @property
    def _has_room(self) -> bool:
        """Whether one more may be in the queue, if only to be started at once."""
        free = self.spec.max_concurrency - self.busy
        return len(self.queue) < max(self.spec.queue, free)

    def _serve(self) -> list[Step[J]]:
        steps: list[Step[J]] = []
        while True:
            if self.line and self._has_room:
                job, place = self.line.pop()
                self.queue.add(job, place)
                steps.append(Admit(job))
            elif self.queue and self.busy < self.spec.max_concurrency:
                job, _ = self.queue.pop()
                self.busy += 1
                steps.append(Begin(job))
            else:
                return steps
