from __future__ import annotations

from math import inf

import pytest
import trio
import trio.lowlevel

import otp
from otp import ExecutorSpec, Retry, gen_server, process, supervisor, task_executor
from otp.task_executor import (
    JobAbortedError,
    JobEnded,
    JobExitedError,
    JobRefused,
    JobReport,
    JobStarted,
    JobSubmitted,
    JobTimeoutError,
    Options,
    QueueFullError,
)
from otp.testing import wait_until_idle
from tests.kernel.support import collected_reports, in_process, on_node
from tests.task_executor.support import JOBS, ONE, BrokenError, Log, start

# ------------------------------------------------------------------------- submitting


@on_node
async def test_a_job_is_done_and_its_handle_has_the_result() -> None:
    await start()

    job = task_executor.submit(JOBS, Log().work, "a")

    states = [job.state]
    assert await job.wait() == "a"
    states.append(job.state)
    assert states == ["starting", "done"]
    assert job.is_over
    assert job.attempts == 1
    assert await job.wait() == "a"


@on_node
async def test_a_job_has_its_arguments() -> None:
    await start()

    assert await task_executor.run(JOBS, Log().work, what=7, seconds=2) == 7


@on_node
async def test_no_more_jobs_run_at_once_than_may() -> None:
    log = Log()
    await start(ExecutorSpec(max_concurrency=3))

    jobs = [task_executor.submit(JOBS, log.work, n) for n in range(10)]
    assert [await job.wait() for job in jobs] == list(range(10))

    assert log.most == 3
    assert log.begun == list(range(10))


@on_node
async def test_the_important_ones_are_done_first() -> None:
    log = Log()
    await start(ExecutorSpec(max_concurrency=1))

    task_executor.submit(JOBS, log.work, "first")
    low = Options(priority="low").submit(JOBS, log.work, "low")
    for priority in ("normal", "high", "critical"):
        Options(priority=priority).submit(JOBS, log.work, priority)
    await low.wait()

    assert log.begun == ["first", "critical", "high", "normal", "low"]
    assert low.priority == "low"


@on_node
async def test_a_job_that_waits_grows_more_important() -> None:
    log = Log()
    await start(ExecutorSpec(max_concurrency=1, ageing=5))
    critical = Options(priority="critical")
    task_executor.submit(JOBS, log.work, "first")
    low = Options(priority="low").submit(JOBS, log.work, "low")

    async with trio.open_nursery() as nursery:

        async def flood() -> None:
            # One more than can be done, all the time.
            while not low.is_over:
                critical.submit(JOBS, log.work, "critical")
                critical.submit(JOBS, log.work, "critical")
                await trio.sleep(1)

        nursery.start_soon(flood)
        await low.wait()

    assert 16 <= log.begun.index("low") <= 32


@on_node
async def test_what_is_too_much_is_refused() -> None:
    log = Log()
    await start(ONE)
    for n in range(3):
        task_executor.submit(JOBS, log.work, n)

    with pytest.raises(QueueFullError, match="jobs accepts no more jobs: 2 wait") as e:
        task_executor.submit(JOBS, log.work, 3)

    assert isinstance(e.value, otp.RejectedError)
    assert e.value.queue == 2
    await trio.sleep(5)
    assert log.begun == [0, 1, 2]
    assert task_executor.statistics(JOBS).refused == 1


@on_node
async def test_a_patient_one_waits_until_it_is_accepted() -> None:
    log = Log()
    await start(ONE)
    begun = trio.current_time()

    jobs = [await task_executor.submit_wait(JOBS, log.work, n) for n in range(6)]

    # One runs, two wait; then one is accepted each second.
    assert trio.current_time() - begun == 3
    assert [await job.wait() for job in jobs] == list(range(6))


@on_node
async def test_who_gives_up_waiting_has_submitted_nothing() -> None:
    log = Log()
    await start(ONE)
    for n in range(3):
        task_executor.submit(JOBS, log.work, n)

    with trio.move_on_after(0.5):
        await task_executor.submit_wait(JOBS, log.work, 3)
    assert task_executor.statistics(JOBS).in_line == 0
    await trio.sleep(5)

    assert log.begun == [0, 1, 2]
    assert task_executor.statistics(JOBS).submitted == 3


