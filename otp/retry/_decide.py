"""Whether a call that has failed is made again, and when.

These are asked in this order, and the first that says no decides:

================== ===============================================================
why not            when
================== ===============================================================
``"error"``        the error is none of those after which a call is made again
``"attempts"``     there have been as many attempts as there may be
``"budget"``       too many calls fail: see `RetryBudget`
``"max_elapsed"``  the next attempt would begin too late, by the pause or because
                   the error says that it is not to be any sooner
================== ===============================================================

The pause is that of the back-off, or what the error asks for if that is longer.
"""

from __future__ import annotations

from math import inf
from typing import Literal, final

import attrs

Why = Literal["error", "attempts", "budget", "max_elapsed"]
"""Why a call is not made again."""


@final
@attrs.frozen
class Failure:
    """An attempt that has failed, and what is known about it.

    Args:
        attempt: which one it was, from 1.
        elapsed: seconds since the first one began.
        fitting: whether the error is one after which a call is made again.
        affordable: whether the budget allows it.
        pause: the pause that the back-off says.
        retry_after: the least pause that the error says.
    """

    attempt: int
    elapsed: float
    fitting: bool
    affordable: bool
    pause: float
    retry_after: float = 0.0


@final
@attrs.frozen
class Again:
    """Make the call again, in so many seconds."""

    pause: float


@final
@attrs.frozen
class GiveUp:
    """Do not make the call again."""

    why: Why


Decision = Again | GiveUp
"""What comes after an attempt that has failed."""


def decide(failure: Failure, attempts: float, max_elapsed: float) -> Decision:
    """Return what comes after *failure*.

    Args:
        failure: what has happened.
        attempts: how many attempts there may be, `math.inf` for any number.
        max_elapsed: in how many seconds after the first one the last one begins at
            the latest.
    """
    if not failure.fitting:
        return GiveUp("error")
    if failure.attempt >= attempts:
        return GiveUp("attempts")
    if not failure.affordable:
        return GiveUp("budget")
    pause = max(failure.pause, failure.retry_after)
    if pause == inf or failure.elapsed + pause > max_elapsed:
        return GiveUp("max_elapsed")
    return Again(pause)
