"""How a gen_server obeys system messages: what `otp.sys` finds of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from ..gen import formatted, set_state, state_of, visible_state

if TYPE_CHECKING:
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
        """Let the server go on as an instance of another class."""
        old_class, old_state = type(self.server), state_of(self.server)
        try:
            if change.new is not None:
                # Refused by Python itself where the layouts do not match.
                self.server.__class__ = change.new  # type: ignore[assignment]
            await self.server.code_change(change.old_version, change.extra)
        except BaseException:
            self.server.__class__ = old_class
            set_state(self.server, old_state)
            raise
