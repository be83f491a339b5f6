"""Several nodes in one Trio run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    Down,
    Exited,
    GenServer,
    Kill,
    Name,
    Node,
    NodeDownError,
    NoProcessError,
    Pid,
    ServerExitedError,
    Shutdown,
    call,
    gen_server,
    process,
    sys,
)
from otp.gen_server import Options
from otp.kernel import InvalidSpecError, nodes

from .support import Recorder, flush, idle, in_process, on_node

if TYPE_CHECKING:
    from trio.testing import MockClock


class Echo(GenServer):
    """Says where it is, and after how long it says so."""

    @call
    async def where(self, seconds: float = 0) -> str:
        await trio.sleep(seconds)
        return process.self().node


ECHO = Name[Echo]("echo")


@on_node
async def test_a_name_has_a_bearer_on_each_node() -> None:
    pids = {}
    async with Node("east"):
        pids["east"] = await gen_server.start_named(ECHO, Echo)
        async with Node("west"):
            pids["west"] = await gen_server.start_named(ECHO, Echo)

            assert process.whereis(ECHO) is pids["west"]
            assert process.whereis(ECHO.at("east")) is pids["east"]
            assert process.registered() == ["echo"]
        assert process.whereis(ECHO) is pids["east"]


@on_node
async def test_a_call_finds_its_way_to_another_node() -> None:
    async with Node("east"):
        there = await gen_server.start_named(ECHO, Echo)
        async with Node("west"):
            assert await Echo.where(ECHO.at("east")) == "east"
            assert await Echo.where(there) == "east"
            with pytest.raises(NoProcessError, match="no process echo@west"):
                await Echo.where(ECHO.at("west"))
            assert (await sys.get_status(ECHO.at("east"))).pid is there


@on_node
async def test_a_call_to_an_unknown_node_fails() -> None:
    with pytest.raises(NodeDownError, match="no node 'nowhere' is known") as caught:
        await Echo.where(ECHO.at("nowhere"))

    assert caught.value.node == "nowhere"
    assert caught.value.recovery == "failover"
    with pytest.raises(NodeDownError):
        process.whereis(ECHO.at("nowhere"))
    with pytest.raises(NodeDownError):
        await sys.get_state(ECHO.at("nowhere"))
    with pytest.raises(NodeDownError):
        await gen_server.stop(ECHO.at("nowhere"))


@in_process
async def test_what_is_sent_to_an_unknown_node_or_name_there_is_lost() -> None:
    recorder = Recorder()
    async with Node("east", instruments=[recorder]):
        process.send(ECHO.at("nowhere"), 1)
        process.send(ECHO.at("east"), 2)
        gen_server.cast(ECHO.at("nowhere"), 3)

    assert [letter.to for letter in recorder.letters] == [
        ECHO.at("nowhere"),
        ECHO.at("east"),
        ECHO.at("nowhere"),
    ]


@in_process
async def test_messages_links_and_monitors_go_from_node_to_node() -> None:
    process.trap_exit(True)
    me = process.self()

    async def body() -> None:
        process.send(me, "hello")
        await idle()

    async with Node("east") as east:
        pid = east.spawn(body)
        await wait_all_tasks_blocked()
        assert me.process is not None
        assert pid.process is not None
        me.process.link(pid.process)
    assert await flush() == ["hello", Exited(pid, Shutdown())]


@on_node
async def test_the_end_of_a_node_is_the_end_of_the_calls_to_it() -> None:
    outcomes: list[object] = []

    async def caller(server: Name[Echo]) -> None:
        with pytest.raises(ServerExitedError) as caught:
            await Echo.where(server, 3)
        outcomes.append(caught.value.reason)

    async with trio.open_nursery() as nursery, Node("east"):
        await gen_server.start_named(ECHO, Echo)
        nursery.start_soon(caller, ECHO.at("east"))
        await trio.sleep(1)

    assert outcomes == [Shutdown()]


async def test_a_node_leaves_the_others_alone(autojump_clock: MockClock) -> None:
    del autojump_clock
    async with Node("east") as east:
        pid = east.spawn(idle)
        async with Node("west") as west:
            other = west.spawn(idle)
            assert set(nodes()) == {"east", "west"}
        assert not process.is_alive(other)
        assert process.is_alive(pid)
        assert process.processes() == [pid]
        assert set(nodes()) == {"east"}


@in_process
async def test_a_process_of_another_node_has_no_name_here() -> None:
    async with Node("east") as east:
        pid = east.spawn(idle)
        async with Node("west"):
            with pytest.raises(ValueError, match="lives on another node than 'west'"):
                process.register("x", pid)
        process.exit(pid, Kill())

        assert process.registered() == []


@on_node
async def test_a_server_cannot_be_started_with_the_name_of_another_node() -> None:
    async with Node("east"):
        with pytest.raises(InvalidSpecError, match="cannot be started here as"):
            await Options(name=ECHO.at("west")).start(Echo)
        pid = await Options(name=ECHO.at("east")).start(Echo)

        assert process.whereis(ECHO) is pid


@in_process
async def test_a_monitor_goes_to_another_node() -> None:
    pids: list[Pid] = []
    done = trio.Event()

    async def other_node(task_status: trio.TaskStatus[None]) -> None:
        async with Node("east") as east:
            pids.append(east.spawn(idle))
            task_status.started()
            await done.wait()

    async with trio.open_nursery() as nursery:
        await nursery.start(other_node)
        ref = process.monitor(pids[0])
        done.set()

    assert await flush() == [Down(ref, pids[0], Shutdown())]
