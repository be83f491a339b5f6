"""Servers of one name on several nodes."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import From, GenServer, Name, Node, gen_server, process
from otp.gen_server import Options
from tests.kernel.support import on_node

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NAMES = ["east", "north", "west"]


class Echo(GenServer):
    """Answers with its node, after as many seconds as it is asked for."""

    told: list[str]

    def __init__(self, told: list[str]) -> None:
        self.told = told

    async def handle_call(self, request: Any, from_: From[Any]) -> object:
        del from_
        seconds = request.get(process.self().node, 0)
        if seconds < 0:
            raise ValueError(seconds)
        await trio.sleep(seconds)
        return process.self().node.upper()

    async def handle_cast(self, request: Any) -> None:
        self.told.append(f"{process.self().node} {request}")


ECHO = Name[Echo]("echo")


@asynccontextmanager
async def three_nodes(told: list[str]) -> AsyncIterator[None]:
    """Run three nodes with an echo on each."""
    async with AsyncExitStack() as stack:
        for name in NAMES:
            await stack.enter_async_context(Node(name))
            await Options(name=ECHO).start(Echo, told)
        yield


@on_node
async def test_a_call_to_many_is_answered_by_all() -> None:
    async with three_nodes([]):
        answers, missing = await gen_server.multi_call(ECHO, {}, nodes_=NAMES)

    assert answers == {"east": "EAST", "north": "NORTH", "west": "WEST"}
    assert missing == []


@on_node
async def test_a_call_to_many_goes_to_every_node_there_is() -> None:
    async with three_nodes([]):
        answers, missing = await gen_server.multi_call(ECHO, {})

    assert set(answers) == set(NAMES)
    assert missing == ["nonode"]


@on_node
async def test_a_call_to_many_tells_who_did_not_answer() -> None:
    async with three_nodes([]):
        before = trio.current_time()
        answers, missing = await gen_server.multi_call(
            ECHO, {"north": -1, "west": 10}, nodes_=[*NAMES, "nowhere"], timeout=3
        )

        assert trio.current_time() == before + 3
    assert answers == {"east": "EAST"}
    assert missing == ["north", "west", "nowhere"]


@on_node
async def test_a_call_to_many_takes_as_long_as_the_slowest() -> None:
    async with three_nodes([]):
        before = trio.current_time()
        answers, _ = await gen_server.multi_call(
            ECHO, {"east": 2, "north": 3, "west": 1}, nodes_=NAMES
        )

        assert trio.current_time() == before + 3
    assert len(answers) == 3


@on_node
async def test_a_call_to_nobody_is_over_at_once() -> None:
    assert await gen_server.multi_call(ECHO, {}, nodes_=[]) == ({}, [])
    assert await gen_server.multi_call(ECHO, {}, nodes_=["nowhere"]) == (
        {},
        ["nowhere"],
    )


@on_node
async def test_a_late_answer_to_a_call_to_many_is_dropped() -> None:
    async with three_nodes([]):
        answers, missing = await gen_server.multi_call(
            ECHO, {"east": 5}, nodes_=["east"], timeout=1
        )
        await trio.sleep(10)

        assert (answers, missing) == ({}, ["east"])
        assert await gen_server.call(ECHO.at("east"), {}) == "EAST"


@on_node
async def test_a_cast_to_many_reaches_all() -> None:
    told: list[str] = []
    async with three_nodes(told):
        gen_server.abcast(ECHO, "x", nodes_=["west", "nowhere", "east"])
        await wait_all_tasks_blocked()
        assert sorted(told) == ["east x", "west x"]
        told.clear()
        gen_server.abcast(ECHO, "y")
        await wait_all_tasks_blocked()

    assert sorted(told) == ["east y", "north y", "west y"]


@pytest.mark.parametrize("timeout", [-1, float("nan")])
@on_node
async def test_a_call_to_many_needs_a_time(timeout: float) -> None:
    with pytest.raises(ValueError, match=r"a time-out is|deadline|seconds"):
        await gen_server.multi_call(ECHO, {}, nodes_=[], timeout=timeout)
