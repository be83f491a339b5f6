"""What a process lets others read without a message.

All processes of a run are in one thread, so whoever has found one may as well look at
what it knows: a registry is asked for every message to one of its names, and to ask it
by a message each time would be too dear. What may be read is put where it is found, by
its class, and is gone when the process is dead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from ._process import Process

T = TypeVar("T")


def publish(process: Process, value: object) -> None:
    """Let anybody find *value* at *process*, by its class."""
    if process.dictionary is None:
        process.dictionary = {}
    process.dictionary[type(value)] = value


def published(process: Process | None, kind: type[T]) -> T | None:
    """Return what *process* has published of the class *kind*, None if it has not."""
    if process is None or process.dictionary is None:
        return None
    found = process.dictionary.get(kind)
    return found if isinstance(found, kind) else None
