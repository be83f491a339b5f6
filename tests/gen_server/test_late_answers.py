"""Answers that come later, from anybody, twice or too late."""

from __future__ import annotations

from math import inf

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    CallTimeoutError,
    From,
    GenServer,
    NoReply,
    Reason,
    Reply,
    ServerExitedError,
    Stop,
    gen_server,
    process,
)
from tests.kernel.support import (
    on_node,
)

from .servers import Later, Scripted


@on_node
async def test_an_answer_may_come_later_and_from_anybody() -> None:
    pid = await gen_server.start(Later)
    answers: list[str] = []

    async def ask() -> None:
        answers.append(await Later.ask(pid, "x", times=2))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        (from_,) = await Later.askers(pid)
        assert pid.process is not None
        assert pid.process.owed
        gen_server.reply(from_, "later")

    assert answers == ["later"]
    assert not pid.process.owed


@on_node
async def test_the_second_answer_is_dropped() -> None:
    def twice(_server: Scripted, from_: From[str]) -> Reply[str]:
        gen_server.reply(from_, "first")
        gen_server.reply(from_, "second")
        return Reply("third")

    pid = await gen_server.start(Scripted)

    assert await gen_server.call(pid, twice) == "first"
    assert await gen_server.call(pid, twice, timeout=inf) == "first"


@on_node
async def test_a_server_may_answer_before_it_goes_on_working() -> None:
    async def early(_server: Scripted, from_: From[str]) -> NoReply:
        gen_server.reply(from_, "early")
        await trio.sleep(10)
        return NoReply()

    pid = await gen_server.start(Scripted)
    before = trio.current_time()

    assert await gen_server.call(pid, early) == "early"
    assert trio.current_time() == before
    assert pid.process is not None
    await trio.sleep(11)
    assert not pid.process.owed


@on_node
async def test_who_waits_for_a_late_answer_hears_of_the_servers_death() -> None:
    pid = await gen_server.start(Later)
    reasons: list[object] = []

    async def ask() -> None:
        with pytest.raises(ServerExitedError) as caught:
            await Later.ask(pid, "x")
        reasons.append(caught.value.reason)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        process.exit(pid, Reason("gone"))

    assert reasons == [Reason("gone")]


@on_node
async def test_an_answer_to_who_lost_interest_is_dropped() -> None:
    pid = await gen_server.start(Later)
    with pytest.raises(CallTimeoutError):
        await Later.ask.within(1)(pid, "x")
    (from_,) = await Later.askers(pid)
    assert pid.process is not None
    assert not pid.process.owed
    gen_server.reply(from_, "late")

    assert repr(from_) == f"<ask of {pid!r}>"


@on_node
async def test_a_call_that_is_answered_later_may_stop_the_server() -> None:
    class Stopping(GenServer):
        async def handle_call(self, request: object, from_: From[str]) -> Stop:
            gen_server.reply(from_, f"{request}!")
            return Stop()

    pid = await gen_server.start(Stopping)

    assert await gen_server.call(pid, "x") == "x!"
    assert not process.is_alive(pid)
