"""What a scheduler must be able to do, tried out on tasks of no importance."""

from __future__ import annotations

from contextvars import Context, ContextVar
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, final

import trio
from trio.lowlevel import Abort, checkpoint, current_task

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from trio.lowlevel import Task

    from ._scheduler import Scheduler

_ROUNDS = 10

_player: ContextVar[str] = ContextVar("otp_player", default="")


PATIENCE: Final = 5.0
"""Seconds after which a trial is given up."""


def try_out(trial: Callable[[], Awaitable[str | None]]) -> str | None:
    """Return the problem that *trial* finds, None if there is none.

    It happens in a thread, in a Trio run of its own, where it can do no harm: a task
    that gets lost is waited for in vain there.
    """
    found: list[str | None] = []

    def run() -> None:
        try:
            found.append(trio.run(trial))
        except BaseException as error:  # noqa: BLE001 - whatever it is, it does not fit
            found.append(repr(error.__cause__ or error))

    thread = Thread(target=run, name="otp rehearsal", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        return f"it cannot be tried out: {error}"
    thread.join(PATIENCE)
    return found[0] if found else "a task gets lost"


def lacking(needed: Mapping[Any, str]) -> list[str]:
    """Return which of the names, given as words for each owner, are not there."""
    return [
        name
        for owner, names in needed.items()
        for name in names.split()
        if not hasattr(owner, name)
    ]


class RehearsalError(Exception):
    """Something did not go as it should."""


async def rehearse(scheduler: Scheduler) -> None:
    """Start tasks, park them, wake them, ask, cancel and crash them.

    Raises:
        RehearsalError: that went wrong; the message says what.
    """
    first, second = _Player("first", scheduler), _Player("second", scheduler)
    async with trio.open_nursery() as nursery:
        scheduler.start(nursery, Context(), "first", first.play)
        nursery.start_soon(second.play)
        await _until("a task does not park", lambda: first.parked and second.parked)
        for n in range(3):
            first.put(n)
            second.put(n)
            await _until("a woken task does not go on", second.has_read_all)
            await _until(
                "a task does not park again", lambda: first.parked and second.parked
            )
        me = current_task()
        scheduler.ask(first, "question", me)
        await _until("a task that is asked does not go on", first.has_read_all)
        if current_task() is not me or _player.get():
            raise RehearsalError("after a question, another task runs")
        second.put("left")
        nursery.cancel_scope.cancel()
    if first.read != [0, 1, 2, "question", "cancelled"]:
        raise RehearsalError(f"a task has seen {first.read}")
    if second.read[3:] != ["left", "cancelled"]:
        raise RehearsalError(f"a cancelled task has seen {second.read}")
    await _crash(scheduler)


async def _crash(scheduler: Scheduler) -> None:
    third = _Player("third", scheduler)
    lost = True
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(third.play)
            await _until("a task does not park", lambda: third.parked)
            third.put(ZeroDivisionError())
            await _until("a task that crashes does not end", lambda: third.over)
    except* ZeroDivisionError:
        lost = False
    if lost:
        raise RehearsalError("an exception got lost")


async def _until(otherwise: str, fact: Callable[[], object]) -> None:
    # By turns, not by a clock, which may be one that stands still.
    for _ in range(_ROUNDS):
        if fact():
            return
        await checkpoint()
    raise RehearsalError(otherwise)


@final
class _Player:
    """A task that waits for messages and remembers what it has read."""

    def __init__(self, name: str, scheduler: Scheduler) -> None:
        self.name = name
        self.scheduler = scheduler
        self.parked: Task | None = None
        self.mail: list[object] = []
        self.read: list[object] = []
        self.over = False

    def deliver(self, message: object) -> None:
        self.mail.append(message)

    def put(self, message: object) -> None:
        self.deliver(message)
        task = self.parked
        if task is not None:
            self.parked = None
            self.scheduler.wake(task)

    def has_read_all(self) -> bool:
        return not self.mail

    def abort(self, _raise_cancel: Callable[[], object]) -> Abort:
        self.parked = None
        return Abort.SUCCEEDED

    async def play(self) -> None:
        task = current_task()
        _player.set(self.name)
        try:
            while True:
                self.parked = task
                await self.scheduler.park(task, self.abort)
                self.read.extend(self.mail)
                self.mail.clear()
                if current_task() is not task or _player.get() != self.name:
                    raise RehearsalError("a task runs in the place of another")
                if isinstance(self.read[-1], Exception):
                    raise self.read[-1]
                # To Trio's own queue and back.
                await checkpoint()
        except trio.Cancelled:
            self.read.append("cancelled")
            raise
        finally:
            self.over = True
