"""The probes of event managers: handlers come, fail and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
import trio

from otp import (
    Crash,
    EventHandler,
    EventManager,
    Exit,
    Fail,
    Pid,
    Reason,
    gen_event,
    process,
)
from otp.gen import BadReturnError
from otp.gen_event import HandlerRef
from tests.kernel.support import flush

from .erlang import Raised, probe, read_records

if TYPE_CHECKING:
    from otp.gen_event import AnyHandler, Ending, Predecessor

RECORDS = read_records("gen_event.otp27.txt", 44)

Events: TypeAlias = Pid[EventManager[Any]]


class Telling(EventHandler[Any]):
    """A handler that tells a process what happens to it."""

    def __init__(self, pid: Pid, id: int | str, init: object = None) -> None:
        self.pid = pid
        self.id = id
        self.result = init

    async def init(self) -> Any:
        if self.result == "crash":
            raise Raised("boom")
        return self.result

    async def init_swapped(self, predecessor: Predecessor) -> None:
        result: object = "error"
        if isinstance(predecessor, gen_event.Terminated):
            assert isinstance(predecessor.result, tuple)
            result = predecessor.result
        process.send(self.pid, ("init_swapped", self.id, result))

    async def handle_event(self, event: tuple[str, object]) -> Any:
        match event:
            case ("say", what):
                process.send(self.pid, (self.id, what))
            case ("crash", self.id):
                raise Raised("boom")
            case ("remove", self.id):
                return gen_event.Remove()
            case ("throw", self.id):
                return "zz"
            case _:
                pass
        return None

    async def handle_call(self, request: object) -> object:
        match request:
            case "crash":
                raise Raised("boom")
            case _:
                return request

    async def handle_info(self, message: tuple[str, object]) -> None:
        process.send(self.pid, ("info", self.id, message[1]))

    async def terminate(self, ending: Ending) -> object:
        process.send(self.pid, ("term", self.id, without_stack(ending)))
        return ("term_result", self.id)


def without_stack(ending: Ending) -> object:
    """Return what Erlang's terminate is given, in the probes' own short form."""
    match ending:
        case gen_event.Deleted(argument) | gen_event.Swapped(argument):
            return argument
        case gen_event.Removed():
            return "remove_handler"
        case gen_event.ManagerStopped():
            return "stop"
        case gen_event.OwnerDied(reason):
            return ("stop", reason)
        case gen_event.Failed(Crash(Raised() as error)):
            return ("error", ("'EXIT'", error.value))
        case gen_event.Failed(reason):
            return ("error", caught(reason))


def caught(reason: object) -> object:
    """Return what Erlang's ``catch`` makes of a callback that fails."""
    match reason:
        case Crash(BadReturnError() as error):
            return "foo" if isinstance(error.value, Fail) else error.value
        case _:
            return ("'EXIT'", reason)


def shown(ref: AnyHandler) -> object:
    return "probes_h" if ref.id is None else ("probes_h", ref.id)


async def manager() -> Events:
    return await gen_event.start(EventManager[Any])


async def add(events: Events, id: int) -> None:
    await gen_event.add_handler(events, HandlerRef(Telling, id), process.self(), id)


async def add_sup(events: Events, id: int, pid: Pid | None = None) -> None:
    await gen_event.add_sup_handler(
        events, HandlerRef(Telling, id), pid or process.self(), id
    )


async def which(events: Events) -> list[object]:
    return [shown(ref) for ref in await gen_event.which_handlers(events)]


async def mail() -> list[object]:
    """Take what has come, with the ends of handlers as Erlang tells them."""
    return [told(message) for message in await flush()]


def told(message: object) -> object:
    match message:
        case gen_event.HandlerExit(ref, gen_event.Failed(reason)):
            return ("gen_event_EXIT", shown(ref), caught(reason))
        case gen_event.HandlerExit(ref, reason):
            return ("gen_event_EXIT", shown(ref), reason)
        case _:
            return message


@probe("handlers run newest first", RECORDS)
async def test_the_newest_handler_is_told_first() -> object:
    events = await manager()
    await add(events, 1)
    await add(events, 2)
    await gen_event.sync_notify(events, ("say", "hi"))
    return (await which(events), await mail())


@probe("add same handler id twice is allowed", RECORDS)
async def test_a_handler_can_be_there_twice() -> object:
    events = await manager()
    await gen_event.add_handler(events, Telling, process.self(), 1)
    await gen_event.add_handler(events, Telling, process.self(), 2)
    return ("ok", "ok", await which(events))


@probe("add_handler init crash", RECORDS)
async def test_a_handler_that_crashes_at_its_start_is_not_there() -> object:
    events = await manager()
    with pytest.raises(gen_event.AddHandlerError) as failure:
        await gen_event.add_handler(events, Telling, process.self(), 1, "crash")
    return (caught(failure.value.reason), await which(events))


