"""Rate limiters: what a call costs whose turn it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import otp
from otp.rate_limiter import Gcra, SlidingLog

from .timing import bare_call

if TYPE_CHECKING:
    from .timing import Line

# So much that nobody ever waits.
PLENTY = 10**9


def lines() -> dict[str, Line]:
    """Return what is measured."""
    return {
        "GCRA": gcra,
        "sliding log": sliding_log,
        "GCRA, without waiting": nowait,
    }


async def gcra(n: int) -> None:
    call = otp.RateLimiter(Gcra(PLENTY, burst=PLENTY)).call
    for i in range(n):
        await call(bare_call, i)


async def sliding_log(n: int) -> None:
    call = otp.RateLimiter(SlidingLog(PLENTY, per=0.01)).call
    for i in range(n):
        await call(bare_call, i)


async def nowait(n: int) -> None:
    limiter = otp.RateLimiter(Gcra(PLENTY, burst=PLENTY))
    for i in range(n):
        limiter.acquire_nowait()
        await bare_call(i)