@on_node
async def test_there_must_be_an_executor_and_a_function() -> None:
    with pytest.raises(otp.NoProcessError):
        task_executor.submit(JOBS, trio.sleep, 1)
    process.register(JOBS, process.spawn(trio.sleep_forever))
    with pytest.raises(TypeError, match="jobs is no task executor"):
        task_executor.submit(JOBS, trio.sleep, 1)
    process.unregister(JOBS)
    await start()
    coroutine = trio.sleep(1)  # noqa: ASYNC105 - it is never awaited
    with pytest.raises(TypeError, match="write fetch, url"):
        task_executor.submit(JOBS, coroutine)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"is async, .* is not"):
        await task_executor.run(JOBS, len, "abc")  # type: ignore[arg-type]


@on_node
async def test_an_executor_that_is_not_up_yet_is_not_there() -> None:
    pid = process.spawn(trio.sleep_forever)
    assert pid.process is not None
    pid.process.origin = otp.TaskExecutor

    with pytest.raises(otp.NoProcessError):
        task_executor.submit(pid, trio.sleep, 1)  # type: ignore[arg-type]


@on_node
async def test_an_executor_needs_no_name_and_no_specification() -> None:
    pid = await task_executor.start_link()

    assert await task_executor.run(pid, Log().work, 7) == 7


@in_process
async def test_code_of_a_dead_process_submits_nothing() -> None:
    log = Log()
    await start()
    ended: list[BaseException] = []

    async def linger() -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                with pytest.raises(otp.NoProcessError):
                    task_executor.submit(JOBS, log.work)
                try:
                    await task_executor.submit_wait(JOBS, log.work)
                except otp.Exit as error:
                    ended.append(error)
                    raise

    ghost = process.spawn(linger)
    await wait_until_idle()
    process.exit(ghost, otp.Kill())
    await trio.sleep(1)

    assert len(ended) == 1
    assert log.begun == []


# ----------------------------------------------------------------------------- failing


@on_node
async def test_what_a_job_raises_is_raised_where_it_is_waited_for() -> None:
    await start()

    job = task_executor.submit(JOBS, Log().fail)

    with pytest.raises(BrokenError):
        await job.wait()
    assert job.state == "failed"


@on_node
async def test_an_error_grows_no_longer_however_often_it_is_raised() -> None:
    await start()
    job = task_executor.submit(JOBS, Log().fail)

    lengths: list[int] = []
    for _ in range(3):
        with pytest.raises(BrokenError) as caught:
            await job.wait()
        lengths.append(len(caught.traceback))
        names = [entry.name for entry in caught.traceback]
        assert "fail" in names
    assert len(set(lengths)) == 1


@on_node
async def test_a_job_may_take_only_so_long() -> None:
    log = Log()
    await start()
    begun = trio.current_time()

    job = task_executor.submit(JOBS, log.work, "a", inf)
    with pytest.raises(JobTimeoutError, match="not over in 30 s") as caught:
        await job.wait()

    assert trio.current_time() - begun == 30
    assert caught.value.job is job
    assert caught.value.timeout == 30
    assert isinstance(caught.value, TimeoutError)
    assert job.state == "timed_out"
    assert log.busy == 0
    with pytest.raises(JobTimeoutError):
        await Options(timeout=2).run(JOBS, log.work, "a", inf)
    assert trio.current_time() - begun == 32


@on_node
async def test_the_time_for_waiting_does_not_count() -> None:
    log = Log()
    await start(ExecutorSpec(max_concurrency=1, timeout=2))
    jobs = [task_executor.submit(JOBS, log.work, n, 1.5) for n in range(4)]

    assert [await job.wait() for job in jobs] == list(range(4))


@on_node
async def test_a_job_is_tried_again_as_it_is_said() -> None:
    tries = 0

    async def flaky() -> int:
        nonlocal tries
        tries += 1
        await trio.sleep(1)
        if tries < 3:
            raise ConnectionError
        return tries

    retry = Retry(3, backoff=otp.Backoff(1.0))
    await start(ExecutorSpec(retry=retry))
    begun = trio.current_time()
    job = task_executor.submit(JOBS, flaky)

    assert await job.wait() == 3
    assert trio.current_time() - begun == 1 + 1 + 1 + 2 + 1
    assert job.attempts == 3
    assert task_executor.statistics(JOBS).retried == 2
    tries = 0
    with pytest.raises(ConnectionError):
        await Options(retry=Retry(1)).run(JOBS, flaky)


@on_node
async def test_each_attempt_has_the_time_of_one() -> None:
    log = Log()
    await start(ExecutorSpec(timeout=2))
    begun = trio.current_time()
    again = Options(retry=Retry(3, backoff=otp.Backoff(0, maximum=0)))

    with pytest.raises(JobTimeoutError):
        await again.run(JOBS, log.work, "a", inf)

    assert trio.current_time() - begun == 6
    assert len(log.begun) == 3


