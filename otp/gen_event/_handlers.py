"""The handlers that a manager has, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

import attrs

if TYPE_CHECKING:
    from ..kernel import Pid
    from ._handler import AnyHandler, EventHandler


@final
@attrs.frozen(eq=False)
class Installed:
    """A handler in a manager; its *owner*, if it has one, is told of its end."""

    ref: AnyHandler
    handler: EventHandler[Any]
    owner: Pid | None


@final
class Handlers:
    """All handlers of a manager.

    The same class and id may be there several times: what is asked of it is asked of
    the newest, and once that is gone, of the next.
    """

    def __init__(self) -> None:
        self._newest_first: list[Installed] = []

    def all(self) -> tuple[Installed, ...]:
        """Return the handlers as they are now, newest first."""
        return tuple(self._newest_first)

    def find(self, ref: AnyHandler) -> Installed | None:
        """Return the newest handler that *ref* means."""
        return next((one for one in self._newest_first if one.ref == ref), None)

    def owned_by(self, pid: Pid) -> list[Installed]:
        """Return the handlers whose owner is *pid*, newest first."""
        return [one for one in self._newest_first if one.owner is pid]

    def owners(self) -> list[Pid]:
        """Return the owners of all handlers, each once."""
        owners = [one.owner for one in self._newest_first if one.owner is not None]
        return list(dict.fromkeys(owners))

    def add(self, one: Installed) -> None:
        """Add a handler, which is the newest now."""
        self._newest_first.insert(0, one)

    def remove(self, one: Installed) -> None:
        """Take out a handler."""
        self._newest_first.remove(one)

    def replace(self, one: Installed, other: Installed) -> None:
        """Put *other* exactly where *one* was."""
        self._newest_first[self._newest_first.index(one)] = other
