"""How managers start, and how they end."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

import otp
from otp import (
    AlreadyStartedError,
    Down,
    EventManager,
    Exited,
    GenServer,
    Kill,
    Name,
    Normal,
    Reason,
    ServerExitedError,
    Shutdown,
    StartError,
    gen_event,
    process,
    supervisor,
    sys,
)
from otp.gen_event import ManagerStopped, Options
from tests.kernel.support import flush, in_process, on_node

from .handlers import Scripted, raising, sleeping, with_handlers

EVENTS = Name[EventManager[Any]]("events")


class Mine(EventManager[int]):
    """A class of one's own."""


class Picky(EventManager[int]):
    """Does not start."""

    def __init__(self) -> None:
        raise ValueError("no")


@on_node
async def test_a_manager_may_have_a_name() -> None:
    pid = await gen_event.start_named(EVENTS, EventManager[Any])

    assert process.whereis(EVENTS) is pid
    with pytest.raises(AlreadyStartedError):
        await gen_event.start_named(EVENTS, EventManager[Any])


@in_process
async def test_a_manager_may_be_linked_to_its_starter() -> None:
    process.trap_exit(True)
    pid = await gen_event.start_link(Mine)
    await gen_event.stop(pid, Reason("bye"))

    assert await flush() == [Exited(pid, Reason("bye"))]


@in_process
async def test_a_manager_may_be_monitored_by_its_starter() -> None:
    pid, ref = await gen_event.start_monitor(Mine)
    await gen_event.stop(pid)

    assert await flush() == [Down(ref, pid, Normal())]


@on_node
async def test_a_manager_is_of_a_class_of_managers() -> None:
    with pytest.raises(TypeError, match="is no EventManager class"):
        await gen_event.start(GenServer)
    with pytest.raises(TypeError, match="is no EventManager class"):
        await Options(name=EVENTS).start_link(Scripted)
    with pytest.raises(StartError) as caught:
        await gen_event.start(EventManager, 1)  # type: ignore[arg-type]

    assert isinstance(caught.value.__cause__, TypeError)


@on_node
async def test_a_constructor_may_fail() -> None:
    with pytest.raises(StartError):
        await gen_event.start(Picky)


@on_node
async def test_the_type_parameter_is_for_checkers_alone() -> None:
    assert EventManager[int] is EventManager
    assert Mine[int] is Mine  # type: ignore[misc]


@on_node
async def test_a_supervisor_starts_a_manager_anew_without_handlers() -> None:
    spec = otp.one_for_one(otp.child_spec(EventManager[Any]).named(EVENTS))
    await supervisor.start_link(otp.Supervisor, spec)
    await gen_event.add_handler(EVENTS, Scripted)
    first = process.whereis(EVENTS)
    assert first is not None
    process.exit(first, Kill())
    await trio.sleep(1)

    assert process.whereis(EVENTS) not in {None, first}
    assert await gen_event.which_handlers(EVENTS) == []


@on_node
async def test_a_supervisor_ends_a_manager_with_its_handlers() -> None:
    log: list[object] = []
    spec = otp.one_for_one(otp.child_spec(EventManager[Any]).named(EVENTS))
    sup = await supervisor.start_link(otp.Supervisor, spec)
    await gen_event.add_handler(EVENTS, Scripted, log)
    await gen_event.stop(sup)

    assert log == [("h", "init"), ("h", ManagerStopped())]


# ----------------------------------------------------------------------------- the end


@on_node
async def test_all_handlers_end_newest_first() -> None:
    events, log = await with_handlers("a", "b", "c")
    await gen_event.stop(events)

    assert log == [(name, ManagerStopped()) for name in "cba"]


@on_node
async def test_a_manager_ends_with_the_given_reason() -> None:
    events, _ = await with_handlers("a")
    await gen_event.stop(events, Shutdown("x"))

    assert not process.is_alive(events)


@on_node
async def test_a_handler_that_fails_at_the_end_stops_nobody_from_ending() -> None:
    events, log = await with_handlers("a")
    await gen_event.add_handler(events, Scripted, log, "b", end=raising(ValueError()))
    log.clear()
    await gen_event.stop(events, Reason("bye"))

    assert log == [("b", ManagerStopped()), ("a", ManagerStopped())]


@in_process
async def test_the_end_of_the_parent_ends_the_manager() -> None:
    log: list[object] = []

    async def parent() -> None:
        events = await gen_event.start_link(EventManager[Any])
        await gen_event.add_handler(events, Scripted, log)
        raise otp.Exit(Reason("bye"))

    process.spawn(parent)
    await wait_all_tasks_blocked()

    assert log == [("h", "init"), ("h", ManagerStopped())]


async def test_the_end_of_the_node_ends_a_manager_without_a_parent(
    autojump_clock: trio.testing.MockClock,
) -> None:
    del autojump_clock
    began = trio.current_time()
    async with otp.Node():
        _, log = await with_handlers("a")

    assert log == [("a", ManagerStopped())]
    assert trio.current_time() == began


@on_node
async def test_the_node_may_send_other_exits() -> None:
    events, log = await with_handlers("a")
    process.exit(events, Reason("boom"))
    await wait_all_tasks_blocked()

    assert len(log) == 1
    assert process.is_alive(events)


@on_node
async def test_what_the_manager_owes_is_failed_when_it_ends() -> None:
    events, _ = await with_handlers("a")
    gen_event.notify(events, sleeping(1))
    await wait_all_tasks_blocked()
    errors: list[type[BaseException]] = []

    async def ask(what: Any, *args: Any) -> None:
        try:
            await what(events, *args)
        except ServerExitedError as error:
            errors.append(type(error))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(gen_event.stop, events)
        await wait_all_tasks_blocked()
        nursery.start_soon(ask, gen_event.sync_notify, 1)
        nursery.start_soon(ask, gen_event.which_handlers)
        nursery.start_soon(ask, gen_event.add_handler, Scripted)
        nursery.start_soon(ask, gen_event.call, Scripted, 1)

    assert errors == [ServerExitedError] * 4


@on_node
async def test_a_manager_that_is_killed_ends_no_handler() -> None:
    events, log = await with_handlers("a")
    process.exit(events, Kill())
    await wait_all_tasks_blocked()

    assert log == []


@on_node
async def test_a_suspended_manager_can_be_stopped() -> None:
    events, log = await with_handlers("a")
    await sys.suspend(events)
    gen_event.notify(events, 1)
    await gen_event.stop(events)

    assert log == [("a", ManagerStopped())]


@on_node
async def test_a_kill_in_a_terminate_is_the_end_of_it() -> None:
    events, log = await with_handlers("a")
    await gen_event.add_handler(events, Scripted, log, "b", end=sleeping(5))
    log.clear()

    async def kill() -> None:
        await trio.sleep(1)
        process.exit(events, Kill())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(kill)
        with pytest.raises(ServerExitedError):
            await gen_event.stop(events)

    assert log == [("b", ManagerStopped())]


@on_node
async def test_many_events_leave_others_their_turn() -> None:
    events, log = await with_handlers("a")
    for n in range(20_000):
        gen_event.notify(events, n)
    await trio.lowlevel.checkpoint()
    await trio.lowlevel.checkpoint()

    assert 0 < len(log) < 20_000
    await gen_event.sync_notify(events, None)
    assert len(log) == 20_001
