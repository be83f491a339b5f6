"""Whoever waits for a manager can be cancelled at any moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

from otp import CallError, EventManager, Exited, Kill, gen_event, process
from otp.gen_event import HandlerExit, HandlerRef, ManagerStopped, Swap
from otp.kernel import current_node
from tests.gen_server.trials import assert_quiet, settle, trial
from tests.kernel.support import cancel_at_every_step, cancel_at_step, waiting_calls

from .handlers import Events, Other, Scripted, sleeping, which, with_handlers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio.testing import MockClock

A = HandlerRef(Scripted, "a")


async def slowly(_handler: object) -> str:
    """Take some steps."""
    await trio.lowlevel.checkpoint()
    await trio.sleep(1)
    await trio.lowlevel.checkpoint()
    return "done"


async def nothing(_handler: object) -> None:
    await slowly(_handler)


WAYS: dict[str, Callable[[Events], Awaitable[object]]] = {
    "sync_notify": lambda events: gen_event.sync_notify(events, nothing),
    "call": lambda events: gen_event.call(events, A, slowly),
    "add": lambda events: gen_event.add_handler(events, Other, init=nothing),
    "delete": lambda events: gen_event.delete_handler(events, A),
    "swap": lambda events: gen_event.swap_handler(events, A, None, Other, init=nothing),
    "which": gen_event.which_handlers,
}

# What the handlers are when the request has been done, whoever waits for it.
AFTER: dict[str, list[object]] = {
    "sync_notify": ["a"],
    "call": ["a"],
    "add": [Other, "a"],
    "delete": [],
    "swap": [Other],
    "which": ["a"],
}


@pytest.mark.parametrize("way", WAYS)
async def test_a_request_is_done_whole_though_nobody_waits(
    autojump_clock: MockClock, way: str
) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[object]:
        events, _ = await with_handlers("a")
        done = await cancel_at_step(step, lambda: WAYS[way](events))
        assert waiting_calls(current_node()) == 0
        await settle()
        assert_quiet(events)
        assert await which(events) == AFTER[way]
        return done

    assert await cancel_at_every_step(world) >= 1


async def test_the_start(autojump_clock: MockClock) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[object]:
        started: list[object] = []
        started += await cancel_at_step(
            step, lambda: gen_event.start(EventManager[Any])
        )
        await settle()
        assert len(process.processes()) == len(started)
        return started

    assert await cancel_at_every_step(world) >= 1


async def test_stopping(autojump_clock: MockClock) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[object]:
        events, log = await with_handlers("a")
        await gen_event.add_handler(events, Scripted, log, "b", end=nothing)
        log.clear()

        async def stop() -> str:
            await gen_event.stop(events)
            return "stopped"

        stopped: list[object] = []
        stopped += await cancel_at_step(step, stop)
        await settle()
        # It goes on ending, once it was told.
        assert log in ([], [("b", ManagerStopped()), ("a", ManagerStopped())])
        assert process.is_alive(events) is (log == [])
        assert_quiet(events)
        return stopped

    assert await cancel_at_every_step(world) >= 1


WORK: dict[str, Callable[[Events], Awaitable[object]]] = {
    **WAYS,
    "delete slowly": lambda events: gen_event.delete_handler(events, Other),
    "swap in place": lambda events: gen_event.sync_notify(events, swap_slowly),
    "add_sup": lambda events: gen_event.add_sup_handler(events, Other, init=nothing),
    "stop": gen_event.stop,
}


async def swap_slowly(_handler: object) -> Swap:
    return Swap(None, Other, init=nothing, end=sleeping(1))


@pytest.mark.parametrize("way", WORK)
async def test_a_manager_can_be_killed_at_every_step(
    autojump_clock: MockClock, way: str
) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[object]:
        events, log = await with_handlers("a")
        await gen_event.add_handler(events, Other, log, "other", end=nothing)
        outcome: list[object] = []

        async def owner() -> None:
            process.trap_exit(True)
            try:
                await WORK[way](events)
            except CallError:
                outcome.append("failed")
            else:
                outcome.append("done")
            while True:
                message = await process.receive()
                assert isinstance(message, (Exited, HandlerExit))

        pid = process.spawn(owner)
        for _ in range(step):
            await trio.lowlevel.checkpoint()
        if step % 2:
            await trio.sleep(0.5)
        process.exit(events, Kill())
        length = len(log)
        await settle()
        # Nothing runs any more, and whoever waited knows it.
        assert len(log) == length
        assert len(outcome) == 1
        assert_quiet(pid)
        return outcome

    for step in range(12):
        await world(step)
