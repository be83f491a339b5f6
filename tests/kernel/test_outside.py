"""Tasks that run outside of all nodes, and what else has no process."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    GenServer,
    Kill,
    Node,
    NoNodeError,
    NoProcessError,
    Pid,
    call,
    cast,
    gen_server,
    process,
)
from otp.kernel import Report, where

from .support import dead_pid, flush, in_process

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from trio.testing import MockClock


class Server(GenServer):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @call
    async def ask(self) -> list[str]:
        return self.told

    @cast
    async def tell(self, word: str) -> None:
        self.told.append(word)

    async def handle_info(self, message: str) -> None:
        self.told.append(message)


async def linger() -> None:
    try:
        await trio.sleep_forever()
    finally:
        with trio.CancelScope(shield=True):
            await trio.sleep(5)


async def test_a_task_outside_of_the_node_may_call_cast_and_send(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    pids: list[Pid[Server]] = []
    ready, done = trio.Event(), trio.Event()

    async def outside() -> None:
        await ready.wait()
        living, dead = pids
        process.send(living, "sent")
        Server.tell(living, "told")
        assert await Server.ask(living) == ["sent", "told"]
        request = Server.ask.send_request(living)
        await wait_all_tasks_blocked()
        assert request.result() == ["sent", "told"]
        # Nobody is there to be told of these.
        process.send(dead, "sent")
        Server.tell(dead, "told")
        with pytest.raises(NoProcessError):
            await Server.ask(dead)
        with pytest.raises(NoNodeError):
            process.exit(living, Kill())
        done.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(outside)
        async with Node() as node:
            pids.append(await gen_server.start(Server))
            pids.append(await gen_server.start(Server))
            process.exit(pids[1], Kill())
            # It does not matter whether there are ghosts.
            process.exit(node.spawn(linger), Kill())
            ghost = node.spawn(linger)
            await wait_all_tasks_blocked()
            process.exit(ghost, Kill())
            ready.set()
            await done.wait()
            assert node.statistics().dead_letters == 0


@in_process
async def test_who_monitors_itself_hears_nothing() -> None:
    ref = process.monitor(process.self())

    assert await flush() == []
    assert process.demonitor(ref) is False


@in_process
async def test_a_dead_process_stays_dead() -> None:
    pid = await dead_pid()
    process.exit(pid, Kill())
    process.unlink(pid)

    assert not process.is_alive(pid)


async def test_a_task_is_where_its_innermost_visible_function_is() -> None:
    @types.coroutine
    def old_style() -> Generator[object, object, None]:
        yield from inner().__await__()

    async def inner() -> None:
        await trio.sleep_forever()

    async def outer() -> None:
        await old_style()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(outer, name="outer")
        nursery.start_soon(trio.sleep_forever, name="sleeper")
        await wait_all_tasks_blocked()
        places = {task.name: where(task) for task in nursery.child_tasks}
        nursery.cancel_scope.cancel()

    assert places["sleeper"] == "an unknown place"
    assert ".old_style (" in places["outer"]


def test_a_report_has_a_text() -> None:
    with pytest.raises(NotImplementedError):
        Report().text()

    assert Report().error() is None


async def test_the_callbacks_that_are_left_out_cannot_be_called() -> None:
    server = GenServer()
    callbacks: list[Callable[[], Awaitable[object]]] = [
        lambda: server.handle_cast("x"),
        lambda: server.handle_continue("x"),
        lambda: server.handle_call("x", None),  # type: ignore[arg-type]
    ]
    for callback in callbacks:
        with pytest.raises(NotImplementedError):
            await callback()
