"""Pauses that grow: between restarts, tries and whatever else fails in a row."""

from __future__ import annotations

from typing import final

import attrs

from ..kernel import check_number


@final
@attrs.frozen
class Backoff:
    """Growing pauses before what keeps failing is tried again.

    The first pause is *initial* seconds, each further one in a row *factor* times as
    long, up to *maximum* seconds. A supervisor begins the row anew when the child has
    run for longer than *maximum*. During a pause the child is ``"restarting"``, and
    its supervisor serves everybody else.

    Many that fail together, because something they all need is down, would all come
    back together, too. *jitter* spreads them: it is the part of each pause that is
    left to chance, from 0 (none) to 1 (a pause is anything from nothing to its whole
    length). Where it matters 1 is best, since nobody then comes in waves.

    Erlang has no such thing: there a restart is made at once.

    Raises:
        InvalidSpecError: the pauses are not finite, or would shrink, or *jitter* is
            not from 0 to 1.
    """

    initial: float = 0.1
    factor: float = 2.0
    maximum: float = 30.0
    jitter: float = 0.0

    def __attrs_post_init__(self) -> None:
        kind = "invalid_backoff"
        check_number(kind, "the initial pause of a back-off", self.initial)
        check_number(kind, "the factor of a back-off", self.factor, least=1)
        what = "the maximum of a back-off"
        check_number(kind, what, self.maximum, least=self.initial)
        check_number(kind, "the jitter of a back-off", self.jitter, most=1)

    def delay(self, n: int, chance: float = 0.0) -> float:
        """Return the pause in seconds that comes after *n* others in a row.

        Args:
            chance: a number from 0 to 1, drawn anew for each pause; *jitter* says how
                much it matters. The longest pause has the chance 0.
        """
        try:
            longest = min(self.maximum, self.initial * self.factor**n)
        except OverflowError:
            longest = self.maximum
        return longest * (1.0 - self.jitter * chance)
