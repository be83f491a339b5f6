"""What a rule about rates is: values that anybody can make, and meters that count."""

from __future__ import annotations

from typing import Protocol

from ..kernel import check_count, check_number


class Meter(Protocol):
    """What has been taken so far. Time comes in as a number, and never goes back."""

    def earliest(self, n: int, now: float) -> float:
        """Return the time at which *n* more can have been taken, one by one.

        It is not after *now* if they can be taken at once. *n* may be more than can
        ever be taken at once: then it is the time of the last of them.
        """
        ...

    def take(self, n: int, now: float) -> None:
        """Note that *n* are taken at *now*, which is not before `earliest`."""
        ...

    def available(self, now: float) -> int:
        """Return how many could be taken at *now*."""
        ...


class Rule(Protocol):
    """A limit on a rate, as a value: `Gcra`, `SlidingLog`, or one of your own."""

    @property
    def most(self) -> int:
        """How many can be taken at once at most."""
        ...

    def begin(self) -> Meter:
        """Return a meter by which nothing has been taken."""
        ...


def check_rate(limit: object, per: object) -> None:
    """Refuse what is no rate.

    Raises:
        InvalidSpecError: it is none.
    """
    check_count("invalid_rate", "the limit of a rate", limit, least=1)
    check_number("invalid_rate", "the time of a rate", per, positive=True)
