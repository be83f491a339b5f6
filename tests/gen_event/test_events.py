"""Events and other messages: who gets them, in which order, and who survives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    BadReturnError,
    Crash,
    Down,
    Exit,
    Fail,
    Kill,
    Name,
    Node,
    NoProcessError,
    Normal,
    Reason,
    ServerExitedError,
    gen_event,
    process,
)
from otp.gen_event import Failed, HandlerRef, Hibernate, Remove, Removed, Reply
from tests.kernel.support import Recorder, idle, in_process, on_node

from .handlers import (
    Bare,
    Other,
    Scripted,
    giving,
    manager,
    only,
    raising,
    sleeping,
    which,
    with_handlers,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from otp import ExitReason

ERROR = ValueError("x")


@on_node
async def test_the_newest_handler_is_told_first() -> None:
    events, log = await with_handlers("a", "b", "c")
    gen_event.notify(events, 1)
    await wait_all_tasks_blocked()

    assert log == [("c", "event", 1), ("b", "event", 1), ("a", "event", 1)]


@on_node
async def test_a_handler_that_is_added_again_is_there_twice() -> None:
    events = await manager()
    log: list[object] = []
    await gen_event.add_handler(events, Scripted, log, "a")
    await gen_event.add_handler(events, Scripted, log, "b")
    log.clear()
    await gen_event.sync_notify(events, 1)

    assert log == [("b", "event", 1), ("a", "event", 1)]
    assert await gen_event.which_handlers(events) == [HandlerRef(Scripted)] * 2


@on_node
async def test_without_handlers_events_are_nothing() -> None:
    events = await manager()
    gen_event.notify(events, 1)
    await gen_event.sync_notify(events, 2)

    assert await gen_event.which_handlers(events) == []


@on_node
async def test_notify_does_not_wait_for_the_handlers() -> None:
    events, log = await with_handlers("a")
    gen_event.notify(events, sleeping(5))
    gen_event.notify(events, 2)

    assert log == []
    await trio.sleep(6)
    assert log == [("a", "event"), ("a", "event", 2)]


@on_node
async def test_sync_notify_waits_for_all_handlers() -> None:
    events, _ = await with_handlers("a", "b")
    began = trio.current_time()
    await gen_event.sync_notify(events, sleeping(5))

    assert trio.current_time() == began + 10


@on_node
async def test_sync_notify_waits_as_long_as_it_takes() -> None:
    events, _ = await with_handlers("a")
    await gen_event.sync_notify(events, sleeping(10_000))

    assert await which(events) == ["a"]


@on_node
async def test_events_keep_their_order() -> None:
    events, log = await with_handlers("a")
    for n in range(200):
        gen_event.notify(events, n)
    await gen_event.sync_notify(events, 200)

    assert log == [("a", "event", n) for n in range(201)]


async def test_an_event_for_nobody_is_dropped() -> None:
    recorder = Recorder()
    async with Node(instruments=[recorder]):
        gen_event.notify(Name("nobody"), 1)
        gen_event.notify(Name("nobody", "elsewhere"), 2)

    assert [letter.why for letter in recorder.letters] == ["dead", "dead"]


@on_node
async def test_the_dead_send_no_events() -> None:
    events, log = await with_handlers("a")

    async def ghost() -> None:
        try:
            await trio.sleep_forever()
        finally:
            gen_event.notify(events, 1)

    pid = process.spawn(ghost)
    await wait_all_tasks_blocked()
    process.exit(pid, Kill())
    await wait_all_tasks_blocked()

    assert log == []


@on_node
async def test_a_synchronous_event_for_nobody_is_an_error() -> None:
    with pytest.raises(NoProcessError):
        await gen_event.sync_notify(Name("nobody"), 1)


@on_node
async def test_the_death_of_the_manager_is_told_to_who_waits() -> None:
    events, _ = await with_handlers("a")

    async def kill_in_a_while() -> None:
        await trio.sleep(1)
        process.exit(events, Kill())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(kill_in_a_while)
        with pytest.raises(ServerExitedError):
            await gen_event.sync_notify(events, sleeping(5))


# ------------------------------------------------------------------ what comes of it


@pytest.mark.parametrize("result", [None, Hibernate()])
@on_node
async def test_a_handler_goes_on(result: object) -> None:
    events, log = await with_handlers("a")
    await gen_event.sync_notify(events, giving(result))

    assert log == [("a", "event")]
    assert await which(events) == ["a"]


@on_node
async def test_a_handler_may_ask_to_be_taken_out() -> None:
    events, log = await with_handlers("a", "b", "c")
    await gen_event.sync_notify(events, only("b", giving(Remove())))

    assert log == [("c", "event"), ("b", "event"), ("b", Removed()), ("a", "event")]
    assert await which(events) == ["c", "a"]


FAILURES: dict[str, tuple[Callable[[object], object], ExitReason]] = {
    "an exception": (raising(ERROR), Crash(ERROR)),
    "an exit": (raising(Exit(Reason("boom"))), Reason("boom")),
    "a normal exit": (raising(Exit(Normal())), Normal()),
    "a group": (raising(group := ExceptionGroup("x", [ERROR])), Crash(group)),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("callback", ["event", "info"])
@on_node
async def test_a_handler_that_fails_is_taken_out_alone(
    failure: str, callback: str
) -> None:
    fail, reason = FAILURES[failure]
    events, log = await with_handlers("a", "b", "c")
    if callback == "event":
        gen_event.notify(events, only("b", fail))
    else:
        process.send(events, only("b", fail))
    await wait_all_tasks_blocked()

    assert log == [
        ("c", callback),
        ("b", callback),
        ("b", Failed(reason)),
        ("a", callback),
    ]
    assert await which(events) == ["c", "a"]


@pytest.mark.parametrize("result", [1, "ok", (), Reply(1), Fail(Normal()), Remove])
@on_node
async def test_a_handler_that_returns_nonsense_is_taken_out(result: object) -> None:
    events, log = await with_handlers("a", "b")
    await gen_event.sync_notify(events, only("b", giving(result)))

    assert await which(events) == ["a"]
    match log[1]:
        case ("b", Failed(Crash(BadReturnError(value=value) as error))):
            assert value is result
            assert "Scripted.handle_event() returned" in str(error)
        case other:
            pytest.fail(f"{other}")


@on_node
async def test_a_terminate_that_fails_harms_nobody() -> None:
    events, log = await with_handlers("a")
    await gen_event.add_handler(events, Other, log, "b", end=raising(ERROR))
    log.clear()
    await gen_event.sync_notify(events, only("b", giving(Remove())))

    assert log == [("b", "event"), ("b", Removed()), ("a", "event")]
    assert await which(events) == ["a"]


@on_node
async def test_a_handler_needs_a_handle_event() -> None:
    events, _ = await with_handlers("a")
    await gen_event.add_handler(events, Bare)
    await gen_event.sync_notify(events, 1)

    assert await which(events) == ["a"]


@on_node
async def test_a_handler_may_use_tasks_of_its_own() -> None:
    events, log = await with_handlers("a")

    async def work(handler: Scripted) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep, 1)
        with trio.move_on_after(1):
            await trio.sleep_forever()
        handler.log.append("worked")

    await gen_event.sync_notify(events, work)

    assert log == [("a", "event"), "worked"]


@on_node
async def test_what_a_handler_sends_to_its_manager_comes_later() -> None:
    events, log = await with_handlers("a", "b")
    await gen_event.sync_notify(
        events, only("b", lambda _: gen_event.notify(events, 2))
    )
    await gen_event.sync_notify(events, 3)

    assert log == [
        *[("b", "event"), ("a", "event")],
        *[("b", "event", 2), ("a", "event", 2)],
        *[("b", "event", 3), ("a", "event", 3)],
    ]


# ------------------------------------------------------------------- other messages


@on_node
async def test_any_other_message_goes_to_all_handlers() -> None:
    events, log = await with_handlers("a", "b")
    process.send(events, ("odd", 1))
    await wait_all_tasks_blocked()

    assert log == [("b", "info", ("odd", 1)), ("a", "info", ("odd", 1))]


@on_node
async def test_a_handler_can_watch_processes() -> None:
    events, log = await with_handlers("a")
    pid = process.spawn(idle)
    await gen_event.sync_notify(events, lambda _: not process.monitor(pid) or None)
    log.clear()
    process.exit(pid, Reason("bye"))
    await wait_all_tasks_blocked()

    match log:
        case [("a", "info", Down(_, who, reason))]:
            assert (who, reason) == (pid, Reason("bye"))
        case _:
            pytest.fail(f"{log}")


@on_node
async def test_a_handler_without_handle_info_goes_on() -> None:
    events = await manager()
    await gen_event.add_handler(events, Bare)
    process.send(events, "odd")
    await wait_all_tasks_blocked()

    assert await which(events) == [Bare]


@in_process
async def test_an_exit_signal_of_a_stranger_is_a_message() -> None:
    events, log = await with_handlers("a")
    process.exit(events, Reason("boom"))
    await wait_all_tasks_blocked()

    assert len(log) == 1
    assert process.is_alive(events)


@pytest.mark.parametrize("fails", [True, False])
@on_node
async def test_nothing_runs_any_more_once_the_manager_is_killed(fails: bool) -> None:
    events, log = await with_handlers("a", "b")

    async def linger(_handler: Scripted) -> None:
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            # Not nice, but some do so.
            if fails:
                raise ERROR from None

    gen_event.notify(events, only("b", linger))
    await wait_all_tasks_blocked()
    process.exit(events, Kill())
    await wait_all_tasks_blocked()

    assert log == [("b", "event")]


@on_node
async def test_a_handler_can_kill_its_manager() -> None:
    events, log = await with_handlers("a", "b")
    gen_event.notify(events, only("b", lambda _: process.exit(process.self(), Kill())))
    await wait_all_tasks_blocked()

    assert log == [("b", "event")]
    assert not process.is_alive(events)


async def test_an_interrupt_in_a_handler_ends_the_node() -> None:
    async def interrupted() -> None:
        async with Node():
            events, _ = await with_handlers("a")
            await gen_event.sync_notify(events, raising(KeyboardInterrupt()))

    with pytest.raises(BaseExceptionGroup) as caught:
        await interrupted()

    assert caught.group_contains(KeyboardInterrupt)
