from __future__ import annotations

from contextlib import suppress
from functools import partial
from math import inf
from typing import TYPE_CHECKING

import pytest
import trio
from trio.lowlevel import checkpoint

import otp
from otp import TaskSupervisor, process, task, task_supervisor
from otp.task import Done, Failed
from otp.testing import Cancelling, cancel_everywhere, explore, wait_until_idle
from tests.testing.worlds import (
    all_exited,
    cancelled_world,
    mail,
    rest,
    together,
    world,
)

if TYPE_CHECKING:
    from otp import Pid


class BrokenError(Exception):
    """What tasks fail with here."""


class Work:
    """What tasks do here: how many began, and how many are at it."""

    def __init__(self) -> None:
        self.begun = self.now = self.most = 0

    async def do(self, value: int = 7) -> int:
        self.begun += 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await trio.sleep(1)
        finally:
            self.now -= 1
        if value < 0:
            raise BrokenError
        return value


async def start(max_children: int | None = None) -> Pid[TaskSupervisor]:
    """Start a supervisor that the caller is not linked to."""
    made = await task_supervisor.start_link(TaskSupervisor, max_children=max_children)
    process.unlink(made)
    return made


async def stop(supervisor: Pid[TaskSupervisor]) -> None:
    assert await task_supervisor.children(supervisor) == []
    await task_supervisor.stop(supervisor)


def test_a_task_is_done_once_or_its_owner_hears_why_not() -> None:
    seen: set[object] = set()

    async def body() -> None:
        work = Work()
        supervisor = await start()

        async def own(value: int) -> None:
            try:
                made = await task_supervisor.async_nolink(supervisor, work.do, value)
                outcome = await task.yield_(made, inf)
                assert outcome in (Done(value), None) or isinstance(outcome, Failed)
                seen.add(outcome if isinstance(outcome, Done) else type(outcome))
            except otp.CallError as error:
                seen.add(type(error))
            assert mail() == []

        async def end() -> None:
            await trio.sleep(1)
            await task_supervisor.stop(supervisor)

        await together(partial(own, 1), partial(own, -1), end)
        # Code that is still there after a second is not waited for any longer.
        await wait_until_idle()
        assert work.now == 0
        assert work.begun <= 2

    explore(world(body), runs=60, jumps=2)

    assert seen >= {Done(1), Failed}


def test_nothing_is_done_for_an_owner_who_died_before_it_had_the_task() -> None:
    begun: set[int] = set()

    async def body() -> None:
        work = Work()
        supervisor = await start()
        had: list[object] = []

        async def own() -> None:
            had.append(await task_supervisor.async_(supervisor, work.do))
            await trio.sleep_forever()

        owner = process.spawn(own)

        async def kill() -> None:
            for _ in range(4):
                await checkpoint()
            process.exit(owner, otp.Kill())

        await together(kill)
        await rest(0.5)
        # It was linked, too.
        assert work.now == 0
        assert work.begun <= len(had)
        begun.add(len(had))
        await stop(supervisor)

    explore(world(body), runs=60)

    assert begun == {0, 1}


def test_a_task_without_a_link_outlives_its_owner() -> None:
    async def body() -> None:
        work = Work()
        supervisor = await start()
        had: list[task.Task[int]] = []

        async def own() -> None:
            had.append(await task_supervisor.async_nolink(supervisor, work.do))

        owner = process.spawn(own)
        await all_exited(owner)
        await rest()
        assert len(had) == 1
        assert (work.begun, work.now) == (1, 0)
        await stop(supervisor)

    explore(world(body), runs=40)


def test_there_are_never_more_tasks_than_there_may_be() -> None:
    refused: set[bool] = set()

    async def body() -> None:
        work = Work()
        supervisor = await start(max_children=2)

        async def own() -> None:
            try:
                made = await task_supervisor.async_nolink(supervisor, work.do)
            except task_supervisor.MaxChildrenError:
                refused.add(True)
            else:
                await task.await_(made, inf)
                refused.add(False)

        await together(own, own, own)
        assert work.most <= 2
        await rest()
        await stop(supervisor)

    explore(world(body), runs=60, jumps=2)

    assert refused == {True, False}


@pytest.mark.parametrize("link", [True, False])
def test_a_stream_that_is_left_leaves_no_task_and_no_message(*, link: bool) -> None:
    stream = (
        task_supervisor.async_stream if link else task_supervisor.async_stream_nolink
    )

    async def body() -> None:
        process.trap_exit(True)
        work = Work()
        supervisor = await start()
        async with stream(
            supervisor, work.do, [1, -1, 2, 3], max_concurrency=2, timeout=inf
        ) as results:
            assert await anext(results) == Done(1)
            assert isinstance(await anext(results), Failed)
        assert work.now == 0
        assert work.most <= 2
        await rest()
        await stop(supervisor)

    explore(world(body), runs=60)


