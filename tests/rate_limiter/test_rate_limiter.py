from __future__ import annotations

from math import inf, nan

import attrs
import pytest
import trio
from trio.testing import MockClock, assert_checkpoints, wait_all_tasks_blocked

from otp import InvalidSpecError, RejectedError, Retry
from otp.rate_limiter import (
    Gcra,
    Meter,
    RateLimitedError,
    RateLimiter,
    RateLimiterStatistics,
    Rule,
    SlidingLog,
)


async def now(value: float = 0.0) -> float:
    return trio.current_time() + value


async def take_in_order(limiter: RateLimiter, amounts: list[int]) -> list[object]:
    """Let tasks that start one after the other take something; return what they got."""
    seen: list[object] = []

    async def take(place: int, n: int) -> None:
        try:
            await limiter.acquire(n)
        except RateLimitedError as error:
            seen.append((place, trio.current_time(), error.retry_after))
        else:
            seen.append((place, trio.current_time()))

    async with trio.open_nursery() as nursery:
        for place, n in enumerate(amounts):
            nursery.start_soon(take, place, n)
            await wait_all_tasks_blocked()
    return seen


# ------------------------------------------------------------------------ in order


async def test_who_comes_too_early_waits_in_order(autojump_clock: MockClock) -> None:
    del autojump_clock

    assert await take_in_order(RateLimiter(Gcra(2)), [1] * 4) == [
        *((0, 0), (1, 0.5), (2, 1.0), (3, 1.5))
    ]


async def test_whoever_wants_much_is_not_overtaken(autojump_clock: MockClock) -> None:
    del autojump_clock

    assert await take_in_order(RateLimiter(Gcra(10, burst=10)), [5, 10, 1]) == [
        *((0, 0), (1, 0.5), (2, 0.6))
    ]
    assert await take_in_order(RateLimiter(SlidingLog(3)), [2, 3, 1]) == [
        *((0, 0.6), (1, 1.6), (2, 2.6))
    ]


async def test_calls_are_let_through_at_the_rate(autojump_clock: MockClock) -> None:
    del autojump_clock
    limiter = RateLimiter(Gcra(4))

    assert [await limiter.call(now, 100) for _ in range(4)] == [
        *(100, 100.25, 100.5, 100.75)
    ]


async def test_a_function_and_a_block_can_be_limited(autojump_clock: MockClock) -> None:
    del autojump_clock
    limiter = RateLimiter(Gcra(1))
    limited = limiter(now)

    assert await limited() == 0
    assert await limited(value=1.0) == 2
    async with limiter as same:
        assert trio.current_time() == 2
        assert same is limiter
    with pytest.raises(KeyError):
        async with limiter:
            raise KeyError
    assert trio.current_time() == 3


async def test_a_rule_may_be_ones_own(autojump_clock: MockClock) -> None:
    del autojump_clock

    @attrs.frozen
    class Doubled:
        """Each one is two of another rule."""

        rule: Rule

        @property
        def most(self) -> int:
            return self.rule.most // 2

        def begin(self) -> Meter:
            return DoubledMeter(self.rule.begin())

    @attrs.frozen
    class DoubledMeter:
        meter: Meter

        def earliest(self, n: int, now: float) -> float:
            return self.meter.earliest(2 * n, now)

        def take(self, n: int, now: float) -> None:
            self.meter.take(2 * n, now)

        def available(self, now: float) -> int:
            return self.meter.available(now) // 2

    limiter = RateLimiter(Doubled(Gcra(10, burst=4)))
    assert limiter.statistics().available == 2
    assert await take_in_order(limiter, [1] * 4) == [
        *((0, 0), (1, 0), (2, 0.2), (3, 0.4))
    ]


async def test_two_that_share_a_rule_share_no_rate(autojump_clock: MockClock) -> None:
    del autojump_clock
    rule = Gcra(1)
    one, other = RateLimiter(rule), RateLimiter(rule)
    one.acquire_nowait()
    other.acquire_nowait()

    assert one.rule is other.rule is rule


