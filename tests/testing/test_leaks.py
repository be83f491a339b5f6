"""What is left over is found, named, and nothing else is."""

from __future__ import annotations

import pytest
import trio

import otp
from otp import dynamic_supervisor, gen_server, process, supervisor, timer
from otp.kernel import current_node
from otp.testing import (
    LeakError,
    Probe,
    drop_messages,
    kill,
    leaks,
    no_leaks,
    shielded,
    snapshot,
    wait_until_idle,
)
from tests.kernel.support import idle, on_node
from tests.testing.shop import Clerk, open_shop


def texts(before: object) -> list[str]:
    return [str(leak) for leak in leaks(before)]  # type: ignore[arg-type]


@on_node
async def test_nothing_is_left_over_of_what_has_ended() -> None:
    async with no_leaks(), Probe("probe") as probe:
        shop = await open_shop()
        probe.watch(shop)
        probe.link(shop)
        kill(("shop", "room", "ann"))
        await probe.expect_nothing()
        timer.send_interval(1, shop, "tick")
        await supervisor.stop(shop)


@on_node
async def test_a_process_is_left_over_with_all_that_it_has() -> None:
    before = snapshot()

    async def work() -> None:
        process.monitor(parent)
        process.link(parent)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)

    parent = process.spawn(idle)
    pid = process.spawn(work)
    process.register("worker", pid)
    await wait_until_idle()
    kill(parent)
    pid = process.spawn(idle, label="lonely")
    await wait_until_idle()

    [leak] = leaks(before)
    assert leak.kind == "process"
    assert leak.what is pid
    assert str(leak).startswith(f"process {pid} (lonely), started by the node, in idle")


@on_node
async def test_an_orphan_is_named_with_its_dead_parent() -> None:
    async def mother() -> None:
        process.spawn(idle)

    before = snapshot()
    await process.wait_exited(process.spawn(mother))
    await wait_until_idle()

    [text] = texts(before)
    assert "(idle), started by <" in text
    assert "which is dead, in idle" in text


@on_node
async def test_code_of_the_dead_that_still_runs_is_left_over() -> None:
    before = snapshot()
    pid = process.spawn(shielded, 3.0)
    await wait_until_idle()
    kill(pid)
    await wait_until_idle()

    [leak] = leaks(before)
    assert leak.kind == "ghost"
    assert str(leak).startswith(f"ghost {pid} (shielded), which is dead, in shielded")
    await trio.sleep(3)
    await wait_until_idle()
    assert leaks(before) == []


async def rest() -> None:
    await trio.sleep(5)


@on_node
async def test_tasks_that_a_process_has_started_beside_are_left_over() -> None:
    async def server(nursery: trio.Nursery) -> None:
        while True:
            await process.receive()
            nursery.start_soon(rest, name="background")

    async with trio.open_nursery() as nursery:
        pid = process.spawn(server, nursery)
        before = snapshot()
        process.send(pid, "work")
        await wait_until_idle()

        [text] = texts(before)
        assert text.startswith(f"task background of {pid} (server), in rest")
        kill(pid)
        await wait_until_idle()
        [text] = texts(before)
        assert text.startswith(f"task background of {pid} (server), which is dead, in")
    assert leaks(before) == []


@on_node
async def test_tasks_of_the_test_itself_are_its_own_business() -> None:
    before = snapshot()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep, 1)
        await wait_until_idle()
        assert leaks(before) == []


@on_node
async def test_a_name_is_left_over() -> None:
    pid = process.spawn(idle)
    before = snapshot()
    process.register("anna", pid)

    assert texts(before) == [f"name 'anna' of {pid}"]
    process.unregister("anna")
    assert leaks(before) == []


async def nothing() -> None:
    return None


@on_node
async def test_timers_are_left_over_if_they_will_do_something() -> None:
    pid = process.spawn(idle)
    dead = process.spawn(idle)
    before = snapshot()
    timer.send_after(5, pid, "tick")
    timer.send_after(6, otp.Name("nobody"), "tick")
    timer.start_timer(7, pid, "time")
    timer.send_interval(8, pid, "tock")
    timer.kill_after(9, pid)
    timer.apply_after(10, nothing)
    timer.apply_interval(11, nothing)
    for start in (timer.send_after, timer.send_interval, timer.start_timer):
        start(1, dead, "late")
    timer.kill_after(1, dead)
    kill(dead)

    assert texts(before) == [
        f"timer that sends 'tick' to {pid}, due in 5 s",
        "timer that sends 'tick' to nobody, due in 6 s",
        f"timer that sends 'time' to {pid}, due in 7 s",
        f"timer that sends 'tock' to {pid} every 8 s, due in 8 s",
        f"timer that ends {pid}, due in 9 s",
        "timer that runs nothing, due in 10 s",
        "timer that runs nothing every 11 s, due in 11 s",
    ]


