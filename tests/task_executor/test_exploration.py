"""Whoever is cancelled or killed, and in whatever order: no job is lost or leaks."""

from __future__ import annotations

from contextlib import suppress
from math import inf

import trio
from trio.lowlevel import checkpoint

import otp
from otp import ExecutorSpec, process, task_executor
from otp.task_executor import JobError, Options
from otp.testing import Cancelling, cancel_everywhere, explore
from tests.task_executor.support import JOBS, BrokenError, Log, start
from tests.testing.worlds import all_exited, cancelled_world, rest, together, world

# Whose time is up may be drawn, so nobody is to be late who is not meant to be.
TIGHT = ExecutorSpec(max_concurrency=1, queue=1, timeout=inf, shutdown=inf)
TWO = ExecutorSpec(max_concurrency=2, queue=2, timeout=inf, shutdown=inf)


async def stop_and_look(log: Log) -> None:
    """Check that the executor has nothing to do any more, and that the numbers fit."""
    numbers = task_executor.statistics(JOBS)
    assert numbers.running == numbers.in_line == 0
    assert sum(numbers.queued.values()) == 0
    over = numbers.done + numbers.failed + numbers.timed_out
    over += numbers.aborted + numbers.lost
    assert numbers.submitted == over
    assert numbers.started == len(log.begun)
    assert log.busy == 0
    await task_executor.stop(JOBS)


# -------------------------------------------------------------------------- cancelled


def test_a_run_may_be_cancelled_anywhere() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        log = Log()
        await start(TIGHT)
        with cancelling:
            assert await task_executor.run(JOBS, log.work, 1) == 1
            assert await task_executor.run(JOBS, log.work, 2) == 2
        await rest()
        assert await task_executor.run(JOBS, log.work, 3) == 3
        await stop_and_look(log)

    assert cancel_everywhere(cancelled_world(scenario), schedules=5) > 20


def test_a_run_may_be_cancelled_anywhere_although_others_wait() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        log = Log()
        await start(TIGHT)
        done: list[object] = []

        async def other(what: int) -> None:
            done.append(await task_executor.run(JOBS, log.work, what))

        async with trio.open_nursery() as nursery:
            for what in range(3):
                nursery.start_soon(other, what)
            with cancelling:
                await task_executor.run(JOBS, log.work, 7)
            nursery.start_soon(other, 3)
        assert log.most == 1
        assert sorted(map(str, done)) == ["0", "1", "2", "3"]
        await rest()
        await stop_and_look(log)

    assert cancel_everywhere(cancelled_world(scenario), schedules=5) > 20


def test_waiting_for_a_place_or_a_result_may_be_cancelled_anywhere() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        log = Log()
        await start(TIGHT)
        jobs = [task_executor.submit(JOBS, log.work, n) for n in range(2)]
        with cancelling:
            jobs.append(await task_executor.submit_wait(JOBS, log.work, 2))
            await jobs[-1].wait()
        for n, job in enumerate(jobs):
            assert await job.wait() == n
        numbers = task_executor.statistics(JOBS)
        assert numbers.submitted == len(jobs) or (
            # Submitted, and cancelled before it was heard of.
            numbers.submitted == len(jobs) + 1
        )
        await rest()
        await stop_and_look(log)

    assert cancel_everywhere(cancelled_world(scenario), schedules=5) > 10


def test_a_stop_may_be_cancelled_anywhere() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        log = Log()
        await start(TIGHT)
        pid = process.whereis(JOBS)
        assert pid is not None
        jobs = [task_executor.submit(JOBS, log.work, n, 5) for n in range(2)]
        await trio.sleep(1)
        with cancelling:
            await task_executor.stop(JOBS)
        with suppress(otp.CallError):
            await task_executor.stop(pid)
        await rest()
        assert all(job.is_over for job in jobs)
        assert log.busy == 0

    assert cancel_everywhere(cancelled_world(scenario), schedules=5) > 3


# ------------------------------------------------------------------- aborted and killed


def test_a_job_may_be_aborted_at_any_moment() -> None:
    seen: set[str] = set()

    async def body() -> None:
        log = Log()
        await start(TIGHT)
        jobs = [task_executor.submit(JOBS, log.work, n) for n in range(2)]

        async def abort() -> None:
            await trio.sleep(1)
            jobs[0].abort()
            await checkpoint()
            jobs[1].abort()

        await together(abort)
        for n, job in enumerate(jobs):
            with suppress(JobError):
                assert await job.wait() == n
        seen.update(f"{job.state} {n}" for n, job in enumerate(jobs))
        assert log.most <= 1
        await rest()
        await stop_and_look(log)

    explore(world(body), runs=100, jumps=2)

    assert seen >= {"done 0", "aborted 0", "aborted 1"}


def test_a_time_out_may_come_at_any_moment() -> None:
    seen: set[str] = set()

    async def body() -> None:
        log = Log()
        await start(TIGHT)

        async def work() -> object:
            done = await log.work(7, 0.5)
            await checkpoint()
            return done

        job = Options(timeout=1).submit(JOBS, work)
        try:
            assert await job.wait() == 7
        except task_executor.JobTimeoutError:
            seen.add("late")
        else:
            seen.add("done")
        await rest()
        await stop_and_look(log)

    explore(world(body), runs=60, jumps=2)

    assert seen == {"done", "late"}


def test_jobs_submitters_and_the_executor_may_be_killed_at_any_moment() -> None:
    async def body() -> None:
        log = Log()
        child = otp.child_spec(otp.TaskExecutor, TWO).named(JOBS)
        tree = await otp.supervisor.start_link(otp.Supervisor, otp.one_for_one(child))
        linked = Options(link=True)

        async def submit() -> None:
            with suppress(otp.OTPError, BrokenError):
                job = linked.submit(JOBS, log.work, 1)
                await linked.run(JOBS, log.fail)
                await job.wait()

        async def kill() -> None:
            await trio.sleep(1)
            process.exit(users[0], otp.Kill())
            for pid in process.processes():
                found = pid.process
                if found is not None and found.label is not None:
                    process.exit(pid, otp.Kill())
                    break
            await trio.sleep(1)
            executor = process.whereis(JOBS)
            if executor is not None:
                process.exit(executor, otp.Kill())

        users = [process.spawn(submit) for _ in range(3)]
        await together(kill)
        await all_exited(*users)
        await rest()
        assert log.most <= 4
        assert log.busy == 0
        while process.whereis(JOBS) is None:
            await checkpoint()
        assert await task_executor.run(JOBS, log.work, 7) == 7
        await otp.supervisor.stop(tree)

    explore(world(body), runs=100, jumps=2)


# --------------------------------------------------------------------------- in order


def test_no_more_run_at_once_than_may_and_everybody_has_his_turn() -> None:
    async def body() -> None:
        log = Log()
        await start(TWO)

        async def often(priority: task_executor.Priority) -> None:
            options = Options(priority=priority)
            for n in range(3):
                assert await options.run(JOBS, log.work, n) == n

        await together(
            lambda: often("low"), lambda: often("high"), lambda: often("critical")
        )
        assert log.most <= 2
        await rest()
        await stop_and_look(log)

    explore(world(body), runs=100, jumps=2)
