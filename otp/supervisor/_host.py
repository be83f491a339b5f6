"""How a supervisor obeys system messages: what `otp.sys` finds of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from ._state import replace_state, state_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..kernel import Process
    from ..sys import ChangeCode, Debug, Renew
    from ._server import SupervisorServer


@final
class SupervisorHost:
    """One supervisor, seen from `otp.sys`: its class is the user's."""

    def __init__(self, process: Process, server: SupervisorServer) -> None:
        self.process = process
        self.suspended = False
        self.debug: Debug | None = None
        self._server = server

    @property
    def module(self) -> type[object]:
        """The user's class."""
        return type(self._server.behaviour)

    def get_state(self) -> object:
        """Return the state in a form that can be read."""
        return state_of(self._server.family)

    def replace_state(self, state: object) -> None:
        """Take over strategy, limits and restarts, but no other children."""
        replace_state(self._server.family, state)

    def format_state(self) -> object:
        """Return the same as `get_state`."""
        return self.get_state()

    async def change_code(self, change: ChangeCode) -> None:
        """Ask the class, or another one, again which children there are."""
        self._server.change_specs(change.new)

    def snapshot(self) -> Callable[[], None]:
        """Return a function that takes back what was changed since."""
        return self._server.snapshot()

    def renew_specs(self, renew: Renew) -> Callable[[], None]:
        """Exchange the classes in everything that may be started some day."""
        restore = self.snapshot()
        try:
            self._server.renew(renew)
        except BaseException:
            restore()
            raise
        return restore
