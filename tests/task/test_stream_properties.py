"""Streams against a model that reckons who starts and who is over, and when."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

import attrs
import trio
from hypothesis import given, strategies as st
from trio.testing import MockClock

from otp import Node, Reason, process, task
from otp.kernel import current_node
from otp.task import Done, Failed
from tests.kernel.support import flush, outcome_in_process, running_timers
from tests.task.work import late, leave

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from otp.task import Outcome

TIMED_OUT = Failed(Reason("timeout"))


@attrs.frozen
class Item:
    """What the task for one item does: how long it takes, and how it ends."""

    number: int
    seconds: float
    good: bool


@attrs.frozen
class Scenario:
    items: list[Item]
    max_concurrency: int
    ordered: bool
    timeout: float

    def outcome(self, item: Item) -> Outcome[int]:
        if item.seconds > self.timeout:
            return TIMED_OUT
        return Done(item.number) if item.good else Failed(Reason(item.number))


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    given_ = draw(st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=9))
    # Fractions that add up differently, so that no two tasks end at the same time.
    items = [Item(n, s + 0.001 * 2**n, good) for n, (s, good) in enumerate(given_)]
    return Scenario(
        items,
        max_concurrency=draw(st.integers(1, 4)),
        ordered=draw(st.booleans()),
        timeout=draw(st.sampled_from([2.9, 4.9, 1e6])),
    )


def expected(scenario: Scenario) -> tuple[list[Outcome[int]], float]:
    """Return what a consumer that does not dawdle gets, and how long it takes."""
    running: list[tuple[float, int]] = []
    ends: list[int] = []
    waiting = list(scenario.items)
    now = 0.0
    while waiting or running:
        while waiting and len(running) < scenario.max_concurrency:
            item = waiting.pop(0)
            seconds = min(item.seconds, scenario.timeout)
            heappush(running, (now + seconds, item.number))
        now, number = heappop(running)
        ends.append(number)
    order = sorted(ends) if scenario.ordered else ends
    return [scenario.outcome(scenario.items[n]) for n in order], now


async def act(item: Item) -> int:
    """Do what *item* says."""
    if item.good:
        return await late(item.seconds, item.number)
    return await leave(Reason(item.number), item.seconds)


def play(body: Callable[[], Awaitable[None]]) -> None:
    """Run *body* in a process of its own, on a clock that jumps."""

    async def main() -> None:
        async with Node() as node:
            outcome = await outcome_in_process(node, body)
        if isinstance(outcome, BaseException):
            raise outcome
        assert outcome is None

    trio.run(main, clock=MockClock(autojump_threshold=0))


@given(scenarios())
def test_results_and_time_are_what_the_model_says(scenario: Scenario) -> None:
    async def body() -> None:
        process.trap_exit(True)
        begin = trio.current_time()
        stream = task.async_stream(
            act,
            scenario.items,
            max_concurrency=scenario.max_concurrency,
            ordered=scenario.ordered,
            timeout=scenario.timeout,
            on_timeout="kill_task",
        )
        async with stream as results:
            found = [result async for result in results]
            took = trio.current_time() - begin
        outcomes, seconds = expected(scenario)
        assert found == outcomes
        assert abs(took - seconds) < 1e-6
        assert await flush(0) == []

    play(body)


@given(scenarios(), st.integers(0, 12), st.booleans())
def test_whenever_it_is_left_nothing_is_left_of_it(
    scenario: Scenario, steps: int, trapping: bool
) -> None:
    running: set[int] = set()

    async def count(item: Item) -> int:
        running.add(item.number)
        assert len(running) <= scenario.max_concurrency
        try:
            return await late(item.seconds, item.number)
        finally:
            running.discard(item.number)

    async def items() -> AsyncIterator[Item]:
        for item in scenario.items:
            await trio.sleep(0.5)
            yield item

    async def body() -> None:
        process.trap_exit(trapping)
        stream = task.async_stream(
            count,
            items(),
            max_concurrency=scenario.max_concurrency,
            ordered=scenario.ordered,
            timeout=scenario.timeout,
            on_timeout="kill_task",
        )
        async with stream as results:
            for _ in range(steps):
                with trio.move_on_after(0.7):
                    try:
                        await anext(results)
                    except StopAsyncIteration:
                        break
        assert running == set()
        assert await flush(0) == []
        await trio.sleep(2)
        assert running_timers(current_node()) == 0
        info = process.info(process.self())
        assert info is not None
        assert info.links == ()

    play(body)
