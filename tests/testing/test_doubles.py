"""Doubles misbehave as they say, and do no more harm than that."""

from __future__ import annotations

import pytest
import trio

import otp
from otp import process, supervisor
from otp.reports import StuckReport
from otp.testing import (
    Probe,
    pid_of,
    shielded,
    shielded_child,
    stuck,
    stuck_child,
    wait_until_idle,
)
from tests.kernel.support import collected_reports, on_node


async def start(*children: otp.ChildSpec) -> otp.Pid[otp.Supervisor]:
    return await supervisor.start_link(otp.Supervisor, otp.one_for_one(*children))


@on_node
async def test_a_stuck_child_has_to_be_killed() -> None:
    tree = await start(stuck_child())
    async with Probe() as probe:
        pid = pid_of((tree, "stuck"))
        probe.watch(pid)
        before = trio.current_time()

        await supervisor.stop(tree)

        await probe.expect_down(pid, reason=otp.Killed())
        assert trio.current_time() - before == 5


@on_node
async def test_it_is_killed_when_the_time_of_its_specification_is_over() -> None:
    tree = await start(stuck_child("a", shutdown=3), stuck_child("b", shutdown=7))
    before = trio.current_time()

    await supervisor.stop(tree)

    assert trio.current_time() - before == 10


@on_node
async def test_a_shielded_child_is_dead_but_its_code_runs_on() -> None:
    tree = await start(shielded_child(lingers=3))
    async with Probe() as probe:
        pid = pid_of((tree, "shielded"))
        probe.watch(pid)
        before = trio.current_time()

        with collected_reports() as reports:
            await supervisor.terminate_child(tree, "shielded")
            await trio.sleep(5)

        await probe.expect_down(pid, reason=otp.Killed())
        assert [r.pid for r in reports if isinstance(r, StuckReport)] == [pid]
        # Five until it is killed, one until nobody waits for it any longer.
        assert trio.current_time() - before == 11


@on_node
async def test_a_supervisor_restarts_a_shielded_child_beside_its_ghost() -> None:
    tree = await start(shielded_child())
    pid = pid_of((tree, "shielded"))
    await wait_until_idle()

    process.exit(pid, otp.Kill())
    await trio.sleep(1)
    await wait_until_idle()

    assert pid_of((tree, "shielded")) is not pid


@on_node
async def test_the_doubles_are_plain_functions_too() -> None:
    pids = [process.spawn(stuck), process.spawn(shielded, 1.0)]
    await wait_until_idle()

    for pid in pids:
        process.exit(pid, otp.Shutdown())
        await wait_until_idle()
        assert process.is_alive(pid)
        process.exit(pid, otp.Kill())
        assert not process.is_alive(pid)


def test_a_time_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="0 seconds or more"):
        shielded_child(lingers=-1)
    with pytest.raises(otp.InvalidSpecError):
        stuck_child(shutdown=-1)
