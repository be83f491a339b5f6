"""Arguments that are wrong, said where they are given."""

from __future__ import annotations

from typing import TypeVar

from .._util import is_seconds

T = TypeVar("T")


def check_seconds(seconds: float) -> float:
    """Return *seconds*, or say what they look like.

    Raises:
        ValueError: they are negative or no number.
    """
    if not is_seconds(seconds):
        raise ValueError(f"a time is 0 seconds or more, not {seconds!r}")
    return seconds


def check_kind(value: T, kind: type[T], what: str) -> T:
    """Return *value*, or say that *what* is wanted instead.

    Raises:
        TypeError: it is no *kind*.
    """
    wanted: type[object] = kind
    if not isinstance(value, wanted):
        raise TypeError(f"{what} is wanted here, not {value!r}")
    return value
