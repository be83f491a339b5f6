"""Numbers that a specification is made of, checked where they are given."""

from __future__ import annotations

from math import inf
from typing import TypeGuard

from .._util import is_seconds
from ._errors import InvalidSpecError


def check_count(kind: str, what: str, value: object, *, least: int = 0) -> None:
    """Refuse *value* if it is not a whole number from *least*.

    Raises:
        InvalidSpecError: it is not.
    """
    if type(value) is not int or value < least:
        raise InvalidSpecError(
            kind, value, f"{what} is a whole number from {least}, not {value!r}"
        )


def check_number(
    kind: str,
    what: str,
    value: object,
    *,
    least: float = 0.0,
    most: float = inf,
    positive: bool = False,
) -> None:
    """Refuse *value* if it is not a finite number from *least* to *most*.

    Args:
        positive: 0 is refused, too.

    Raises:
        InvalidSpecError: it is not.
    """
    right = _is_number(value) and least <= value < inf and value <= most
    if right and not (positive and value == 0):
        return
    limits = f"above {least:g}" if positive else f"from {least:g}"
    limits += "" if most == inf else f" to {most:g}"
    raise InvalidSpecError(
        kind, value, f"{what} is a finite number {limits}, not {value!r}"
    )


def check_time(kind: str, what: str, value: object, *, positive: bool = False) -> None:
    """Refuse *value* if it is no time in seconds; ``math.inf`` is one.

    Args:
        positive: 0 is too short.

    Raises:
        InvalidSpecError: it is not.
    """
    if is_seconds(value) and not (positive and value == 0):
        return
    limit = "more than 0 seconds" if positive else "0 seconds or more"
    raise InvalidSpecError(kind, value, f"{what} is {limit}, not {value!r}")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
