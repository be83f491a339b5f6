"""Where a task is said to be."""

from __future__ import annotations

import pytest
from trio.testing import wait_all_tasks_blocked

import otp
from otp import gen_server, process
from otp.kernel import where
from otp.testing import Cancelling, cancel_everywhere

from .support import on_node


class Slow(otp.GenServer):
    """Never answers."""

    @otp.call_noreply
    async def ask(self, from_: otp.From[None]) -> None:
        del from_


async def ask(server: otp.Pid[Slow]) -> None:
    await Slow.ask(server)


async def listen() -> None:
    await process.receive()


def place_of(pid: otp.Pid) -> str:
    assert pid.process is not None
    assert pid.process.task is not None
    return where(pid.process.task).partition(" (")[0]


@on_node
async def test_who_waits_for_us_is_where_it_has_called_us() -> None:
    server = await gen_server.start(Slow)
    asking, listening = process.spawn(ask, server), process.spawn(listen)
    await wait_all_tasks_blocked()

    assert place_of(asking) == "ask"
    assert place_of(listening) == "listen"
    # What is all ours is told by what it is, and not by how that waits.
    assert place_of(server) == "serve"


def test_a_place_of_cancellation_is_one_of_the_test() -> None:
    async def call(cancelling: Cancelling) -> None:
        async with otp.Node():
            server = await gen_server.start(Slow)
            with cancelling:
                await Slow.ask(server)
            assert not cancelling.cancelled

    with pytest.raises(ExceptionGroup) as caught:
        cancel_everywhere(call)

    assert ".call (" in caught.value.__notes__[0]
    assert __file__ in caught.value.__notes__[0]
