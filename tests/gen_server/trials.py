"""Worlds in which one thing is cancelled, and checks of what is left in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    GenServer,
    Node,
    Pid,
    call,
    process,
)
from otp.kernel import current_node
from tests.kernel.support import (
    assert_nothing_left,
    assert_owes_nothing,
    cancel_at_step,
    outcome_in_process,
    running_timers,
    waiting_calls,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


class Slow(GenServer):
    """Takes some steps for everything."""

    def __init__(self, steps: int = 3) -> None:
        self.steps = steps

    async def init(self) -> None:
        await self.work()

    async def work(self) -> None:
        for _ in range(self.steps):
            await trio.lowlevel.checkpoint()
        await trio.sleep(self.steps)

    @call
    async def ask(self) -> str:
        await self.work()
        return "answer"

    @call
    async def fail(self) -> str:
        await self.work()
        raise ValueError("x")

    async def terminate(self, reason: object) -> None:
        del reason
        await self.work()


def assert_quiet(*pids: Pid) -> None:
    """Check that nobody waits for anything on this node."""
    node = current_node()
    assert running_timers(node) == 0
    assert waiting_calls(node) == 0
    assert node.statistics().ghosts == 0
    for pid in pids:
        if process.is_alive(pid):
            assert_owes_nothing(pid)


def assert_free(pid: Pid) -> None:
    """Check that *pid* has no ties of its own and no mail."""
    info = process.info(pid)
    assert info is not None
    assert (info.links, info.monitors, info.messages) == ((), (), ())
    assert pid.process is not None
    assert not pid.process.aliases
    assert not pid.process.owed


async def settle() -> None:
    """Let everything that is under way come to its end."""
    await trio.sleep(60)
    await wait_all_tasks_blocked()


def trial(
    world: Callable[[int], Awaitable[list[T]]],
) -> Callable[[int], Awaitable[list[T]]]:
    """Give each trial a node of its own, which must be empty afterwards."""

    async def run(step: int) -> list[T]:
        async with Node() as node:
            results = await world(step)
        assert_nothing_left(node)
        return results

    return run


def trial_of_start(
    start: Callable[[], Awaitable[Pid[T]]], *, name: str | None = None
) -> Callable[[int], Awaitable[list[Pid[T]]]]:
    """Return a world in which *start*, which may take *name*, is cancelled."""

    @trial
    async def world(step: int) -> list[Pid[T]]:
        pids: list[Pid[T]] = []

        async def body() -> None:
            pids.extend(await cancel_at_step(step, start))
            me = process.self()
            others = [pid for pid in process.processes() if pid is not me]
            assert others == pids
            assert process.registered() == ([name] if pids and name else [])
            if not pids:
                assert_free(me)

        outcome = await outcome_in_process(current_node(), body)
        if isinstance(outcome, BaseException):
            raise outcome
        assert outcome is None
        await settle()
        assert waiting_calls(current_node()) == 0
        return pids

    return world
