"""What holds in every order of events, and wherever a call is cancelled."""

from __future__ import annotations

import contextlib

import pytest
import trio

from otp import (
    BreakerSpec,
    Bulkhead,
    CircuitBreaker,
    OTPError,
    Pipeline,
    RateLimiter,
    Retry,
)
from otp.bulkhead import BulkheadStatistics
from otp.pipeline import Timeout
from otp.rate_limiter import Gcra
from otp.retry import Backoff
from otp.testing import Cancelling, cancel_everywhere, explore
from tests.bulkhead.test_bulkhead import Room

SPEC = BreakerSpec(consecutive_failures=2, open_for=2, half_open_calls=1)


class World:
    """A pipeline around a place that is slow at first, and may fail."""

    def __init__(self) -> None:
        self.room = Room()
        self.breaker = CircuitBreaker(SPEC)
        self.limiter = RateLimiter(Gcra(2, burst=2))
        self.bulkhead = Bulkhead(1, queue=1)
        self.calls = 0
        self.pipeline = Pipeline(
            Retry(3, backoff=Backoff(1)),
            self.breaker,
            self.limiter,
            Timeout(2),
            self.bulkhead,
        )

    async def work(self) -> int:
        """Fail, be too slow, and then be fine."""
        self.calls += 1
        number = self.calls
        await self.room.stay(3.0 if number == 2 else 0.5)
        if number == 1:
            raise ConnectionError
        return number

    async def check(self) -> None:
        """Check that nothing is taken that nobody needs."""
        assert self.room.now == 0
        assert self.room.most <= 1
        rejected = self.bulkhead.statistics().rejected
        assert self.bulkhead.statistics() == BulkheadStatistics(1, 0, 0, rejected)
        assert self.limiter.statistics().waiting == 0
        # Those who come later are served.
        await trio.sleep(10)
        self.calls = 10
        assert await self.pipeline.call(self.work) == 11
        assert self.breaker.state == "closed"


def test_all_of_them_keep_their_word_in_every_order() -> None:
    async def body() -> None:
        world = World()

        async def call() -> None:
            with contextlib.suppress(ConnectionError, OTPError):
                assert await world.pipeline.call(world.work) > 2

        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(call)
        await world.check()

    explore(body, runs=60)


@pytest.mark.slow
@pytest.mark.parametrize("alone", [False, True])
def test_whoever_is_cancelled_anywhere_leaves_nothing(*, alone: bool) -> None:
    async def scenario(cancelling: Cancelling) -> None:
        world = World()

        async def call() -> None:
            with contextlib.suppress(ConnectionError, OTPError):
                await world.pipeline.call(world.work)

        async with trio.open_nursery() as nursery:
            if not alone:
                nursery.start_soon(call)
            with cancelling:
                await call()
        await world.check()

    assert cancel_everywhere(scenario, schedules=3) > 10
