"""Locks by key: one holder at a time, in the order in which they came."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from trio.lowlevel import Abort, checkpoint, current_task

from ..kernel import (
    Monitor,
    Ref,
    ServerExitedError,
    Waiter,
    current,
    send_ghost_away,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from trio.lowlevel import Task

    from ..kernel import ExitReason, Process, ServerRef


@final
class Ticket(Waiter):
    """One place in the queue for a lock; the first in the queue holds it.

    Settled when it becomes the first.
    """

    __slots__ = ("holder", "key", "locks", "owner", "registry")

    def __init__(
        self, locks: Locks, key: Hashable, registry: ServerRef, owner: Process
    ) -> None:
        super().__init__()
        self.locks = locks
        self.key = key
        self.registry = registry
        self.owner = OwnerEnd(self, owner)
        self.holder: Task = current_task()

    def died(self, reason: ExitReason) -> None:
        """Hear that the registry has ended."""
        self.locks.leave(self)
        self.fail(ServerExitedError(self.registry, reason))

    def abort(self, raise_cancel: Callable[[], object]) -> Abort:
        self.locks.leave(self)
        return super().abort(raise_cancel)


@final
class OwnerEnd(Waiter):
    """Hears of the end of the process that has a ticket: the dead hold nothing."""

    __slots__ = ("process", "ref", "ticket")

    def __init__(self, ticket: Ticket, process: Process) -> None:
        super().__init__()
        self.ticket = ticket
        self.process = process
        self.ref = Ref()
        process.watch(Monitor(self.ref, self, process.pid))

    def died(self, reason: ExitReason) -> None:  # noqa: ARG002 - any reason will do
        self.ticket.locks.leave(self.ticket)
        self.ticket.settle(None)


@final
class Locks:
    """The locks of one registry, whose process is *process*."""

    __slots__ = ("_process", "_queues")

    def __init__(self, process: Process) -> None:
        self._process = process
        # Invariant: no queue is empty, and its first ticket is settled.
        self._queues: dict[Hashable, dict[Ticket, None]] = {}

    async def enter(self, key: Hashable, registry: ServerRef) -> Ticket:
        """Wait for the lock, and hold it.

        Raises:
            RuntimeError: the calling task holds it already.
            ServerExitedError: the registry ended meanwhile.
        """
        await checkpoint()
        owner = current()
        if owner.reason is not None:
            await send_ghost_away()
        if self._process.reason is not None:
            raise ServerExitedError(registry, self._process.reason)
        queue = self._queues.get(key)
        if queue is None:
            ticket = Ticket(self, key, registry, owner)
            self._queues[key] = {ticket: None}
            ticket.settle(None)
            return ticket
        if next(iter(queue)).holder is current_task():
            raise RuntimeError(f"the calling task holds the lock {key!r} already")
        ticket = Ticket(self, key, registry, owner)
        queue[ticket] = None
        self._process.owe(ticket)
        await ticket.wait()
        if owner.reason is not None:
            # What a killed process waits for does not fail: it is cancelled.
            await send_ghost_away()
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Give up *ticket*, and let the next one have the lock if it held it."""
        queue = self._queues.get(ticket.key, {})
        if ticket not in queue:
            return
        held = next(iter(queue)) is ticket
        del queue[ticket]
        ticket.owner.process.unwatch(ticket.owner.ref)
        self._process.quit(ticket)
        if not queue:
            del self._queues[ticket.key]
        elif held:
            first = next(iter(queue))
            self._process.quit(first)
            first.settle(None)