async def test_to_take_something_is_a_checkpoint() -> None:
    limiter = RateLimiter(SlidingLog(10))

    with assert_checkpoints():
        await limiter.acquire()


# --------------------------------------------------------------------- not waiting


async def test_without_waiting_it_is_there_or_not(autojump_clock: MockClock) -> None:
    del autojump_clock
    limiter = RateLimiter(Gcra(10, burst=2))
    await trio.sleep(16)
    limiter.acquire_nowait(2)

    with pytest.raises(RateLimitedError):
        limiter.acquire_nowait()
    with pytest.raises(RateLimitedError) as caught:
        limiter.acquire_nowait()
    assert limiter.statistics().rejected == 2
    assert caught.value.retry_after == pytest.approx(0.1)
    assert caught.value.rule == limiter.rule
    assert str(caught.value) == (
        "the rate of 10 in 1 s, 2 at once is used up: try again in 0.1 s"
    )

    await trio.sleep(0.1)
    limiter.acquire_nowait()


async def test_nobody_goes_before_those_who_wait(autojump_clock: MockClock) -> None:
    del autojump_clock
    limiter = RateLimiter(Gcra(10, burst=5))
    limiter.acquire_nowait(4)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(limiter.acquire, 5)
        await wait_all_tasks_blocked()
        with pytest.raises(RateLimitedError) as caught:
            limiter.acquire_nowait(1)

    # One is there, but the five before it have to come first.
    assert caught.value.retry_after == pytest.approx(0.5)
    assert trio.current_time() == 0.4


