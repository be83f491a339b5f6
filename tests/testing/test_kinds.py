"""Faults work on the processes of every behaviour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

import otp
from otp import (
    agent,
    dynamic_supervisor,
    gen_event,
    gen_server,
    gen_statem,
    process,
    supervisor,
    sys,
)
from otp.gen_statem import Keep, NextState
from otp.testing import (
    InjectedError,
    Probe,
    crash,
    crash_on,
    drop_messages,
    fail_starts,
    pid_of,
    suspend,
    wait_until_idle,
)
from tests.kernel.support import on_node
from tests.testing.shop import Clerk

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Starts = Callable[[], Awaitable[otp.Pid]]


class Door(otp.GenStatem[str, object]):
    async def init(self) -> NextState[str]:
        return NextState("closed")

    async def handle_event(self, state: str, event: object) -> Keep:
        del state, event
        return Keep()


async def start_empty_tree() -> otp.Pid:
    return await supervisor.start_link(otp.Supervisor, otp.one_for_one())


KINDS: dict[str, Starts] = {
    "server": lambda: gen_server.start(Clerk),
    "agent": lambda: agent.start(dict[str, int]),
    "machine": lambda: gen_statem.start(Door),
    "manager": lambda: gen_event.start(otp.EventManager),
    "supervisor": start_empty_tree,
    "dynamic": lambda: dynamic_supervisor.start_link(otp.DynamicSupervisor),
}


@on_node
@pytest.mark.parametrize("kind", KINDS)
async def test_it_can_be_made_to_crash(kind: str) -> None:
    pid = await KINDS[kind]()
    async with Probe() as probe:
        probe.watch(pid)

        crash(pid)

        await probe.expect_down(pid, reason=InjectedError)


@on_node
@pytest.mark.parametrize("kind", KINDS)
async def test_it_crashes_on_a_message(kind: str) -> None:
    pid = await KINDS[kind]()
    crash_on(pid, nth=2)
    async with Probe() as probe:
        probe.watch(pid)
        process.send(pid, "one")
        await probe.expect_nothing()

        with pytest.raises(otp.ServerExitedError):
            await gen_server.call(pid, "two")

        await probe.expect_down(pid, reason=InjectedError)


@on_node
@pytest.mark.parametrize("kind", KINDS)
async def test_system_messages_reach_it_whatever_is_lost(kind: str) -> None:
    pid = await KINDS[kind]()
    with drop_messages(pid), suspend(pid):
        status = await sys.get_status(pid)
        assert status.pid is pid


async def work() -> None:
    await trio.sleep(60)


@on_node
async def test_a_supervised_task_can_be_made_to_crash_and_to_fail() -> None:
    child = otp.child_spec(otp.Task, work).override(id="work", restart="permanent")
    root = await supervisor.start_link(otp.Supervisor, otp.one_for_one(child))
    first = pid_of((root, "work"))
    await wait_until_idle()

    with fail_starts((root, "work")) as fault:
        crash((root, "work"))
        await wait_until_idle()
        assert fault.hits == 1

    assert pid_of((root, "work")) is not first
