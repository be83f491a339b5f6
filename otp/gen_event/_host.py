"""How a manager obeys system messages: what `otp.sys` finds of it.

Its state is a list with a part for each handler: the class, the id, and a copy of the
attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

import attrs

from ..gen import formatted, set_state, state_of
from ..kernel import Exit

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..sys import ChangeCode, Debug, Event
    from ._handler import EventHandler
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

    async def change_code(self, change: ChangeCode) -> None:
        """Let the handlers of one class go on as the next version of it.

        That are those of the class with the same name in the same module; all
        handlers convert their state if no class is given.
        """
        handlers = self._handlers()
        meant = [one for one in handlers if _is_meant(one, change.new)]
        before = [(one, type(one.handler), state_of(one.handler)) for one in meant]
        try:
            for one in meant:
                await _change(one, change)
        except BaseException:
            for one, cls, state in before:
                one.handler.__class__ = cls
                set_state(one.handler, state)
            raise
        for one in meant:
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


def _is_meant(one: Installed, new: type[object] | None) -> bool:
    return new is None or _name(type(one.handler)) == _name(new)


def _name(cls: type[object]) -> tuple[str, str]:
    return cls.__module__, cls.__qualname__


async def _change(one: Installed, change: ChangeCode) -> None:
    handler = one.handler
    if change.new is not None:
        # Refused by Python itself where the layouts do not match.
        handler.__class__ = cast("type[EventHandler[Any]]", change.new)
    await handler.code_change(change.old_version, change.extra)