@on_node
async def test_timers_of_those_who_wait_are_none() -> None:
    async def waiting() -> None:
        await process.receive(timeout=100)

    async def calling() -> None:
        with pytest.raises(otp.CallTimeoutError):
            await Clerk.hello(clerk)

    clerk = await gen_server.start(Clerk)
    pids = [process.spawn(waiting), process.spawn(calling)]
    before = snapshot()
    with drop_messages(clerk):
        await wait_until_idle()
        assert leaks(before) == []
    kill(pids[0])
    await trio.sleep(10)


@on_node
async def test_monitors_links_and_aliases_of_the_living_are_left_over() -> None:
    async with Probe() as probe:
        other = process.spawn(idle)
        before = snapshot()
        ref = probe.watch(other)
        probe.link(other)
        probe.act(process.alias)

        found = leaks(before)
        assert [leak.kind for leak in found] == ["monitor", "link", "alias"]
        assert found[0].what is ref
        assert str(found[0]) == f"monitor of {other}, held by {probe.pid} (probe)"
        assert str(found[1]) == f"link {probe.pid} (probe) and {other} (idle)"
        assert str(found[2]) == f"alias of {probe.pid}"


@on_node
async def test_another_node_that_still_runs_is_left_over() -> None:
    before = snapshot()
    async with otp.Node("west") as west:
        west.spawn(idle)
        assert texts(before) == ["node 'west'"]
    assert leaks(before) == []


class Ticker(otp.GenServer):
    async def init(self) -> None:
        timer.send_interval(60, self.pid, "tick")


@on_node
async def test_who_was_restarted_is_not_left_over() -> None:
    room = otp.child_spec(otp.Supervisor, otp.one_for_all(otp.child_spec(Ticker)))
    tree = otp.one_for_one(otp.child_spec(Ticker), room.override(id="room"))
    root = await supervisor.start_link(otp.Supervisor, tree)
    async with no_leaks():
        kill((root, "room"))
        kill((root, "Ticker"))
        await wait_until_idle()


@on_node
async def test_a_new_child_is_left_over_and_a_restarted_dynamic_one_is_not() -> None:
    root = await dynamic_supervisor.start_link(otp.DynamicSupervisor)
    child = otp.child_spec(Clerk)
    first = await dynamic_supervisor.start_child(root, child)
    before = snapshot()
    kill(first)
    await wait_until_idle()
    assert not process.is_alive(first)
    assert leaks(before) == []

    second = await dynamic_supervisor.start_child(root, child)
    assert [leak.what for leak in leaks(before)] == [second]


@on_node
async def test_what_was_there_before_is_not_left_over() -> None:
    async with Probe() as probe:
        pid = process.spawn(idle)
        process.register("anna", pid)
        probe.watch(pid)
        timer.send_after(5, pid, "tick")

        assert leaks(snapshot()) == []


@on_node
async def test_a_block_that_leaves_something_behind_fails_with_what() -> None:
    async def many() -> None:
        async with no_leaks() as before:
            assert before.node is current_node()
            for _ in range(35):
                process.spawn(idle)

    with pytest.raises(LeakError, match=r"^left over:\n  process <.*\n.*") as caught:
        await many()
    assert len(caught.value.leaks) == 35
    assert str(caught.value).endswith("\n  and 5 more")


@on_node
async def test_a_block_that_raises_raises_that() -> None:
    async def fail() -> None:
        async with no_leaks():
            process.spawn(idle)
            raise KeyError

    with pytest.raises(KeyError):
        await fail()


async def test_a_snapshot_needs_a_node() -> None:
    with pytest.raises(otp.NoNodeError):
        snapshot()


@on_node
async def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(TypeError, match="a node is wanted here, not 'x'"):
        snapshot("x")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"what snapshot\(\) returned is wanted here"):
        leaks(None)  # type: ignore[arg-type]
