"""Texts for reports: short, on one line, and never the cause of a second crash.

A report is written when something has gone wrong already, about values that nobody
checked: a repr may raise, be a megabyte long or hold line breaks.
"""

from __future__ import annotations

from reprlib import Repr
from typing import Final

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
