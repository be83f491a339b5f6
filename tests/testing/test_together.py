"""Probes, faults and leak checks agree with each other, whatever comes first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
import trio

import otp
from otp import process, supervisor
from otp.testing import (
    Cancelling,
    Pct,
    Probe,
    RandomWalk,
    Strategy,
    cancel_everywhere,
    crash_on,
    delay_messages,
    explore,
    kill,
    no_leaks,
)
from tests.testing.shop import STOCK, Stock

Scenario = Callable[[Cancelling], Awaitable[None]]

TREE = otp.one_for_one(otp.child_spec(Stock).named(STOCK))


async def client(owner: otp.Pid) -> None:
    for _ in range(3):
        with suppress(otp.CallError):
            await Stock.count(STOCK)
    process.send(owner, "done")


async def things_go_wrong() -> None:
    async with otp.Node(), Probe() as probe:
        root = await supervisor.start_link(otp.Supervisor, TREE)
        async with no_leaks():
            with delay_messages(STOCK, 1, times=1), crash_on(STOCK, nth=2) as fault:
                clients = [process.spawn(client, probe.pid) for _ in range(2)]
                kill((root, "Stock"))
                ends = [probe.watch(pid) for pid in clients]
                for end in ends:
                    await probe.expect("done", within=60)
                    await probe.expect_down(end, reason=otp.Normal(), within=60)
                await probe.expect_nothing(10)
        assert fault.hits <= 1
        await supervisor.stop(root)


@pytest.mark.slow
@pytest.mark.parametrize("strategy", [RandomWalk(), Pct(depth=3)], ids=["walk", "pct"])
def test_what_a_test_says_does_not_depend_on_the_order(strategy: Strategy) -> None:
    explore(things_go_wrong, strategy, runs=100)


async def expecting(cancelling: Cancelling) -> None:
    async with otp.Node(), Probe() as probe:
        process.spawn(sender, probe.pid)
        got: list[object] = []
        with cancelling:
            got.append(await probe.expect("now"))
            got.append(await probe.expect("later", within=60))
        await trio.sleep(10)

        # Nothing is lost, and nothing is there twice.
        assert [*got, *probe.messages] == ["now", "later"]
        assert_owes_nothing(probe.pid)


async def calling(cancelling: Cancelling) -> None:
    async with otp.Node(), Probe() as probe:
        await supervisor.start_link(otp.Supervisor, TREE)
        async with no_leaks():
            with delay_messages(STOCK, 1), cancelling:
                await probe.run(Stock.count, STOCK)
            await trio.sleep(10)
        assert_owes_nothing(process.whereis(STOCK))


def assert_owes_nothing(pid: otp.Pid | None) -> None:
    assert pid is not None
    assert pid.process is not None
    assert not pid.process.owed


async def sender(owner: otp.Pid) -> None:
    process.send(owner, "now")
    await trio.sleep(5)
    process.send(owner, "later")


@pytest.mark.parametrize("scenario", [expecting, calling])
def test_nothing_is_lost_wherever_a_test_is_cancelled(scenario: Scenario) -> None:
    assert cancel_everywhere(scenario, schedules=5) > 0
