"""How a manager obeys system messages: what `otp.sys` finds of it.

Its state is a list with a part for each handler: the class, the id, and a copy of the
attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

import attrs

from ..gen import formatted, set_state, state_of
from ..kernel import Exit
from ..sys import LayoutError, convert, exchange_class, versioned
from ._handler import EventHandler

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..sys import ChangeCode, Debug, Event
    from ._handlers import Installed
    from ._manager import Manager

Part: TypeAlias = tuple[type, object, object]


class Host:
    """One manager, seen from `otp.sys`."""

    def __init__(self, manager: Manager) -> None:
        self.manager = manager
        self.process = manager.process
        self.suspended = False
        self.debug: Debug | None = None

    @property
    def module(self) -> type[object]:
        """The manager's class."""
        return type(self.manager.instance)

    def get_state(self) -> object:
        """Return the state of each handler, newest first."""
        return [_part(one, state_of(one.handler)) for one in self._handlers()]

    def replace_state(self, state: object) -> None:
        """Give each handler its part of *state*."""
        parts = iter(cast("list[object]", state))
        self.replace_parts(lambda _: next(parts))

    def replace_parts(self, fn: Callable[[object], object]) -> object:
        """Put ``fn((class, id, state))`` in the place of each handler's state.

        A handler for which it raises, or returns anything that is no state of this
        handler, keeps its own.
        """
        return [_replace(one, fn) for one in self._handlers()]

    def format_state(self) -> object:
        """Return the state of each handler as the handler wants it seen."""
        return [_part(one, formatted(one.handler)["state"]) for one in self._handlers()]

    def format_log(self, log: tuple[Event, ...]) -> object:
        """Return the kept events as all handlers, one after the other, want them."""
        shown: object = log
        for one in self._handlers():
            if isinstance(shown, tuple):
                kept = cast("tuple[object, ...]", shown)
                shown = formatted(one.handler, log=kept)["log"]
        return shown

    def _handlers(self) -> tuple[Installed, ...]:
        return self.manager.handlers.all()

    @property
    def modules(self) -> tuple[type[object], ...]:
        """The manager's class and those of its handlers."""
        handlers = (type(one.handler) for one in self._handlers())
        return tuple(dict.fromkeys((self.module, *handlers)))

    async def change_code(self, change: ChangeCode) -> None:
        """Let the handlers of one class go on as the next version of it.

        That are those of the class with the same name in the same module, if none is
        said; all handlers convert their state if no class is given. The manager's own
        class has nothing to convert.
        """
        restore = self.snapshot()
        try:
            if change.new is not None and _is_meant(self.module, change):
                exchange_class(self.manager.instance, change.new)
            for one in self._handlers():
                if _is_meant(type(one.handler), change):
                    await self._change(one, change)
        except BaseException:
            restore()
            raise

    async def _change(self, one: Installed, change: ChangeCode) -> None:
        handler = one.handler
        change = versioned(change, type(handler))
        await convert(
            change,
            lambda: _become(handler, change.new),
            lambda: handler.code_change(change.old_version, change.extra),
        )
        ref = attrs.evolve(one.ref, cls=type(handler))
        self.manager.handlers.replace(one, attrs.evolve(one, ref=ref))

    def snapshot(self) -> Callable[[], None]:
        """Return a function that makes all classes and states what they are now."""
        manager, module, handlers = self.manager, self.module, self._handlers()
        before = [(one, type(one.handler), state_of(one.handler)) for one in handlers]

        def restore() -> None:
            exchange_class(manager.instance, module)
            for now, (one, cls, state) in zip(self._handlers(), before, strict=True):
                exchange_class(one.handler, cls)
                set_state(one.handler, state)
                manager.handlers.replace(now, one)

        return restore


def _part(one: Installed, state: object) -> Part:
    return type(one.handler), one.ref.id, state


def _replace(one: Installed, fn: Callable[[object], object]) -> object:
    old = state_of(one.handler)
    part = _part(one, old)
    try:
        new = fn(part)
        cls, id_, state = cast("Part", new)
        if (cls, id_) != part[:2]:
            return part
        set_state(one.handler, cast("dict[str, Any]", state))
    except (Exception, Exit):  # noqa: BLE001 - contained, as in Erlang
        set_state(one.handler, old)
        return part
    return new


def _is_meant(cls: type[object], change: ChangeCode) -> bool:
    if change.old is not None:
        return cls is change.old
    return change.new is None or _name(cls) == _name(change.new)


def _name(cls: type[object]) -> tuple[str, str]:
    return cls.__module__, cls.__qualname__


def _become(handler: EventHandler[Any], new: type[object] | None) -> None:
    if new is None:
        return
    if EventHandler not in new.__mro__:
        raise LayoutError(f"a handler cannot become {new!r}, which is none")
    exchange_class(handler, new)