@pytest.mark.parametrize("link", [True, False])
def test_a_stream_ends_if_its_supervisor_does(*, link: bool) -> None:
    stream = (
        task_supervisor.async_stream if link else task_supervisor.async_stream_nolink
    )
    seen: set[object] = set()

    async def body() -> None:
        work = Work()
        supervisor = await start()

        async def take() -> None:
            process.trap_exit(True)
            found: list[object] = []
            try:
                async with stream(
                    supervisor, work.do, range(4), max_concurrency=2, timeout=inf
                ) as results:
                    found.extend([result async for result in results])
                assert len(found) == 4
                seen.add("all")
            except otp.CallError as error:
                seen.add(type(error))
            assert mail() == []

        async def end() -> None:
            await trio.sleep(1)
            await task_supervisor.stop(supervisor)

        await together(take, end)
        await wait_until_idle()
        assert work.now == 0

    explore(world(body), runs=60, jumps=2)

    assert seen >= {otp.NoProcessError}


def test_who_waits_for_a_task_that_is_terminated_has_its_value_or_the_reason() -> None:
    seen: set[object] = set()

    async def body() -> None:
        work = Work()
        supervisor = await start()
        made = await task_supervisor.async_nolink(supervisor, work.do)
        assert made.pid is not None
        pid = made.pid

        async def terminate() -> None:
            await trio.sleep(1)
            with suppress(task_supervisor.NotFoundError):
                await task_supervisor.terminate_child(supervisor, pid)
            assert not process.is_alive(pid)

        ending = process.spawn(terminate)
        try:
            seen.add(await task.await_(made, inf))
        except task.TaskExitedError as error:
            seen.add(error.reason)
        await all_exited(ending)
        await stop(supervisor)

    explore(world(body), runs=60, jumps=1)

    assert seen == {7, otp.Shutdown()}


@pytest.mark.parametrize("link", [True, False])
@pytest.mark.parametrize("reason", [otp.Kill(), otp.Shutdown()])
def test_no_task_of_a_stream_outlives_its_owner(
    reason: otp.ExitReason, *, link: bool
) -> None:
    stream = (
        task_supervisor.async_stream if link else task_supervisor.async_stream_nolink
    )
    begun: set[int] = set()

    async def body() -> None:
        work = Work()
        supervisor = await start()

        async def own() -> None:
            async with stream(
                supervisor, work.do, range(4), max_concurrency=2, timeout=inf
            ) as results:
                async for _ in results:
                    pass

        owner = process.spawn(own)

        async def end() -> None:
            for _ in range(9):
                await checkpoint()
            process.exit(owner, reason)

        await together(end)
        await rest(0.5)
        assert work.now == 0
        begun.add(work.begun)
        await stop(supervisor)

    explore(world(body), runs=40)

    assert begun >= {0, 1, 2}


# ------------------------------------------------------------------------ cancelled


@pytest.mark.parametrize("link", [True, False])
def test_nothing_is_done_for_who_is_cancelled_before_it_has_the_task(
    *, link: bool
) -> None:
    begin = task_supervisor.async_ if link else task_supervisor.async_nolink

    async def ask(cancelling: Cancelling) -> None:
        work = Work()
        supervisor = await start()
        made = None
        with cancelling:
            made = await begin(supervisor, work.do)
        if made is not None:
            assert await task.await_(made) == 7
        await rest()
        assert work.begun == (0 if made is None else 1)
        await stop(supervisor)

    assert cancel_everywhere(cancelled_world(ask), schedules=8) > 20


def test_a_child_that_nobody_waits_for_is_known_if_its_start_is_cancelled() -> None:
    async def ask(cancelling: Cancelling) -> None:
        work = Work()
        supervisor = await start()
        with cancelling:
            await task_supervisor.start_child(supervisor, work.do)
        await rest(0.5)
        assert len(await task_supervisor.children(supervisor)) == work.now
        await rest()
        assert work.now == 0
        await stop(supervisor)

    assert cancel_everywhere(cancelled_world(ask), schedules=5) > 10


@pytest.mark.parametrize("link", [True, False])
def test_a_stream_may_be_cancelled_anywhere(*, link: bool) -> None:
    stream = (
        task_supervisor.async_stream if link else task_supervisor.async_stream_nolink
    )

    async def take(cancelling: Cancelling) -> None:
        process.trap_exit(True)
        work = Work()
        supervisor = await start()
        with cancelling:
            async with stream(
                supervisor, work.do, [1, -1, 2], max_concurrency=2
            ) as results:
                found = [result async for result in results]
                assert len(found) == 3
        # Whoever is cancelled does not wait until the killed have cleaned up.
        assert work.now == 0 or cancelling.cancelled
        await wait_until_idle()
        assert work.now == 0
        await rest()
        await stop(supervisor)

    assert cancel_everywhere(cancelled_world(take), schedules=5) > 40


@pytest.mark.parametrize("link", [True, False])
def test_a_stream_goes_on_where_waiting_for_a_result_was_cancelled(
    *, link: bool
) -> None:
    stream = (
        task_supervisor.async_stream if link else task_supervisor.async_stream_nolink
    )

    async def take(cancelling: Cancelling) -> None:
        work = Work()
        supervisor = await start()
        found: list[object] = []
        async with stream(
            supervisor, work.do, range(3), max_concurrency=2, timeout=inf
        ) as results:
            with cancelling:
                for _ in range(2):
                    found.append(await anext(results))  # noqa: PERF401 - one by one
            found.extend([result async for result in results])
        assert found == [Done(0), Done(1), Done(2)]
        # Nothing was done twice.
        assert work.begun == 3
        await rest()
        await stop(supervisor)

    assert cancel_everywhere(cancelled_world(take), schedules=4) > 20
