"""How the application controller obeys system messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from ._table import Table

if TYPE_CHECKING:
    from ..kernel import Pid, Process
    from ..sys import ChangeCode, Debug

CONTROLLER: Final = "application_controller"
"""The registered name of the application controller."""


@final
class Host:
    """The application controller, seen from `otp.sys`."""

    def __init__(self, process: Process, parent: Pid, table: Table) -> None:
        self.process = process
        self.parent = parent
        self.suspended = False
        self.debug: Debug | None = None
        self._table = table

    @property
    def module(self) -> type[object]:
        """The class of what is shown as the state."""
        return Table

    def get_state(self) -> object:
        """Return the loaded applications, with what has become of each."""
        return {name: entry.status for name, entry in self._table.entries.items()}

    def replace_state(self, state: object) -> None:
        """Refuse.

        Raises:
            TypeError: always.
        """
        raise TypeError(
            f"applications are started and stopped, not replaced, by {state!r}"
        )

    def format_state(self) -> object:
        """Return the same as `get_state`."""
        return self.get_state()

    async def change_code(self, change: ChangeCode) -> None:
        """Refuse.

        Raises:
            TypeError: always.
        """
        raise TypeError(f"the application controller stays what it is, not {change!r}")
