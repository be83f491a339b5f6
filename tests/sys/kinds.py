"""One process of each kind that obeys system messages, and how to ask it something.

A behaviour that comes to be is put into `KINDS`.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import attrs

import otp
from otp import (
    Pid,
    dynamic_supervisor,
    gen_event,
    gen_server,
    proc_lib,
    process,
    supervisor,
    sys,
)
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
    Kind("special process", Echo, start_echo, call_echo),
]
