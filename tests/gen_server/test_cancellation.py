"""Whoever waits can be cancelled at any moment, and leaves nothing behind.

Each trial builds a world, runs one thing in it and cancels that after the first,
second, third... step of the scheduler, whoever's step that is, until it is not
cancelled any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from otp import (
    CallError,
    Kill,
    Name,
    Pid,
    gen_server,
    proc_lib,
    process,
    sys,
)
from otp.gen import RequestCollection
from otp.gen_server import Options
from otp.kernel import current_node
from tests.kernel.support import (
    assert_owes_nothing,
    cancel_at_every_step,
    cancel_at_step,
    idle,
    outcome_in_process,
    running_timers,
    waiting_calls,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio.testing import MockClock

from .servers import Later
from .trials import Slow, assert_free, assert_quiet, settle, trial, trial_of_start


async def test_a_call(autojump_clock: MockClock) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[str]:
        pid = await gen_server.start(Slow)
        answer = await cancel_at_step(step, lambda: Slow.ask(pid))
        assert pid.process is not None
        assert not pid.process.owed
        assert waiting_calls(current_node()) == 0
        await settle()
        assert_quiet(pid)
        assert await Slow.ask(pid) == "answer"
        return answer

    assert await cancel_at_every_step(world) >= 2


async def test_a_call_that_fails(autojump_clock: MockClock) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[str]:
        async def ask() -> str:
            with pytest.raises(CallError):
                await Slow.fail(pid)
            return "failed"

        pid = await gen_server.start(Slow)
        failed = await cancel_at_step(step, ask)
        await settle()
        assert_quiet()
        assert process.processes() == []
        return failed

    assert await cancel_at_every_step(world) >= 2


async def test_a_call_whose_time_runs_out(autojump_clock: MockClock) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[str]:
        async def ask() -> str:
            with pytest.raises(TimeoutError):
                await Slow.ask.within(1)(pid)
            return "late"

        pid = await gen_server.start(Slow)
        late = await cancel_at_step(step, ask)
        await settle()
        assert_quiet(pid)
        return late

    assert await cancel_at_every_step(world) >= 2


@pytest.mark.parametrize("way", ["start", "start_link", "named", "limited", "monitor"])
async def test_a_start(autojump_clock: MockClock, way: str) -> None:
    del autojump_clock
    name = Name[Slow]("slow")
    ways: dict[str, Callable[[], Awaitable[Pid[Slow]]]] = {
        "start": lambda: gen_server.start(Slow),
        "start_link": lambda: gen_server.start_link(Slow),
        "named": lambda: gen_server.start_named(name, Slow),
        "limited": lambda: Options(timeout=50).start_link(Slow),
    }

    async def monitored() -> Pid[Slow]:
        pid, ref = await gen_server.start_monitor(Slow)
        process.demonitor(ref)
        return pid

    world = trial_of_start(
        ways.get(way, monitored), name="slow" if way == "named" else None
    )

    assert await cancel_at_every_step(world) >= 2


async def test_a_start_of_a_function(autojump_clock: MockClock) -> None:
    del autojump_clock

    async def up() -> None:
        await trio.sleep(1)
        proc_lib.init_ack("up")
        await trio.sleep_forever()

    @trial
    async def world(step: int) -> list[object]:
        value = await cancel_at_step(step, lambda: proc_lib.start_link(up))
        assert len(process.processes()) == len(value)
        await settle()
        assert_quiet()
        return value

    assert await cancel_at_every_step(world) >= 2


@pytest.mark.parametrize("timeout", [50.0, float("inf")])
async def test_a_receive(autojump_clock: MockClock, timeout: float) -> None:
    del autojump_clock

    async def sender(to: Pid) -> None:
        for message in ("a", "b", "wanted"):
            await trio.sleep(1)
            process.send(to, message)

    @trial
    async def world(step: int) -> list[object]:
        found: list[object] = []

        async def body() -> None:
            me = process.self()
            process.spawn(sender, me)
            found.extend(
                await cancel_at_step(
                    step,
                    lambda: process.receive(lambda m: m == "wanted", timeout=timeout),
                )
            )
            assert running_timers(current_node()) == 0 or not found
            assert me.process is not None
            assert me.process.mailbox.parked is None
            await settle()
            # Nothing is lost: what was not received is there.
            left: list[object] = ["a", "b"] if found else ["a", "b", "wanted"]
            assert [process.receive_nowait() for _ in left] == left
            assert_free(me)

        outcome = await outcome_in_process(current_node(), body)
        if isinstance(outcome, BaseException):
            raise outcome
        assert_quiet()
        return found

    assert await cancel_at_every_step(world) >= 2


async def test_waiting_for_an_end(autojump_clock: MockClock) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[object]:
        pid = process.spawn(trio.sleep, 3)
        reason = await cancel_at_step(step, lambda: process.wait_exited(pid))
        if not reason and process.is_alive(pid):
            assert_owes_nothing(pid)
        await settle()
        assert_quiet()
        return list(reason)

    assert await cancel_at_every_step(world) >= 1


@pytest.mark.parametrize("timeout", [1.0, 50.0, float("inf")])
async def test_a_stop(autojump_clock: MockClock, timeout: float) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[bool]:
        async def stop() -> bool:
            try:
                await gen_server.stop(pid, timeout=timeout)
            except TimeoutError:
                assert timeout == 1.0
            return True

        pid = await gen_server.start(Slow)
        stopped = await cancel_at_step(step, stop)
        if process.is_alive(pid):
            assert pid.process is not None
            assert not pid.process.watched_by
        await settle()
        assert_quiet(pid)
        return stopped

    assert await cancel_at_every_step(world) >= 2


@pytest.mark.parametrize("operation", [sys.suspend, sys.get_state, sys.resume])
async def test_a_system_message(
    autojump_clock: MockClock, operation: Callable[[Pid[Slow]], Awaitable[object]]
) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[object]:
        pid = await gen_server.start(Slow)
        busy = Slow.ask.send_request(pid)
        done = await cancel_at_step(step, lambda: operation(pid))
        assert waiting_calls(current_node()) == 0
        await settle()
        assert busy.result() == "answer"
        assert_quiet(pid)
        # Whatever came of it, the server can be used.
        await sys.resume(pid)
        assert await Slow.ask(pid) == "answer"
        return ["done"] if done else []

    assert await cancel_at_every_step(world) >= 2


@pytest.mark.parametrize("timeout", [50.0, float("inf")])
async def test_receiving_a_response(autojump_clock: MockClock, timeout: float) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[str]:
        pid = await gen_server.start(Slow)
        request = Slow.ask.send_request(pid)
        answer = await cancel_at_step(
            step, lambda: gen_server.receive_response(request, timeout)
        )
        assert request.settled
        assert not request.listeners
        assert running_timers(current_node()) == 0
        assert pid.process is not None
        assert not pid.process.owed
        await settle()
        assert_quiet(pid)
        return answer

    assert await cancel_at_every_step(world) >= 2


async def test_waiting_for_a_response(autojump_clock: MockClock) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[str]:
        pid = await gen_server.start(Slow)
        request = Slow.ask.send_request(pid)
        answer = await cancel_at_step(
            step, lambda: gen_server.wait_response(request, 50)
        )
        assert not request.listeners
        assert running_timers(current_node()) == 0
        # Who waits does not give up the request.
        assert await gen_server.wait_response(request) == "answer"
        assert_quiet(pid)
        return answer

    assert await cancel_at_every_step(world) >= 2


async def test_a_collection(autojump_clock: MockClock) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[object]:
        pids = [await gen_server.start(Slow, n) for n in (3, 2)]
        pending = RequestCollection[str, int]()
        for number, pid in enumerate(pids):
            pending.add(Slow.ask.send_request(pid), number)
        first = await cancel_at_step(step, pending.receive_response)
        assert running_timers(current_node()) == 0
        assert len(pending) == 2 - len(first)
        await settle()
        assert_quiet(*pids)
        return list(first)

    assert await cancel_at_every_step(world) >= 2


async def test_a_call_to_many(autojump_clock: MockClock) -> None:
    del autojump_clock
    name = Name[Slow]("slow")

    @trial
    async def world(step: int) -> list[object]:
        pid = await gen_server.start_named(name, Slow)
        idler = process.spawn(idle)
        answers = await cancel_at_step(
            step, lambda: gen_server.multi_call(name, "x", timeout=50)
        )
        await settle()
        assert_quiet(pid, idler)
        process.exit(idler, Kill())
        return list(answers)

    assert await cancel_at_every_step(world) >= 1


async def test_a_call_that_is_answered_later(autojump_clock: MockClock) -> None:
    del autojump_clock

    async def answer(pid: Pid[Later]) -> None:
        await trio.sleep(3)
        for from_ in await Later.askers(pid):
            gen_server.reply(from_, "later")

    @trial
    async def world(step: int) -> list[str]:
        pid = await gen_server.start(Later)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer, pid)
            answers = await cancel_at_step(step, lambda: Later.ask(pid, "x"))
            assert pid.process is not None
            assert not pid.process.owed
        assert_quiet(pid)
        return answers

    assert await cancel_at_every_step(world) >= 2
