"""Where the outcome of a task is until somebody takes it.

In Erlang it is a message to the owner. Here it is that, too, but only for an owner
which does not wait: who waits is given the outcome directly, and nothing passes
through the mailbox. So any Trio task of the owner may wait, several at the same time,
and also the code around a node, which has no mailbox; and a server that does not wait
finds the outcome among its messages. In both cases it is there once.

====== ================== ========================================================
state  ``value``          meaning
====== ================== ========================================================
open   ``PENDING``        the task is under way
filled a `Done`, `Failed` over; *message* is what lies in the owner's mailbox, None
                          if the owner waits, or has none
closed None               taken or given up; whatever comes is dropped
====== ================== ========================================================
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, cast, final

import trio
from trio.lowlevel import checkpoint

from ..kernel import (
    MISSING,
    PENDING,
    Down,
    Exited,
    Monitor,
    Ref,
    Waiter,
    is_ghost,
    send_ghost_away,
)
from ._errors import TaskTakenError
from ._outcome import Done, Failed, TaskResult

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..kernel import ExitReason, Pid, Process
    from ._outcome import Outcome


@final
class Slot(Waiter):
    """The place for the outcome of one task; see the head of this file.

    A *silent* one lets no trapped exit signal of its task reach the owner.
    """

    __slots__ = ("listeners", "message", "owner", "pid", "ref", "silent")

    def __init__(self, owner: Pid, pid: Pid | None) -> None:
        super().__init__()
        self.owner = owner
        self.pid = pid
        self.ref = Ref()
        self.message: object = None
        self.listeners: dict[Hub, None] = {}
        self.silent = False

    def watch(self, process: Process) -> None:
        """Hear of the end of the task's *process*."""
        process.watch(Monitor(self.ref, self, process.pid))

    @property
    def closed(self) -> bool:
        """Whether nothing is to be had here any more."""
        return self.value is None

    @property
    def filled(self) -> bool:
        """Whether the outcome is here, or lies in the mailbox of the owner."""
        return isinstance(self.value, (Done, Failed))

    # ------------------------------------------------------------------- the task

    def fill(self, outcome: Outcome[Any]) -> None:
        """Bring the outcome; the first one counts."""
        if self.value is not PENDING:
            return
        self.value = outcome
        for hub in self.listeners:
            hub.hear(self)
        if not self.listeners:
            self._post()

    def died(self, reason: ExitReason) -> None:
        if self.silent:
            # Links are told first, so that it is the newest message.
            self._drop_signal()
        self.fill(Failed(reason))

    def silence(self) -> None:
        """Be silent from now on, also about a task that was found dead just now."""
        self.silent = True
        if self.filled:
            self._drop_signal()

    def _drop_signal(self) -> None:
        owner = self.owner.process
        if owner is not None:
            owner.mailbox.take_back(
                lambda m: isinstance(m, Exited) and m.pid is self.pid
            )

    def _post(self) -> None:
        """Put the outcome into the owner's mailbox, if it has one."""
        owner = self.owner.process
        if owner is None or owner.parent is None or self.message is not None:
            return
        outcome = cast("Outcome[Any]", self.value)
        if isinstance(outcome, Done):
            self.message = TaskResult(self.ref, outcome.value)
        elif self.pid is not None:
            self.message = Down(self.ref, self.pid, outcome.reason)
        owner.mailbox.put(self.message)

    # ------------------------------------------------------------------ the owner

    def take(self) -> Outcome[Any] | None:
        """Take the outcome, and out of the mailbox, if it is there.

        Raises:
            TaskTakenError: it has been taken before.
        """
        if self.value is PENDING:
            return None
        outcome = cast("Outcome[Any] | None", self.value)
        here = self.message is None or self._withdraw()
        self.value = None
        if outcome is None or not here:
            raise TaskTakenError(self.ref)
        return outcome

    def close(self) -> None:
        """Give up: an outcome that is there, or comes, is dropped."""
        self._withdraw()
        self.value = None
        for hub in self.listeners:
            hub.hear(self)
        process = None if self.pid is None else self.pid.process
        if process is not None:
            process.unwatch(self.ref)

    def _withdraw(self) -> bool:
        owner = self.owner.process
        message, self.message = self.message, None
        if owner is None or message is None:
            return False
        return owner.mailbox.find(lambda m: m is message) is not MISSING

    def leave(self, hub: Hub) -> None:
        """Do without *hub*: what it was told of and did not take becomes a message."""
        self.listeners.pop(hub, None)
        if self.filled and not self.listeners:
            self._post()


@final
class Hub:
    """One who waits for several slots, and hears of them as they are filled."""

    def __init__(self, slots: Iterable[Slot] = ()) -> None:
        self._slots: dict[Slot, None] = {}
        self._heard: deque[Slot] = deque()
        self._waiter: Waiter | None = None
        for slot in slots:
            self.listen(slot)

    def listen(self, slot: Slot) -> None:
        """Wait for *slot*, too."""
        self._slots[slot] = None
        slot.listeners[self] = None
        if slot.filled:
            self._heard.append(slot)

    def forget(self, slot: Slot) -> None:
        """Wait for *slot* no longer."""
        self._slots.pop(slot, None)
        slot.leave(self)

    def hear(self, slot: Slot) -> None:
        """Hear that *slot* is filled."""
        self._heard.append(slot)
        self.wake()

    def wake(self) -> None:
        """Let who waits go on."""
        if self._waiter is not None:
            self._waiter.settle(None)

    async def next(self, deadline: float) -> Slot | None:
        """Wait for the next slot that is filled; None if the time is over, or woken.

        Always a checkpoint.
        """
        if is_ghost():
            await send_ghost_away()
        if self._heard:
            await checkpoint()
        else:
            self._waiter = Waiter()
            try:
                with trio.move_on_at(deadline):
                    await self._waiter.wait()
            finally:
                self._waiter = None
        return self._heard.popleft() if self._heard else None

    def close(self) -> None:
        """Wait no longer."""
        for slot in list(self._slots):
            self.forget(slot)

    def give_up(self) -> None:
        """Wait no longer, and close what was waited for."""
        for slot in self._slots:
            slot.listeners.pop(self, None)
            slot.close()