@on_node
async def test_a_failure_of_which_nobody_hears_is_reported() -> None:
    log = Log()
    await start(ExecutorSpec(timeout=2))
    with collected_reports() as reports:
        job = task_executor.submit(JOBS, log.fail)
        await trio.sleep(2)
    (report,) = reports
    assert isinstance(report, JobReport)
    assert report.job is job
    assert isinstance(report.error(), BrokenError)
    assert "executor jobs<" in report.text()
    assert "<job Log.fail()> failed: BrokenError()" in report.text()

    with collected_reports() as reports:
        with pytest.raises(BrokenError):
            await task_executor.run(JOBS, log.fail)
        aborted = task_executor.submit(JOBS, log.work)
        await wait_until_idle()
        aborted.abort()
        await wait_until_idle()
    assert reports == []


@on_node
async def test_a_job_that_is_killed_is_lost() -> None:
    await start()

    async def find_oneself(pids: list[otp.Pid]) -> None:
        pids.append(process.self())
        await trio.sleep_forever()

    pids: list[otp.Pid] = []
    job = task_executor.submit(JOBS, find_oneself, pids)
    await wait_until_idle()
    process.exit(pids[0], otp.Kill())

    with pytest.raises(JobExitedError) as caught:
        await job.wait()
    assert caught.value.reason == otp.Killed()
    assert job.state == "lost"
    assert await task_executor.run(JOBS, Log().work, 7) == 7


@on_node
async def test_a_job_may_end_its_process() -> None:
    await start()

    async def leave() -> None:
        await trio.sleep(1)
        raise otp.Exit(otp.Reason("enough"))

    with pytest.raises(JobExitedError) as caught:
        await task_executor.run(JOBS, leave)

    assert caught.value.reason == otp.Reason("enough")


@on_node
async def test_a_time_out_of_another_job_is_a_failure_of_this_one() -> None:
    await start(ExecutorSpec(max_concurrency=2))

    async def outer() -> None:
        await Options(timeout=1).run(JOBS, trio.sleep, 9)

    job = task_executor.submit(JOBS, outer)
    with pytest.raises(JobTimeoutError):
        await job.wait()

    assert job.state == "failed"


# ---------------------------------------------------------------------------- aborting


@on_node
async def test_a_job_that_waits_is_aborted_at_once() -> None:
    log = Log()
    await start()
    task_executor.submit(JOBS, log.work, "a")
    job = task_executor.submit(JOBS, log.work, "b")
    await wait_until_idle()

    job.abort()

    assert job.state == "aborted"
    with pytest.raises(JobAbortedError, match="was aborted"):
        await job.wait()
    await trio.sleep(5)
    assert log.begun == ["a"]


@on_node
async def test_a_job_that_runs_is_cancelled_and_may_clear_away() -> None:
    cleared: list[object] = []

    class Bin(otp.GenServer):
        @otp.call
        async def throw(self, what: str) -> None:
            cleared.append(what)

    async def tidy() -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(1)
                # By a process that is alive.
                await Bin.throw(trash, "rubbish")

    await start()
    trash = await gen_server.start_link(Bin)
    job = task_executor.submit(JOBS, tidy)
    await wait_until_idle()
    job.abort()
    job.abort()
    assert job.state == "running"

    with pytest.raises(JobAbortedError):
        await job.wait()
    assert cleared == ["rubbish"]


@on_node
async def test_a_job_may_be_aborted_before_it_has_begun() -> None:
    log = Log()
    await start()

    job = task_executor.submit(JOBS, log.work, "a")
    other = task_executor.submit(JOBS, log.work, "b")
    job.abort()

    assert job.state == "aborted"
    assert await other.wait() == "b"
    assert log.begun == ["b"]


@on_node
async def test_a_job_that_is_over_cannot_be_aborted() -> None:
    await start()
    job = task_executor.submit(JOBS, Log().work, "a")
    await job.wait()

    job.abort()

    assert await job.wait() == "a"


@on_node
async def test_a_job_whose_result_came_in_spite_of_all_is_done() -> None:
    async def stubborn() -> int:
        with trio.CancelScope(shield=True):
            await trio.sleep(1)
        return 7

    await start()
    job = task_executor.submit(JOBS, stubborn)
    await wait_until_idle()
    job.abort()

    assert await job.wait() == 7


