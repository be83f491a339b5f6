"""The processes among which a registry divides its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from .. import process
from ..gen_server import GenServer
from ..kernel import Exited, current_process

if TYPE_CHECKING:
    from ..gen_server import InfoResult
    from ._directory import Directory


@final
class Partition(GenServer):
    """Lives, so that entries can be lost with it, and with entries their owners."""

    def __init__(self, directory: Directory, index: int) -> None:
        # Its owners come and go.
        process.trap_exit(True)
        part = directory.open(index, current_process("a partition"))
        self.registry = directory.reference
        self.partition = index
        self.table = part.table

    async def handle_info(self, message: object) -> InfoResult:
        """Take note of the end of an owner, whose entries are gone already."""
        return (
            None if isinstance(message, Exited) else await super().handle_info(message)
        )

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        """Show the entries themselves."""
        entries = [(entry.key, entry.owner, entry.value) for entry in self.table]
        return status | {"state": status["state"] | {"table": entries}}
