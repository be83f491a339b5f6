"""Waiting for tasks, and giving them up."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, Literal, TypeVar, assert_never, cast, get_args

import trio

from .. import process as processes
from ..gen import CALL_TIMEOUT, check_timeout
from ..kernel import (
    KILL,
    NO_PROC,
    SHUTDOWN,
    Killed,
    current,
    wait_gone,
    watch_end,
)
from ._errors import NotOwnerError, TaskExitedError, TaskTakenError, TaskTimeoutError
from ._outcome import Done, Failed
from ._slot import Hub

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..kernel import ExitReason, Pid, Process
    from ._outcome import Outcome
    from ._slot import Slot
    from ._task import Task

T = TypeVar("T")

TaskLimit = float | Literal["brutal_kill"]
"""Seconds that a task has to end when told to; or it is killed at once."""

OnTimeout = Literal["nothing", "ignore", "kill_task"]
"""What `yield_many` does with those that are not over in time."""


async def await_(task: Task[T], timeout: float = CALL_TIMEOUT) -> T:
    """Wait for the result of *task*, once, and return it.

    Whoever is cancelled while waiting has given the task up, just as after a time-out:
    it goes on, and its result is dropped.

    Raises:
        TaskExitedError: the task ended without a result. If it is linked to the
            caller, and that is a process that does not trap exits, the caller dies
            instead.
        TaskTimeoutError: there was no result after *timeout* seconds.
        NotOwnerError: somebody else started the task.
        TaskTakenError: the task was awaited before.
    """
    slot = _open(task)
    hub = Hub([slot])
    try:
        if await hub.next(_deadline(timeout)) is None:
            raise TaskTimeoutError([task.pid], timeout)
        return cast("T", _value(slot))
    finally:
        hub.give_up()


async def await_many(
    tasks: Iterable[Task[T]], timeout: float = CALL_TIMEOUT
) -> list[T]:
    """Wait for the results of all *tasks*, and return them in the order of the tasks.

    *timeout* is for all of them together. Once this has raised, or was cancelled, all
    of them are given up: they go on, and their results are dropped.

    Raises:
        TaskExitedError: one of them ended without a result; that is not waited for
            the others.
        TaskTimeoutError: not all had a result after *timeout* seconds.
        NotOwnerError: somebody else started one of them.
        TaskTakenError: one of them was awaited before.
    """
    wanted = list(tasks)
    slots = list(dict.fromkeys(_open(task) for task in wanted))
    deadline = _deadline(timeout)
    hub = Hub(slots)
    values: dict[Slot, object] = {}
    try:
        await trio.lowlevel.checkpoint()
        while len(values) < len(slots):
            slot = await hub.next(deadline)
            if slot is None:
                late = [slot.pid for slot in slots if slot not in values]
                raise TaskTimeoutError(late, timeout)
            values[slot] = _value(slot)
    finally:
        hub.give_up()
    return [cast("T", values[task.slot]) for task in wanted]


async def yield_(task: Task[T], timeout: float = CALL_TIMEOUT) -> Outcome[T] | None:
    """Wait for the outcome of *task*, and return it; None if it is not over yet.

    It may be called again then, and so it may if it was cancelled.

    Raises:
        NotOwnerError: somebody else started the task.
        TaskTakenError: its outcome was taken before.
    """
    slot = _open(task)
    hub = Hub([slot])
    try:
        if await hub.next(_deadline(timeout)) is None:
            return None
        return slot.take()
    finally:
        hub.close()


async def yield_many(
    tasks: Iterable[Task[T]],
    timeout: float = CALL_TIMEOUT,
    *,
    limit: int | None = None,
    on_timeout: OnTimeout = "nothing",
) -> list[tuple[Task[T], Outcome[T] | None]]:
    """Wait for the outcomes of *tasks*; return each task with its own, in their order.

    None stands for a task that is not over yet. If this is cancelled, what it has not
    killed or ignored may be waited for again.

    Args:
        tasks: all started by the caller.
        timeout: seconds for all of them together.
        limit: how many to wait for, instead of all.
        on_timeout: what to do with those that are not over after *timeout* seconds:
            ``"nothing"``, so that they can be waited for again, ``"ignore"`` them, or
            ``"kill_task"``. If *limit* is reached before, nothing is done.

    Raises:
        NotOwnerError: somebody else started one of them.
        TaskTakenError: the outcome of one was taken before.
        ValueError: the limit is negative, or *on_timeout* is none of the three.
    """
    wanted = list(tasks)
    slots = list(dict.fromkeys(_open(task) for task in wanted))
    many = _checked_limit(limit, len(slots))
    if on_timeout not in get_args(OnTimeout):
        words = ", ".join(map(repr, get_args(OnTimeout)))
        raise ValueError(f"on_timeout is one of {words}, not {on_timeout!r}")
    deadline = _deadline(timeout)
    hub = Hub(slots)
    over: dict[Slot, None] = {}
    found: dict[Slot, Outcome[T] | None] = {}
    try:
        await trio.lowlevel.checkpoint()
        while len(over) < many:
            slot = await hub.next(deadline)
            if slot is None:
                break
            if slot.closed:
                raise TaskTakenError(slot.ref)
            over[slot] = None
        if len(over) < many:
            late = [task for task in wanted if task.slot not in over]
            for task in dict.fromkeys(late):
                found[task.slot] = await _be_late(task, on_timeout)
        # Only now, so that nothing is lost if who waits is cancelled.
        found |= {slot: slot.take() for slot in over}
    finally:
        hub.close()
    return [(task, found.get(task.slot)) for task in wanted]


async def shutdown(
    task: Task[T], timeout: TaskLimit = CALL_TIMEOUT
) -> Outcome[T] | None:
    """Stop *task*, and wait until it has ended, and its code, too.

    It is told to shut down and, if it still lives after *timeout* seconds, killed;
    ``"brutal_kill"`` kills it at once. The caller is not affected by that, even if it
    is linked. Whoever is cancelled meanwhile has killed the task.

    Returns:
        None if it ended as it was told. The outcome, if it had one before, or had one
        all the same: `Failed` also if it had to be killed after the time-out, and
        with `NoProc` if it had ended and its outcome was taken.

    Raises:
        NotOwnerError: somebody else started the task.
        ValueError: the task has no process, or *timeout* is no time-out.
    """
    slot = _owned(task)
    if task.pid is None:
        raise ValueError(f"{task!r} has no process that could be shut down")
    limit = 0.0 if timeout == "brutal_kill" else check_timeout(timeout)
    hub = Hub([slot])
    try:
        reason = await _stop(task.pid, limit, brutal=timeout == "brutal_kill")
        outcome = _take_quietly(slot)
    finally:
        hub.give_up()
    if isinstance(outcome, Done):
        return outcome
    if outcome is not None:
        reason = outcome.reason
    if isinstance(reason, Killed) if timeout == "brutal_kill" else reason == SHUTDOWN:
        return None
    return Failed(reason)


def ignore(task: Task[T]) -> Outcome[T] | None:
    """Give *task* up, and return its outcome if it is over. Never waits.

    It goes on, is linked to the caller no longer, and its result will be dropped.

    Raises:
        NotOwnerError: somebody else started the task.
    """
    slot = _owned(task)
    outcome = _take_quietly(slot)
    slot.close()
    process = None if task.pid is None else task.pid.process
    if process is not None:
        current().unlink(process)
    return outcome


# ---------------------------------------------------------------- what it is made of


def _owned(task: Task[Any]) -> Slot:
    caller = current().pid
    if task.owner is not caller:
        raise NotOwnerError(f"task {task.pid!r}", task.owner, caller)
    return task.slot


def _open(task: Task[Any]) -> Slot:
    slot = _owned(task)
    if slot.closed:
        raise TaskTakenError(slot.ref)
    return slot


def _deadline(timeout: float) -> float:
    check_timeout(timeout)
    return inf if timeout == inf else trio.current_time() + timeout


def _checked_limit(limit: int | None, most: int) -> int:
    if limit is None:
        return most
    if limit < 0:
        raise ValueError(f"the limit is how many tasks to wait for, not {limit!r}")
    return min(limit, most)


def _value(slot: Slot) -> object:
    outcome = slot.take()
    if isinstance(outcome, Done):
        return outcome.value
    raise TaskExitedError(slot.pid, NO_PROC if outcome is None else outcome.reason)


def _take_quietly(slot: Slot) -> Outcome[Any] | None:
    try:
        return slot.take()
    except TaskTakenError:
        return None


async def _be_late(task: Task[T], on_timeout: OnTimeout) -> Outcome[T] | None:
    match on_timeout:
        case "nothing":
            return None
        case "ignore":
            return ignore(task)
        case "kill_task":
            return await shutdown(task, "brutal_kill")
        case _:
            assert_never(on_timeout)


async def _stop(pid: Pid, limit: float, *, brutal: bool) -> ExitReason:
    process = pid.process
    if process is None:
        await wait_gone(pid)
        await trio.lowlevel.checkpoint()
        return NO_PROC
    owner = current()
    owner.unlink(process)
    try:
        end = watch_end(process)
        processes.exit(pid, KILL if brutal else SHUTDOWN)
        with trio.move_on_after(limit):
            await end.wait()
    finally:
        # Also if who waits is cancelled: the task has lost its tie to everybody.
        process.exit_signal(owner, KILL, by_link=False)
    await wait_gone(pid)
    return _reason(process)


def _reason(process: Process) -> ExitReason:
    if process.reason is None:
        raise AssertionError("a process that was killed is dead")
    return process.reason
