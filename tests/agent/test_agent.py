"""Agents: what functions do with a state, and what happens if they fail."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from otp import (
    Agent,
    AlreadyStartedError,
    BadReturnError,
    CallTimeoutError,
    Crash,
    Exited,
    Name,
    NoProcessError,
    Normal,
    Pid,
    Reply,
    ServerExitedError,
    StartError,
    Stop,
    Supervisor,
    UnknownRequestError,
    agent,
    child_spec,
    gen_server,
    one_for_one,
    process,
    supervisor,
    sys,
)
from otp.gen_server import Options, ServerReport, UnexpectedMessage
from otp.kernel import current_node
from tests.gen_server.trials import assert_quiet, settle, trial
from tests.kernel.support import (
    cancel_at_every_step,
    cancel_at_step,
    collected_reports,
    exit_reason_of,
    in_process,
    on_node,
    waiting_calls,
)

NAME = Name[Agent[int]]("number")


def zero() -> int:
    return 0


def add(state: int, *more: int) -> int:
    return state + sum(more)


def explode(state: object) -> int:
    raise ValueError(f"boom at {state}")


async def slowly(state: int, more: int = 0) -> int:
    await trio.sleep(3)
    return state + more


async def counter(start: int = 0) -> Pid[Agent[int]]:
    return await agent.start(add, start)


# ---------------------------------------------------------------------- what they do


@on_node
async def test_an_agent_keeps_what_its_first_function_returns() -> None:
    pid = await agent.start(dict[str, int], a=1)

    assert await agent.get(pid, lambda state: state) == {"a": 1}


@on_node
async def test_functions_read_and_change_the_state() -> None:
    pid = await counter(1)

    assert await agent.get(pid, str) == "1"
    await agent.update(pid, add, 2, 3)
    assert await agent.get(pid, add) == 6
    assert await agent.get(pid, add, 4) == 10
    assert await agent.get_and_update(pid, lambda n: (f"was {n}", n + 1)) == "was 6"
    agent.cast(pid, add, 3)
    assert await agent.get(pid, lambda n: n) == 10


@on_node
async def test_functions_run_in_the_agent() -> None:
    pid = await counter()

    assert await agent.get(pid, lambda _: process.self()) is pid


@on_node
async def test_they_may_be_async_and_then_everybody_waits() -> None:
    pid = await agent.start(slowly, 1)
    results: list[int] = []

    async def get() -> None:
        results.append(await agent.get(pid, add))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(agent.update, pid, slowly, 2)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(get)

    assert results == [3]
    assert await agent.get(pid, slowly, 4) == 7

    async def both(n: int) -> tuple[str, int]:
        return str(n), n + 1

    assert await agent.get_and_update(pid, both) == "3"
    agent.cast(pid, slowly, 10)
    assert await agent.get(pid, add) == 14


@on_node
async def test_any_value_is_an_answer_or_a_state() -> None:
    pid = await agent.start(Stop)

    answer = await agent.get(pid, lambda state: (state, Reply(1)))
    assert answer == (Stop(), Reply(1))
    assert await agent.get(pid, lambda state: state) == Stop()
    await agent.update(pid, lambda _: Stop())
    assert process.is_alive(pid)


@on_node
async def test_an_agent_may_have_a_name() -> None:
    pid = await agent.start_named(NAME, zero)

    await agent.update(NAME, add, 1)
    agent.cast(NAME, add, 1)

    assert await agent.get(NAME, add) == 2
    with pytest.raises(AlreadyStartedError) as caught:
        await agent.start_named(NAME, zero)
    assert caught.value.pid is pid


@on_node
async def test_an_agent_takes_the_options_of_servers() -> None:
    pid = await Options(name=NAME, timeout=1.0).start(Agent, add, 5)

    assert await agent.get(pid, add) == 5


@in_process
async def test_an_agent_is_linked_to_who_started_it_so() -> None:
    process.trap_exit(True)
    pid = await agent.start_link(zero)

    await agent.stop(pid)

    assert await process.receive() == Exited(pid, Normal())


@on_node
async def test_an_agent_can_be_stopped() -> None:
    pid = await counter()

    await agent.stop(pid)

    assert not process.is_alive(pid)
    with pytest.raises(NoProcessError):
        await agent.get(pid, add)


# -------------------------------------------------------------------------- failures


@on_node
async def test_a_function_that_raises_ends_the_agent_and_the_call() -> None:
    pid = await counter(7)

    with collected_reports() as reports, pytest.raises(ServerExitedError) as caught:
        await agent.get(pid, explode)

    assert isinstance(caught.value.reason, Crash)
    assert str(caught.value.reason.error) == "boom at 7"
    assert not process.is_alive(pid)
    report = next(r for r in reports if isinstance(r, ServerReport))
    assert report.state == 7
    assert report.module is Agent


@on_node
@pytest.mark.parametrize("how", ["update", "get_and_update", "cast"])
async def test_so_does_one_that_was_to_change_the_state(how: str) -> None:
    pid = await counter()
    requests: Any = {"update": agent.update, "get_and_update": agent.get_and_update}
    wrong: Any = explode

    async def crash() -> None:
        if how == "cast":
            agent.cast(pid, explode)
        else:
            with pytest.raises(ServerExitedError):
                await requests[how](pid, wrong)

    process.spawn(crash)
    reason = await process.wait_exited(pid)

    assert isinstance(reason, Crash)


@on_node
async def test_a_wrong_number_of_arguments_is_a_failure_of_the_function() -> None:
    pid = await counter()

    wrong: Any = zero

    with pytest.raises(ServerExitedError) as caught:
        await agent.get(pid, wrong)

    assert isinstance(caught.value.reason, Crash)
    assert isinstance(caught.value.reason.error, TypeError)


@on_node
@pytest.mark.parametrize("wrong", [3, (), (1,), (1, 2, 3), [1, 2], None])
async def test_get_and_update_wants_a_pair(wrong: Any) -> None:
    pid = await counter()

    with pytest.raises(ServerExitedError) as caught:
        await agent.get_and_update(pid, lambda _: wrong)

    assert isinstance(caught.value.reason, Crash)
    assert isinstance(caught.value.reason.error, BadReturnError)
    assert caught.value.reason.error.value == wrong


@on_node
async def test_what_is_no_function_is_refused_at_once() -> None:
    pid = await counter()
    wrong: Any = 3

    for send in (agent.get, agent.update, agent.get_and_update):
        with pytest.raises(TypeError, match="not 3"):
            await send(pid, wrong)
    with pytest.raises(TypeError, match="not 3"):
        agent.cast(pid, wrong)
    for start in (agent.start, agent.start_link):
        with pytest.raises(TypeError, match="not 3"):
            await start(wrong)

    assert await agent.get(pid, add) == 0


@on_node
async def test_an_agent_whose_first_function_raises_does_not_start() -> None:
    async def later() -> int:
        await trio.sleep(1)
        return explode("start")

    for fn in (lambda: explode("start"), later):
        with pytest.raises(StartError) as caught:
            await agent.start(fn)
        assert "boom at start" in str(caught.value.reason)


@on_node
async def test_a_call_may_take_too_long() -> None:
    pid = await counter()

    with pytest.raises(CallTimeoutError):
        await agent.update(pid, slowly, 1, timeout=1)

    # It was done all the same.
    assert await agent.get(pid, add) == 1
    with pytest.raises(ValueError, match="time-out"):
        await agent.get(pid, add, timeout=-1)


@on_node
async def test_other_requests_and_messages_are_refused_and_dropped() -> None:
    pid = await counter()

    with pytest.raises(UnknownRequestError, match="functions"):
        await gen_server.call(pid, "something")
    with collected_reports() as reports:
        gen_server.cast(pid, "something")
        process.send(pid, "something")
        assert await agent.get(pid, add) == 0

    assert [type(report) for report in reports] == [UnexpectedMessage] * 2


# --------------------------------------------------------- the system, and supervisors


@on_node
async def test_the_system_shows_the_state_itself() -> None:
    pid = await counter(3)

    assert await sys.get_state(pid) == 3
    assert (await sys.get_status(pid)).state == 3
    assert await sys.replace_state(pid, lambda n: n * 2) == 6
    assert await agent.get(pid, add) == 6


def test_the_child_spec_of_an_agent_is_permanent() -> None:
    spec = child_spec(Agent, add, 5)

    assert (spec.id, spec.restart, spec.shutdown) == ("Agent", "permanent", 5)


@on_node
async def test_a_restarted_agent_begins_anew() -> None:
    spec = child_spec(Agent, add, 5).named(NAME)
    await supervisor.start_link(Supervisor, one_for_one(spec))
    await agent.update(NAME, add, 1)

    agent.cast(NAME, explode)
    await trio.sleep(1)

    assert await agent.get(NAME, add) == 5


@on_node
async def test_an_agent_dies_with_who_is_linked_to_it() -> None:
    pids: list[Pid] = []

    async def starter() -> None:
        pids.append(await agent.start_link(zero))
        explode("x")

    await exit_reason_of(starter)

    assert not process.is_alive(pids[0])


# --------------------------------------------------------------------- cancellation


@pytest.mark.parametrize("kind", ["get", "update", "get_and_update", "start"])
async def test_whoever_waits_may_be_cancelled(
    autojump_clock: trio.testing.MockClock, kind: str
) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[bool]:
        async def work() -> bool:
            match kind:
                case "start":
                    pids.append(await agent.start(slowly, 0))
                case "get":
                    assert await agent.get(pid, slowly, 1) == 1
                case "update":
                    await agent.update(pid, slowly, 1)
                case _:
                    await agent.get_and_update(pid, pair)
            return True

        async def pair(n: int) -> tuple[int, int]:
            return n, await slowly(n, 1)

        pid = await counter()
        pids = [pid]
        done = await cancel_at_step(step, work)
        assert waiting_calls(current_node()) == 0
        await settle()
        assert_quiet(*pids)
        return done

    assert await cancel_at_every_step(world) >= 2
