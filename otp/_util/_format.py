"""Texts for reports: short, on one line, and never the cause of a second crash.

A report is written when something has gone wrong already, about values that nobody
checked: a repr may raise, be a megabyte long or hold line breaks.
"""

from __future__ import annotations

from reprlib import Repr
from typing import TYPE_CHECKING, Final

from ._cast import is_cast

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT: Final = 120
_ELEMENTS: Final = 8
_LEVELS: Final = 4
_CUT: Final = "..."


def short(value: object, limit: int = LIMIT) -> str:
    """Return the value's repr on one line, cut to *limit* characters.

    Of a collection only the first few elements are looked at, however long it is. An
    object whose repr raises is shown as an instance of its class.
    """
    try:
        text = _one_line(_bounded(limit).repr(value))
    except Exception:  # noqa: BLE001 - whatever a stranger's repr may raise
        text = object.__repr__(value)
    return text if len(text) <= limit else text[: limit - len(_CUT)] + _CUT


def as_call(name: str, args: tuple[object, ...], kwargs: Mapping[str, object]) -> str:
    """Return a call as somebody would write it: ``add(1, by=2)``."""
    given = [short(arg) for arg in args[:_ELEMENTS]]
    if len(args) > _ELEMENTS:
        given.append(_CUT)
    given += [f"{key}={short(value)}" for key, value in kwargs.items()]
    return f"{name}({', '.join(given)})"


def kind_of(message: object) -> str:
    """Return what sort of thing a message is, and nothing of what it says.

    That is the name of its class, or what its method ``__kind__`` returns; of a cast
    it is the clause.
    """
    if is_cast(message):
        return "cast" if message[1] is None else f"cast {message[1]}"
    kind = getattr(type(message), "__kind__", None)
    try:
        return type(message).__name__ if kind is None else str(kind(message))
    except Exception:  # noqa: BLE001 - a stranger's, who means something else
        return type(message).__name__


def title(name: str | None, label: object, origin: object) -> str:
    """Return what a process is called: by its name, its label, or what it runs."""
    if name is not None:
        return name
    if label is not None:
        return _one_line(label) if isinstance(label, str) else short(label)
    return getattr(origin, "__name__", "process")


def _bounded(limit: int) -> Repr:
    bounded = Repr()
    bounded.maxlevel = _LEVELS
    bounded.maxlist = bounded.maxtuple = bounded.maxdict = _ELEMENTS
    bounded.maxset = bounded.maxfrozenset = _ELEMENTS
    bounded.maxdeque = bounded.maxarray = _ELEMENTS
    bounded.maxstring = bounded.maxlong = bounded.maxother = limit
    return bounded


def _one_line(text: str) -> str:
    if text.isprintable():
        return text
    blanked = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(blanked.split())
