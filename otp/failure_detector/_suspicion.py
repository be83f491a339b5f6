"""Lifeguard's suspicion timer: how long a suspicion waits for others to agree."""

from __future__ import annotations

from math import floor, log
from typing import Final, final

from ..kernel import check_count, check_number
from ._detector import nanoseconds

_MILLISECONDS: Final = 1000


@final
class SuspicionTimer:
    """How long a suspicion waits for others before it becomes a verdict.

    It begins with *most* seconds. Each independent confirmation brings it closer to
    *least*, which it has reached when as many as *expected* have come: the first says
    most, as in ``most - (most - least) * log(n + 1) / log(expected + 1)``.

    It is for detectors that talk to each other; a single one has nobody to ask.

    Args:
        expected: how many confirmations there can be; with 0 nobody is waited for.
        least: seconds that a suspicion waits in any case.
        most: seconds that it waits alone.
        now: when the suspicion arose, in nanoseconds.

    Raises:
        InvalidSpecError: a number is negative, or *most* is less than *least*.
    """

    __slots__ = ("_expected", "_heard", "_least", "_most", "_start")

    def __init__(self, *, expected: int, least: float, most: float, now: int) -> None:
        check_count("invalid_suspicion", "expected", expected)
        check_number("invalid_suspicion", "least", least)
        check_number("invalid_suspicion", "most", most, least=least)
        self._expected = expected
        self._least = least
        self._most = most
        self._start = now
        self._heard: set[object] = set()

    def confirm(self, source: object) -> bool:
        """Take note that *source* suspects it as well; False: that is no news."""
        if source in self._heard or len(self._heard) >= self._expected:
            return False
        self._heard.add(source)
        return True

    def remaining(self, now: int) -> int:
        """Return the nanoseconds that are left; negative once it is a verdict."""
        seconds = suspicion_timeout(
            len(self._heard), self._expected, self._least, self._most
        )
        return nanoseconds(seconds) - (now - self._start)


def suspicion_timeout(
    confirmations: int, expected: int, least: float, most: float
) -> float:
    """Return how many seconds a suspicion waits, in whole milliseconds.

    Raises:
        InvalidSpecError: *confirmations* is no number from 0.
    """
    check_count("invalid_suspicion", "confirmations", confirmations)
    if expected < 1:
        return least
    share = log(confirmations + 1) / log(expected + 1)
    whole = floor(_MILLISECONDS * (most - (most - least) * share))
    return max(least, whole / _MILLISECONDS)
