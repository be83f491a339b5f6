"""What a breaker says of itself: its states, and the events its listeners hear."""

from __future__ import annotations

from typing import Literal, TypeAlias, final

import attrs

State: TypeAlias = Literal["closed", "open", "half_open", "isolated", "disabled"]
"""Where a breaker stands.

=============== ==========================================================
``"closed"``    calls go through and are counted
``"open"``      calls are rejected until a time is over
``"half_open"`` a few calls go through, to see whether it works again
``"isolated"``  calls are rejected until somebody says otherwise
``"disabled"``  calls go through and are not counted, until somebody says otherwise
=============== ==========================================================
"""

Outcome: TypeAlias = Literal["success", "failure", "neutral"]
"""What a call says of what was called; a neutral one says nothing."""

Cause: TypeAlias = Literal[
    "consecutive_failures",
    "failure_count",
    "failure_rate",
    "slow_rate",
    "time",
    "trial",
    "hand",
]
"""Why a state has changed.

The first four are the rules by which a breaker opens. ``"time"`` is the end of the
open time, ``"trial"`` what the calls of a half-open breaker have shown, and
``"hand"`` a method such as ``isolate()``.
"""


@final
@attrs.frozen
class StateChanged:
    """The breaker *breaker* went from *old* to *new*, because of *cause*.

    *at* is a time of Trio's clock, of the first run if there are several, and *until*
    when an open one lets calls through again, ``math.inf`` for every other state.
    """

    breaker: str
    old: State
    new: State
    cause: Cause
    at: float
    until: float


@final
@attrs.frozen
class CallRejected:
    """A call was not let through; *retry_after* is in seconds, if that is known."""

    breaker: str
    state: State
    retry_after: float | None


@final
@attrs.frozen
class CallEnded:
    """A call that was let through has ended after *seconds*.

    *counted* is False if that said nothing: it was neutral, or so late that the
    breaker had changed its state meanwhile, or the breaker is disabled. *error* is
    what it raised.
    """

    breaker: str
    outcome: Outcome
    seconds: float
    counted: bool
    error: BaseException | None


BreakerEvent: TypeAlias = StateChanged | CallRejected | CallEnded
"""What a listener of a breaker is told."""


@final
@attrs.frozen(kw_only=True)
class BreakerStatistics:
    """How a breaker stands, and what it has seen.

    The first group is about now: in *window_calls* and the two beside it is what the
    rates are made of, or, of a half-open breaker, of its trial; *permits* are the
    calls of a trial that have not ended. The second group counts since the beginning;
    *late* are outcomes that came when the state had changed.
    """

    state: State
    retry_after: float | None
    consecutive_failures: int
    window_calls: int
    window_failures: int
    window_slow: int
    permits: int

    admitted: int
    rejected: int
    successes: int
    failures: int
    slow: int
    neutral: int
    late: int
    openings: int
