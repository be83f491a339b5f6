"""What `otp.sys` does with managers."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    CallTimeoutError,
    EventHandler,
    EventManager,
    Exit,
    GenServer,
    Reason,
    code,
    gen_event,
    sys,
)
from otp.gen import set_state
from otp.gen_event import HandlerRef, NoHandlerError, Swap
from otp.gen_event._handlers import Installed
from otp.gen_event._host import Host
from otp.gen_event._manager import Manager
from otp.sys import CallbackFailedError, Event, LayoutError
from tests.kernel.support import on_node

from .handlers import Events, manager, with_handlers


class Version1(EventHandler[object]):
    """Counts."""

    def __init__(self, value: int) -> None:
        self.value = value

    async def handle_event(self, event: object) -> None:
        del event
        self.value += 1

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        if status["state"]["value"] == 666:
            raise ValueError("hidden")
        return {**status, "state": f"shown {status['state']['value']}"}


class Slotted(EventHandler[object]):
    """Has an attribute that is none of its dictionary, and one that cannot be set."""

    __slots__ = ("a",)

    def __init__(self) -> None:
        self.a = 1

    @property
    def fixed(self) -> int:
        return 1

    async def handle_event(self, event: object) -> None:
        """Do nothing."""


class Version2(EventHandler[object]):
    """The next version of the counter."""

    total: int

    async def handle_event(self, event: object) -> None:
        del event
        self.total += 10

    async def code_change(self, old_version: object, extra: object) -> None:
        assert old_version == 1
        self.total = self.__dict__.pop("value")
        if self.total == extra:
            raise ValueError(extra)


# As when the module is loaded again.
Version2.__qualname__ = Version1.__qualname__

X = HandlerRef(Version1, "x")


async def counting() -> Events:
    """Start a manager with three handlers: 1, 2 and one of another class."""
    events = await manager()
    await gen_event.add_handler(events, Version1, 1)
    await gen_event.add_handler(events, Slotted)
    await gen_event.add_handler(events, X, 2)
    return events


@on_node
async def test_the_state_has_a_part_for_each_handler() -> None:
    events = await counting()

    assert await sys.get_state(events) == [
        (Version1, "x", {"value": 2}),
        (Slotted, None, {"a": 1}),
        (Version1, None, {"value": 1}),
    ]


@on_node
async def test_each_part_is_replaced_on_its_own() -> None:
    events = await counting()

    def change(part: tuple[type, object, dict[str, int]]) -> object:
        cls, id_, state = part
        return (cls, id_, {name: value * 10 for name, value in state.items()})

    told = await sys.replace_state(events, change)

    assert told == await sys.get_state(events)
    assert told == [
        (Version1, "x", {"value": 20}),
        (Slotted, None, {"a": 10}),
        (Version1, None, {"value": 10}),
    ]


def wrong_results(part: tuple[type, object, Any]) -> list[object]:
    cls, id_, state = part
    return [
        None,
        (cls, id_),
        (cls, "other", state),
        (Version2, id_, state),
        (cls, id_, 5),
        (cls, id_, {"a": 5, "fixed": 6}),
    ]


@pytest.mark.parametrize("wrong", range(6))
@on_node
async def test_a_part_keeps_its_state_if_there_is_no_good_one(wrong: int) -> None:
    events = await counting()
    before = await sys.get_state(events)

    def change(part: tuple[type, object, Any]) -> object:
        cls, id_, _ = part
        if cls is Slotted:
            return wrong_results(part)[wrong]
        return (cls, id_, {"value": 7})

    told = await sys.replace_state(events, change)

    assert isinstance(before, list)
    assert told == await sys.get_state(events)
    assert told == [
        (Version1, "x", {"value": 7}),
        before[1],
        (Version1, None, {"value": 7}),
    ]


@on_node
async def test_a_part_keeps_its_state_if_the_function_raises() -> None:
    events = await counting()
    before = await sys.get_state(events)

    for error in (ValueError(), Exit()):

        def fail(_part: object, error: BaseException = error) -> object:
            raise error

        assert await sys.replace_state(events, fail) == before
    assert await sys.get_state(events) == before


@on_node
async def test_a_state_that_was_read_can_be_put_back() -> None:
    process = (await counting()).process
    assert process is not None
    host = Host(Manager(process, EventManager()))
    for value in (1, 2):
        one = Installed(HandlerRef(Version1, value), Version1(value), None)
        host.manager.handlers.add(one)
    state = host.get_state()
    for one in host.manager.handlers.all():
        set_state(one.handler, {"value": 0})
    host.replace_state(state)

    assert host.get_state() == state


@on_node
async def test_a_status_shows_each_handler_as_it_wants() -> None:
    events = await counting()
    await gen_event.add_handler(events, Version1, 666)
    status = await sys.get_status(events)

    assert status.module is EventManager
    assert status.state == [
        (Version1, None, "<format_status failed: ValueError>"),
        (Version1, "x", "shown 2"),
        (Slotted, None, {"a": 1}),
        (Version1, None, "shown 1"),
    ]


@on_node
async def test_a_suspended_manager_takes_no_events() -> None:
    events, log = await with_handlers("a")
    await sys.suspend(events)
    gen_event.notify(events, 1)
    with pytest.raises(CallTimeoutError):
        await gen_event.call(events, HandlerRef(EventHandler, "a"), 2)
    assert log == []
    await sys.resume(events)
    await wait_all_tasks_blocked()

    assert log == [("a", "event", 1)]


@on_node
async def test_events_are_seen_when_they_are_taken() -> None:
    events, _ = await with_handlers("a")
    await sys.log(events)
    await gen_event.sync_notify(events, 1)
    gen_event.notify(events, 2)
    seen = await sys.get_log(events)

    assert [event.kind for event in seen] == ["in", "in"]
    assert str(seen[1]) == "got Notify(event=2)"
    await sys.statistics(events)
    await gen_event.sync_notify(events, 3)
    counted = await sys.get_statistics(events)
    assert counted is not None
    assert (counted.messages_in, counted.messages_out) == (1, 0)


@on_node
async def test_an_installed_function_sees_the_manager() -> None:
    events, _ = await with_handlers("a")
    seen: list[object] = []

    def look(_state: object, event: Event, process_state: object) -> None:
        seen.append((event.kind, type(process_state)))

    await sys.install(events, look)
    await gen_event.sync_notify(events, 1)

    assert seen == [("in", EventManager)]


@on_node
async def test_a_manager_may_be_watched_from_its_start() -> None:
    lines: list[str] = []
    options = gen_event.Options(debug=[sys.Trace(lines.append), sys.Log()])
    events = await options.start(EventManager[Any])
    await gen_event.sync_notify(events, 1)

    assert len(lines) == len(await sys.get_log(events)) == 1
    assert "EventManager" in lines[0]
    assert "got call SyncNotify(event=1)" in lines[0]


@on_node
async def test_a_function_that_is_done_is_out() -> None:
    events, _ = await with_handlers("a")
    await sys.install(events, lambda *_: sys.DONE)
    await gen_event.sync_notify(events, 1)

    assert (await sys.get_status(events)).debug == ()


@on_node
async def test_each_handler_has_a_say_in_how_the_log_is_shown() -> None:
    class Hiding(Slotted):
        def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
            return {**status, "log": (*status["log"][:1], "hidden")}

    events = await manager()
    await gen_event.add_handler(events, Hiding)
    await gen_event.add_handler(events, Hiding)
    await sys.log(events)
    await gen_event.sync_notify(events, 1)
    await gen_event.sync_notify(events, 2)
    shown = (await sys.get_status(events)).log

    assert isinstance(shown, tuple)
    assert shown[1:] == ("hidden",)
    assert str(shown[0]).startswith("got call SyncNotify(event=1)")


@on_node
async def test_a_handler_that_fails_to_show_the_log_hides_it() -> None:
    events = await manager()
    await sys.log(events)
    await gen_event.sync_notify(events, 1)
    await gen_event.add_handler(events, Version1, 666)

    assert (await sys.get_status(events)).log == ()


# --------------------------------------------------------------------- changing code


async def change(events: Events, new: type | None = None, extra: object = None) -> None:
    await sys.suspend(events)
    try:
        await sys.change_code(events, new, old_version=1, extra=extra)
    finally:
        await sys.resume(events)


@on_node
async def test_the_handlers_of_a_class_go_on_as_its_next_version() -> None:
    events = await counting()
    await change(events, Version2)
    await gen_event.sync_notify(events, None)

    assert await sys.get_state(events) == [
        (Version2, "x", {"total": 12}),
        (Slotted, None, {"a": 1}),
        (Version2, None, {"total": 11}),
    ]
    with pytest.raises(NoHandlerError):
        await gen_event.delete_handler(events, Version1)
    await gen_event.delete_handler(events, Version2)
    await gen_event.delete_handler(events, HandlerRef(Version2, "x"))


@on_node
async def test_a_change_that_fails_for_one_changes_none() -> None:
    events = await counting()
    before = await sys.get_state(events)
    with pytest.raises(CallbackFailedError):
        await change(events, Version2, extra=1)

    assert await sys.get_state(events) == before
    assert await gen_event.delete_handler(events, Version1) is None


class Asked(EventHandler[object]):
    """Notes by what it was asked to convert."""

    __version__ = 1

    def __init__(self) -> None:
        self.by: list[str] = []

    async def handle_event(self, event: object) -> None:
        """Do nothing."""

    async def code_change(self, old_version: object, extra: object) -> None:
        del extra
        self.by = [*self.by, f"{type(self).__version__}: {old_version}"]


class Asked2(Asked):
    """The next version."""

    __version__ = 2


class AskedSlotted(Asked):
    """Has another layout."""

    __slots__ = ("more",)


class NoHandler:
    """Would fit, but handles nothing."""


Asked2.__qualname__ = Asked.__qualname__
AskedSlotted.__qualname__ = Asked.__qualname__
NoHandler.__qualname__ = Asked.__qualname__


@on_node
async def test_it_is_the_newer_class_of_a_handler_that_converts() -> None:
    events = await manager()
    await gen_event.add_handler(events, Asked)
    await code.change(events, Asked2)
    await code.change(events, Asked)

    by = ["2: 1", "2: Downgrade(version=1)"]
    assert await sys.get_state(events) == [(Asked, None, {"by": by})]


@pytest.mark.parametrize("new", [AskedSlotted, NoHandler])
@on_node
async def test_what_a_handler_cannot_become_does_not_fit(new: type[object]) -> None:
    events = await manager()
    await gen_event.add_handler(events, Asked)
    with pytest.raises(CallbackFailedError) as caught:
        await code.change(events, new)

    assert isinstance(caught.value.__cause__, LayoutError)


@on_node
async def test_a_change_is_taken_back_without_asking_the_handlers() -> None:
    events = await manager()
    await gen_event.add_handler(events, Asked)
    before = await sys.get_state(events)
    changed = await sys.ask(
        events, sys.ChangeCode(Asked2, None, None, at_once=True), 5.0
    )
    assert isinstance(changed, sys.Changed)
    await sys.ask(events, sys.Undo(changed), 5.0)

    assert await sys.get_state(events) == before
    await gen_event.delete_handler(events, Asked)


class Ending(EventHandler[object]):
    """Wants to end instead of converting its state."""

    async def handle_event(self, event: object) -> None:
        """Do nothing."""

    async def code_change(self, old_version: object, extra: object) -> None:
        del old_version, extra
        raise Exit(Reason("enough"))


@on_node
async def test_a_handler_that_wants_to_end_at_a_change_harms_nobody() -> None:
    events = await manager()
    await gen_event.add_handler(events, Ending)
    before = await sys.get_state(events)
    with pytest.raises(CallbackFailedError):
        await code.change(events, Ending)

    assert await sys.get_state(events) == before


class Orders(EventManager[object]):
    """A manager of its own class."""


class Orders2(EventManager[object]):
    """The next version."""


Orders2.__qualname__ = Orders.__qualname__


@on_node
async def test_a_manager_can_go_on_as_another_class() -> None:
    events = await gen_event.start(Orders)
    await gen_event.add_handler(events, Version1, 1)
    inside = await sys.ask(events, sys.GetModules(), 5.0)
    assert inside == sys.Inside((Orders, Version1), keeps_specs=False)
    await code.change(events, Orders2)

    assert (await sys.get_status(events)).module is Orders2


@on_node
async def test_handlers_of_other_classes_take_no_part() -> None:
    events = await counting()
    before = await sys.get_state(events)
    await change(events, GenServer)

    assert await sys.get_state(events) == before


@on_node
async def test_without_a_class_all_handlers_convert_their_state() -> None:
    changes: list[object] = []

    class Converting(EventHandler[object]):
        async def code_change(self, old_version: object, extra: object) -> None:
            changes.append((old_version, extra))

    events = await manager()
    await gen_event.add_handler(events, Converting)
    await gen_event.add_handler(events, Slotted)
    await gen_event.add_handler(events, Converting)
    await change(events, extra="x")

    assert changes == [(1, "x"), (1, "x")]


@on_node
async def test_a_class_of_another_layout_is_refused() -> None:
    class Other(EventHandler[object]):
        """Has a dictionary."""

    Other.__qualname__ = "Slotted"
    events = await counting()
    before = await sys.get_state(events)
    with pytest.raises(CallbackFailedError) as caught:
        await change(events, Other)

    assert isinstance(caught.value.__cause__, TypeError)
    assert await sys.get_state(events) == before


@on_node
async def test_system_messages_wait_for_the_callback() -> None:
    events, log = await with_handlers("a")
    swap = Swap(None, Slotted)

    async def slowly(_handler: object) -> Swap:
        await trio.sleep(1)
        return swap

    gen_event.notify(events, slowly)

    assert await sys.get_state(events) == [(Slotted, None, {"a": 1})]
    assert len(log) == 2
