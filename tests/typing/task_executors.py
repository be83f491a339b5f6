"""The types of task executors. Read by the checkers, never run."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_type

import otp
from otp import ExecutorSpec, Retry, task_executor
from otp.task_executor import Job, Options, in_process, in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

JOBS = otp.Name[otp.TaskExecutor]("jobs")


async def fetch(url: str, *, tries: int = 1) -> bytes:
    """Do something."""
    return url.encode() * tries


def crunch(numbers: list[int], power: int = 2) -> int:
    """Compute something."""
    return sum(number**power for number in numbers)


async def a_job_has_the_type_of_its_function() -> None:
    job = task_executor.submit(JOBS, fetch, "/", tries=3)
    assert_type(job, Job[bytes])
    assert_type(await job.wait(), bytes)
    assert_type(job.state, task_executor.JobState)
    assert_type(job.priority, task_executor.Priority)
    job.abort()
    assert_type(await task_executor.submit_wait(JOBS, fetch, "/"), Job[bytes])
    assert_type(await task_executor.run(JOBS, fetch, "/"), bytes)
    urgent = Options(priority="high", timeout=2, retry=Retry(2), link=True)
    assert_type(urgent.submit(JOBS, fetch, "/"), Job[bytes])
    assert_type(await urgent.submit_wait(JOBS, fetch, "/"), Job[bytes])
    assert_type(await urgent.run(JOBS, fetch, "/", tries=2), bytes)
    anything: Job[object] = job
    del anything

    task_executor.submit(JOBS, fetch, 7)  # type: ignore[arg-type]
    task_executor.submit(JOBS, fetch, "/", times=3)  # type: ignore[call-arg]
    task_executor.submit(JOBS, fetch("/"))  # type: ignore[arg-type]
    task_executor.submit(JOBS, crunch, [1])  # type: ignore[arg-type]
    task_executor.submit(otp.Name[otp.TaskSupervisor]("x"), fetch, "/")  # type: ignore[arg-type]
    await urgent.run(JOBS, fetch)  # type: ignore[call-arg]
    Options(priority="urgent")  # type: ignore[arg-type]
    Options("high")  # type: ignore[call-arg]


async def functions_elsewhere_keep_their_types() -> None:
    threaded: Callable[[list[int], int], Coroutine[Any, Any, int]] = in_thread(crunch)
    assert_type(await threaded([1], 2), int)
    assert_type(await in_thread(crunch, abandon_on_cancel=True)([1]), int)
    assert_type(await in_process(crunch)([1], power=3), int)
    job = task_executor.submit(JOBS, in_process(crunch), [1, 2], power=3)
    assert_type(job, Job[int])

    await in_thread(crunch)("1")  # type: ignore[arg-type]
    await in_process(crunch)([1], powers=3)  # type: ignore[call-arg]
    task_executor.submit(JOBS, in_thread(crunch), "1")  # type: ignore[arg-type]
    in_thread(7)  # type: ignore[arg-type]
    in_process(crunch, runner=print)  # type: ignore[arg-type]


async def an_executor_is_a_child() -> None:
    spec = otp.child_spec(otp.TaskExecutor, ExecutorSpec(queue=3), listeners=[print])
    assert_type(spec, otp.ChildSpec[otp.TaskExecutor])
    assert_type(await task_executor.start_link(), otp.Pid[otp.TaskExecutor])
    await task_executor.start_named(JOBS, ExecutorSpec())
    assert_type(task_executor.statistics(JOBS), task_executor.ExecutorStatistics)
    task_executor.listeners(JOBS).add(print)

    otp.child_spec(otp.TaskExecutor, 3)  # type: ignore[arg-type]
    ExecutorSpec(3)  # type: ignore[call-arg]
    ExecutorSpec(queue="3")  # type: ignore[arg-type]
