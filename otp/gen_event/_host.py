"""How a manager obeys system messages: what `otp.sys` finds of it.

Its state is a list with a part for each handler: the class, the id, and a copy of the
attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

import attrs

from ..gen import formatted, set_state, state_of
from ..kernel import Exit
from ..sys import Downgrade, exchange_class

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
        """The manager's class, and those of its handlers."""
        handlers = [type(one.handler) for one in self._handlers()]
        return tuple(dict.fromkeys([self.module, *handlers]))

    async def change_code(self, change: ChangeCode) -> None:
        """Let the handlers of one class, or the manager itself, go on as another.

        Which class is said by the change. If it is not, the handlers of the class with
        the same name in the same module are meant; all handlers convert their state
        if no class is given.
        """
        restore = self.snapshot()
        try:
            if change.old is not None and change.old is self.module:
                exchange_class(self.manager.instance, change.new or self.module)
                return
            for one in self._handlers():
                if _is_meant(one, change):
                    await _change(one, change)
                    self._note_class(one)
        except BaseException:
            restore()
            raise

    def snapshot(self) -> Callable[[], None]:
        """Return a function that gives all handlers class and attributes back."""
        manager = self.manager
        cls, handlers = self.module, self._handlers()
        before = [(one, type(one.handler), state_of(one.handler)) for one in handlers]

        def restore() -> None:
            exchange_class(manager.instance, cls)
            for one, handler_class, state in before:
                exchange_class(one.handler, handler_class)
                set_state(one.handler, state)
            for now, (one, _, _) in zip(self._handlers(), before, strict=True):
                manager.handlers.replace(now, one)

        return restore

    def _note_class(self, one: Installed) -> None:
        ref = attrs.evolve(one.ref, cls=type(one.handler))
        self.manager.handlers.replace(one, attrs.evolve(one, ref=ref))


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


def _is_meant(one: Installed, change: ChangeCode) -> bool:
    cls = type(one.handler)
    if change.old is not None:
        return cls is change.old
    return change.new is None or _name(cls) == _name(change.new)


def _name(cls: type[object]) -> tuple[str, str]:
    return cls.__module__, cls.__qualname__


async def _change(one: Installed, change: ChangeCode) -> None:
    handler = one.handler
    new = change.new or type(handler)
    goes_down = isinstance(change.old_version, Downgrade)
    if not goes_down:
        exchange_class(handler, new)
    await handler.code_change(change.old_version, change.extra)
    if goes_down:
        exchange_class(handler, new)
