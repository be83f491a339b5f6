"""What holds in every order of events, and wherever a call is cancelled."""

from __future__ import annotations

from random import Random

import pytest
import trio

from otp.retry import Backoff, Retry, RetryBudget, RetryEvent, Retrying
from otp.testing import Cancelling, cancel_everywhere, explore
from tests.retry.calls import Flaky

PAUSES = Backoff(1.0)


def test_a_call_is_made_as_often_as_it_may_be_in_every_order() -> None:
    async def body() -> None:
        retry = Retry(backoff=PAUSES)
        calls = [Flaky(*map(ConnectionError, range(n)), lasts=1) for n in range(4)]
        ends: list[int] = []

        async def call(fn: Flaky) -> None:
            try:
                await retry.call(fn)
            except ConnectionError as error:
                ends.append(-error.args[0])
            else:
                ends.append(len(fn.times))

        async with trio.open_nursery() as nursery:
            for fn in calls:
                nursery.start_soon(call, fn)
        assert sorted(ends) == [-2, 1, 2, 3]
        assert [len(fn.times) for fn in calls] == [1, 2, 3, 3]

    explore(body, runs=60, jumps=2)


def test_those_who_share_a_budget_never_retry_more_than_it_allows() -> None:
    async def body() -> None:
        budget = RetryBudget(6)
        retries = 0

        def count(event: RetryEvent) -> None:
            nonlocal retries
            retries += isinstance(event, Retrying)

        retry = Retry(9, budget=budget, backoff=PAUSES, listeners=[count])

        async def call() -> None:
            with pytest.raises(ConnectionError):
                await retry.call(Flaky(*map(ConnectionError, range(9))))

        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(call)
        assert retries == 2
        assert budget.tokens == 1

    explore(body, runs=60, jumps=2)


@pytest.mark.parametrize("fails", [0, 1, 5])
def test_a_call_may_be_cancelled_anywhere(fails: int) -> None:
    async def scenario(cancelling: Cancelling) -> None:
        budget = RetryBudget(100)
        retry = Retry(4, budget=budget, backoff=PAUSES, random=Random(1))
        running = most = 0
        left = fails

        async def work() -> None:
            nonlocal running, most, left
            running += 1
            most = max(most, running)
            try:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(trio.sleep, 1)
                    await trio.sleep(1)
            finally:
                running -= 1
            if left:
                left -= 1
                raise ConnectionError

        done = False
        with cancelling:
            if fails < 4:
                await retry.call(work)
            else:
                with pytest.raises(ConnectionError):
                    await retry.call(work)
            done = True
        assert done is not cancelling.cancelled or done
        assert (running, most) == (0, 1)
        # Only what has failed costs anything.
        assert budget.tokens >= 100 - (fails - left)

    assert cancel_everywhere(scenario, schedules=3) > 4
