"""Task executors: what it costs to submit a job and to wait for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import otp
from otp import ExecutorSpec, task, task_executor, task_supervisor

from .timing import bare_call

if TYPE_CHECKING:
    from .timing import Line

AT_ONCE = 100


def lines() -> dict[str, Line]:
    """Return what is measured."""
    return {
        "a job, and waiting for it": one_by_one,
        f"the same, {AT_ONCE} jobs at once": many,
        "a task of a task supervisor instead": plain,
    }


async def one_by_one(n: int) -> None:
    jobs = await task_executor.start_link()
    for i in range(n):
        await task_executor.run(jobs, bare_call, i)


async def many(n: int) -> None:
    spec = ExecutorSpec(max_concurrency=AT_ONCE, queue=AT_ONCE)
    jobs = await task_executor.start_link(spec)
    submit = task_executor.submit
    for first in range(0, n, AT_ONCE):
        some = [submit(jobs, bare_call, i) for i in range(first, first + AT_ONCE)]
        for job in some:
            await job.wait()


async def plain(n: int) -> None:
    tasks = await task_supervisor.start_link(otp.TaskSupervisor)
    for i in range(n):
        made = await task_supervisor.async_nolink(tasks, bare_call, i)
        await task.await_(made)
