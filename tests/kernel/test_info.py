"""What a process says about itself, and what can be seen from outside."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import NotAProcessError, Pid, process
from otp.kernel import current_node
from otp.process import ProcessInfo

from .support import dead_pid, idle, in_process, on_node, trapping_idle


@on_node
async def test_a_process_is_shown_with_everything_around_it() -> None:
    root = current_node().root.pid
    other = process.spawn(idle)

    async def body() -> None:
        process.trap_exit(True)
        process.link(other)
        process.monitor(other)
        process.set_label("shown")
        await idle()

    pid = process.spawn(body)
    watcher = process.spawn(watch, pid)
    await wait_all_tasks_blocked()
    process.register("name", pid)
    for message in ("a", "b"):
        process.send(pid, message)

    assert process.info(pid) == ProcessInfo(
        pid=pid,
        name="name",
        label="shown",
        origin=body,
        parent=root,
        ancestors=(root,),
        trap_exit=True,
        message_queue_len=2,
        messages=("a", "b"),
        links=(other,),
        monitors=(other,),
        monitored_by=(watcher,),
    )


async def watch(pid: Pid) -> None:
    process.monitor(pid)
    await idle()


@on_node
async def test_a_process_is_shown_as_it_is_at_first() -> None:
    root = current_node().root.pid
    pid = process.spawn(idle)

    assert process.info(pid) == ProcessInfo(
        pid=pid,
        name=None,
        label=None,
        origin=idle,
        parent=root,
        ancestors=(root,),
        trap_exit=False,
        message_queue_len=0,
        messages=(),
        links=(),
        monitors=(),
        monitored_by=(),
    )


@on_node
async def test_there_is_nothing_to_see_of_the_dead() -> None:
    assert process.info(await dead_pid()) is None


@on_node
async def test_who_waits_for_an_end_is_no_process_and_not_shown() -> None:
    pid = process.spawn(idle)
    with pytest.raises(trio.TooSlowError):
        await process.wait_exited(pid, timeout=0)
    info = process.info(pid)

    assert info is not None
    assert info.monitored_by == ()


@on_node
async def test_processes_are_listed_in_the_order_of_their_starts() -> None:
    pids = [process.spawn(idle) for _ in range(3)]
    dead = await dead_pid()
    pids.append(process.spawn(trapping_idle))

    assert process.processes() == pids
    assert dead not in process.processes()


@in_process
async def test_a_label_is_for_reading() -> None:
    assert process.label() is None
    process.set_label(("job", 7))

    assert process.label() == ("job", 7)


@on_node
async def test_a_label_can_be_given_at_the_start() -> None:
    pid = process.spawn(idle, label="job")
    info = process.info(pid)

    assert info is not None
    assert info.label == "job"


@on_node
async def test_ancestors_are_pids_and_names_the_nearest_first() -> None:
    root = current_node().root.pid
    found: dict[str, object] = {}

    async def third() -> None:
        found["third"] = process.ancestors()

    async def second() -> None:
        found["second"] = process.ancestors()
        await process.wait_exited(process.spawn(third))

    async def first() -> None:
        process.register("first", process.self())
        found["first"] = process.ancestors()
        pid = process.spawn(second)
        found["pid"] = pid
        await process.wait_exited(pid)

    await process.wait_exited(process.spawn(first))

    assert found["first"] == (root,)
    assert found["second"] == ("first", root)
    assert found["third"] == (found["pid"], "first", root)
    assert process.ancestors() == ()


@in_process
async def test_an_ancestor_is_called_what_it_was_called_at_the_start() -> None:
    me = process.self()
    found: list[object] = []

    async def child() -> None:
        found.append(process.ancestors()[0])

    await process.wait_exited(process.spawn(child))
    process.register("me", me)
    await process.wait_exited(process.spawn(child))
    process.unregister("me")
    await process.wait_exited(process.spawn(child))

    assert found == [me, "me", me]


@in_process
async def test_every_process_has_a_dictionary_of_its_own() -> None:
    mine = process.dictionary()
    mine["key"] = 1

    async def body() -> None:
        assert process.dictionary() == {}
        process.dictionary()["key"] = 2

    await process.wait_exited(process.spawn(body))

    assert process.dictionary() is mine
    assert mine == {"key": 1}


@on_node
async def test_the_node_has_no_dictionary() -> None:
    with pytest.raises(NotAProcessError, match=r"dictionary\(\) is for processes"):
        process.dictionary()
