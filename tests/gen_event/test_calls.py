"""Calls to one handler, and what the caller is told if they fail."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    BadReturnError,
    CallingSelfError,
    CallTimeoutError,
    Crash,
    EventHandler,
    Exit,
    Fail,
    Ignore,
    Kill,
    Name,
    NoProcessError,
    Reason,
    ServerExitedError,
    UnknownRequestError,
    gen_event,
    process,
)
from otp.gen_event import (
    Failed,
    HandlerFailedError,
    HandlerRef,
    Hibernate,
    NoHandlerError,
    Remove,
    Removed,
    Reply,
    RequestCollection,
    Swap,
    Swapped,
    Terminated,
)
from tests.kernel.support import on_node

from .handlers import (
    Bare,
    Other,
    Scripted,
    giving,
    manager,
    raising,
    sleeping,
    which,
    with_handlers,
)

ERROR = ValueError("x")
A = HandlerRef(Scripted, "a")
B = HandlerRef(Scripted, "b")


@pytest.mark.parametrize("value", [1, None, "v", Remove, {"a": 1}])
@on_node
async def test_a_plain_value_is_the_answer(value: object) -> None:
    events, log = await with_handlers("a", "b")

    assert await gen_event.call(events, A, giving(value)) is value
    assert log == [("a", "call")]
    assert await which(events) == ["b", "a"]


@pytest.mark.parametrize("hibernate", [False, True])
@on_node
async def test_a_reply_answers_with_whatever_is_in_it(hibernate: bool) -> None:
    events, _ = await with_handlers("a")
    value = Remove("x")

    reply = Reply(value, hibernate=hibernate)
    assert await gen_event.call(events, A, giving(reply)) is value
    assert await which(events) == ["a"]


@on_node
async def test_of_several_the_newest_is_called() -> None:
    events = await manager()
    log: list[object] = []
    await gen_event.add_handler(events, Scripted, log, "old")
    await gen_event.add_handler(events, Scripted, log, "new")
    await gen_event.call(events, Scripted, 1)
    await gen_event.delete_handler(events, Scripted)
    await gen_event.call(events, Scripted, 2)

    assert log[2] == ("new", "call", 1)
    assert log[4] == ("old", "call", 2)


@on_node
async def test_a_handler_may_answer_and_be_taken_out() -> None:
    events, log = await with_handlers("a", "b")

    assert await gen_event.call(events, A, giving(Remove("bye"))) == "bye"
    assert log == [("a", "call"), ("a", Removed())]
    assert await which(events) == ["b"]


@on_node
async def test_a_handler_may_answer_and_be_swapped() -> None:
    events, log = await with_handlers("a", "b", "c")
    swap = Swap("argument", Other, log, name="new").replying("bye")

    assert await gen_event.call(events, B, giving(swap)) == "bye"
    assert log == [
        ("b", "call"),
        ("b", Swapped("argument", HandlerRef(Other))),
        ("new", Terminated(None)),
    ]
    assert await which(events) == ["c", Other, "a"]


@on_node
async def test_without_a_reply_the_answer_is_nothing() -> None:
    events, log = await with_handlers("a", "b")

    assert await gen_event.call(events, A, giving(Remove())) is None
    assert await gen_event.call(events, B, giving(Swap(None, Other, log))) is None


@pytest.mark.parametrize("error", [ERROR, Exit(Reason("boom"))])
@on_node
async def test_a_caller_hears_of_the_failure(error: BaseException) -> None:
    events, log = await with_handlers("a", "b")
    with pytest.raises(HandlerFailedError) as failure:
        await gen_event.call(events, A, raising(error))
    reason = Crash(ERROR) if error is ERROR else Reason("boom")

    assert failure.value.reason == reason
    assert (failure.value.manager, failure.value.handler) == (events, A)
    assert failure.value.__cause__ is (ERROR if error is ERROR else None)
    assert "the handler Scripted 'a' of <nonode.1> failed" in str(failure.value)
    assert log == [("a", "call"), ("a", Failed(reason))]
    assert await which(events) == ["b"]


@pytest.mark.parametrize("result", [Hibernate(), Ignore(), Fail(Reason("x"))])
@on_node
async def test_what_cannot_be_an_answer_is_a_failure(result: object) -> None:
    events, _ = await with_handlers("a")
    with pytest.raises(
        HandlerFailedError, match=r"handle_call\(\) returned"
    ) as failure:
        await gen_event.call(events, A, giving(result))

    assert isinstance(failure.value.__cause__, BadReturnError)
    assert await which(events) == []


@pytest.mark.parametrize("handler", [Other, Scripted, HandlerRef(Scripted, "z")])
@on_node
async def test_a_handler_that_is_not_there_cannot_be_called(
    handler: type[Scripted],
) -> None:
    events, log = await with_handlers("a")
    with pytest.raises(NoHandlerError, match="there is no handler") as failure:
        await gen_event.call(events, handler, 1)

    assert isinstance(failure.value, LookupError)
    assert log == []


@on_node
async def test_a_subclass_is_another_handler() -> None:
    events = await manager()
    await gen_event.add_handler(events, Other)
    with pytest.raises(NoHandlerError):
        await gen_event.call(events, Scripted, 1)


@on_node
async def test_a_handler_without_handle_call_refuses_and_goes_on() -> None:
    events = await manager()
    await gen_event.add_handler(events, Bare)
    with pytest.raises(UnknownRequestError, match="Bare has no handle_call"):
        await gen_event.call(events, Bare, 1)

    assert await which(events) == [Bare]


@on_node
async def test_there_is_no_handle_call_to_fall_back_on() -> None:
    class Calling(Bare):
        async def handle_call(self, request: object) -> object:
            return await super().handle_call(request)

    events = await manager()
    await gen_event.add_handler(events, Calling)
    with pytest.raises(HandlerFailedError, match="Calling has no handle_call"):
        await gen_event.call(events, Calling, 1)


@on_node
async def test_nobody_can_be_called_in_a_manager_that_is_not_there() -> None:
    with pytest.raises(NoProcessError):
        await gen_event.call(Name("nobody"), Scripted, 1)


@on_node
async def test_a_call_waits_five_seconds() -> None:
    events, _ = await with_handlers("a")
    began = trio.current_time()
    with pytest.raises(CallTimeoutError):
        await gen_event.call(events, A, sleeping(6))

    assert trio.current_time() == began + 5
    assert await which(events) == ["a"]


@on_node
async def test_a_call_may_wait_longer() -> None:
    events, _ = await with_handlers("a")
    await gen_event.call(events, A, sleeping(6), timeout=7)

    with pytest.raises(ValueError, match="0 seconds or more"):
        await gen_event.call(events, A, 1, timeout=-1)


@on_node
async def test_a_late_answer_is_dropped() -> None:
    events, _ = await with_handlers("a")
    with pytest.raises(CallTimeoutError):
        await gen_event.call(events, A, sleeping(6), timeout=1)

    assert await gen_event.call(events, A, giving("next"), timeout=10) == "next"


@on_node
async def test_a_caller_hears_of_the_death_of_the_manager() -> None:
    events, _ = await with_handlers("a")
    request = gen_event.send_request(events, A, sleeping(1))
    waiting = gen_event.send_request(events, A, 1)
    await wait_all_tasks_blocked()
    process.exit(events, Kill())

    for pending in (request, waiting):
        with pytest.raises(ServerExitedError):
            await gen_event.receive_response(pending)


@on_node
async def test_a_handler_cannot_call_its_own_manager() -> None:
    events, _ = await with_handlers("a", "b")

    async def call_back(_handler: EventHandler) -> str:
        with pytest.raises(CallingSelfError):
            await gen_event.call(events, B, 1)
        with pytest.raises(CallingSelfError):
            await gen_event.sync_notify(events, 1)
        return "ok"

    assert await gen_event.call(events, A, call_back) == "ok"


# ------------------------------------------------------------------ without waiting


@on_node
async def test_a_request_may_be_answered_later() -> None:
    events, _ = await with_handlers("a", "b")
    requests = RequestCollection[object, str]()
    requests.add(gen_event.send_request(events, A, giving(1)), "a")
    requests.add(gen_event.send_request(events, B, raising(ERROR)), "b")
    first = await requests.receive_response()
    second = await requests.receive_response()

    assert (first.label, first.result()) == ("a", 1)
    assert second.label == "b"
    with pytest.raises(HandlerFailedError):
        second.result()


@on_node
async def test_a_request_to_nobody_fails_when_it_is_waited_for() -> None:
    request = gen_event.send_request(Name("nobody"), A, 1)

    with pytest.raises(NoProcessError):
        await gen_event.wait_response(request)
