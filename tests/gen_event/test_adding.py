"""Handlers that come, go, and take each other's places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import pytest
import trio

from otp import (
    Crash,
    EventHandler,
    Exit,
    Fail,
    Ignore,
    Name,
    NoProcessError,
    Reason,
    gen_event,
)
from otp.gen_event import (
    AddHandlerError,
    Deleted,
    Failed,
    HandlerFailedError,
    HandlerRef,
    Hibernate,
    Missing,
    NoHandlerError,
    Swap,
    Swapped,
    Terminated,
)
from tests.kernel.support import collected_reports, on_node

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
    from collections.abc import Awaitable, Callable

    from otp.gen_event import Ending

ERROR = ValueError("x")
T = TypeVar("T")


class Counting(EventHandler[object], Generic[T]):
    """Counts from a start, and hands the count on."""

    def __init__(self, start: int = 0, *, step: int = 1) -> None:
        self.count = start
        self.step = step

    async def init_swapped(self, predecessor: gen_event.Predecessor) -> None:
        if isinstance(predecessor, Terminated) and isinstance(predecessor.result, int):
            self.count += predecessor.result

    async def handle_event(self, event: object) -> None:
        del event
        self.count += self.step

    async def handle_call(self, request: object) -> int:
        del request
        return self.count

    async def terminate(self, ending: Ending) -> int:
        del ending
        return self.count


@on_node
async def test_a_handler_is_made_with_its_own_arguments() -> None:
    events = await manager()
    await gen_event.add_handler(events, Counting, 5, step=2)
    await gen_event.sync_notify(events, None)

    assert await gen_event.call(events, Counting, None) == 7


@on_node
async def test_a_handler_with_a_type_parameter_is_one_of_its_class() -> None:
    events = await manager()
    await gen_event.add_handler(events, Counting[int], 5)
    await gen_event.add_handler(events, HandlerRef(Counting[str], "x"), 6)

    assert await gen_event.call(events, Counting, None) == 5
    assert await gen_event.call(events, HandlerRef(Counting[bool], "x"), None) == 6


@on_node
async def test_who_adds_a_handler_waits_for_its_init() -> None:
    events = await manager()
    began = trio.current_time()
    await gen_event.add_handler(events, Scripted, init=sleeping(5))

    assert trio.current_time() == began + 5


@pytest.mark.parametrize("result", [None, Hibernate()])
@on_node
async def test_a_handler_is_there_after_its_init(result: object) -> None:
    events = await manager()
    await gen_event.add_handler(events, Scripted, init=giving(result))

    assert await which(events) == [Scripted]


FAILURES: dict[str, tuple[Callable[[object], object], Fail | Failed]] = {
    "fail": (giving(Fail(Reason("no"))), Fail(Reason("no"))),
    "crash": (raising(ERROR), Failed(Crash(ERROR))),
    "exit": (raising(Exit(Reason("boom"))), Failed(Reason("boom"))),
}


@pytest.mark.parametrize("how", FAILURES)
@on_node
async def test_a_handler_that_cannot_start_is_not_there(how: str) -> None:
    init, failure = FAILURES[how]
    events, log = await with_handlers("a")
    with (
        collected_reports() as reports,
        pytest.raises(AddHandlerError, match="Scripted could not start") as caught,
    ):
        await gen_event.add_handler(events, Scripted, log, init=init)

    assert caught.value.failure == failure
    assert caught.value.reason == failure.reason
    assert caught.value.__cause__ is (ERROR if how == "crash" else None)
    assert (caught.value.manager, caught.value.handler) == (
        events,
        HandlerRef(Scripted),
    )
    # Who asked knows it: there is nothing to report, and nothing to clean up.
    assert reports == []
    assert log == [("h", "init")]
    assert await which(events) == ["a"]


@pytest.mark.parametrize("result", [1, "ok", Ignore(), Swap(None, Other)])
@on_node
async def test_an_init_that_returns_nonsense_is_a_failure(result: object) -> None:
    events = await manager()
    with pytest.raises(AddHandlerError, match=r"Scripted\.init\(\) returned"):
        await gen_event.add_handler(events, Scripted, init=giving(result))

    assert await which(events) == []


@on_node
async def test_a_constructor_that_raises_is_a_failure() -> None:
    events = await manager()
    with pytest.raises(AddHandlerError) as caught:
        await gen_event.add_handler(events, Scripted, None, bad=1)  # type: ignore[call-arg]

    assert isinstance(caught.value.__cause__, TypeError)


# ------------------------------------------------------------------------- deleting


@on_node
async def test_delete_returns_what_terminate_returns() -> None:
    events = await manager()
    await gen_event.add_handler(events, Counting, 5)

    assert await gen_event.delete_handler(events, Counting) == 5
    assert await which(events) == []


@on_node
async def test_terminate_is_given_the_argument() -> None:
    events, log = await with_handlers("a")
    ref = HandlerRef(Scripted, "a")
    await gen_event.delete_handler(events, ref, ["any", "thing"])

    assert log == [("a", Deleted(["any", "thing"]))]


@on_node
async def test_a_handler_without_terminate_returns_nothing() -> None:
    events = await manager()
    await gen_event.add_handler(events, Bare)

    assert await gen_event.delete_handler(events, Bare) is None


@pytest.mark.parametrize("error", [ERROR, Exit(Reason("boom"))])
@on_node
async def test_a_handler_whose_terminate_fails_is_gone(error: BaseException) -> None:
    events = await manager()
    await gen_event.add_handler(events, Scripted, end=raising(error))
    with pytest.raises(HandlerFailedError) as caught:
        await gen_event.delete_handler(events, Scripted)

    reason = Crash(ERROR) if error is ERROR else Reason("boom")
    assert caught.value.reason == reason
    assert await which(events) == []


@pytest.mark.parametrize("handler", [Other, HandlerRef(Scripted, "b"), Scripted])
@on_node
async def test_what_is_not_there_cannot_be_deleted(handler: type[Scripted]) -> None:
    events, _ = await with_handlers("a")
    with pytest.raises(NoHandlerError):
        await gen_event.delete_handler(events, handler)

    assert await which(events) == ["a"]


# ------------------------------------------------------------------------- swapping


@on_node
async def test_a_swap_hands_the_result_of_terminate_on() -> None:
    events = await manager()
    await gen_event.add_handler(events, Counting, 5)
    new = HandlerRef(Counting[int], "new")
    await gen_event.swap_handler(events, Counting, "argument", new, 100, step=3)

    assert await gen_event.call(events, new, None) == 105
    assert await which(events) == ["new"]


@on_node
async def test_a_swapped_handler_is_the_newest() -> None:
    events, log = await with_handlers("a", "b", "c")
    a = HandlerRef(Scripted, "a")
    await gen_event.swap_handler(events, a, "argument", Other, log, "new")

    assert log == [
        ("a", Swapped("argument", HandlerRef(Other))),
        ("new", Terminated(None)),
    ]
    assert await which(events) == [Other, "c", "b"]


@on_node
async def test_a_handler_that_swaps_itself_keeps_its_place() -> None:
    events, log = await with_handlers("a", "b", "c")
    swap = Swap("argument", Other, log, name="new")
    await gen_event.sync_notify(events, only("b", giving(swap)))

    assert log == [
        ("c", "event"),
        ("b", "event"),
        ("b", Swapped("argument", HandlerRef(Other))),
        ("new", Terminated(None)),
        ("a", "event"),
    ]
    assert await which(events) == ["c", Other, "a"]


@on_node
async def test_a_swap_for_nobody_adds_the_handler_all_the_same() -> None:
    events, log = await with_handlers("a")
    await gen_event.swap_handler(events, Third, None, Other, log, "new")

    assert log == [("new", Missing())]
    assert await which(events) == [Other, "a"]


class Third(Scripted):
    """Is never there."""


@on_node
async def test_the_next_one_is_told_that_terminate_failed() -> None:
    events, log = await manager(), list[object]()
    await gen_event.add_handler(events, Scripted, end=raising(ERROR))
    await gen_event.swap_handler(events, Scripted, None, Other, log, "new")

    assert log == [("new", Failed(Crash(ERROR)))]


@on_node
async def test_without_init_swapped_init_is_called() -> None:
    class Plain(EventHandler[object]):
        async def init(self) -> Fail:
            return Fail(Reason("init was called"))

    events, _ = await with_handlers("a")
    with pytest.raises(AddHandlerError, match="init was called"):
        await gen_event.swap_handler(events, HandlerRef(Scripted, "a"), None, Plain)


@pytest.mark.parametrize("how", FAILURES)
@on_node
async def test_after_a_swap_that_fails_both_are_gone(how: str) -> None:
    init, failure = FAILURES[how]
    events, log = await with_handlers("a", "b")
    a = HandlerRef(Scripted, "a")
    with pytest.raises(AddHandlerError) as caught:
        await gen_event.swap_handler(events, a, None, Other, log, init=init)

    assert caught.value.failure == failure
    assert await which(events) == ["b"]


@pytest.mark.parametrize("how", FAILURES)
@on_node
async def test_a_handler_whose_successor_cannot_start_is_gone(how: str) -> None:
    init, failure = FAILURES[how]
    events, log = await with_handlers("a", "b")
    swap = Swap(None, Other, log, init=init)
    with collected_reports() as reports:
        await gen_event.sync_notify(events, only("a", giving(swap)))

    (report,) = reports
    assert isinstance(report, gen_event.HandlerReport)
    assert (report.handler, report.reason) == (HandlerRef(Other), failure.reason)
    assert await which(events) == ["b"]


@on_node
async def test_a_caller_gets_its_answer_although_the_swap_failed() -> None:
    events, log = await with_handlers("a")
    swap = Swap(None, Other, log, init=raising(ERROR)).replying("answer")
    answer = await gen_event.call(events, HandlerRef(Scripted, "a"), giving(swap))

    assert answer == "answer"
    assert await which(events) == []


@on_node
async def test_only_who_is_swapped_in_by_a_result_cannot_hibernate() -> None:
    # That is how Erlang has it.
    events, log = await with_handlers("a", "b")
    sleepy = giving(Hibernate())
    a = HandlerRef(Scripted, "a")
    await gen_event.swap_handler(events, a, None, Other, log, init=sleepy)
    assert await which(events) == [Other, "b"]
    swap = Swap(None, Other, log, init=sleepy)
    await gen_event.sync_notify(events, only("b", giving(swap)))

    assert await which(events) == [Other]


# ----------------------------------------------------------------------------- misuse


ADDRESS: Any = "no address"


@pytest.mark.parametrize(
    "wrong", [object, Scripted(), "Scripted", None, giving(Scripted())]
)
@on_node
async def test_only_a_class_of_handlers_can_be_a_handler(wrong: Any) -> None:
    events = await manager()

    ways: list[Callable[[], Awaitable[object]]] = [
        lambda: gen_event.add_handler(events, wrong),
        lambda: gen_event.delete_handler(events, wrong),
        lambda: gen_event.call(events, wrong, 1),
        lambda: gen_event.swap_handler(events, wrong, None, Scripted),
        lambda: gen_event.swap_handler(events, Scripted, None, wrong),
    ]
    for ask in ways:
        with pytest.raises(TypeError, match="is no EventHandler class"):
            await ask()
    for make in (HandlerRef, lambda cls: Swap(None, cls)):
        with pytest.raises(TypeError, match="is no EventHandler class"):
            make(wrong)
    assert await which(events) == []


@on_node
async def test_a_manager_is_addressed_as_any_process_is() -> None:
    with pytest.raises(TypeError, match="a Pid, a Name or a Via"):
        gen_event.notify(ADDRESS, 1)
    with pytest.raises(TypeError, match="a Pid, a Name or a Via"):
        await gen_event.add_handler(ADDRESS, Scripted)


@on_node
async def test_nothing_can_be_added_where_there_is_no_manager() -> None:
    nobody = Name[Any]("nobody")
    with pytest.raises(NoProcessError):
        await gen_event.add_handler(nobody, Scripted)
    with pytest.raises(NoProcessError):
        await gen_event.swap_handler(nobody, Scripted, None, Other)
    with pytest.raises(NoProcessError):
        await gen_event.delete_handler(nobody, Scripted)
    with pytest.raises(NoProcessError):
        await gen_event.which_handlers(nobody)


def test_a_handler_is_shown_by_its_class_and_id() -> None:
    assert str(HandlerRef(Scripted)) == "Scripted"
    assert str(HandlerRef(Scripted, "x")) == "Scripted 'x'"