async def test_with_no_time_to_wait_it_is_refused_at_once(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    limiter = RateLimiter(Gcra(2), max_wait=0)

    await limiter.call(now)
    with pytest.raises(RejectedError) as caught:
        await limiter.call(now)
    assert trio.current_time() == 0
    assert caught.value.retry_after == 0.5


async def test_only_so_many_wait_as_can_be_served_in_time(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    limiter = RateLimiter(Gcra(2), max_wait=1)

    assert await take_in_order(limiter, [1] * 5) == [
        *((0, 0), (3, 0, 1.5), (4, 0, 1.5), (1, 0.5), (2, 1.0))
    ]


async def test_what_takes_longer_than_it_looked_is_refused_in_time(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    # Three at once is more than one after the other: the log is empty only then.
    limiter = RateLimiter(SlidingLog(3), max_wait=1.5)
    limiter.acquire_nowait()
    await trio.sleep(0.9)
    limiter.acquire_nowait()
    begun = trio.current_time()
    seen = await take_in_order(limiter, [3, 2])

    # The second would have its turn at 1.9, and two more only a second later.
    assert [item[0] for item in seen if isinstance(item, tuple)] == [0, 1]
    assert seen[0] == (0, 1.9)
    assert isinstance(seen[1], tuple)
    assert begun < seen[1][1] <= begun + 1.5
    assert limiter.statistics().rejected == 1


async def test_a_retry_comes_back_when_there_is_room(autojump_clock: MockClock) -> None:
    del autojump_clock
    limiter = RateLimiter(Gcra(1, 10.0), max_wait=0)
    limiter.acquire_nowait()

    assert await Retry(2).call(limiter.call, now) == 10


def test_a_limiter_may_be_used_in_one_run_after_the_other() -> None:
    limiter = RateLimiter(Gcra(1, per=10.0))

    async def take(begin: float) -> float:
        await trio.sleep(begin)
        await limiter.acquire()
        await limiter.acquire()
        return trio.current_time() - begin

    times = [
        trio.run(take, begin, clock=MockClock(autojump_threshold=0))
        for begin in (1000, 0, 5)
    ]

    # What has been taken in one run is not there in the next.
    assert times == [10, 20, 20]


# ---------------------------------------------------------------------- cancellation


async def test_fifty_who_lost_patience_have_reserved_nothing(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    limiter = RateLimiter(Gcra(10))
    limiter.acquire_nowait()

    async def impatient(patience: float) -> None:
        with trio.move_on_after(patience):
            await limiter.acquire()
            pytest.fail("it was not its turn")

    async with trio.open_nursery() as nursery:
        for n in range(50):
            nursery.start_soon(impatient, 0.001 + n / 1000)
        await wait_all_tasks_blocked()
        assert limiter.statistics().waiting == 50
        await limiter.acquire()
        nursery.cancel_scope.cancel()

    assert trio.current_time() == 0.1
    assert limiter.statistics() == RateLimiterStatistics(0, 0, 2, 0)


async def test_who_is_cancelled_at_the_head_lets_the_next_one_go_on(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    limiter = RateLimiter(Gcra(10, burst=5))
    limiter.acquire_nowait(5)

    async def impatient() -> None:
        with trio.move_on_after(0.2):
            await limiter.acquire(5)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(impatient)
        await wait_all_tasks_blocked()
        await limiter.acquire()

    assert trio.current_time() == 0.2
    assert limiter.statistics().available == 1


async def test_who_is_cancelled_already_takes_nothing() -> None:
    limiter = RateLimiter(Gcra(10))
    with trio.CancelScope() as scope:
        scope.cancel()
        await limiter.acquire()

    assert scope.cancelled_caught
    assert limiter.statistics() == RateLimiterStatistics(1, 0, 0, 0)


# ------------------------------------------------------------- statistics, bad input


async def test_its_statistics_say_how_it_stands(autojump_clock: MockClock) -> None:
    del autojump_clock
    limiter = RateLimiter(SlidingLog(3), max_wait=2)
    limiter.acquire_nowait(2)
    with pytest.raises(RateLimitedError):
        limiter.acquire_nowait(2)
    assert limiter.statistics() == RateLimiterStatistics(
        available=1, waiting=0, taken=2, rejected=1
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(limiter.acquire, 3)
        await wait_all_tasks_blocked()
        assert limiter.statistics() == RateLimiterStatistics(1, 1, 2, 1)
    assert limiter.statistics() == RateLimiterStatistics(0, 0, 5, 1)
    assert repr(limiter) == "<RateLimiter 3 in any 1 s>"


@pytest.mark.parametrize("rule", [10, None, Gcra, "10/s", (10, 1.0)])
def test_a_rule_is_needed(rule: object) -> None:
    with pytest.raises(InvalidSpecError, match=r"a rule is Gcra\(10\)") as caught:
        RateLimiter(rule)  # type: ignore[arg-type]

    assert (caught.value.kind, caught.value.value) == ("invalid_rate", rule)


@pytest.mark.parametrize("value", [-1, nan, None, "1", True])
def test_a_wait_is_a_time(value: object) -> None:
    with pytest.raises(InvalidSpecError, match="max_wait of a rate limiter") as caught:
        RateLimiter(Gcra(1), max_wait=value)  # type: ignore[arg-type]

    assert caught.value.kind == "invalid_rate"


@pytest.mark.parametrize("n", [0, -1, 1.0, None, True, inf])
async def test_only_whole_numbers_can_be_taken(n: object) -> None:
    limiter = RateLimiter(SlidingLog(3))
    with pytest.raises(InvalidSpecError, match="whole number") as caught:
        await limiter.acquire(n)  # type: ignore[arg-type]
    assert caught.value.kind == "invalid_amount"
    with pytest.raises(InvalidSpecError, match="whole number"):
        limiter.acquire_nowait(n)  # type: ignore[arg-type]
    assert limiter.statistics() == RateLimiterStatistics(3, 0, 0, 0)


async def test_what_can_never_be_taken_is_refused_at_once() -> None:
    for limiter in (RateLimiter(SlidingLog(3)), RateLimiter(Gcra(10, burst=3))):
        with pytest.raises(InvalidSpecError, match="4 can never be taken") as caught:
            await limiter.acquire(4)
        assert (caught.value.kind, caught.value.value) == ("invalid_amount", 4)
        with pytest.raises(InvalidSpecError, match="allows 3"):
            limiter.acquire_nowait(4)


async def test_a_coroutine_is_refused() -> None:
    limiter = RateLimiter(Gcra(1))
    with pytest.raises(TypeError, match="not the coroutine"):
        await limiter.call(now())  # type: ignore[arg-type]

    assert limiter.statistics().taken == 0
