"""What holds in every order of events, and wherever somebody is cancelled."""

from __future__ import annotations

import pytest
import trio

from otp.rate_limiter import Gcra, RateLimitedError, RateLimiter, Rule, SlidingLog
from otp.testing import Cancelling, cancel_everywhere, explore

RULES = [Gcra(2), Gcra(4, burst=2), SlidingLog(2)]


async def take(limiter: RateLimiter, taken: list[float], n: int = 1) -> None:
    await limiter.acquire(n)
    taken += [trio.current_time()] * n


def check(rule: Rule, taken: list[float]) -> None:
    """Check that the rule has let through what was taken."""
    meter = rule.begin()
    for time in taken:
        assert meter.earliest(1, time) <= time
        meter.take(1, time)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_rule_holds_in_every_order(rule: Rule) -> None:
    async def body() -> None:
        limiter, taken = RateLimiter(rule), list[float]()

        async def impatient() -> None:
            with trio.move_on_after(0.5):
                await take(limiter, taken)

        async def greedy() -> None:
            try:
                limiter.acquire_nowait()
            except RateLimitedError:
                return
            taken.append(trio.current_time())

        async with trio.open_nursery() as nursery:
            nursery.start_soon(take, limiter, taken)
            nursery.start_soon(impatient)
            nursery.start_soon(take, limiter, taken, rule.most)
            nursery.start_soon(greedy)
        check(rule, sorted(taken))
        found = limiter.statistics()
        assert (found.waiting, found.taken) == (0, len(taken))

    explore(body, runs=100, jumps=2)


def test_who_waits_is_served_in_the_order_of_its_coming() -> None:
    async def body() -> None:
        limiter = RateLimiter(Gcra(1))
        limiter.acquire_nowait()
        came: list[int] = []
        served: list[int] = []

        async def wait(place: int) -> None:
            came.append(place)
            await limiter.acquire()
            served.append(place)

        async with trio.open_nursery() as nursery:
            for place in range(3):
                nursery.start_soon(wait, place)
        assert served == came

    explore(body, runs=100)


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_whoever_is_cancelled_anywhere_has_taken_all_or_nothing(rule: Rule) -> None:
    async def scenario(cancelling: Cancelling) -> None:
        limiter, taken = RateLimiter(rule), list[float]()
        # As much as can be, so that all others wait.
        await take(limiter, taken, rule.most)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(take, limiter, taken)
            with cancelling:
                for _ in range(3):
                    await take(limiter, taken)
            nursery.start_soon(take, limiter, taken)
        found = limiter.statistics()
        assert (found.waiting, found.taken) == (0, len(taken))
        check(rule, taken)
        # Nobody has kept the turn, nor anything for later.
        alone = rule.begin()
        for time in taken:
            alone.take(1, time)
        expected = max(trio.current_time(), alone.earliest(1, trio.current_time()))
        await take(limiter, taken)
        assert taken[-1] == expected

    assert cancel_everywhere(scenario, schedules=4) > 8


def test_a_limited_time_to_wait_is_kept_wherever_others_are_cancelled() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        limiter, taken = RateLimiter(Gcra(2), max_wait=1), list[float]()
        refused, ended = 0, 4

        async def wait() -> None:
            nonlocal refused
            begun = trio.current_time()
            try:
                await take(limiter, taken)
            except RateLimitedError:
                refused += 1
            assert trio.current_time() <= begun + 1

        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(wait)
            with cancelling:
                await wait()
                ended += 1
            nursery.start_soon(wait)
        check(Gcra(2), taken)
        found = limiter.statistics()
        assert (found.waiting, found.taken) == (0, len(taken))
        assert found.rejected == refused
        assert len(taken) + refused == ended

    assert cancel_everywhere(scenario, schedules=4) > 2
