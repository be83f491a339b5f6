"""The probes of Elixir's Task, Task.Supervisor and Agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import pytest
import trio

from otp import (
    Agent,
    CallError,
    CallTimeoutError,
    Exit,
    Pid,
    Reason,
    ServerExitedError,
    Task,
    TaskSupervisor,
    agent,
    child_spec,
    process,
    task,
    task_supervisor,
)
from otp.task import NotOwnerError, TaskTimeoutError
from tests.kernel.support import flush

from .elixir import RECORDS, Atom, Module, exited, probe

if TYPE_CHECKING:
    from otp.task import Done, Failed, Stream

OK = Atom("ok")


async def give(value: Any) -> Any:
    return value


async def leave(word: str) -> NoReturn:
    raise Exit(Reason(word))


async def raise_x() -> NoReturn:
    raise RuntimeError("x")


async def slowly(milliseconds: float, value: Any = OK) -> Any:
    await trio.sleep(milliseconds / 1000)
    return value


async def deaf() -> None:
    process.trap_exit(True)
    await trio.sleep(5)


async def exit_of(waiting: Any, function: str, args: list[object]) -> object:
    """Return what the caller of ``Task.function`` exits with."""
    try:
        return await waiting
    except CallTimeoutError:
        return exited(Atom("timeout"), "Task", function, args)
    except ServerExitedError as error:
        return exited(error.reason, "Task", function, args)


# ------------------------------------------------------------------------------ tasks


@probe("Task.child_spec")
async def test_the_child_spec_of_a_task() -> object:
    spec = child_spec(Task, give, 1)
    return {"id": Module(str(spec.id)), "restart": Atom(spec.restart)}


@probe("Task async/await")
async def test_a_result_is_awaited() -> object:
    return await task.await_(task.async_(give, 42))


@probe("Task async raises, not trapping")
async def test_a_crash_kills_who_does_not_trap_exits() -> object:
    return await task.await_(task.async_(raise_x))


@probe("Task async exit, trapping: await")
async def test_who_traps_exits_exits_itself() -> object:
    process.trap_exit(True)
    one = task.async_(leave, "bye")
    return await exit_of(task.await_(one), "await", [one, 5000]), await flush()


@probe("Task await timeout")
async def test_a_time_out_leaves_the_link() -> object:
    process.trap_exit(True)
    one = task.async_(slowly, 30)
    outcome = await exit_of(task.await_(one, 0.01), "await", [one, 10])
    return outcome, await flush()


@probe("Task yield nil then ok")
async def test_a_yield_may_be_repeated() -> object:
    one = task.async_(slowly, 30, Atom("v"))
    return await task.yield_(one, 0.005), await task.yield_(one, 0.1)


@probe("Task yield || shutdown")
async def test_who_is_late_is_shut_down() -> object:
    one = task.async_(slowly, 1000)
    outcome = await task.yield_(one, 0.01) or await task.shutdown(one)
    return outcome, await flush()


@probe("Task shutdown finished task gives reply")
async def test_a_shutdown_gives_the_reply_that_is_there() -> object:
    one = task.async_(give, Atom("v"))
    await trio.sleep(0.02)
    return await task.shutdown(one)


@probe("Task shutdown ignoring exits, 20ms -> kill")
async def test_who_ignores_exits_is_killed() -> object:
    one = task.async_(deaf)
    await trio.sleep(0.02)
    return await task.shutdown(one, 0.02)


@probe("Task shutdown brutal")
async def test_a_brutal_kill_is_as_told() -> object:
    one = task.async_(deaf)
    await trio.sleep(0.02)
    return await task.shutdown(one, "brutal_kill")


@probe("Task shutdown of crashed, trapping")
async def test_a_shutdown_tells_of_a_crash_before_it() -> object:
    process.trap_exit(True)
    one = task.async_(leave, "boom")
    await trio.sleep(0.02)
    return await task.shutdown(one)


@probe("Task await by non owner")
async def test_nobody_else_may_wait() -> object:
    one = task.async_(give, 1)
    refused: list[object] = []

    async def other() -> None:
        with pytest.raises(NotOwnerError):
            await task.await_(one)
        refused.append(Module("ArgumentError"))

    await process.wait_exited(process.spawn(other))
    return refused[0]


@probe("Task await_many order + timeout")
async def test_many_are_awaited_in_order_and_in_one_time() -> object:
    tasks = [task.async_(slowly, 20, 1), task.async_(give, 2)]
    found = await task.await_many(tasks)
    with pytest.raises(TaskTimeoutError):
        await task.await_many([task.async_(slowly, 1000)], 0.01)
    return found, (Atom("timeout"), Module("Task"), Atom("await_many"))


# ------------------------------------------------------------------- task supervisors


async def supervisor() -> Pid[TaskSupervisor]:
    return await task_supervisor.start_link(TaskSupervisor)


@probe("Task async_nolink crash")
async def test_a_crash_without_a_link_is_news() -> object:
    one = await task_supervisor.async_nolink(await supervisor(), leave, "boom")
    return await task.yield_(one)


@probe("Task.Supervisor.async owner death kills task")
async def test_a_linked_task_dies_with_its_owner() -> object:
    top = await supervisor()
    tasks: list[Task[Any]] = []

    async def owner() -> None:
        tasks.append(await task_supervisor.async_(top, slowly, 5000))
        await trio.sleep(5)

    pid = process.spawn(owner)
    await trio.sleep(0.02)
    children = await task_supervisor.children(top)
    process.exit(pid, Reason("die"))
    await trio.sleep(0.02)
    assert tasks[0].pid is not None
    return not process.is_alive(tasks[0].pid), children


# ---------------------------------------------------------------------------- streams


async def taken(stream: Stream[Done[Any] | Failed]) -> list[Done[Any] | Failed]:
    async with stream as results:
        return [result async for result in results]


async def sleep_and_give(milliseconds: int) -> int:
    return int(await slowly(milliseconds, milliseconds))


async def one_fails(n: int) -> int:
    return await leave("boom") if n == 1 else n


async def one_is_late(n: int) -> Any:
    return await slowly(1000 if n == 1 else 0)


@probe("async_stream ordered")
async def test_a_stream_keeps_the_order() -> object:
    return await taken(
        task.async_stream(sleep_and_give, [30, 1, 10], max_concurrency=3)
    )


@probe("async_stream unordered")
async def test_a_stream_may_give_up_the_order() -> object:
    items = [30, 1, 15]
    return await taken(
        task.async_stream(sleep_and_give, items, max_concurrency=3, ordered=False)
    )


@probe("async_stream timeout exit")
async def test_a_time_out_ends_a_stream() -> object:
    stream = task.async_stream(one_is_late, [1], max_concurrency=1, timeout=0.01)
    with pytest.raises(TaskTimeoutError) as caught:
        await taken(stream)
    # In milliseconds.
    args = [round(caught.value.timeout * 1000)]
    return exited(Atom("timeout"), "Task.Supervised", "stream", args)


@probe("async_stream timeout kill_task")
async def test_a_time_out_may_be_a_result() -> object:
    return await taken(
        task.async_stream(
            one_is_late,
            [1, 2],
            max_concurrency=2,
            timeout=0.01,
            on_timeout="kill_task",
        )
    )


@probe("async_stream_nolink crash")
async def test_a_crash_in_a_stream_without_links_is_a_result() -> object:
    return await taken(
        task_supervisor.async_stream_nolink(
            await supervisor(), one_fails, [1, 2], max_concurrency=2
        )
    )


@probe("async_stream crash linked, trapping")
async def test_so_it_is_with_links_for_who_traps_exits() -> object:
    process.trap_exit(True)
    return await taken(task.async_stream(one_fails, [1, 2], max_concurrency=2))


@probe("$callers in task")
async def test_a_task_knows_its_caller() -> object:
    async def count() -> int:
        return len(task.callers())

    return await task.await_(task.async_(count))


# ----------------------------------------------------------------------------- agents


@probe("Agent.child_spec")
async def test_the_child_spec_of_an_agent() -> object:
    return {"id": Module(str(child_spec(Agent, dict).id))}


@probe("Agent basics")
async def test_an_agent_is_read_and_changed() -> object:
    pid = await agent.start_link(lambda: 1)
    first = await agent.get(pid, lambda n: n)
    await agent.update(pid, lambda n: n + 1)
    old = await agent.get_and_update(pid, lambda n: (n, n * 10))
    agent.cast(pid, lambda n: n + 10)
    last = await agent.get(pid, lambda n: n)
    await agent.stop(pid)
    # What returns nothing here returns ok there.
    return first, OK, old, OK, last, OK


@probe("Agent update fun raises")
async def test_a_function_that_raises_kills_the_agent() -> object:
    def raising(_: int) -> int:
        raise RuntimeError("x")

    pid = await agent.start(lambda: 1)
    try:
        await agent.update(pid, raising)
    except ServerExitedError as error:
        sent = (Atom("update"), Atom("fun"))
        return exited(error.reason, "GenServer", "call", [error.server, sent, 5000])
    except CallError:
        return None
    return OK


def test_every_probe_is_a_test() -> None:
    tests = [value for name, value in globals().items() if name.startswith("test_")]
    found = {getattr(test, "probe", None) for test in tests}

    assert found - {None} == set(RECORDS)