@on_node
async def test_who_stops_waiting_does_not_abort_unless_he_runs_it() -> None:
    log = Log()
    await start(ExecutorSpec())
    job = task_executor.submit(JOBS, log.work, "a", 5)
    with trio.move_on_after(1):
        await job.wait()
    with trio.move_on_after(1):
        await task_executor.run(JOBS, log.work, "b", 5)
    await wait_until_idle()

    assert log.ended == ["b"]
    assert await job.wait() == "a"


@in_process
async def test_a_job_goes_on_when_its_submitter_has_died() -> None:
    log = Log()
    await start()

    async def submit() -> None:
        task_executor.submit(JOBS, log.work, "a")
        raise otp.Exit(otp.Reason("over"))

    process.spawn(submit)
    await trio.sleep(2)

    assert log.ended == ["a"]
    assert task_executor.statistics(JOBS).done == 1


@in_process
@pytest.mark.parametrize(
    ("reason", "aborted"),
    [(otp.Normal(), 0), (otp.Shutdown(), 3), (otp.Reason("over"), 3)],
)
async def test_a_linked_job_is_aborted_with_its_submitter(
    reason: otp.ExitReason, aborted: int
) -> None:
    log = Log()
    await start(ExecutorSpec(max_concurrency=1, queue=1))

    async def submit() -> None:
        linked = Options(link=True)
        linked.submit(JOBS, log.work, "a", 5)
        linked.submit(JOBS, log.work, "b", 5)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(linked.submit_wait, JOBS, log.work, "c")
            await trio.sleep(1)
            raise otp.Exit(reason)

    pid = process.spawn(submit)
    await process.wait_exited(pid)
    await trio.sleep(20)

    numbers = task_executor.statistics(JOBS)
    assert numbers.aborted == min(aborted, 2)
    assert numbers.done == (0 if aborted else 2)


@on_node
async def test_only_a_process_may_have_linked_jobs() -> None:
    await start()

    with pytest.raises(otp.NotAProcessError, match="link=True"):
        Options(link=True).submit(JOBS, trio.sleep, 1)


@in_process
async def test_a_linked_job_that_is_over_is_not_watched_any_more() -> None:
    await start()

    me = process.self().process
    assert me is not None
    before = dict(me.watched_by or {})

    await Options(link=True).run(JOBS, Log().work, 1)

    assert me.watched_by == before


# ------------------------------------------------------------------------------ its end


@on_node
async def test_a_stop_cancels_what_runs_and_gives_up_what_waits() -> None:
    log = Log()
    await start()
    jobs = [task_executor.submit(JOBS, log.work, n, 60) for n in range(3)]
    heard: list[object] = []

    async def be_patient() -> None:
        try:
            await task_executor.submit_wait(JOBS, log.work, 3)
        except otp.ServerExitedError as error:
            heard.append(error.reason)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(be_patient)
        await wait_until_idle()
        begun = trio.current_time()
        await task_executor.stop(JOBS)

    assert trio.current_time() == begun
    assert log.ended == [0]
    assert heard == [otp.Normal()]
    for job in jobs:
        assert job.state == "lost"
        with pytest.raises(otp.ServerExitedError):
            await job.wait()
    assert process.processes() == []


@on_node
async def test_a_stop_waits_for_the_end_of_jobs_but_not_for_ever() -> None:
    async def stubborn() -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(60)

    await start(ExecutorSpec(shutdown=2))
    job = task_executor.submit(JOBS, stubborn)
    await wait_until_idle()
    begun = trio.current_time()
    with collected_reports() as reports:
        await task_executor.stop(JOBS)

    assert 2 <= trio.current_time() - begun <= 3.1
    assert job.state == "lost"
    assert [r for r in reports if not isinstance(r, otp.kernel.StuckReport)] == []


@on_node
async def test_a_supervisor_restarts_an_executor_without_its_jobs() -> None:
    log = Log()
    child = otp.child_spec(otp.TaskExecutor, ONE).named(JOBS)
    await supervisor.start_link(otp.Supervisor, otp.one_for_one(child))
    jobs = [task_executor.submit(JOBS, log.work, n, 60) for n in range(2)]
    await wait_until_idle()
    pid = process.whereis(JOBS)
    assert pid is not None

    process.exit(pid, otp.Kill())
    for job in jobs:
        with pytest.raises(otp.ServerExitedError) as caught:
            await job.wait()
        assert caught.value.reason == otp.Killed()
    await wait_until_idle()

    assert log.ended == [0]
    assert await task_executor.run(JOBS, log.work, 7) == 7


