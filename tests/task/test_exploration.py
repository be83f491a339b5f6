from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import pytest
import trio
from trio.lowlevel import checkpoint

import otp
from otp import process, task
from otp.task import Done, Failed, TaskTimeoutError
from otp.testing import Cancelling, cancel_everywhere, explore
from tests.testing.worlds import (
    all_exited,
    cancelled_world,
    mail,
    rest,
    together,
    world,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from otp import Pid


class BrokenError(Exception):
    """What tasks fail with here."""


async def give(value: int) -> int:
    await trio.sleep(1)
    return value


async def fail(_: int = 0) -> int:
    await trio.sleep(1)
    raise BrokenError


def pid_of(made: task.Task[int]) -> Pid:
    assert made.pid is not None
    return made.pid


def apart(fn: Callable[[int], Awaitable[int]], value: int = 0) -> task.Task[int]:
    """Start a task that is not linked to the caller, so that its crash is a result."""
    made = task.async_(fn, value)
    process.unlink(pid_of(made))
    return made


# ------------------------------------------------------------------------------ once


def test_await_has_the_value_or_a_time_out_and_leaves_no_message() -> None:
    seen: set[object] = set()

    async def body() -> None:
        made = apart(give, 7)
        try:
            seen.add(await task.await_(made, timeout=1))
        except TaskTimeoutError:
            seen.add("late")
        with pytest.raises(task.TaskTakenError):
            await task.yield_(made)
        await all_exited(pid_of(made))

    explore(world(body), runs=60, jumps=2)

    assert seen == {7, "late"}


def test_an_outcome_comes_by_yield_or_as_a_message_but_once() -> None:
    seen: set[object] = set()

    async def body(fn: Callable[[int], Awaitable[int]]) -> None:
        made = apart(fn, 7)
        outcome = await task.yield_(made, timeout=1)
        await all_exited(pid_of(made))
        came = mail()

        seen.add((type(outcome), *map(type, came)))
        for message in came:
            ref = message.ref if isinstance(message, (otp.TaskResult, otp.Down)) else 0
            assert ref == made.ref
        # Whoever has taken the message has taken the outcome.
        with pytest.raises(task.TaskTakenError):
            await task.yield_(made)

    explore(world(lambda: body(give)), runs=60, jumps=2)
    explore(world(lambda: body(fail)), runs=60, jumps=2)

    nothing = type(None)
    assert seen == {(Done,), (nothing, otp.TaskResult), (Failed,), (nothing, otp.Down)}


def test_yield_takes_back_the_message_of_an_outcome_that_came_too_late() -> None:
    async def body() -> None:
        made = apart(give, 7)
        first = await task.yield_(made, timeout=1)
        if first is None:
            await trio.sleep(1)
            assert await task.yield_(made, timeout=inf) == Done(7)
        await all_exited(pid_of(made))

    explore(world(body), runs=60, jumps=1)


def test_code_around_a_node_gets_an_outcome_once_although_it_has_no_mailbox() -> None:
    seen: set[object] = set()

    async def body() -> None:
        async with otp.Node():
            made = task.async_(give, 7)
            found = [await task.yield_(made, timeout=1)]
            if found == [None]:
                await rest(2)
                found.append(await task.yield_(made, inf))
            assert found[-1] == Done(7)
            seen.add(len(found))
            with pytest.raises(task.TaskTakenError):
                await task.yield_(made)

    explore(body, runs=40, jumps=1)

    assert seen == {1, 2}


def test_all_values_come_in_order_or_one_time_out_and_nothing_later() -> None:
    seen: set[object] = set()

    async def body() -> None:
        made = [apart(give, value) for value in range(3)]
        try:
            assert await task.await_many(made, timeout=1) == [0, 1, 2]
            seen.add("all")
        except TaskTimeoutError as error:
            late = error.server if isinstance(error.server, list) else [error.server]
            seen.add(len(late))
        await all_exited(*map(pid_of, made))

    explore(world(body), runs=60, jumps=2)

    assert seen >= {"all", 3}


def test_the_first_crash_ends_the_waiting_for_all() -> None:
    async def body() -> None:
        made = [apart(give), apart(fail), apart(fail)]
        with pytest.raises((task.TaskExitedError, TaskTimeoutError)):
            await task.await_many(made, timeout=1)
        await all_exited(*map(pid_of, made))

    explore(world(body), runs=60, jumps=1)


@pytest.mark.parametrize("on_timeout", task.OnTimeout.__args__)  # type: ignore[attr-defined]
def test_who_yields_to_many_gets_each_outcome_once(on_timeout: task.OnTimeout) -> None:
    async def body() -> None:
        made = [apart(give, 0), apart(fail), apart(give, 2)]
        found = await task.yield_many(made, 1, limit=2, on_timeout=on_timeout)
        assert [each for each, _ in found] == made
        open_ = [each for each, outcome in found if outcome is None]
        await all_exited(*map(pid_of, made))

        came = [getattr(message, "ref", None) for message in mail()]
        if on_timeout == "nothing" or came:
            assert set(came) == {each.ref for each in open_}
            assert len(came) == len(open_)

    explore(world(body), runs=60, jumps=2)


def test_two_that_wait_for_one_task_have_its_outcome_once() -> None:
    async def body() -> None:
        made = apart(give, 7)
        found: list[object] = []

        async def wait() -> None:
            try:
                found.append(await task.yield_(made, timeout=1))
            except task.TaskTakenError:
                found.append("taken")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            nursery.start_soon(wait)
        await all_exited(pid_of(made))

        came = mail()
        assert found.count(Done(7)) + len(came) == 1

    explore(world(body), runs=60, jumps=2)


# ------------------------------------------------------------------------- given up


def test_a_task_that_is_shut_down_is_over_and_says_nothing_more() -> None:
    seen: set[object] = set()

    async def body(fn: Callable[[int], Awaitable[int]]) -> None:
        made = apart(fn, 7)
        await trio.sleep(1)
        outcome = await task.shutdown(made, timeout=1)
        assert not process.is_alive(pid_of(made))
        seen.add(outcome if isinstance(outcome, Done) else type(outcome))

    explore(world(lambda: body(give)), runs=60, jumps=2)
    explore(world(lambda: body(fail)), runs=60, jumps=2)

    assert seen == {Done(7), type(None), Failed}


def test_a_task_that_does_not_obey_is_killed_in_time() -> None:
    async def body() -> None:
        over = 0

        async def stubborn(_: int) -> int:
            nonlocal over
            process.trap_exit(True)
            try:
                await trio.sleep(1)
            finally:
                over += 1
            return 7

        made = apart(stubborn)
        outcome = await task.shutdown(made, timeout=1)
        assert outcome in (None, Done(7), Failed(otp.Killed()))
        assert not process.is_alive(pid_of(made))
        # It may have been told to end before it has begun.
        assert over <= 1

    explore(world(body), runs=60, jumps=2)


def test_who_ignores_a_task_has_its_outcome_at_once_or_never() -> None:
    seen: set[bool] = set()

    async def body() -> None:
        made = task.async_(give, 7)
        await trio.sleep(1)
        outcome = task.ignore(made)
        assert outcome in (None, Done(7))
        await all_exited(pid_of(made))
        seen.add(outcome is None)

    explore(world(body), runs=60, jumps=2)

    assert seen == {False, True}


def test_a_task_ends_with_its_owner_and_its_owner_with_it() -> None:
    async def body() -> None:
        tasks: list[Pid] = []

        async def own() -> None:
            tasks.append(pid_of(task.async_(give, 1)))
            tasks.append(pid_of(task.async_(fail)))
            await trio.sleep_forever()

        owner = process.spawn(own)

        async def kill() -> None:
            await trio.sleep(1)
            process.exit(owner, otp.Kill())

        await together(kill)
        await all_exited(owner, *tasks)

    explore(world(body), runs=60, jumps=2)


# -------------------------------------------------------------------------- streams


@pytest.mark.parametrize("ordered", [True, False])
def test_a_stream_never_does_more_at_once_than_it_may(*, ordered: bool) -> None:
    async def body() -> None:
        busy = most = 0

        async def work(item: int) -> int:
            nonlocal busy, most
            busy += 1
            most = max(most, busy)
            try:
                await trio.sleep(9 if item == 0 else 1)
            finally:
                # The code of one that was killed is over only now.
                busy -= 1
            if item == 1:
                raise BrokenError
            return item

        process.trap_exit(True)
        found: list[object] = []
        async with task.async_stream(
            work,
            range(4),
            max_concurrency=2,
            ordered=ordered,
            timeout=1.5,
            on_timeout="kill_task",
        ) as results:
            found.extend([result async for result in results])
        assert most <= 2
        done = [result.value for result in found if isinstance(result, Done)]
        assert sorted(done) == [2, 3]
        assert done == [2, 3] or not ordered
        assert found.count(Failed(otp.Reason("timeout"))) == 1

    explore(world(body), runs=60)


@pytest.mark.parametrize("take", [0, 1, 2])
def test_a_stream_that_is_left_leaves_no_task_and_no_message(take: int) -> None:
    async def body() -> None:
        process.trap_exit(True)
        running = 0

        async def work(item: int) -> int:
            nonlocal running
            running += 1
            try:
                if item == 1:
                    return await fail()
                return await give(item)
            finally:
                running -= 1

        async with task.async_stream(
            work, items(4), max_concurrency=3, timeout=inf
        ) as results:
            for _ in range(take):
                await anext(results)
        assert running == 0

    # Nobody is waited for longer than a second, which is not to be over too early.
    explore(world(body), runs=60)


async def items(count: int) -> AsyncIterator[int]:
    """Give numbers, but not at once."""
    for item in range(count):
        await checkpoint()
        yield item


# ------------------------------------------------------------------------ cancelled


def test_who_is_cancelled_while_it_waits_gets_no_message() -> None:
    async def wait(cancelling: Cancelling) -> None:
        made = [apart(give, 1), apart(fail)]
        with cancelling:
            await task.await_many(made[:1])
            with pytest.raises(task.TaskExitedError):
                await task.await_(made[1])
        if cancelling.cancelled:
            for each in made:
                task.ignore(each)
        await all_exited(*map(pid_of, made))

    assert cancel_everywhere(cancelled_world(wait), schedules=5) > 10


def test_an_outcome_survives_that_a_yield_is_cancelled() -> None:
    async def look(cancelling: Cancelling) -> None:
        made = apart(give, 7)
        found: list[object] = []
        with cancelling:
            found.append(await task.yield_(made))
        if not found:
            found.append(await task.yield_(made))
        assert found == [Done(7)]
        await all_exited(pid_of(made))

    assert cancel_everywhere(cancelled_world(look), schedules=5) > 5


@pytest.mark.parametrize("on_timeout", ["nothing", "kill_task"])
def test_no_outcome_is_lost_if_waiting_for_many_is_cancelled(
    on_timeout: task.OnTimeout,
) -> None:
    async def later(value: int) -> int:
        await trio.sleep(9)
        return value

    async def look(cancelling: Cancelling) -> None:
        process.trap_exit(True)
        made = [apart(give, 0), apart(later, 1), apart(give, 2)]
        killing = on_timeout == "kill_task"
        found: list[object] = []
        with cancelling:
            pairs = await task.yield_many(made, 2, on_timeout=on_timeout)
            found = [outcome for _, outcome in pairs]
        if not found:
            first, _, last = made
            pairs = await task.yield_many([first, last], inf)
            found = [outcome for _, outcome in pairs]
            found.insert(1, None)
            killing = not process.is_alive(pid_of(made[1]))
        assert found == [Done(0), None, Done(2)]
        if not killing:
            assert await task.await_(made[1], inf) == 1
        await all_exited(*map(pid_of, made))

    assert cancel_everywhere(cancelled_world(look), schedules=5) > 20


def test_a_task_is_dead_although_its_shutdown_was_cancelled() -> None:
    async def stubborn(_: int) -> int:
        process.trap_exit(True)
        await trio.sleep(9)
        return 7

    async def stop(cancelling: Cancelling) -> None:
        made = apart(stubborn)
        await checkpoint()
        begun = False
        with cancelling:
            begun = True
            await task.shutdown(made, timeout=1)
        assert begun
        assert not process.is_alive(pid_of(made))

    assert cancel_everywhere(cancelled_world(stop), schedules=5) > 5


@pytest.mark.parametrize("ordered", [True, False])
def test_a_stream_may_be_cancelled_anywhere(*, ordered: bool) -> None:
    async def take(cancelling: Cancelling) -> None:
        process.trap_exit(True)
        with cancelling:
            async with task.async_stream(
                give_or_fail, items(3), max_concurrency=2, ordered=ordered
            ) as results:
                found = [result async for result in results]
                assert found.count(Failed(otp.Normal())) == 0
                assert len(found) == 3

    async def give_or_fail(item: int) -> int:
        return await (fail() if item == 1 else give(item))

    assert cancel_everywhere(cancelled_world(take), schedules=5) > 20


@pytest.mark.parametrize("ordered", [True, False])
@pytest.mark.parametrize("source", [range, items])
def test_a_stream_goes_on_where_waiting_for_a_result_was_cancelled(
    source: Callable[[int], Iterable[int] | AsyncIterator[int]], *, ordered: bool
) -> None:
    async def take(cancelling: Cancelling) -> None:
        found: list[Done[int] | Failed] = []
        async with task.async_stream(
            give, source(4), max_concurrency=2, ordered=ordered
        ) as results:
            with cancelling:
                for _ in range(3):
                    found.append(await anext(results))  # noqa: PERF401 - one by one
            found.extend([result async for result in results])
        values = [result.value for result in found if isinstance(result, Done)]
        assert sorted(values) == [0, 1, 2, 3]
        assert values == [0, 1, 2, 3] or not ordered

    assert cancel_everywhere(cancelled_world(take), schedules=4) > 20
