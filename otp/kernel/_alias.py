"""Making aliases, and taking them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._ids import Alias

if TYPE_CHECKING:
    from ._ids import Until
    from ._process import Process


def drop_alias(alias: Alias) -> bool:
    """Make *alias* inactive, and tell whether it was active."""
    process = alias.process
    if process is None:
        return False
    alias.process = None
    if process.aliases is not None:
        process.aliases.discard(alias)
    return True


def make_alias(process: Process, until: Until) -> Alias:
    """Give *process* a second address."""
    made = Alias(process, until)
    if process.aliases is None:
        process.aliases = set()
    process.aliases.add(made)
    return made
