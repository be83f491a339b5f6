"""Functions that block."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
import trio
import trio.lowlevel

import otp
from otp import ExecutorSpec, task_executor
from otp.task_executor import (
    JobAbortedError,
    JobTimeoutError,
    Options,
    ParallelMissingError,
    in_process,
    in_thread,
)
from tests.task_executor.support import JOBS, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


async def on_node(test: Callable[[], Any]) -> None:
    """Run a test in real time: threads do not wait for a mock clock."""
    async with otp.Node():
        await test()


def which_thread(text: str, *, times: int = 1) -> tuple[str, int]:
    return text * times, threading.get_ident()


async def test_a_plain_function_runs_in_a_thread() -> None:
    async def body() -> None:
        await start()
        text, thread = await task_executor.run(
            JOBS, in_thread(which_thread), "ab", times=2
        )
        assert text == "abab"
        assert thread != threading.get_ident()

    await on_node(body)


async def test_what_runs_in_a_thread_may_fail() -> None:
    async def body() -> None:
        await start()
        with pytest.raises(ValueError, match="invalid literal"):
            await task_executor.run(JOBS, in_thread(int), "x")

    await on_node(body)


class Gate:
    """Lets threads through, and counts those that are at it."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.lock = threading.Lock()
        self.inside = self.most = 0

    def go_through(self) -> None:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.open.wait(10)
        with self.lock:
            self.inside -= 1

    async def wait_for(self, many: int) -> None:
        """Wait until so many are at it."""
        with trio.fail_after(10):
            while self.inside < many:  # noqa: ASYNC110 - a thread sets no event
                await trio.sleep(0.001)


async def test_only_so_many_threads_run_at_once() -> None:
    async def body() -> None:
        gate = Gate()
        await start(ExecutorSpec(max_threads=2))
        through = in_thread(gate.go_through)
        jobs = [task_executor.submit(JOBS, through) for _ in range(5)]
        await gate.wait_for(2)
        gate.open.set()
        for job in jobs:
            await job.wait()
        assert gate.most == 2

    await on_node(body)


async def test_outside_of_a_job_the_limit_is_trios() -> None:
    gate = Gate()
    through = in_thread(gate.go_through)
    before = trio.to_thread.current_default_thread_limiter().borrowed_tokens
    async with trio.open_nursery() as nursery:
        nursery.start_soon(through)
        await gate.wait_for(1)
        limiter = trio.to_thread.current_default_thread_limiter()
        assert limiter.borrowed_tokens == before + 1
        gate.open.set()


async def test_a_job_waits_for_its_thread_although_it_is_aborted() -> None:
    async def body() -> None:
        gate = Gate()
        await start()
        job = task_executor.submit(JOBS, in_thread(gate.go_through))
        await gate.wait_for(1)
        job.abort()
        await trio.sleep(0.01)
        assert job.state == "running"
        gate.open.set()
        await job.wait()
        assert gate.inside == 0

    await on_node(body)


async def test_a_thread_may_be_abandoned() -> None:
    async def body() -> None:
        gate = Gate()
        await start()
        through = in_thread(gate.go_through, abandon_on_cancel=True)
        job = task_executor.submit(JOBS, through)
        await gate.wait_for(1)
        job.abort()
        with pytest.raises(JobAbortedError):
            await job.wait()
        assert gate.inside == 1
        gate.open.set()

    await on_node(body)


async def plain_async() -> None:
    await trio.lowlevel.checkpoint()


@pytest.mark.parametrize("wrap", [in_thread, in_process])
def test_only_plain_functions_run_elsewhere(wrap: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match="is async and runs here"):
        wrap(plain_async)
    with pytest.raises(TypeError, match="coroutine"):
        wrap(plain_async())
    with pytest.raises(TypeError):
        wrap(None)


@pytest.mark.parametrize("wrap", [in_thread, in_process])
def test_what_runs_elsewhere_has_the_name_of_the_function(
    wrap: Callable[[Any], Any],
) -> None:
    assert wrap(which_thread).__name__ == "which_thread"


# --------------------------------------------------------------- by a runner of a test


class Runner:
    """Stands for trio-parallel: calls the function here, after some time."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.killed = 0
        self.limits: list[float | None] = []

    async def __call__(
        self, fn: Callable[[], T], /, *, limiter: trio.CapacityLimiter | None
    ) -> T:
        self.limits.append(None if limiter is None else limiter.total_tokens)
        try:
            await trio.sleep(self.seconds)
        except trio.Cancelled:
            self.killed += 1
            raise
        return fn()


async def test_another_process_is_asked_through_the_runner(
    autojump_clock: trio.testing.MockClock,
) -> None:
    del autojump_clock

    async def body() -> None:
        runner = Runner()
        await start(ExecutorSpec(max_processes=3))
        double = in_process(max, runner=runner)
        assert await task_executor.run(JOBS, double, 3, 7) == 7
        assert await double(3, 7) == 7
        assert runner.limits == [3, None]

    await on_node(body)


@pytest.mark.parametrize("how", ["abort", "timeout"])
async def test_what_runs_in_another_process_is_killed_with_its_job(
    how: str, autojump_clock: trio.testing.MockClock
) -> None:
    del autojump_clock

    async def body() -> None:
        runner = Runner(60)
        await start()
        options = Options(timeout=2 if how == "timeout" else None)
        job = options.submit(JOBS, in_process(max, runner=runner), 3, 7)
        await trio.sleep(1)
        if how == "abort":
            job.abort()
        with pytest.raises((JobAbortedError, JobTimeoutError)):
            await job.wait()
        assert runner.killed == 1

    await on_node(body)


# ------------------------------------------------------------------- by trio-parallel


@contextmanager
def module(value: ModuleType | None) -> Iterator[None]:
    """Let ``import trio_parallel`` find *value*, or nothing."""
    patch = pytest.MonkeyPatch()
    patch.setitem(sys.modules, "trio_parallel", value)
    yield
    patch.undo()


async def test_without_trio_parallel_the_remedy_is_named() -> None:
    with module(None):
        with pytest.raises(ParallelMissingError, match=r"pip install otp\[parallel\]"):
            await in_process(max)(3, 7)
        assert issubclass(ParallelMissingError, ImportError)


async def test_trio_parallel_is_told_to_kill() -> None:
    told: dict[str, object] = {}

    async def run_sync(fn: Callable[[], int], **options: object) -> int:
        told.update(options)
        await trio.lowlevel.checkpoint()
        return fn()

    stand_in = ModuleType("trio_parallel")
    vars(stand_in)["run_sync"] = run_sync
    with module(stand_in):
        assert await in_process(max)(3, 7) == 7

    assert told == {"kill_on_cancel": True, "limiter": None}


@pytest.mark.slow
async def test_a_function_runs_in_another_process() -> None:
    pytest.importorskip("trio_parallel")

    async def body() -> None:
        await start()
        assert await task_executor.run(JOBS, in_process(os.getpid)) != os.getpid()
        with pytest.raises(ValueError, match="invalid literal"):
            await task_executor.run(JOBS, in_process(int), "x")

    await on_node(body)


@pytest.mark.slow
async def test_another_process_is_killed_in_the_middle() -> None:
    pytest.importorskip("trio_parallel")

    async def body() -> None:
        await start()
        job = task_executor.submit(JOBS, in_process(time.sleep), 1000)
        await trio.sleep(0.5)
        job.abort()
        with trio.fail_after(10), pytest.raises(JobAbortedError):
            await job.wait()

    await on_node(body)
