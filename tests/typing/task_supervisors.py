"""The types of tasks under supervisors. Read by the checkers, never run."""

from __future__ import annotations

from typing import Any, assert_type

from otp import (
    ChildSpec,
    DynamicSupervisor,
    Name,
    Pid,
    Supervisor,
    Task,
    TaskSupervisor,
    child_spec,
    task,
    task_supervisor,
)
from otp.task import Done, Failed, FailedItem, Stream
from otp.task_supervisor import Options

TASKS = Name[TaskSupervisor]("tasks")


async def fetch(url: str, *, tries: int = 1) -> bytes:
    """Do what most tasks here do."""
    return url.encode() * tries


def plain(url: str) -> bytes:
    """Do it without waiting."""
    return url.encode()


async def a_task_has_the_type_of_its_result(top: Pid[TaskSupervisor]) -> None:
    one = await task_supervisor.async_(TASKS, fetch, "/", tries=2)
    assert_type(one, Task[bytes])
    assert_type(await task.await_(one), bytes)
    assert_type(await task_supervisor.async_nolink(top, fetch, "/"), Task[bytes])
    assert_type(await task_supervisor.start_child(top, fetch, "/"), Pid[Task[bytes]])
    options = Options(restart="transient", shutdown="brutal_kill")
    assert_type(await options.start_child(TASKS, fetch, "/"), Pid[Task[bytes]])
    assert_type(await options.async_(TASKS, fetch, "/"), Task[bytes])
    assert_type(await options.async_nolink(TASKS, fetch, "/"), Task[bytes])
    assert_type(await task_supervisor.children(top), list[Pid[Any]])
    await task_supervisor.terminate_child(top, Pid[Any]("x", 1, None))  # type: ignore[arg-type]


async def its_arguments_are_those_of_the_function() -> None:
    await task_supervisor.async_(TASKS, fetch)  # type: ignore[call-arg]
    await task_supervisor.async_(TASKS, fetch, 3)  # type: ignore[arg-type]
    await task_supervisor.async_nolink(TASKS, fetch, "/", 3)  # type: ignore[call-arg]
    await task_supervisor.start_child(TASKS, plain, "/")  # type: ignore[arg-type]
    await Options().start_child(TASKS, fetch, 3)  # type: ignore[arg-type]
    Options(restart="sometimes")  # type: ignore[arg-type]
    Options(shutdown="kill")  # type: ignore[arg-type]


async def only_a_task_supervisor_runs_tasks(
    top: Pid[Supervisor], dynamic: Pid[DynamicSupervisor], bare: Pid
) -> None:
    await task_supervisor.async_(top, fetch, "/")  # type: ignore[arg-type]
    await task_supervisor.async_(dynamic, fetch, "/")  # type: ignore[arg-type]
    await task_supervisor.start_child(bare, fetch, "/")  # type: ignore[arg-type]
    await task_supervisor.children("tasks")  # type: ignore[arg-type]


async def a_stream_has_the_type_of_its_results(urls: list[str]) -> None:
    stream = task_supervisor.async_stream(TASKS, fetch, urls, max_concurrency=2)
    assert_type(stream, Stream[Done[bytes] | Failed])
    zipped = task_supervisor.async_stream_nolink(
        TASKS, fetch, urls, max_concurrency=2, zip_input_on_exit=True, shutdown=1
    )
    assert_type(zipped, Stream[Done[bytes] | FailedItem[str]])
    task_supervisor.async_stream(TASKS, plain, urls, max_concurrency=2)  # type: ignore[arg-type]
    task_supervisor.async_stream(TASKS, fetch, [3], max_concurrency=2)  # type: ignore[arg-type]
    task_supervisor.async_stream_nolink(TASKS, fetch, urls)  # type: ignore[call-overload]


async def it_is_a_child_and_a_dynamic_supervisor(pid: Pid[TaskSupervisor]) -> None:
    spec = child_spec(TaskSupervisor, max_children=3)
    assert_type(spec, ChildSpec[TaskSupervisor])
    as_dynamic: Pid[DynamicSupervisor] = pid
    child_spec(TaskSupervisor, 3)  # type: ignore[call-arg]
    child_spec(TaskSupervisor, max_children="3")  # type: ignore[arg-type]
    del as_dynamic
