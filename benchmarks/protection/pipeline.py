"""Pipelines: what a call costs behind several protections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import otp
from otp.pipeline import Fallback, Timeout
from otp.rate_limiter import Gcra

from .timing import bare_call

if TYPE_CHECKING:
    from otp.protection import Protection

    from .timing import Line

# So much that nobody ever waits.
PLENTY = 10**9


def lines() -> dict[str, Line]:
    """Return what is measured."""
    return {
        "a time-out": timeout,
        "a fallback with the last good value": fallback,
        "retry > breaker": two,
        "retry > breaker > rate > time-out > bulkhead": five,
    }


async def _calls(n: int, part: Protection) -> None:
    for i in range(n):
        await part.call(bare_call, i)


async def timeout(n: int) -> None:
    await _calls(n, Timeout(60.0))


async def fallback(n: int) -> None:
    await _calls(n, Fallback(last_good=True))


async def two(n: int) -> None:
    await _calls(n, otp.Pipeline(otp.Retry(), otp.CircuitBreaker()))


async def five(n: int) -> None:
    pipeline = otp.Pipeline(
        otp.Retry(),
        otp.CircuitBreaker(),
        otp.RateLimiter(Gcra(PLENTY, burst=PLENTY)),
        Timeout(60.0),
        otp.Bulkhead(),
    )
    await _calls(n, pipeline)
