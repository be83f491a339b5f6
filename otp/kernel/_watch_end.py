"""Waiting for the end of a process, from any task."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from ._ids import Ref
from ._relations import Monitor
from ._waiter import Waiter

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio.lowlevel import Abort

    from ._process import Process


@final
class EndWaiter(Waiter):
    """What waits for the end of *process*; if it gives up, nothing of it is left."""

    __slots__ = ("process", "ref")

    def __init__(self, process: Process) -> None:
        super().__init__()
        self.process = process
        self.ref = Ref()
        process.watch(Monitor(self.ref, self, process.pid))

    def abort(self, raise_cancel: Callable[[], object]) -> Abort:
        self.process.unwatch(self.ref)
        return super().abort(raise_cancel)


def watch_end(process: Process) -> Waiter:
    """Return a slot that is settled with the reason when *process* dies."""
    if process.reason is None:
        return EndWaiter(process)
    waiter = Waiter()
    waiter.settle(process.reason)
    return waiter
