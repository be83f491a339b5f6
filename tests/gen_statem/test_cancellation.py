"""Whoever waits for a machine can be cancelled at any moment, and nothing is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

from otp import CallError, GenStatem, Name, Pid, gen_statem, process
from otp.gen_statem import (
    STATE,
    Call,
    Cast,
    Enter,
    Keep,
    NextState,
    Options,
    Postpone,
    Reply,
    SetTimeout,
    StateTimeout,
)
from otp.kernel import current_node
from tests.gen_server.trials import (
    assert_quiet,
    settle,
    trial,
    trial_of_start,
)
from tests.kernel.support import (
    cancel_at_every_step,
    cancel_at_step,
    waiting_calls,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio.testing import MockClock


class Slow(GenStatem[Any, Any]):
    """Takes its time for everything, and is ready only after a while."""

    state_enter = True

    async def init(self) -> NextState[Any]:
        await self.work()
        return NextState("busy", SetTimeout(STATE, 5))

    async def work(self) -> None:
        for _ in range(3):
            await trio.lowlevel.checkpoint()
        await trio.sleep(1)

    async def handle_event(self, state: Any, event: Any) -> Any:
        await self.work()
        match state, event:
            case _, Enter():
                return None
            case _, Call(_, "fail"):
                raise ValueError("x")
            case "busy", Call():
                return Keep(Postpone())
            case "ready", Call(from_):
                return Keep(Reply(from_, "answer"))
            case _, StateTimeout():
                return NextState("ready")
            case _, Cast("lock"):
                return NextState("busy", SetTimeout(STATE, 5))
            case _:
                return None

    async def terminate(self, reason: object, state: object) -> None:
        del reason, state
        await self.work()


@pytest.mark.parametrize("timeout", [float("inf"), 60.0])
async def test_a_call_that_is_postponed(
    autojump_clock: MockClock, timeout: float
) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[object]:
        pid = await gen_statem.start(Slow)
        answer = await cancel_at_step(
            step, lambda: gen_statem.call(pid, "x", timeout=timeout)
        )
        assert pid.process is not None
        assert not pid.process.owed
        assert waiting_calls(current_node()) == 0
        await settle()
        assert_quiet(pid)
        assert await gen_statem.call(pid, "x") == "answer"
        return answer

    assert await cancel_at_every_step(world) >= 2


async def test_a_call_that_fails(autojump_clock: MockClock) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[str]:
        async def ask() -> str:
            with pytest.raises(CallError):
                await gen_statem.call(pid, "fail")
            return "failed"

        pid = await gen_statem.start(Slow)
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
                await gen_statem.call(pid, "x", timeout=1)
            return "late"

        pid = await gen_statem.start(Slow)
        late = await cancel_at_step(step, ask)
        await settle()
        assert_quiet(pid)
        return late

    assert await cancel_at_every_step(world) >= 2


@pytest.mark.parametrize("way", ["start", "start_link", "named", "limited", "monitor"])
async def test_a_start(autojump_clock: MockClock, way: str) -> None:
    del autojump_clock
    ways: dict[str, Callable[[], Awaitable[Pid[Slow]]]] = {
        "start": lambda: gen_statem.start(Slow),
        "start_link": lambda: gen_statem.start_link(Slow),
        "named": lambda: gen_statem.start_named(Name[Slow]("slow"), Slow),
        "limited": lambda: Options(timeout=50).start_link(Slow),
    }

    async def monitored() -> Pid[Slow]:
        pid, ref = await gen_statem.start_monitor(Slow)
        process.demonitor(ref)
        return pid

    world = trial_of_start(
        ways.get(way, monitored), name="slow" if way == "named" else None
    )

    assert await cancel_at_every_step(world) >= 2


async def test_a_stop(autojump_clock: MockClock) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[None]:
        pid = await gen_statem.start(Slow)
        stopped = await cancel_at_step(step, lambda: gen_statem.stop(pid))
        await settle()
        assert not process.is_alive(pid)
        assert_quiet()
        return stopped

    assert await cancel_at_every_step(world) >= 2


async def test_a_machine_itself(autojump_clock: MockClock) -> None:
    """A node that ends takes its machines along, wherever they are."""
    del autojump_clock

    @trial
    async def world(step: int) -> list[None]:
        pid = await gen_statem.start(Slow)
        request = gen_statem.send_request(pid, "x")
        gen_statem.cast(pid, "lock")

        async def live() -> None:
            await trio.sleep(15)

        lived = await cancel_at_step(step, live)
        await gen_statem.stop(pid)
        assert request.settled
        return lived

    assert await cancel_at_every_step(world, most=200) >= 2
