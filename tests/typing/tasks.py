"""The types of tasks. Read by the checkers, never run."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_type

from otp import ChildSpec, Name, Pid, Ref, Task, TaskResult, child_spec, task
from otp.task import Done, Failed, FailedItem, Outcome, Stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


async def fetch(url: str, *, tries: int = 1) -> bytes:
    """Do what most tasks here do."""
    return url.encode() * tries


async def size(data: bytes) -> int:
    """Do something else."""
    return len(data)


def plain(url: str) -> bytes:
    """Do it without waiting."""
    return url.encode()


async def a_task_has_the_type_of_its_result() -> None:
    started = task.async_(fetch, "/", tries=2)
    assert_type(started, Task[bytes])
    assert_type(await task.await_(started), bytes)
    assert_type(await task.await_(started, 1), bytes)
    assert_type(await task.yield_(started), Done[bytes] | Failed | None)
    assert_type(await task.shutdown(started, "brutal_kill"), Outcome[bytes] | None)
    assert_type(task.ignore(started), Outcome[bytes] | None)
    assert_type(await task.await_many([started]), list[bytes])
    found = await task.yield_many([started], limit=1, on_timeout="ignore")
    assert_type(found, list[tuple[Task[bytes], Done[bytes] | Failed | None]])
    assert_type(task.completed(3), Task[int])


async def an_outcome_can_be_matched_completely(one: Task[bytes]) -> int:
    match await task.yield_(one):
        case Done(value):
            assert_type(value, bytes)
            return len(value)
        case Failed(reason):
            del reason
            return -1
        case None:
            return 0


def a_handle_is_covariant_and_frozen(one: Task[bool]) -> None:
    as_int: Task[int] = one
    wrong: Task[str] = one  # type: ignore[assignment]
    assert_type(one.owner, Pid)
    assert_type(one.pid, Pid | None)
    assert_type(one.ref, Ref)
    one.pid = None  # type: ignore[misc]
    del as_int, wrong


def its_arguments_are_those_of_the_function() -> None:
    task.async_(fetch)  # type: ignore[call-arg]
    task.async_(fetch, 3)  # type: ignore[arg-type]
    task.async_(fetch, "/", 2)  # type: ignore[call-arg]
    task.async_(fetch, "/", tries="2")  # type: ignore[arg-type]
    task.async_(plain, "/")  # type: ignore[arg-type]
    task.async_(fetch("/"))  # type: ignore[arg-type]
    task.start(fetch, 3)  # type: ignore[arg-type]
    task.start_link(fetch)  # type: ignore[call-arg]


async def what_cannot_be_asked_for(one: Task[bytes]) -> None:
    await task.await_(one, "5")  # type: ignore[arg-type]
    await task.await_(fetch("/"))  # type: ignore[arg-type]
    await task.shutdown(one, "kill")  # type: ignore[arg-type]
    await task.yield_many([one], on_timeout="kill")  # type: ignore[arg-type]


def starts_give_pids() -> None:
    assert_type(task.start(fetch, "/"), Pid[Task[bytes]])
    assert_type(task.start_link(fetch, "/", tries=3), Pid[Task[bytes]])
    assert_type(task.callers(), tuple[Pid, ...])


def a_specification_of_a_task(name: Name[Task[bytes]]) -> None:
    spec = child_spec(Task, fetch, "/", tries=2)
    assert_type(spec, ChildSpec[Task[bytes]])
    assert_type(spec.named(name), ChildSpec[Task[bytes]])
    child_spec(Task, fetch, 3)  # type: ignore[arg-type]
    child_spec(Task, fetch)  # type: ignore[arg-type]
    child_spec(Task, plain, "/")  # type: ignore[arg-type]


async def a_stream_has_the_type_of_its_results(
    urls: list[str], more: Iterator[str], later: AsyncIterator[str]
) -> None:
    stream = task.async_stream(fetch, urls, max_concurrency=2)
    assert_type(stream, Stream[Done[bytes] | Failed])
    async with stream as results:
        async for result in results:
            assert_type(result, Done[bytes] | Failed)
    zipped = task.async_stream(fetch, more, max_concurrency=2, zip_input_on_exit=True)
    assert_type(zipped, Stream[Done[bytes] | FailedItem[str]])
    assert_type(
        task.async_stream(fetch, later, max_concurrency=2, ordered=False),
        Stream[Done[bytes] | Failed],
    )


def a_stream_is_checked(urls: list[str]) -> None:
    task.async_stream(fetch, urls)  # type: ignore[call-overload]
    task.async_stream(size, urls, max_concurrency=2)  # type: ignore[arg-type]
    task.async_stream(plain, urls, max_concurrency=2)  # type: ignore[arg-type]
    task.async_stream(fetch, 3, max_concurrency=2)  # type: ignore[call-overload]
    task.async_stream(fetch, urls, max_concurrency="2")  # type: ignore[call-overload]
    task.async_stream(fetch, urls, max_concurrency=2, on_timeout="ignore")  # type: ignore[call-overload]


def a_result_in_the_mailbox(message: object, ref: Ref) -> bytes | None:
    match message:
        case TaskResult(ref=found, value=bytes(value)) if found is ref:
            return value
        case _:
            return None
