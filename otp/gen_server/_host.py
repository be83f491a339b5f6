"""How a gen_server obeys system messages: what `otp.sys` finds of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ..gen import formatted, set_state, state_of, visible_state
from ..sys import LayoutError, convert, exchange_class
from ._table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..kernel import Process
    from ..sys import ChangeCode, Debug, Event
    from ._server import GenServer


class Host:
    """One gen_server, seen from `otp.sys`."""

    def __init__(self, process: Process, server: GenServer) -> None:
        self.process = process
        self.server = server
        self.suspended = False
        self.debug: Debug | None = None

    @property
    def module(self) -> type[object]:
        """The server's class."""
        return type(self.server)

    def get_state(self) -> object:
        """Return a copy of the server's attributes, or the one that is the state."""
        return visible_state(self.server)

    def replace_state(self, state: object) -> None:
        """Give the server the attributes in *state*, and no others.

        Raises:
            TypeError: *state* is no dict, and the server's state is one.
        """
        name = self.server.__state__
        if name is not None:
            setattr(self.server, name, state)
            return
        if not isinstance(state, dict):
            raise TypeError(f"the state of a gen_server is a dict, not {state!r}")
        set_state(self.server, cast("dict[str, Any]", state))

    def format_state(self) -> object:
        """Return the state as the server wants it seen."""
        return formatted(self.server)["state"]

    def format_log(self, log: tuple[Event, ...]) -> object:
        """Return the kept events as the server wants them seen."""
        return formatted(self.server, log=log)["log"]

    async def change_code(self, change: ChangeCode) -> None:
        """Let the server go on as an instance of another class.

        Raises:
            LayoutError: it cannot be one of that class.
        """
        restore = self.snapshot()
        try:
            await convert(
                change,
                lambda: self._become(change.new),
                lambda: self.server.code_change(change.old_version, change.extra),
            )
        except BaseException:
            restore()
            raise

    def snapshot(self) -> Callable[[], None]:
        """Return a function that gives the server its class and attributes back."""
        server = self.server
        cls, state = type(server), state_of(server)

        def restore() -> None:
            exchange_class(server, cls)
            set_state(server, state)

        return restore

    def _become(self, new: type[object] | None) -> None:
        if new is None:
            return
        if not isinstance(getattr(new, "__clauses__", None), Table):
            raise LayoutError(f"a gen_server cannot become {new!r}, which is none")
        exchange_class(self.server, new)
