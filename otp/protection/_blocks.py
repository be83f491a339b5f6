"""Protections as blocks: ``async with breaker:``, also within each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, final

from trio.lowlevel import current_task

if TYPE_CHECKING:
    from trio.lowlevel import Task

EntryT = TypeVar("EntryT")


@final
class Blocks(Generic[EntryT]):
    """What tasks have got by entering one object with ``async with``.

    A task may be in several blocks of it, and leaves them in the reverse order.
    """

    # Invariant: no list is empty, so nothing is kept of a task that is in no block.
    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[Task, list[EntryT]] = {}

    def enter(self, entry: EntryT) -> None:
        """Keep *entry* for the block that the calling task enters. Never waits."""
        self._entries.setdefault(current_task(), []).append(entry)

    def leave(self) -> EntryT:
        """Give back the entry of the block that the calling task leaves."""
        task = current_task()
        entries = self._entries[task]
        entry = entries.pop()
        if not entries:
            del self._entries[task]
        return entry
