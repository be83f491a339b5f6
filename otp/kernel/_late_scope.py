"""Cancelling a task from outside, without a scope that it had to open for that.

A process can be killed at any moment, which cancels everything that it does, however
deep in scopes and nurseries of its own. By Trio's public means that takes a
`trio.CancelScope` around the body of every process: a third of what an idle process
weighs, and several microseconds of its start and of its end, for something that most
processes never need. Here the scope comes into being only with the kill.

Trio keeps scopes as a tree of *statuses*. A task points to its innermost one, and
each of them to its parent, up to that of the nursery in which the task runs:

    nursery's <- (outermost own) <- ... <- (innermost own) <- task

`cancel_task` puts one more where an early scope would be, next to the nursery's, and
cancels it; Trio then does all that it does for any other scope. `release_task` takes
it out again before the task ends, as leaving the scope would.

All this is private to Trio. `is_supported` tries it out on the Trio that runs here,
and where the answer is no, processes have scopes of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import trio
from trio.lowlevel import checkpoint, current_task

from ._rehearsal import try_out

if TYPE_CHECKING:
    from trio.lowlevel import Task

# What is wrong with this Trio, None if nothing is; empty before it has been tried out.
_verdict: list[str | None] = []


def cancel_task(task: Task) -> None:
    """Cancel all that *task* does from now on until `release_task`.

    It may be parked, ready to go on, not yet started, or the one that runs.
    """
    inner: Any = task
    nursery = inner._parent_nursery._cancel_status
    outermost = inner._cancel_status
    if outermost is not nursery:
        while outermost.parent is not nursery:
            outermost = outermost.parent
            if outermost is None:
                return  # scopes were left in a wrong order, which has cancelled it
    scope: Any = trio.CancelScope()
    status = type(nursery)(scope=scope, parent=nursery)
    scope._has_been_entered = True
    scope._cancel_status = status
    if outermost is nursery:
        inner._activate_cancel_status(status)
    else:
        outermost.parent = status
    scope.cancel()


def release_task(task: Task) -> None:
    """Take back what `cancel_task` has done to *task*, whose body is over."""
    inner: Any = task
    nursery = inner._parent_nursery._cancel_status
    status = inner._cancel_status
    while status is not nursery and status.parent is not None:
        outer = status.parent
        inner._activate_cancel_status(outer)
        status.close()
        status._scope._cancel_status = None
        status = outer


def is_supported() -> bool:
    """Tell whether the Trio that runs here is as said above; that is tried out once."""
    if not _verdict:
        _verdict.append(find_problem())
    return _verdict[0] is None


def find_problem() -> str | None:
    """Try out whether tasks can be cancelled in this way, and say why not."""
    return try_out(_try_on_a_task)


async def _try_on_a_task() -> str | None:
    seen: list[str] = []
    async with trio.open_nursery() as nursery:
        parked: list[Task] = []
        nursery.start_soon(_be_cancelled, parked, seen)
        await _some_checkpoints()
        cancel_task(parked[0])
        await _some_checkpoints()
        inner: Any = nursery
        if inner._cancel_status.children:
            seen.append("a scope is left")
        nursery.cancel_scope.cancel()
    wanted = ["inside", "outside", "by itself", "over"]
    return None if seen == wanted else f"a cancelled task has seen {seen}"


async def _be_cancelled(parked: list[Task], seen: list[str]) -> None:
    task = current_task()
    parked.append(task)
    try:
        with trio.CancelScope():
            await trio.sleep_forever()
    except trio.Cancelled:
        seen.append("inside")
    try:
        await checkpoint()
    except trio.Cancelled:
        seen.append("outside")
    release_task(task)
    await checkpoint()
    cancel_task(task)
    try:
        await checkpoint()
    except trio.Cancelled:
        seen.append("by itself")
    release_task(task)
    await checkpoint()
    seen.append("over")


async def _some_checkpoints() -> None:
    for _ in range(8):
        await checkpoint()
