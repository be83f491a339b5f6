"""The types of events, handlers and requests. Read by the checkers, never run."""

from __future__ import annotations

from typing import Any, Generic, TypeVar, assert_never, assert_type

import attrs

from otp import (
    ChildSpec,
    EventHandler,
    EventManager,
    Name,
    Pid,
    Via,
    child_spec,
    gen_event,
)
from otp.gen_event import (
    AnyHandler,
    Ending,
    EventResult,
    Fail,
    Gone,
    HandlerExit,
    HandlerRef,
    Predecessor,
    Query,
    Remove,
    Request,
    Swap,
)
from otp.kernel import Normal, Shutdown

T = TypeVar("T")


@attrs.frozen
class Alarm:
    """An event."""

    text: str


@attrs.frozen
class Fire(Alarm):
    """A special one."""


@attrs.frozen
class Count(Query[int]):
    """Asks for a number."""

    since: float


class Console(EventHandler[Alarm]):
    """Takes alarms."""

    def __init__(self, width: int, *, colour: bool = False) -> None:
        self.width = width
        self.colour = colour

    async def handle_event(self, event: Alarm) -> EventResult:
        return Remove() if event.text else None


class Anything(EventHandler[object]):
    """Takes whatever comes."""

    async def handle_event(self, event: object) -> Swap | None:
        return Swap(event, Console, 80, colour=True)


class Numbers(EventHandler[int]):
    """Takes numbers."""

    async def handle_event(self, event: int) -> None: ...


class Untyped(EventHandler):
    """Does not say what it takes."""

    async def handle_event(self, event: Any) -> None: ...


class Wrong(EventHandler[int]):
    """Says two things."""

    async def handle_event(self, event: str) -> None: ...  # type: ignore[override]


class Generous(EventHandler[T], Generic[T]):
    """Is generic itself."""


class Alarms(EventManager[Alarm]):
    """A class of one's own."""


ALARMS = Name[EventManager[Alarm]]("alarms")
MINE = Name[Alarms]("mine")
CONSOLE = HandlerRef(Console, "main")


async def starting(via: Via[Alarms]) -> None:
    pid = await gen_event.start_link(EventManager[Alarm])
    assert_type(pid, Pid[EventManager[Alarm]])
    assert_type(await gen_event.start(Alarms), Pid[Alarms])
    assert_type(await gen_event.start_named(via, Alarms), Pid[Alarms])
    assert_type(
        await gen_event.start_named(ALARMS, EventManager[Alarm]),
        Pid[EventManager[Alarm]],
    )
    assert_type(
        await gen_event.Options(name=ALARMS).start_link(EventManager[Alarm]),
        Pid[EventManager[Alarm]],
    )
    spec = child_spec(EventManager[Alarm]).named(ALARMS)
    assert_type(spec, ChildSpec[EventManager[Alarm]])
    await gen_event.start_link(EventManager[Alarm], 1)  # type: ignore[call-arg]


async def events(pid: Pid[EventManager[Alarm]], other: Pid[int], any_: Pid) -> None:
    gen_event.notify(pid, Alarm("x"))
    gen_event.notify(ALARMS, Fire("x"))
    gen_event.notify(MINE, Fire("x"))
    await gen_event.sync_notify(pid, Alarm("x"))
    gen_event.notify(pid, "x")  # type: ignore[misc]
    gen_event.notify(MINE, 1)  # type: ignore[misc]
    await gen_event.sync_notify(ALARMS, "x")  # type: ignore[misc]
    gen_event.notify(other, "x")  # type: ignore[arg-type]
    gen_event.notify(any_, "x")  # type: ignore[arg-type]


async def adding() -> None:
    await gen_event.add_handler(ALARMS, Console, 80)
    await gen_event.add_handler(MINE, Console, 80, colour=True)
    await gen_event.add_sup_handler(ALARMS, CONSOLE, width=80)
    await gen_event.add_handler(ALARMS, Anything)
    await gen_event.add_handler(ALARMS, Untyped)
    await gen_event.swap_handler(ALARMS, Console, None, CONSOLE, 80)
    await gen_event.swap_sup_handler(ALARMS, CONSOLE, None, Anything)
    await gen_event.add_handler(ALARMS, Console)  # type: ignore[call-arg]
    await gen_event.add_handler(ALARMS, CONSOLE, "80")  # type: ignore[arg-type]
    await gen_event.add_handler(ALARMS, Console, 80, color=True)  # type: ignore[call-arg]
    await gen_event.add_handler(ALARMS, Numbers)  # type: ignore[misc]
    await gen_event.swap_handler(ALARMS, Console, None, Numbers)  # type: ignore[misc]
    await gen_event.add_handler(ALARMS, Alarms)  # type: ignore[arg-type]
    Swap(None, Console)  # type: ignore[call-arg]
    HandlerRef(Alarm, "x")  # type: ignore[type-var]
    assert_type(await gen_event.which_handlers(ALARMS), list[AnyHandler])
    assert_type(await gen_event.delete_handler(ALARMS, CONSOLE, 1), object)
    await gen_event.delete_handler(ALARMS, "Console")  # type: ignore[arg-type]


async def calling() -> None:
    assert_type(await gen_event.call(ALARMS, Console, Count(1.0)), int)
    assert_type(await gen_event.call(ALARMS, CONSOLE, "any", timeout=1.0), object)
    assert_type(gen_event.send_request(ALARMS, Console, Count(1.0)), Request[int])
    assert_type(gen_event.send_request(ALARMS, Console, "any"), Request[object])
    await gen_event.call(ALARMS, Alarm, "any")  # type: ignore[arg-type]


def complete(ending: Ending, told: HandlerExit, before: Predecessor) -> Gone:
    match ending:
        case gen_event.Deleted() | gen_event.Swapped() | gen_event.Removed():
            pass
        case gen_event.ManagerStopped() | gen_event.OwnerDied() | gen_event.Failed():
            pass
        case _:
            assert_never(ending)
    match told.reason:
        case Normal() | Shutdown() | gen_event.Replaced():
            pass
        case gen_event.Failed() | gen_event.SwapFailed():
            pass
        case _:
            assert_never(told.reason)
    match before:
        case gen_event.Terminated() | gen_event.Failed() | gen_event.Missing():
            pass
        case _:
            assert_never(before)
    return told.reason


async def no_more_than_that(fail: Fail) -> EventResult:
    return fail  # type: ignore[return-value]
