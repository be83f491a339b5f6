"""What is done in the process of a probe for somebody outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import trio

from ..kernel import ServerExitedError, Waiter, is_own_end

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..kernel import ExitReason, Process


@final
class Job(Waiter):
    """Something to be done in the process of a probe, and who waits for it.

    *unwanted* is given what comes of it, if nobody waits any more.
    """

    __slots__ = ("fn", "owner", "scope", "unwanted")

    def __init__(
        self,
        owner: Process,
        fn: Callable[[], Awaitable[object]],
        unwanted: Callable[[object], None] | None = None,
    ) -> None:
        super().__init__()
        self.owner = owner
        self.fn = fn
        self.unwanted = unwanted
        self.scope = trio.CancelScope()

    async def work(self) -> None:
        """Do it, unless nobody waits for it any more."""
        if self.settled:
            return
        with self.scope:
            try:
                value = await self.fn()
            except BaseException as error:
                if not is_own_end(error):
                    raise
                self.fail(error)
            else:
                if not self.settle(value) and self.unwanted is not None:
                    self.unwanted(value)
        self.owner.quit(self)

    def died(self, reason: ExitReason) -> None:
        self.fail(ServerExitedError(self.owner.pid, reason))

    def abandon(self) -> None:
        super().abandon()
        self.owner.quit(self)
        self.scope.cancel()
