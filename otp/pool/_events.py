"""What a pool tells its listeners, and what can be asked about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, final

import attrs

from .._util import short
from ..kernel import Report

if TYPE_CHECKING:
    from ..kernel import Pid
    from ._steps import CloseWhy


@final
@attrs.frozen
class ResourceOpened:
    """A resource is there."""

    resource: object


@final
@attrs.frozen
class OpenFailed:
    """A resource could not be opened."""

    error: Exception


@final
@attrs.frozen
class ResourceClosed:
    """A resource is gone; *error* is what went wrong while it was closed."""

    resource: object
    why: CloseWhy
    error: Exception | None = None


@final
@attrs.frozen
class CheckedOut:
    """A resource was handed out to somebody who had *waited* so many seconds."""

    resource: object
    waited: float


@final
@attrs.frozen
class CheckedIn:
    """A resource was *used* for so many seconds; one that is not *good* is closed.

    One that has ended in use, or with the pool, does not come back: it is only closed.
    """

    resource: object
    used: float
    good: bool


@final
@attrs.frozen
class CheckoutRefused:
    """Somebody got nothing after he had *waited* so many seconds."""

    why: Literal["full", "open_failed", "timeout"]
    waited: float


PoolEvent = (
    ResourceOpened
    | OpenFailed
    | ResourceClosed
    | CheckedOut
    | CheckedIn
    | CheckoutRefused
)
"""What a pool tells its listeners."""


@final
@attrs.frozen(kw_only=True)
class PoolStatistics:
    """Numbers about a pool: of this moment, and since it was started.

    *size* is the sum of the next five; of those that have come so far, *granted* got
    something, after *waited_seconds* altogether.
    """

    size: int
    idle: int
    used: int
    opening: int
    checking: int
    closing: int
    waiting: int
    granted: int
    timed_out: int
    full: int
    opened: int
    open_failed: int
    closed: int
    discarded: int
    waited_seconds: float
    used_seconds: float


@final
@attrs.frozen
class ResourceReport(Report):
    """A pool could not open, check or close a resource, and nobody else hears of it.

    To be told by a check that a resource is bad is no reason for one, only a mistake in
    the check itself.
    """

    level = "WARNING"

    pool: Pid
    name: str | None
    doing: Literal["open", "check", "close"]
    exception: Exception

    def text(self) -> str:
        who = f"pool {self.name or ''}{self.pool!r}"
        return f"{who} could not {self.doing} a resource: {short(self.exception)}"

    def error(self) -> BaseException | None:
        return self.exception
