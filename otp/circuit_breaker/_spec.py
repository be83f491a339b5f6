"""When a breaker opens, for how long, and what it takes to close it: as a value.

Everything that contradicts itself is refused where the value is built.
"""

from __future__ import annotations

from math import ceil, inf
from typing import TYPE_CHECKING, Final, cast, final

import attrs

from ..kernel import InvalidSpecError, check_count, check_number, check_time
from ..proc_lib import Backoff
from ._window import CountedCalls, TimedCalls

if TYPE_CHECKING:
    from ._window import Window

_KIND: Final = "invalid_breaker"

CONSECUTIVE_FAILURES: Final = 5
"""How many failures in a row open a breaker without a window."""

MIN_CALLS: Final = 20
"""How many calls a window of time must have before a rate says anything."""


def _refuse(value: object, text: str) -> InvalidSpecError:
    return InvalidSpecError(_KIND, value, text)


@final
@attrs.frozen
class CountWindow:
    """The newest *calls* calls, however old they are.

    Raises:
        InvalidSpecError: that is no number from 1.
    """

    calls: int = 100

    def __attrs_post_init__(self) -> None:
        check_count(_KIND, "the calls of a window", self.calls, least=1)

    def __open__(self) -> Window:
        return CountedCalls(self.calls)


@final
@attrs.frozen
class TimeWindow:
    """The calls of the last *seconds*, however many they are.

    It keeps an entry for each of them.

    Raises:
        InvalidSpecError: that is no finite time above 0.
    """

    seconds: float = 30.0

    def __attrs_post_init__(self) -> None:
        check_number(_KIND, "the seconds of a window", self.seconds, positive=True)

    def __open__(self) -> Window:
        return TimedCalls(self.seconds)


def _default_in_a_row(spec: BreakerSpec) -> int | None:
    return CONSECUTIVE_FAILURES if spec.window is None else None


@final
@attrs.frozen(kw_only=True)
class BreakerSpec:
    """How a circuit breaker decides. Without arguments: after five failures in a row.

    It opens when one of these rules says so:

    ======================== ========================================================
    *consecutive_failures*   so many failures in a row
    *failure_count*          so many failures in the window
    *failure_rate*           this share of the calls in the window, or more, failed
    *slow_rate*              this share of them, or more, took *slow_after* seconds
    ======================== ========================================================

    The two shares are looked at when the window has *min_calls* calls. A rule that is
    None is off.

    Args:
        consecutive_failures: 5 if there is no window, else off.
        window: `CountWindow` or `TimeWindow`, for the other three rules.
        failure_count: off if nothing is said.
        failure_rate: above 0, at most 1.
        min_calls: all calls of a `CountWindow`, 20 calls of a `TimeWindow`.
        slow_after: a call that took so many seconds, or more, is slow.
        slow_rate: above 0, at most 1.
        open_for: seconds until an open breaker lets calls through again to try; a
            `Backoff` lets it grow with each time in a row that they fail.
        half_open_calls: how many calls it lets through then.
        half_open_timeout: seconds that such a call may take; then it has failed, and
            its place is free.
        success_threshold: how many of them have to succeed. If nothing is said, so
            many that the shares stay below *failure_rate* and *slow_rate*.

    Raises:
        InvalidSpecError: a value is out of its bounds, or contradicts another.
    """

    window: CountWindow | TimeWindow | None = None
    consecutive_failures: int | None = attrs.field(
        default=attrs.Factory(_default_in_a_row, takes_self=True)
    )
    failure_count: int | None = None
    failure_rate: float | None = 0.5
    min_calls: int | None = None
    slow_after: float = inf
    slow_rate: float = 1.0
    open_for: float | Backoff = 60.0
    half_open_calls: int = 3
    half_open_timeout: float = 60.0
    success_threshold: int | None = None

    def __attrs_post_init__(self) -> None:
        _check_window(self)
        _check_rules(self)
        _check_times(self)
        _check_half_open(self)

    @property
    def enough_calls(self) -> int:
        """How many calls the window must have before a rate says anything."""
        if self.min_calls is not None:
            return self.min_calls
        return self.window.calls if isinstance(self.window, CountWindow) else MIN_CALLS

    @property
    def most_failures(self) -> int:
        """How many of the calls of a half-open breaker may fail."""
        if self.success_threshold is not None:
            return self.half_open_calls - self.success_threshold
        if self.failure_rate is None:
            return 0
        return most_below(self.failure_rate, self.half_open_calls)

    @property
    def most_slow(self) -> int:
        """How many of the calls of a half-open breaker may be slow."""
        if self.slow_after == inf:
            return self.half_open_calls
        return most_below(self.slow_rate, self.half_open_calls)

    def open_time(self, n: int, chance: float) -> float:
        """Return for how many seconds it opens after *n* times in a row.

        *chance*, from 0 to 1, is what the jitter of a `Backoff` makes use of.
        """
        if isinstance(self.open_for, Backoff):
            return self.open_for.delay(n, chance)
        return self.open_for


