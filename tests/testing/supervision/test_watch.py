from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import otp
from otp import dynamic_supervisor, process, supervisor
from otp.supervisor import _requests
from otp.testing._supervision import _watch
from otp.testing._supervision._events import Answered, Asked, Begun, Ended, Told, Up
from otp.testing._supervision._watch import Watch
from tests.testing.supervision.trees import Flaky, worker

if TYPE_CHECKING:
    from otp import Pid
    from otp.testing._supervision._events import Event

TOP = otp.Name[otp.Supervisor]("top")


def words(events: list[Event], watch: Watch) -> list[str]:
    """Return what happened in words, without what links say."""
    return [
        event.text(lambda pid: watch.describe(pid).partition(" ")[0])
        for event in events
        if not isinstance(event, Told) or not event.by_link
    ]


async def start(*children: otp.ChildSpec) -> Pid[otp.Supervisor]:
    """Start a tree."""
    spec = otp.one_for_one(*children)
    return await supervisor.start_named(TOP, otp.Supervisor, spec)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def node(watch: Watch) -> otp.Node:
    found = otp.Node()
    watch.attach(found)
    return found


def test_the_names_of_requests_are_those_of_the_supervisor() -> None:
    known = {*_watch._REQUESTS, *_watch._READERS, "TryAgain"}

    assert {name for name in known if not hasattr(_requests, name)} == set()


async def test_starts_and_stops_are_seen(watch: Watch, node: otp.Node) -> None:
    a = worker("a").named(otp.Name("a"))
    async with node:
        top = await start(a)
        started = watch.take()
        await supervisor.terminate_child(top, "a")
        stopped = watch.take()

    assert [type(event) for event in started] == [Begun, Begun, Up, Up]
    assert words(stopped, watch) == [
        "top is asked to terminate_child 'a'",
        "top tells a to end: shutdown",
        "a ends: shutdown",
        "top has done what it was asked",
    ]


async def test_what_is_refused_is_seen(watch: Watch, node: otp.Node) -> None:
    async with node:
        top = await start(worker("a"))
        watch.take()
        with pytest.raises(supervisor.RunningError):
            await supervisor.restart_child(top, "a")
        asked, answered = watch.take()
        with pytest.raises(otp.AlreadyStartedError):
            await supervisor.start_child(top, worker("a"))
        again = watch.take()[0]

    assert isinstance(asked, Asked)
    assert (asked.request, asked.child) == ("restart_child", "a")
    assert isinstance(answered, Answered)
    assert isinstance(answered.error, supervisor.RunningError)
    assert isinstance(again, Asked)
    assert again.spec == worker("a")


async def test_starts_that_fail_or_are_ignored_are_seen(
    watch: Watch, node: otp.Node
) -> None:
    async with node:
        top = await start()
        for declines in (False, True):
            flaky = otp.child_spec(Flaky, [None, None], declines=declines)
            with pytest.raises((supervisor.StartChildError, otp.StartIgnored)):
                await supervisor.start_child(top, flaky)
        ends = [event for event in watch.take() if isinstance(event, Ended)]

    assert [end.start for end in ends] == ["failed", "ignored"]


async def test_reading_is_no_request(watch: Watch, node: otp.Node) -> None:
    async with node:
        top = await start(worker("a"))
        watch.take()
        await supervisor.which_children(top)
        await supervisor.count_children(top)
        await supervisor.get_childspec(top, "a")

        assert watch.count == 0


async def test_dynamic_supervisors_are_watched_as_well(
    watch: Watch, node: otp.Node
) -> None:
    async with node:
        top = await dynamic_supervisor.start_link(otp.DynamicSupervisor)
        watch.take()
        pid = await dynamic_supervisor.start_child(top, worker("a"))
        await dynamic_supervisor.terminate_child(top, pid)
        asked = [event for event in watch.take() if isinstance(event, Asked)]

    assert [event.request for event in asked] == ["start_child", "terminate_child"]
    assert asked[1].child is pid


async def test_what_is_beyond_the_laws_is_called_other(
    watch: Watch, node: otp.Node
) -> None:
    async with node:
        top = await start(worker("a"))
        watch.take()
        await supervisor.change_specs(top, otp.one_for_one(worker("a")))
        asked = watch.take()[0]

    assert isinstance(asked, Asked)
    assert asked.request == "other"


async def test_an_order_to_end_is_seen(watch: Watch, node: otp.Node) -> None:
    async with node:
        top = await start(worker("a"))
        watch.take()
        await supervisor.stop(top, otp.Shutdown("enough"))
        asked = watch.take()[0]

    assert isinstance(asked, Asked)
    assert (asked.request, asked.reason) == ("terminate", otp.Shutdown("enough"))


async def test_a_process_that_is_watched_does_the_same(
    watch: Watch, node: otp.Node
) -> None:
    async def echo() -> None:
        found: Any = await process.receive()
        process.send(found, "echo")

    async def ask() -> None:
        pid = process.spawn_link(echo)
        process.send(pid, process.self())
        answers.append(await process.receive(timeout=1))

    answers: list[object] = []
    async with node:
        await process.wait_exited(process.spawn(ask))

    assert answers == ["echo"]
    assert watch.count > 0
    assert node.processes == {}