@on_node
async def test_an_executor_ends_with_its_task_supervisor() -> None:
    child = otp.child_spec(otp.TaskExecutor, ONE).named(JOBS)
    await supervisor.start_link(otp.Supervisor, otp.one_for_one(child))
    pid = process.whereis(JOBS)
    assert pid is not None
    job = task_executor.submit(JOBS, Log().work, 1, 60)
    await wait_until_idle()
    tasks = next(p for p in process.processes() if pid in _parents(p))
    process.exit(tasks, otp.Kill())

    with pytest.raises((otp.ServerExitedError, JobExitedError)):
        await job.wait()
    await wait_until_idle()
    assert process.whereis(JOBS) not in {None, pid}


def _parents(pid: otp.Pid) -> set[otp.Pid | None]:
    return set() if pid.process is None else {pid.process.parent}


@on_node
async def test_who_submits_while_an_executor_ends_is_told_so() -> None:
    async def stubborn() -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(1)

    await start()
    task_executor.submit(JOBS, stubborn)
    await wait_until_idle()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(task_executor.stop, JOBS)
        await wait_until_idle()
        with pytest.raises(otp.NoProcessError):
            task_executor.submit(JOBS, trio.sleep, 1)


@on_node
async def test_an_executor_that_is_suspended_starts_nothing() -> None:
    log = Log()
    await start()
    await otp.sys.suspend(JOBS)
    job = task_executor.submit(JOBS, log.work, 1)
    await trio.sleep(5)
    assert log.begun == []

    await otp.sys.resume(JOBS)
    assert await job.wait() == 1


# ------------------------------------------------------------------------ looking at it


@on_node
async def test_listeners_hear_what_happens() -> None:
    log = Log()
    await start(ExecutorSpec(max_concurrency=1, queue=1), log)
    first = task_executor.submit(JOBS, log.work, 1, 2)
    second = task_executor.submit(JOBS, log.work, 2)
    with pytest.raises(QueueFullError):
        task_executor.submit(JOBS, log.work, 3)
    await wait_until_idle()
    second.abort()
    await first.wait()

    refused = log.events[2]
    assert isinstance(refused, JobRefused)
    assert log.events == [
        JobSubmitted(first),
        JobSubmitted(second),
        refused,
        JobStarted(first, 0.0),
        JobEnded(second, "aborted", 0.0),
        JobEnded(first, "done", 2.0),
    ]
    task_executor.listeners(JOBS).remove(log.events.append)


@on_node
async def test_statistics_say_what_has_been_done() -> None:
    log = Log()
    await start(ExecutorSpec(max_concurrency=1, queue=3))
    done = task_executor.submit(JOBS, log.work, 1, 2)
    Options(priority="high").submit(JOBS, log.fail)
    Options(priority="low", timeout=1).submit(JOBS, log.work, 2, 9)
    last = Options(priority="low").submit(JOBS, log.work, 2)
    await done.wait()
    numbers = task_executor.statistics(JOBS)

    assert numbers.queued == {"low": 2, "normal": 0, "high": 0, "critical": 0}
    assert (numbers.running, numbers.submitted, numbers.done) == (1, 4, 1)
    await last.wait()
    numbers = task_executor.statistics(JOBS)
    assert (numbers.started, numbers.failed, numbers.timed_out) == (4, 1, 1)
    assert numbers.waited_seconds == 0 + 2 + 3 + 4
    assert numbers.ran_seconds == 2 + 1 + 1 + 1
    assert "done=2" in repr(await otp.sys.get_status(JOBS))


@on_node
async def test_a_job_knows_on_whose_behalf_it_runs() -> None:
    await start()

    async def whose() -> tuple[otp.Pid, ...]:
        await trio.lowlevel.checkpoint()
        return otp.task.callers()

    assert await task_executor.run(JOBS, whose) == (process.self(),)


@on_node
async def test_an_executor_does_not_mind_other_messages() -> None:
    await start()
    pid = process.whereis(JOBS)
    assert pid is not None
    with collected_reports() as reports:

        async def tie() -> None:
            process.link(pid)
            await trio.sleep(1)
            raise otp.Exit(otp.Reason("over"))

        await process.wait_exited(process.spawn(tie))
        process.send(JOBS, "what is this?")
        await wait_until_idle()

    assert process.whereis(JOBS) is pid
    assert [type(report).__name__ for report in reports] == ["UnexpectedMessage"]