def most_below(rate: float, of: int) -> int:
    """Return the largest number of *of* things that is a smaller share than *rate*."""
    most = min(of, ceil(rate * of))
    # The product is rounded, and a share is what is compared elsewhere.
    while most > 0 and most / of >= rate:
        most -= 1
    return most


# ------------------------------------------------------------------- what may be wrong


def _check_window(spec: BreakerSpec) -> None:
    window = cast("object", spec.window)
    if window is None:
        for name in ("failure_count", "min_calls"):
            _refuse_without_window(name, getattr(spec, name), None)
        _refuse_without_window("slow_after", spec.slow_after, inf)
    elif not isinstance(window, (CountWindow, TimeWindow)):
        raise _refuse(
            window,
            f"the window of a breaker is CountWindow(...), TimeWindow(...) or None, "
            f"not {window!r}",
        )


def _refuse_without_window(name: str, value: object, off: object) -> None:
    if value != off:
        raise _refuse(
            value,
            f"{name}={value!r} needs a window: give window=CountWindow(...) or "
            f"TimeWindow(...)",
        )


def _check_rules(spec: BreakerSpec) -> None:
    _check_number_of_calls("consecutive_failures", spec.consecutive_failures)
    for name in ("failure_count", "min_calls"):
        value: int | None = getattr(spec, name)
        _check_number_of_calls(name, value)
        window = spec.window
        if value and isinstance(window, CountWindow) and value > window.calls:
            raise _refuse(
                value,
                f"{name}={value!r} is never reached in a window of {window.calls}",
            )
    if spec.failure_rate is not None:
        _check_rate("failure_rate", spec.failure_rate)
    _check_rate("slow_rate", spec.slow_rate)
    if spec.slow_rate != 1 and spec.slow_after == inf:
        text = f"slow_rate={spec.slow_rate!r} needs slow_after: else no call is slow"
        raise _refuse(spec.slow_rate, text)
    if not _opens(spec):
        raise _refuse(
            spec.consecutive_failures,
            "no rule opens this breaker: give it consecutive_failures, or a window",
        )


def _check_number_of_calls(name: str, value: int | None) -> None:
    if value is not None:
        check_count(_KIND, f"{name} of a breaker", value, least=1)


def _check_rate(name: str, value: float) -> None:
    what = f"the {name} of a breaker"
    check_number(_KIND, what, value, positive=True, most=1)


def _opens(spec: BreakerSpec) -> bool:
    if spec.consecutive_failures is not None:
        return True
    if spec.window is None:
        return False
    counts = spec.failure_count is not None or spec.failure_rate is not None
    return counts or spec.slow_after < inf


def _check_times(spec: BreakerSpec) -> None:
    if not isinstance(spec.open_for, Backoff):
        check_time(_KIND, "open_for of a breaker", spec.open_for)
    check_time(_KIND, "slow_after of a breaker", spec.slow_after, positive=True)
    what = "half_open_timeout of a breaker"
    check_time(_KIND, what, spec.half_open_timeout, positive=True)


def _check_half_open(spec: BreakerSpec) -> None:
    check_count(_KIND, "half_open_calls of a breaker", spec.half_open_calls, least=1)
    _check_number_of_calls("success_threshold", spec.success_threshold)
    if spec.success_threshold and spec.success_threshold > spec.half_open_calls:
        raise _refuse(
            spec.success_threshold,
            f"success_threshold={spec.success_threshold} cannot be reached with "
            f"half_open_calls={spec.half_open_calls}",
        )
