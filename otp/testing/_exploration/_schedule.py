"""Schedules: which of those that could go on did so, each time there was a choice.

A schedule is a list of numbers. Where more than one task can go on, they are put in an
order, and the number says which of them does: 0 is the one that ran last, if it can go
on, and else the oldest; then come the others, the oldest first; the last of all may be
a jump of the clock. So the empty schedule is the run without any preemption, and what
is not 0 is where somebody was made to wait.

Written down, ten times 0 and a 2 are ``0(10)2``; zeros at the end are left out.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Final

from ...kernel import InvalidSpecError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_PART: Final = re.compile(r"([0-9a-z])(?:\(([1-9][0-9]*)\))?")

# How many times a choice is written out, and not counted.
_MANY: Final = 5

OWN: Final = "otp "
"""What the names of those tasks begin with that a node has for itself."""

NO_PREEMPTION: Final = "-"
"""How the empty schedule is written."""


def format_schedule(choices: Sequence[int]) -> str:
    """Return *choices* as one word; a choice above 35 is shown as the 36th."""
    end = len(choices)
    while end and choices[end - 1] == 0:
        end -= 1
    parts: list[str] = []
    for choice, run in groupby(choices[:end]):
        times = len(list(run))
        digit = _DIGITS[min(choice, len(_DIGITS) - 1)]
        parts.append(digit * times if times < _MANY else f"{digit}({times})")
    return "".join(parts) or NO_PREEMPTION


def parse_schedule(text: str) -> list[int]:
    """Return the choices that *text* says.

    Raises:
        InvalidSpecError: it is not what `format_schedule` writes.
    """
    if text == NO_PREEMPTION:
        return []
    choices: list[int] = []
    place = 0
    while place < len(text):
        part = _PART.match(text, place)
        if part is None:
            raise InvalidSpecError(
                "invalid_schedule",
                text,
                f"a schedule is written like '0(10)2', not {text!r}: "
                f"{text[place]!r} is no choice",
            )
        choices += [_DIGITS.index(part[1])] * int(part[2] or 1)
        place = part.end()
    if not choices:
        raise InvalidSpecError(
            "invalid_schedule",
            text,
            f"a schedule is written like '0(10)2', or {NO_PREEMPTION!r}, not {text!r}",
        )
    return choices


def tell_steps(steps: Iterable[int], names: Mapping[int, str], most: int = 24) -> str:
    """Return who made *steps*, in order: ``client x10, restart x6``.

    A step is the number of its task; several tasks of the same name are told apart by
    numbers of their own. What a node does for itself is left out.
    """
    theirs = [number for number in steps if not names[number].startswith(OWN)]
    namesakes: dict[str, list[int]] = {}
    for number in dict.fromkeys(theirs):
        namesakes.setdefault(names[number], []).append(number)
    parts: list[str] = []
    for number, run in groupby(theirs):
        shown = names[number]
        if len(namesakes[shown]) > 1:
            shown = f"{shown}#{namesakes[shown].index(number) + 1}"
        times = len(list(run))
        parts.append(f"{shown} x{times}" if times > 1 else shown)
    if len(parts) > most:
        left = len(parts) - 2 * (most // 2)
        parts = [*parts[: most // 2], f"... ({left} more) ...", *parts[-(most // 2) :]]
    return ", ".join(parts)
