"""Pauses between the restarts of a child."""

from __future__ import annotations

from math import inf
from typing import final

import attrs

from .._util import is_seconds
from ..kernel import InvalidSpecError


def _check(what: str, value: float, least: float) -> None:
    if is_seconds(value) and least <= value < inf:
        return
    text = f"the {what} of a back-off is a finite number from {least!r}, not {value!r}"
    raise InvalidSpecError("invalid_backoff", value, text)


@final
@attrs.frozen
class Backoff:
    """Growing pauses before a child that keeps failing is started again.

    The first restart waits *initial* seconds, each further one in a row *factor*
    times as long, up to *maximum* seconds. A row ends when the child has run for
    longer than *maximum*. During a pause the child is ``"restarting"``, and its
    supervisor serves everybody else.

    Erlang has no such thing: there a restart is made at once.

    Raises:
        InvalidSpecError: the pauses are not finite, or would shrink.
    """

    initial: float = 0.1
    factor: float = 2.0
    maximum: float = 30.0

    def __attrs_post_init__(self) -> None:
        _check("initial pause", self.initial, 0)
        _check("factor", self.factor, 1)
        _check("maximum", self.maximum, self.initial)

    def delay(self, n: int) -> float:
        """Return the pause in seconds before a restart that *n* in a row precede."""
        try:
            return min(self.maximum, self.initial * self.factor**n)
        except OverflowError:
            return self.maximum
