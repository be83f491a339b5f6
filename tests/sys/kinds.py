"""One process of each kind that obeys system messages, and how to ask it something.

A behaviour that comes to be is put into `KINDS`.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import attrs
import trio

import otp
from otp import (
    Pid,
    agent,
    dynamic_supervisor,
    gen_event,
    gen_server,
    gen_statem,
    partition_supervisor,
    proc_lib,
    process,
    supervisor,
    sys,
    task_supervisor,
)
from otp.gen_statem import State
from tests.gen_server.servers import Counter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


@attrs.frozen
class Kind:
    """How to start a process that traps exits, and how to ask it."""

    name: str
    module: type[object]
    start: Callable[[], Awaitable[Pid[Any]]]
    ask: Callable[[Pid[Any]], Awaitable[object]]
    #: Whether its state is one; if it has many parts, each may refuse another.
    one_state: bool = True

    def __str__(self) -> str:
        return self.name


class Server(Counter):
    """Is a gen_server."""

    async def init(self) -> None:
        process.trap_exit(True)


class Echo(sys.SpecialProcess[str]):
    """Is a process with a loop of its own."""

    async def run(self) -> None:
        process.trap_exit(True)
        while True:
            gen_server.reply(await self.receive(otp.From), self.state)


async def echo() -> None:
    """Be a special process."""
    me = Echo("echo")
    proc_lib.init_ack(process.self())
    await me.run()


async def start_server() -> Pid[Any]:
    return await gen_server.start_link(Server, 3)


async def start_supervisor() -> Pid[Any]:
    spec = otp.one_for_one(otp.child_spec(Counter))
    return await supervisor.start_link(otp.Supervisor, spec)


async def start_echo() -> Pid[Any]:
    pid = await proc_lib.start_link(echo)
    assert isinstance(pid, Pid)
    return pid


async def call_echo(pid: Pid[Any]) -> object:
    return await gen_server.call(pid, "anything", timeout=inf)


async def start_dynamic() -> Pid[Any]:
    pid = await dynamic_supervisor.start_link(otp.DynamicSupervisor)
    await dynamic_supervisor.start_child(pid, otp.child_spec(Counter))
    return pid


class Bell(otp.EventHandler[str]):
    """Rings."""

    async def handle_event(self, event: str) -> None:
        del event


async def start_manager() -> Pid[Any]:
    pid = await gen_event.start_link(otp.EventManager[str])
    await gen_event.add_handler(pid, Bell)
    return pid


class Light(otp.GenStatem[State, Any]):
    """Is a state machine."""

    async def init(self) -> gen_statem.NextState[State]:
        process.trap_exit(True)
        return gen_statem.NextState(self.on)

    @gen_statem.state
    async def on(self, event: Any) -> gen_statem.Result[State]:
        match event:
            case gen_statem.Call(from_):
                return gen_statem.Keep(gen_statem.Reply(from_, "on"))
            case _:
                return None


async def start_statem() -> Pid[Any]:
    return await gen_statem.start_link(Light)


async def call_statem(pid: Pid[Any]) -> object:
    return await gen_statem.call(pid, "anything", timeout=inf)


async def start_agent() -> Pid[Any]:
    return await agent.start_link(trapping)


def trapping() -> str:
    process.trap_exit(True)
    return "state"


async def get_from_agent(pid: Pid[Any]) -> object:
    return await agent.get(pid, str, timeout=inf)


async def start_partitions() -> Pid[Any]:
    spec = otp.child_spec(Counter)
    return await partition_supervisor.start_link(
        otp.PartitionSupervisor, spec, partitions=2
    )


async def start_tasks() -> Pid[Any]:
    pid = await task_supervisor.start_link(otp.TaskSupervisor)
    await task_supervisor.start_child(pid, trio.sleep_forever)
    return pid


KINDS = [
    Kind("gen_server", Server, start_server, Counter.get.within(inf)),
    Kind("supervisor", otp.Supervisor, start_supervisor, supervisor.which_children),
    Kind(
        "dynamic_supervisor",
        otp.DynamicSupervisor,
        start_dynamic,
        dynamic_supervisor.which_children,
    ),
    Kind(
        "gen_event",
        otp.EventManager,
        start_manager,
        gen_event.which_handlers,
        one_state=False,
    ),
    Kind(
        "partition_supervisor",
        otp.PartitionSupervisor,
        start_partitions,
        supervisor.which_children,
    ),
    Kind(
        "task_supervisor",
        otp.TaskSupervisor,
        start_tasks,
        task_supervisor.children,
    ),
    Kind("gen_statem", Light, start_statem, call_statem),
    Kind("agent", otp.Agent, start_agent, get_from_agent),
    Kind("special process", Echo, start_echo, call_echo),
]
