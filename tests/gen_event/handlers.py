"""Handlers and managers that these tests have in common."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypeAlias

import trio

from otp import EventHandler, EventManager, Pid, gen_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from otp.gen_event import Ending, Predecessor

Events: TypeAlias = Pid[EventManager[Any]]


class Scripted(EventHandler[Any]):
    """Does what it is told: events, requests and messages may be functions of it.

    Everything that happens to it is put into *log*, with its *name*.
    """

    def __init__(
        self,
        log: list[object] | None = None,
        name: str = "h",
        *,
        init: Callable[[Scripted], object] | None = None,
        end: Callable[[Scripted], object] | None = None,
    ) -> None:
        self.log: list[object] = [] if log is None else log
        self.name = name
        self.at_init = init
        self.at_end = end

    async def init(self) -> Any:
        self.log.append((self.name, "init"))
        return await outcome(self, self.at_init)

    async def init_swapped(self, predecessor: Predecessor) -> Any:
        self.log.append((self.name, predecessor))
        return await outcome(self, self.at_init)

    async def handle_event(self, event: Any) -> Any:
        return await self._handle("event", event)

    async def handle_call(self, request: Any) -> object:
        return await self._handle("call", request)

    async def handle_info(self, message: Any) -> Any:
        return await self._handle("info", message)

    async def terminate(self, ending: Ending) -> object:
        self.log.append((self.name, ending))
        return await outcome(self, self.at_end)

    async def _handle(self, callback: str, what: Any) -> Any:
        if callable(what):
            self.log.append((self.name, callback))
            return await outcome(self, what)
        self.log.append((self.name, callback, what))
        return None


class Other(Scripted):
    """Another class of handlers."""


class Third(Scripted):
    """And one more."""


class Bare(EventHandler[object]):
    """Has no callbacks at all."""


async def outcome(handler: Scripted, fn: Callable[[Scripted], object] | None) -> Any:
    """Return what *fn* says about *handler*, also if that can be waited for."""
    value: Any = None if fn is None else fn(handler)
    return await value if inspect.isawaitable(value) else value


def raising(error: BaseException) -> Callable[[object], object]:
    """Return a function that raises *error*, whatever it is given."""

    def fail(_handler: object) -> object:
        raise error

    return fail


def giving(value: object) -> Callable[[object], object]:
    """Return a function that returns *value*, whatever it is given."""
    return lambda _handler: value


def sleeping(seconds: float) -> Callable[[object], object]:
    """Return a function that takes its time."""

    async def sleep(_handler: object) -> None:
        await trio.sleep(seconds)

    return sleep


def only(name: str, then: Callable[[Any], object]) -> Callable[[Scripted], object]:
    """Return a function that does *then* with the handler of that name alone."""
    return lambda handler: then(handler) if handler.name == name else None


async def manager() -> Events:
    """Start a manager without a link."""
    return await gen_event.start(EventManager[Any])


async def with_handlers(*names: str) -> tuple[Events, list[object]]:
    """Start a manager with handlers, the last of *names* being the newest.

    Each is called by its name, also as its id, and writes into one log.
    """
    events, log = await manager(), list[object]()
    for name in names:
        await gen_event.add_handler(
            events, gen_event.HandlerRef(Scripted, name), log, name
        )
    log.clear()
    return events, log


async def which(events: Events) -> list[object]:
    """Return the id of each handler, or its class if it has none, newest first."""
    refs = await gen_event.which_handlers(events)
    return [ref.cls if ref.id is None else ref.id for ref in refs]
