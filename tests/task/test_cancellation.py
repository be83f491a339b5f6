"""Whoever waits for tasks may be cancelled at every step, and nothing is left over."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pytest
import trio

from otp import Exited, process, task
from otp.kernel import current_node
from otp.task import Done, TaskExitedError, TaskTakenError
from tests.gen_server.trials import assert_free, assert_quiet, settle, trial
from tests.kernel.support import (
    cancel_at_every_step,
    cancel_at_step,
    flush,
    outcome_in_process,
)
from tests.task.work import BOOM, late, leave, trap

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from trio.testing import MockClock

    from otp import Task

T = TypeVar("T")


async def cancel_everywhere(
    work: Callable[[], Awaitable[T]],
    after: Callable[[], Awaitable[None]] | None = None,
) -> int:
    """Cancel *work*, in a process, at every step, and do *after*; return the steps."""

    @trial
    async def world(step: int) -> list[T]:
        found: list[T] = []

        async def body() -> None:
            process.trap_exit(True)
            found.extend(await cancel_at_step(step, work))
            if after is not None and not found:
                await after()
            await settle()
            # The links of tasks are heard of, and nothing else.
            assert {type(m) for m in await flush(0)} <= {Exited}
            assert_free(process.self())

        outcome = await outcome_in_process(current_node(), body)
        if isinstance(outcome, BaseException):
            raise outcome
        assert_quiet()
        return found

    return await cancel_at_every_step(world)


LIMITS = pytest.mark.parametrize("timeout", [50.0, float("inf")])


@LIMITS
async def test_an_await(autojump_clock: MockClock, timeout: float) -> None:
    del autojump_clock
    tasks: list[Task[str]] = []

    async def work() -> str:
        tasks.append(task.async_(late, 3, "value"))
        return await task.await_(tasks[-1], timeout)

    async def after() -> None:
        with pytest.raises(TaskTakenError):
            await task.await_(tasks[-1])

    assert await cancel_everywhere(work, after) >= 1


async def test_an_await_that_fails(autojump_clock: MockClock) -> None:
    del autojump_clock

    async def work() -> bool:
        with pytest.raises(TaskExitedError):
            await task.await_(task.async_(leave, BOOM, 3))
        return True

    # A cancelled await is no failure, so it comes out of pytest.raises() as it is.
    assert await cancel_everywhere(work) >= 1


async def test_an_await_of_many(autojump_clock: MockClock) -> None:
    del autojump_clock

    async def work() -> list[int]:
        return await task.await_many([task.async_(late, n, n) for n in (1, 3, 2)])

    assert await cancel_everywhere(work) >= 3


@LIMITS
async def test_a_yield(autojump_clock: MockClock, timeout: float) -> None:
    del autojump_clock
    tasks: list[Task[str]] = []

    async def work() -> object:
        tasks.append(task.async_(late, 3, "value"))
        return await task.yield_(tasks[-1], timeout)

    async def after() -> None:
        # Nothing is lost.
        assert await task.yield_(tasks[-1]) == Done("value")

    assert await cancel_everywhere(work, after) >= 1


async def test_a_yield_of_many(autojump_clock: MockClock) -> None:
    del autojump_clock
    tasks: list[Task[int]] = []

    async def work() -> object:
        tasks[:] = [task.async_(late, n, n) for n in (1, 3, 60)]
        return await task.yield_many(tasks, on_timeout="kill_task")

    async def after() -> None:
        for one in tasks:
            await task.shutdown(one, "brutal_kill")

    assert await cancel_everywhere(work, after) >= 3


@pytest.mark.parametrize("timeout", [1.0, 50.0])
async def test_a_shutdown(autojump_clock: MockClock, timeout: float) -> None:
    del autojump_clock
    tasks: list[Task[str]] = []

    async def work() -> bool:
        deaf = task.async_(trap, 10, "value")
        tasks.append(deaf)
        await task.yield_(deaf, 0.1)
        try:
            await task.shutdown(deaf, timeout)
        finally:
            assert deaf.pid is not None
            assert not process.is_alive(deaf.pid)
        return True

    async def after() -> None:
        # Who was cancelled before the shutdown has given nothing up.
        task.ignore(tasks[-1])

    assert await cancel_everywhere(work, after) >= 2


async def numbers() -> AsyncIterator[int]:
    """Give a few numbers, with pauses."""
    for n in range(5):
        await trio.sleep(0.4)
        yield n


async def moody(n: int) -> int:
    """Return *n*, take too long, or fail."""
    await trio.sleep(9 if n == 3 else 1)
    return await leave(BOOM) if n == 2 else n


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("ordered", [True, False])
async def test_a_stream(
    autojump_clock: MockClock, *, plain: bool, ordered: bool
) -> None:
    del autojump_clock

    async def work() -> int:
        stream = task.async_stream(
            moody,
            range(5) if plain else numbers(),
            max_concurrency=2,
            ordered=ordered,
            on_timeout="kill_task",
        )
        async with stream as results:
            found = [result async for result in results]
        return len(found)

    assert await cancel_everywhere(work) >= 5
