"""Handlers with an owner: both hear of each other's end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    Bounded,
    Crash,
    EventManager,
    Exit,
    Exited,
    Fail,
    Kill,
    Killed,
    NoProc,
    Normal,
    NotAProcessError,
    Pid,
    Reason,
    Shutdown,
    gen_event,
    process,
)
from otp.gen_event import (
    AddHandlerError,
    Deleted,
    Failed,
    HandlerExit,
    HandlerRef,
    ManagerStopped,
    OwnerDied,
    Remove,
    Replaced,
    Swap,
    SwapFailed,
    Swapped,
)
from tests.kernel.support import flush, in_process, on_node

from .handlers import (
    Events,
    Other,
    Scripted,
    Third,
    giving,
    manager,
    raising,
    sleeping,
    which,
    with_handlers,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from otp import ExitReason
    from otp.gen_event import Gone

ERROR = ValueError("x")
REF = HandlerRef(Scripted)


async def owned() -> tuple[Events, list[object]]:
    """Start a manager with a handler that the calling process owns."""
    events, log = await manager(), list[object]()
    await gen_event.add_sup_handler(events, Scripted, log, "own")
    log.clear()
    return events, log


def linked(pid: Pid) -> tuple[Pid, ...]:
    info = process.info(pid)
    assert info is not None
    return info.links


RETURNS: dict[str, tuple[Callable[[object], object], Gone]] = {
    "remove": (giving(Remove()), Normal()),
    "crash": (raising(ERROR), Failed(Crash(ERROR))),
    "exit": (raising(Exit(Reason("boom"))), Failed(Reason("boom"))),
}


@pytest.mark.parametrize("what", RETURNS)
@in_process
async def test_an_owner_hears_why_its_handler_is_gone(what: str) -> None:
    fn, reason = RETURNS[what]
    events, _ = await owned()
    await gen_event.sync_notify(events, fn)

    assert await flush() == [HandlerExit(REF, reason, events)]


@in_process
async def test_an_owner_hears_that_its_handler_was_deleted() -> None:
    events, log = await owned()
    await gen_event.delete_handler(events, Scripted, "x")

    assert log == [("own", Deleted("x"))]
    assert await flush() == [HandlerExit(REF, Normal(), events)]


@in_process
async def test_an_owner_hears_that_the_manager_has_stopped() -> None:
    events, log = await owned()
    await gen_event.stop(events)

    assert log == [("own", ManagerStopped())]
    assert await flush() == [HandlerExit(REF, Shutdown(), events)]


@in_process
async def test_an_owner_owns_what_comes_in_the_place_of_its_handler() -> None:
    events, log = await owned()
    await gen_event.sync_notify(events, giving(Swap(None, Other, log)))
    await gen_event.swap_handler(events, Other, None, Third, log)
    await gen_event.delete_handler(events, Third)

    other, third, me = HandlerRef(Other), HandlerRef(Third), process.self()
    assert await flush() == [
        HandlerExit(REF, Replaced(other, me), events),
        HandlerExit(other, Replaced(third, me), events),
        HandlerExit(third, Normal(), events),
    ]


@in_process
async def test_somebody_else_may_take_over() -> None:
    events, log = await owned()
    test = process.self()

    async def thief() -> None:
        await gen_event.swap_sup_handler(
            events, Scripted, "argument", Other, log, "new"
        )
        assert await flush() == []
        await gen_event.delete_handler(events, Other)
        process.send(test, await process.receive())

    pid = process.spawn(thief)
    told, passed_on = await flush(1)

    assert log[0] == ("own", Swapped("argument", HandlerRef(Other)))
    assert told == HandlerExit(REF, Replaced(HandlerRef(Other), pid), events)
    assert passed_on == HandlerExit(HandlerRef(Other), Normal(), events)


FAILING: dict[str, tuple[Callable[[object], object], Fail | Failed]] = {
    "fail": (giving(Fail(Reason("no"))), Fail(Reason("no"))),
    "crash": (raising(ERROR), Failed(Crash(ERROR))),
}


@pytest.mark.parametrize("how", FAILING)
@in_process
async def test_an_owner_hears_that_the_next_one_could_not_start(how: str) -> None:
    init, failure = FAILING[how]
    events, log = await owned()
    swap = Swap(None, Other, log, init=init)
    await gen_event.sync_notify(events, giving(swap))

    other = HandlerRef(Other)
    assert await flush() == [
        HandlerExit(REF, Replaced(other, process.self()), events),
        HandlerExit(other, SwapFailed(failure), events),
    ]
    assert await which(events) == []


# -------------------------------------------------------------- the end of the owner


@pytest.mark.parametrize("reason", [Normal(), Shutdown(), Reason("bye")])
@in_process
async def test_a_handler_ends_with_its_owner(reason: ExitReason) -> None:
    events, log = await with_handlers("a", "b")
    pid = process.spawn(own, events, log)
    await wait_all_tasks_blocked()
    log.clear()
    process.send(pid, Exit(reason))
    await wait_all_tasks_blocked()

    # The others are told of the exit as of any message.
    exited = Exited(pid, reason)
    assert log == [
        ("2", OwnerDied(reason)),
        ("1", OwnerDied(reason)),
        ("b", "info", exited),
        ("a", "info", exited),
    ]
    assert await which(events) == ["b", "a"]


async def own(events: Events, log: list[object]) -> None:
    """Own two handlers until a message says how to end."""
    await gen_event.add_sup_handler(events, Scripted, log, "1")
    await gen_event.add_sup_handler(events, Scripted, log, "2")
    raise await process.receive(Exit)


@in_process
async def test_an_owner_that_is_dead_already_has_its_handler_taken_out() -> None:
    events, log = await with_handlers("a")
    gen_event.notify(events, sleeping(1))

    async def owner() -> None:
        await gen_event.add_sup_handler(events, Scripted, log, "own")

    pid = process.spawn(owner)
    await wait_all_tasks_blocked()
    process.exit(pid, Kill())
    await flush(10)

    assert log[1:] == [
        ("own", "init"),
        ("own", OwnerDied(NoProc())),
        ("a", "info", Exited(pid, NoProc())),
    ]
    assert await which(events) == ["a"]


@in_process
async def test_an_exit_signal_of_an_owner_counts_as_its_end() -> None:
    events, log = await owned()
    process.exit(events, Reason("odd"))

    assert await flush() == [HandlerExit(REF, Shutdown(), events)]
    assert log == [("own", OwnerDied(Reason("odd")))]


# --------------------------------------------------------------------------- the link


@in_process
async def test_the_link_stays_when_the_handler_is_gone() -> None:
    events, _ = await owned()
    await gen_event.delete_handler(events, Scripted)

    assert linked(events) == (process.self(),)


@in_process
async def test_the_link_stays_when_the_handler_could_not_start() -> None:
    events = await manager()
    with pytest.raises(AddHandlerError):
        await gen_event.add_sup_handler(events, Scripted, init=raising(ERROR))

    assert linked(events) == (process.self(),)


@in_process
async def test_an_owner_does_not_die_with_a_manager_that_is_stopped() -> None:
    process.trap_exit(True)
    events, _ = await owned()
    await gen_event.stop(events, Reason("bye"))

    assert await flush() == [HandlerExit(REF, Shutdown(), events)]


@in_process
async def test_who_owns_nothing_any_more_hears_of_the_end_by_its_link() -> None:
    process.trap_exit(True)
    events, _ = await owned()
    await gen_event.delete_handler(events, Scripted)
    await gen_event.stop(events, Reason("bye"))

    assert (await flush())[1:] == [Exited(events, Reason("bye"))]


@in_process
async def test_an_owner_hears_of_a_kill_by_its_link() -> None:
    process.trap_exit(True)
    events, log = await owned()
    process.exit(events, Kill())

    assert await flush() == [Exited(events, Killed())]
    assert log == []


@in_process
async def test_a_starter_that_is_an_owner_keeps_its_link() -> None:
    process.trap_exit(True)
    events = await gen_event.start_link(EventManager[Any])
    await gen_event.add_sup_handler(events, Scripted)
    await gen_event.stop(events, Reason("bye"))

    assert await flush() == [
        HandlerExit(REF, Shutdown(), events),
        Exited(events, Reason("bye")),
    ]


@in_process
async def test_the_manager_traps_exits_whatever_its_handlers_say() -> None:
    events, log = await with_handlers("a")
    await gen_event.sync_notify(events, lambda _: process.trap_exit(False) and None)
    gen_event.notify(events, sleeping(1))
    pid = process.spawn(own, events, log)
    await wait_all_tasks_blocked()
    process.exit(pid, Kill())
    await flush(10)

    assert process.is_alive(events)


# ---------------------------------------------------------------------------- refusals


@on_node
async def test_only_a_process_can_own_a_handler() -> None:
    events = await manager()
    with pytest.raises(NotAProcessError, match="add_sup_handler"):
        await gen_event.add_sup_handler(events, Scripted)
    with pytest.raises(NotAProcessError, match="swap_sup_handler"):
        await gen_event.swap_sup_handler(events, Scripted, None, Other)

    assert await which(events) == []


@in_process
async def test_a_full_mailbox_does_not_lose_the_end_of_a_handler() -> None:
    events = await manager()
    told: list[object] = []

    async def owner() -> None:
        await gen_event.add_sup_handler(events, Scripted)
        await trio.sleep(1)
        told.extend([await process.receive(), await process.receive()])

    pid = process.spawn(owner, mailbox=Bounded(1))
    await wait_all_tasks_blocked()
    process.send(pid, "full")
    await gen_event.delete_handler(events, Scripted)
    await trio.sleep(2)

    assert told == ["full", HandlerExit(REF, Normal(), events)]
