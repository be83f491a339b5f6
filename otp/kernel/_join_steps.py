"""How a node comes to use the step queue, if the Trio that runs here is fit for it."""

from __future__ import annotations

import trio

from ._rehearsal import rehearse, try_out
from ._report import SchedulerReport, emit
from ._steps import StepQueue, find_missing, queue_of_run

# What is wrong with this Trio, None if nothing is; empty before it has been tried out.
_verdict: list[str | None] = []


def join() -> StepQueue | None:
    """Begin to use the step queue of this Trio run, None if Trio is not fit for it."""
    if not _verdict:
        _verdict.append(find_problem())
        if _verdict[0] is not None:
            emit(SchedulerReport(trio.__version__, _verdict[0]))
    if _verdict[0] is not None:
        return None
    queue = queue_of_run.get()
    if queue is None:
        queue = StepQueue()
        queue_of_run.set(queue)
    queue.join()
    return queue


def find_problem() -> str | None:
    """Try out whether this Trio is fit for the step queue, and say what is not."""
    return try_out(_rehearse)


async def _rehearse() -> str | None:
    missing = find_missing()
    if missing:
        return f"there is no {', '.join(missing)}"
    queue = StepQueue()
    queue.join()
    await rehearse(queue)
    queue.leave()
    return None
