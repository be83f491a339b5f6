"""Rate limiters: a function keeps its types behind one."""

from __future__ import annotations

from typing import assert_type

import otp
from otp.rate_limiter import Gcra, Meter, RateLimiterStatistics, Rule, SlidingLog


async def fetch(url: str, *, times: int = 1) -> bytes:
    return url.encode() * times


class Mine:
    """A rule of somebody's own."""

    @property
    def most(self) -> int:
        return 1

    def begin(self) -> Meter:
        return SlidingLog(1).begin()


async def limits() -> None:
    limiter = otp.RateLimiter(Gcra(10, burst=3), max_wait=1)
    assert_type(await limiter.call(fetch, "x", times=2), bytes)
    assert_type(await limiter(fetch)("x", times=2), bytes)
    assert_type(limiter.statistics(), RateLimiterStatistics)
    assert_type(limiter.rule, Rule)
    async with limiter as same:
        assert_type(same, otp.RateLimiter)
    await limiter.acquire(2)
    limiter.acquire_nowait(2)
    otp.RateLimiter(SlidingLog(10, 60.0))
    otp.RateLimiter(Mine())

    otp.RateLimiter(10)  # type: ignore[arg-type]
    otp.RateLimiter(Gcra)  # type: ignore[arg-type]
    otp.RateLimiter(Gcra(10), 3)  # type: ignore[call-arg]
    Gcra("10")  # type: ignore[arg-type]
    await limiter.acquire("2")  # type: ignore[arg-type]
    await limiter.call(fetch, 3)  # type: ignore[arg-type]
    await limiter.call(fetch("x"))  # type: ignore[arg-type]
