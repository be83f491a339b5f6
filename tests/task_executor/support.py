"""Jobs for tests of executors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from otp import ExecutorSpec, Name, TaskExecutor, task_executor
from otp.testing import wait_until_idle

if TYPE_CHECKING:
    from otp.task_executor import JobEvent

JOBS = Name[TaskExecutor]("jobs")

ONE = ExecutorSpec(max_concurrency=1, queue=2)


class BrokenError(Exception):
    """What jobs fail with here."""


class Log:
    """What has been done, in order, and how much at once."""

    def __init__(self) -> None:
        self.begun: list[object] = []
        self.ended: list[object] = []
        self.events: list[JobEvent] = []
        self.busy = 0
        self.most = 0

    async def work(self, what: object = None, seconds: float = 1) -> object:
        """Take so long, and return *what*."""
        self.begun.append(what)
        self.busy += 1
        self.most = max(self.most, self.busy)
        try:
            await trio.sleep(seconds)
        finally:
            self.busy -= 1
            self.ended.append(what)
        return what

    async def fail(self, seconds: float = 1) -> None:
        """Take so long, and raise."""
        await self.work("fails", seconds)
        raise BrokenError


async def start(spec: ExecutorSpec = ONE, log: Log | None = None) -> None:
    """Start `JOBS`, and let it come to rest."""
    listeners = [] if log is None else [log.events.append]
    await task_executor.start_named(JOBS, spec, listeners=listeners)
    await wait_until_idle()