@probe("add_handler init error", RECORDS)
async def test_a_handler_may_refuse_to_start() -> object:
    fail = Fail(Reason("no"))
    with pytest.raises(gen_event.AddHandlerError) as failure:
        await gen_event.add_handler(await manager(), Telling, process.self(), 1, fail)
    assert failure.value.failure == fail
    return ("error", failure.value.reason)


@probe("handler crash removes only it", RECORDS)
async def test_a_crash_takes_out_one_handler() -> object:
    events = await manager()
    await add(events, 1)
    await add(events, 2)
    await gen_event.sync_notify(events, ("crash", 2))
    return (await which(events), await mail())


@probe("sup handler crash notifies adder", RECORDS)
async def test_an_owner_is_told_of_a_crash() -> object:
    events = await manager()
    await add_sup(events, 1)
    await gen_event.sync_notify(events, ("crash", 1))
    return await mail()


@probe("sup handler removed normally", RECORDS)
async def test_an_owner_is_told_that_a_handler_took_itself_out() -> object:
    events = await manager()
    await add_sup(events, 1)
    await gen_event.sync_notify(events, ("remove", 1))
    return await mail()


@probe("sup handler deleted", RECORDS)
async def test_an_owner_is_told_that_a_handler_was_deleted() -> object:
    events = await manager()
    await add_sup(events, 1)
    result = await gen_event.delete_handler(events, HandlerRef(Telling, 1), "args")
    return (result, await mail())


@probe("adder dies: handler terminated", RECORDS)
async def test_a_handler_ends_with_its_owner() -> object:
    events, test = await manager(), process.self()

    async def owner() -> None:
        await add_sup(events, 1, test)
        await process.receive()
        raise Exit(Reason("bye"))

    pid = process.spawn(owner)
    await trio.sleep(0.02)
    process.send(pid, "go")
    return (await mail(), await which(events))


@probe("swap_handler passes terminate result", RECORDS)
async def test_what_terminate_returns_goes_to_the_next_handler() -> object:
    events = await manager()
    await add(events, 1)
    await swap(events)
    return ("ok", await which(events), await mail())


@probe("swap missing old handler", RECORDS)
async def test_a_handler_can_be_swapped_in_for_nobody() -> object:
    events = await manager()
    await swap(events)
    return ("ok", await mail())


async def swap(events: Events) -> None:
    old, new = HandlerRef(Telling, 1), HandlerRef(Telling, 2)
    await gen_event.swap_handler(events, old, "swapargs", new, process.self(), "new")


@probe("delete missing", RECORDS)
async def test_who_is_not_there_cannot_be_deleted() -> object:
    with pytest.raises(gen_event.NoHandlerError):
        await gen_event.delete_handler(await manager(), Telling, "x")
    return ("error", "module_not_found")


@probe("call missing handler", RECORDS)
async def test_who_is_not_there_cannot_be_called() -> object:
    with pytest.raises(gen_event.NoHandlerError):
        await gen_event.call(await manager(), Telling, "x")
    return ("error", "bad_module")


@probe("call crash", RECORDS)
async def test_a_caller_is_told_that_the_handler_crashed() -> object:
    events = await manager()
    await gen_event.add_handler(events, Telling, process.self(), 1)
    with pytest.raises(gen_event.HandlerFailedError) as failure:
        await gen_event.call(events, Telling, "crash")
    return (("error", caught(failure.value.reason)), await which(events))


@probe("call bad return", RECORDS)
async def test_a_caller_is_told_that_the_handler_returned_nonsense() -> object:
    events = await manager()
    await gen_event.add_handler(events, Telling, process.self(), 1)
    with pytest.raises(gen_event.HandlerFailedError) as failure:
        # What no call may return; any plain value is an answer.
        await gen_event.call(events, Telling, Fail(Reason("foo")))
    return ("error", caught(failure.value.reason))


@probe("throw in handle_event is a return value", RECORDS)
async def test_a_handler_that_returns_nonsense_is_taken_out() -> object:
    events = await manager()
    await add(events, 1)
    await gen_event.sync_notify(events, ("throw", 1))
    return (await which(events), await mail())


@probe("stop calls terminate(stop)", RECORDS)
async def test_handlers_end_with_their_manager() -> object:
    events = await manager()
    await add(events, 1)
    await add(events, 2)
    await gen_event.stop(events)
    return await mail()


@probe("info", RECORDS)
async def test_other_messages_go_to_all_handlers() -> object:
    events = await manager()
    await add(events, 1)
    process.send(events, ("say", "x"))
    return await mail()


def test_every_recorded_probe_is_tested() -> None:
    tests = [test.probe for test in globals().values() if hasattr(test, "probe")]

    assert sorted(tests) == sorted(RECORDS)
