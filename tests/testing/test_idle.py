"""Waiting until there is nothing left to do takes no time."""

from __future__ import annotations

import trio

import otp
from otp import process, supervisor, timer
from otp.testing import wait_until_idle
from tests.kernel.support import on_node


class Fragile(otp.GenServer):
    @otp.cast
    async def crash(self) -> None:
        raise RuntimeError


FRAGILE = otp.Name[Fragile]("fragile")


@on_node
async def test_a_restart_is_over_and_no_time_has_passed() -> None:
    tree = otp.one_for_one(otp.child_spec(Fragile).named(FRAGILE))
    await supervisor.start_link(otp.Supervisor, tree)
    first = process.whereis(FRAGILE)
    timer.send_after(1, otp.Name("fragile"), "later")
    before = trio.current_time()

    Fragile.crash(FRAGILE)
    await wait_until_idle()

    assert process.whereis(FRAGILE) not in (first, None)
    assert trio.current_time() == before


@on_node
async def test_what_is_due_now_is_done_and_what_is_due_later_is_not() -> None:
    done: list[str] = []

    async def collect() -> None:
        while True:
            done.append(str(await process.receive()))

    pid = process.spawn(collect)
    timer.send_after(0, pid, "now")
    timer.send_after(0.001, pid, "later")

    await wait_until_idle()

    assert done == ["now"]


@on_node
async def test_a_long_chain_of_messages_has_come_to_its_end() -> None:
    hops: list[int] = []

    async def relay(other: otp.Pid | None) -> None:
        while True:
            n = await process.receive(int)
            hops.append(n)
            if n:
                process.send(other or previous, n - 1)

    previous = process.spawn(relay, None)
    process.send(process.spawn(relay, previous), 5000)

    await wait_until_idle()

    assert len(hops) == 5001


async def test_no_node_is_needed() -> None:
    await wait_until_idle()
