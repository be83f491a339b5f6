"""Waiting until a dynamic supervisor has room for another child."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

from ..kernel import ServerExitedError, Waiter, current_process
from ..supervisor import Family, SpecialRequest, ask
from ._crowd import as_crowd

if TYPE_CHECKING:
    from ..kernel import ExitReason, Process, ServerRef
    from ._crowd import Crowd
    from ._dynamic import DynamicSupervisor


@final
class RoomWaiter(Waiter):
    """Settled when there is room; the supervisor owes it, so its death is heard."""

    __slots__ = ("_crowd", "_process", "_supervisor")

    def __init__(self, supervisor: object) -> None:
        super().__init__()
        self._supervisor = supervisor
        self._process: Process | None = None
        self._crowd: Crowd | None = None

    def died(self, reason: ExitReason) -> None:
        self.fail(ServerExitedError(self._supervisor, reason))

    def stand_in_line(self, process: Process, crowd: Crowd) -> None:
        """Wait for room in *crowd*, the children of *process*."""
        self._process, self._crowd = process, crowd
        process.owe(self)
        crowd.wait_room(self)

    def leave(self) -> None:
        """Lose interest."""
        self.abandon()
        if self._process is not None:
            self._process.quit(self)
        if self._crowd is not None:
            self._crowd.leave_room(self)


@final
@attrs.frozen
class TellRoom(SpecialRequest[None]):
    """Settle a slot when there is room, unless nobody waits for that any more."""

    waiter: RoomWaiter

    async def carry_out(self, family: Family, /) -> None:
        crowd = as_crowd(family, None)
        if not self.waiter.settled:
            self.waiter.stand_in_line(current_process("a supervisor"), crowd)


async def wait_room(supervisor: ServerRef[DynamicSupervisor]) -> None:
    """Wait until there are fewer children than *max_children*.

    Nothing is reserved: when somebody else is faster, `start_child` says so.

    Raises:
        StrategyError: the supervisor is not a dynamic one.
        CallError: it is not there, or has ended.
    """
    waiter = RoomWaiter(supervisor)
    try:
        await ask(supervisor, TellRoom(waiter))
        await waiter.wait()
    finally:
        waiter.leave()
