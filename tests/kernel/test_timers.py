"""The timers of a node by themselves: order, and the time-outs of calls."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import trio
from hypothesis import given, strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from otp.kernel import Timers, Waiter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def run_with_timers(body: Callable[[Timers], Awaitable[None]]) -> None:
    """Run *body* beside timers, on a clock that jumps."""

    async def main() -> None:
        timers = Timers()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(timers.run)
            await body(timers)
            nursery.cancel_scope.cancel()

    trio.run(main, clock=MockClock(autojump_threshold=0))


@given(st.lists(st.integers(0, 10), max_size=30), st.data())
def test_timers_fire_by_deadline_and_then_by_their_start(
    seconds: list[int], data: st.DataObject
) -> None:
    stopped = (
        data.draw(st.sets(st.sampled_from(range(len(seconds))))) if seconds else ()
    )
    fired: list[tuple[float, int]] = []
    start = 0.0

    def fire(number: int) -> None:
        fired.append((trio.current_time() - start, number))

    async def body(timers: Timers) -> None:
        nonlocal start
        start = trio.current_time()
        refs = [
            timers.start(delay, partial(fire, number))
            for number, delay in enumerate(seconds)
        ]
        for number, ref in enumerate(refs):
            if number in stopped:
                timers.cancel(ref)
        await trio.sleep(11)

    run_with_timers(body)
    assert fired == sorted(
        (delay, number) for number, delay in enumerate(seconds) if number not in stopped
    )


def answer(call: Waiter) -> None:
    call.settle("answer")


class Call(Waiter):
    """A call that remembers when its time was over."""

    expired_at: float | None = None

    def expire(self) -> None:
        self.expired_at = trio.current_time()
        super().expire()


@given(
    st.lists(
        st.tuples(
            st.integers(1, 40).map(float),  # its time-out
            st.none() | st.integers(0, 40).map(float),  # when it is answered
        ),
        max_size=60,
    )
)
def test_a_call_expires_when_its_time_is_over_unless_it_is_answered(
    rows: list[tuple[float, float | None]],
) -> None:
    async def body(timers: Timers) -> None:
        start = trio.current_time()
        calls = [Call() for _ in rows]
        for call, (timeout, answered) in zip(calls, rows, strict=True):
            # Before its time-out, as answers come before timers.
            if answered is not None:
                timers.start(answered - 0.5, partial(answer, call))
            timers.expire_in(timeout, call)
        await trio.sleep(50)

        for call, (timeout, answered) in zip(calls, rows, strict=True):
            if answered is not None and answered <= timeout:
                assert (call.value, call.expired_at) == ("answer", None)
            else:
                assert call.expired_at == start + timeout

    run_with_timers(body)


def test_many_different_time_outs_are_kept_apart() -> None:
    async def body(timers: Timers) -> None:
        start = trio.current_time()
        calls = [Call() for _ in range(100)]
        for number, call in enumerate(calls):
            timers.expire_in(1 + number / 100, call)
        await trio.sleep(3)

        assert [call.expired_at for call in calls] == [
            start + (1 + number / 100) for number in range(100)
        ]

    run_with_timers(body)


def test_answered_calls_do_not_pile_up_behind_a_slow_one() -> None:
    async def body(timers: Timers) -> None:
        slow = Call()
        timers.expire_in(5, slow)
        for _ in range(10_000):
            call = Call()
            timers.expire_in(5, call)
            call.settle("answer")

        assert len(timers._queues[5].calls) < 1_000
        await trio.sleep(6)
        assert slow.expired_at is not None

    run_with_timers(body)


def test_waiting_calls_are_never_swept() -> None:
    async def body(timers: Timers) -> None:
        calls = [Call() for _ in range(2_000)]
        for call in calls:
            timers.expire_in(5, call)
        await trio.sleep(6)

        assert all(call.expired_at is not None for call in calls)

    run_with_timers(body)


def test_a_timer_started_by_a_timer_waits_for_the_next_round() -> None:
    fired: list[float] = []

    async def body(timers: Timers) -> None:
        start = trio.current_time()

        def again() -> None:
            fired.append(trio.current_time() - start)
            if len(fired) < 3:
                timers.start(0 if len(fired) == 1 else 1, again)

        timers.start(1, again)
        await trio.sleep(5)

    run_with_timers(body)
    assert fired == [1, 1, 2]


def test_a_timer_may_stop_another_that_is_due_at_the_same_time() -> None:
    fired: list[str] = []

    async def body(timers: Timers) -> None:
        def stop() -> None:
            timers.cancel(other)

        timers.start(1, stop)
        other = timers.start(1, lambda: fired.append("other"))
        await trio.sleep(5)

    run_with_timers(body)
    assert fired == []


def test_a_timer_started_before_the_timers_run_fires_too() -> None:
    fired: list[str] = []

    async def body() -> None:
        timers = Timers()
        timers.start(1, lambda: fired.append("x"))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(timers.run)
            await wait_all_tasks_blocked()
            await trio.sleep(2)
            nursery.cancel_scope.cancel()

    trio.run(body, clock=MockClock(autojump_threshold=0))
    assert fired == ["x"]
