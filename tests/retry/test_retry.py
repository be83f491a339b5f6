from __future__ import annotations

import gc
from inspect import iscoroutinefunction
from math import inf, nan
from random import Random
from typing import TYPE_CHECKING

import pytest
import trio

import otp
from otp import InvalidSpecError, Node, RejectedError
from otp.retry import (
    Backoff,
    GaveUp,
    Recovered,
    Retry,
    RetryBudget,
    RetryEvent,
    Retrying,
)
from tests.retry.calls import BusyError, Flaky

if TYPE_CHECKING:
    from trio.testing import MockClock

# Pauses that are known: 1, 2, 4, ... seconds.
PAUSES = Backoff(1.0)


def errors(count: int) -> list[ConnectionError]:
    return [ConnectionError(n) for n in range(count)]


# ------------------------------------------------------------------------- attempts


async def test_a_call_that_succeeds_is_made_once() -> None:
    fn = Flaky()

    assert await Retry().call(fn, 7) == 7
    assert len(fn.times) == 1


async def test_a_call_that_fails_is_made_again_after_growing_pauses(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    fn = Flaky(*errors(3))

    assert await Retry(5, backoff=PAUSES).call(fn, value=7) == 7
    assert fn.times == [0, 1, 3, 7]


async def test_after_the_last_attempt_its_error_is_raised_as_it_is(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    made = errors(5)
    fn = Flaky(*made)

    with pytest.raises(ConnectionError) as caught:
        await Retry(backoff=PAUSES).call(fn)

    assert caught.value is made[2]
    assert caught.value.__notes__ == ["gave up after 3 attempts: there are no more"]
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    assert len(fn.times) == 3


async def test_an_error_that_is_raised_again_and_again_is_noted_once(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    error = ConnectionError()
    for _ in range(2):
        with pytest.raises(ConnectionError):
            await Retry(2).call(Flaky(error, error))

    assert error.__notes__ == ["gave up after 2 attempts: there are no more"]


async def test_what_is_no_reason_to_try_again_is_raised_at_once_without_a_note() -> (
    None
):
    fn = Flaky(TypeError("a mistake"))

    with pytest.raises(TypeError) as caught:
        await Retry().call(fn)

    assert len(fn.times) == 1
    assert not hasattr(caught.value, "__notes__")


async def test_attempts_that_led_to_a_mistake_are_noted(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock

    with pytest.raises(TypeError) as caught:
        await Retry().call(Flaky(ConnectionError(), TypeError()))

    assert caught.value.__notes__ == [
        "gave up after 2 attempts: this is no error after which there is another"
    ]


async def test_there_may_be_any_number_of_attempts(autojump_clock: MockClock) -> None:
    del autojump_clock
    fn = Flaky(*errors(50))

    assert await Retry(inf).call(fn, 7) == 7
    assert len(fn.times) == 51


async def test_one_retry_serves_many_calls_at_once(autojump_clock: MockClock) -> None:
    del autojump_clock
    retry = Retry(backoff=PAUSES)
    calls = [Flaky(*errors(2)) for _ in range(3)]
    async with trio.open_nursery() as nursery:
        for fn in calls:
            nursery.start_soon(retry.call, fn)

    assert [fn.times for fn in calls] == [[0, 1, 3]] * 3


# ------------------------------------------------------------------- which and when


async def test_the_recovery_of_an_error_decides_by_default(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    tries = {
        error: Flaky(error)
        for error in (
            otp.NoProcessError("x"),
            RejectedError("full"),
            ConnectionResetError(),
            trio.TooSlowError(),
            otp.CallTimeoutError("x", 1),
            otp.NodeDownError("x", "y"),
            otp.InvalidSpecError("x", 1, "wrong"),
        )
    }
    for fn in tries.values():
        try:
            await Retry().call(fn)
        except Exception:  # noqa: BLE001 - which of them does not matter
            assert len(fn.times) == 1

    assert [
        type(error).__name__ for error, fn in tries.items() if len(fn.times) > 1
    ] == [
        "NoProcessError",
        "RejectedError",
        "ConnectionResetError",
        "TooSlowError",
    ]


async def test_the_errors_can_be_named_or_told_by_a_function(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock

    def is_odd(error: Exception) -> bool:
        return error.args == (1,)

    for retry_on, count in [
        (LookupError, 2),
        ((ConnectionError, LookupError), 2),
        (ConnectionError, 1),
        (is_odd, 2),
    ]:
        fn = Flaky(KeyError(1), KeyError(2))
        with pytest.raises(KeyError):
            await Retry(2, retry_on=retry_on).call(fn)  # type: ignore[arg-type]
        assert len(fn.times) == count


async def test_errors_in_a_group_are_looked_at(autojump_clock: MockClock) -> None:
    del autojump_clock

    async def several(*made: Exception) -> None:
        async with trio.open_nursery() as nursery:
            for error in made:
                nursery.start_soon(Flaky(error))

    transient = Flaky(ExceptionGroup("", [ConnectionError(), EOFError()]))
    mixed = Flaky(ExceptionGroup("", [ConnectionError(), TypeError()]))

    await Retry().call(transient)
    with pytest.raises(ExceptionGroup):
        await Retry().call(mixed)
    with pytest.raises(ExceptionGroup) as caught:
        await Retry(2).call(several, ConnectionError(), EOFError())

    assert len(transient.times) == 2
    assert len(mixed.times) == 1
    assert caught.value.__notes__ == ["gave up after 2 attempts: there are no more"]


async def test_an_error_that_says_when_is_not_tried_before(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    fn = Flaky(BusyError(10), BusyError(0.5), BusyError(None))

    await Retry(4, backoff=PAUSES).call(fn)

    assert fn.times == [0, 10, 12, 16]


async def test_an_error_that_asks_for_too_much_time_ends_it_at_once(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    fn = Flaky(BusyError(60))

    with pytest.raises(BusyError) as caught:
        await Retry(max_elapsed=59).call(fn)

    assert trio.current_time() == 0
    assert caught.value.__notes__ == [
        "gave up after 1 attempt: the next would begin later than 59 s"
    ]


async def test_no_attempt_begins_too_late(autojump_clock: MockClock) -> None:
    del autojump_clock
    fn = Flaky(*errors(9), lasts=1)

    with pytest.raises(ConnectionError):
        await Retry(inf, backoff=PAUSES, max_elapsed=12).call(fn)

    # Each lasts a second, and the pauses are 1, 2 and 4; the next would be 8.
    assert fn.times == [0, 2, 5, 10]
    assert trio.current_time() == 11


async def test_the_time_of_one_call_is_none_of_the_next(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    retry = Retry(2, backoff=PAUSES, max_elapsed=2)
    await trio.sleep(100)

    assert await retry.call(Flaky(ConnectionError()), 7) == 7


async def test_a_pause_of_nothing_is_a_checkpoint() -> None:
    retry = Retry(inf, backoff=Backoff(0, maximum=0))
    turns = 0

    async def hopeless() -> None:
        nonlocal turns
        turns += 1
        if turns > 1000:
            pytest.fail("nobody else has had a turn")
        raise ConnectionError

    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(retry.call, hopeless)
            await trio.lowlevel.checkpoint()
            await trio.lowlevel.checkpoint()
            scope.cancel()

    assert 1 <= turns < 10


# --------------------------------------------------------------------------- chance


async def test_by_default_a_pause_is_anything_up_to_its_length(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    spread: list[float] = []

    def note(event: RetryEvent) -> None:
        if isinstance(event, Retrying):
            spread.append(event.pause)

    retry = Retry(2, random=Random(7), listeners=[note])
    for _ in range(200):
        await retry.call(Flaky(ConnectionError()))

    assert 0 <= min(spread) < 0.005
    assert 0.095 < max(spread) <= 0.1
    assert 0.04 < sum(spread) / 200 < 0.06


async def test_the_same_chance_makes_the_same_pauses(autojump_clock: MockClock) -> None:
    del autojump_clock
    runs: list[list[float]] = []
    for _ in range(2):
        fn = Flaky(*errors(4))
        begun = trio.current_time()
        await Retry(5, random=Random(3)).call(fn)
        runs.append([round(time - begun, 9) for time in fn.times])

    assert runs[0] == runs[1]


async def test_on_a_node_chance_is_the_nodes(autojump_clock: MockClock) -> None:
    del autojump_clock
    events: list[RetryEvent] = []
    async with Node(seed=11):
        await Retry(2, listeners=[events.append]).call(Flaky(ConnectionError()))

    [event, _] = events
    assert isinstance(event, Retrying)
    assert event.pause == Backoff(jitter=1.0).delay(0, Random(11).random())


# --------------------------------------------------------------------------- budget


async def test_without_a_budget_left_calls_fail_at_once(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    budget = RetryBudget(4)
    one, other = Retry(2, budget=budget), Retry(5, budget=budget)

    with pytest.raises(ConnectionError):
        await one.call(Flaky(*errors(2)))
    fn = Flaky(*errors(5))
    with pytest.raises(ConnectionError) as caught:
        await other.call(fn)

    assert len(fn.times) == 1
    assert budget.tokens == 1
    assert caught.value.__notes__ == [
        "gave up after 1 attempt: the retry budget is used up"
    ]


async def test_only_what_could_be_tried_again_costs_anything() -> None:
    budget = RetryBudget()
    with pytest.raises(TypeError):
        await Retry(budget=budget).call(Flaky(TypeError()))

    assert budget.tokens == 10


async def test_a_success_brings_in_something(autojump_clock: MockClock) -> None:
    del autojump_clock
    budget = RetryBudget(4, per_success=0.5)

    await Retry(budget=budget).call(Flaky(ConnectionError()))

    assert budget.tokens == 3.5


# ----------------------------------------------------------------- cancellation, exit


async def test_a_cancelled_call_is_not_made_again(autojump_clock: MockClock) -> None:
    del autojump_clock
    fn = Flaky(lasts=10)
    events: list[RetryEvent] = []

    with trio.move_on_after(1) as scope:
        await Retry(retry_on=Exception, listeners=[events.append]).call(fn)

    assert scope.cancelled_caught
    assert len(fn.times) == 1
    assert events == []


async def test_a_pause_can_be_cancelled(autojump_clock: MockClock) -> None:
    del autojump_clock
    fn = Flaky(*errors(3))

    with trio.move_on_after(0.5) as scope:
        await Retry(backoff=PAUSES).call(fn)

    assert scope.cancelled_caught
    assert trio.current_time() == 0.5
    assert len(fn.times) == 1


async def test_a_cancellation_among_errors_is_not_swallowed(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    calls = 0

    async def cancelled_and_broken() -> None:
        nonlocal calls
        calls += 1
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            try:
                await trio.sleep_forever()
            finally:
                raise ConnectionError

    with pytest.raises(BaseExceptionGroup), trio.CancelScope(deadline=1) as scope:
        await Retry().call(cancelled_and_broken)
    assert scope.cancelled_caught
    both = BaseExceptionGroup("", [ConnectionError(), KeyboardInterrupt()])
    fn = Flaky(both)
    with pytest.raises(BaseExceptionGroup) as caught:
        await Retry().call(fn)

    assert caught.value is both
    assert (calls, len(fn.times)) == (1, 1)


@pytest.mark.parametrize(
    "error", [otp.Exit(otp.Shutdown()), KeyboardInterrupt(), SystemExit()]
)
async def test_what_is_no_exception_is_not_tried_again(error: BaseException) -> None:
    fn = Flaky(error)

    with pytest.raises(type(error)):
        await Retry(retry_on=Exception).call(fn)

    assert len(fn.times) == 1


# ------------------------------------------------------------------- events and uses


async def test_listeners_hear_of_each_failure_and_of_the_end(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    events: list[RetryEvent] = []
    retry = Retry(2, backoff=PAUSES)
    retry.listeners.add(events.append)
    fine, good, bad = Flaky(), Flaky(EOFError(1)), Flaky(EOFError(2), EOFError(3))

    await retry.call(fine)
    assert events == []
    await retry.call(good)
    with pytest.raises(EOFError):
        await retry.call(bad)

    assert [type(event) for event in events] == [Retrying, Recovered, Retrying, GaveUp]
    assert events[1] == Recovered(good, 2)
    again, last = events[2:]
    assert isinstance(again, Retrying)
    assert (again.fn, again.attempt, again.pause) == (bad, 1, 1.0)
    assert again.error.args == (2,)
    assert isinstance(last, GaveUp)
    assert (last.fn, last.attempt, last.why) == (bad, 2, "attempts")
    assert last.error.args == (3,)


async def test_a_function_can_be_decorated(autojump_clock: MockClock) -> None:
    del autojump_clock
    calls: list[str] = []

    @Retry()
    async def fetch(url: str, *, times: int = 1) -> str:
        """Fetch it."""
        calls.append(url)
        if len(calls) <= times:
            raise ConnectionError
        return url.upper()

    assert await fetch("a", times=2) == "A"
    assert calls == ["a"] * 3
    assert (fetch.__name__, fetch.__doc__) == ("fetch", "Fetch it.")
    assert iscoroutinefunction(fetch)


async def test_a_coroutine_is_refused_and_closed() -> None:
    with pytest.raises(TypeError, match="not the coroutine"):
        await Retry().call(Flaky()())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="an async function"):
        Retry()(3)  # type: ignore[arg-type]
    gc.collect()


def test_equal_settings_are_equal_and_can_be_changed() -> None:
    retry = Retry(5, random=Random(1))

    assert retry == Retry(5)
    assert hash(retry) == hash(Retry(5))
    assert "attempts=5" in repr(retry)


# ------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        *[("attempts", value) for value in (0, -1, 1.5, nan, "3", None, True)],
        *[("max_elapsed", value) for value in (-1, nan, "3", None, True)],
        *[("backoff", value) for value in (1.0, None, Backoff)],
        *[("budget", value) for value in (3, RetryBudget, False)],
        *[("random", value) for value in (3, "x")],
    ],
)
def test_what_makes_no_sense_is_refused(setting: str, value: object) -> None:
    with pytest.raises(InvalidSpecError) as caught:
        Retry(**{setting: value})  # type: ignore[arg-type]

    assert caught.value.kind == "invalid_retry"
    assert caught.value.value is value
    assert setting.removeprefix("max_") in str(caught.value)


@pytest.mark.parametrize(
    "value", [None, "ConnectionError", 3, BaseException, (ConnectionError, 3), int]
)
def test_only_errors_can_be_tried_again(value: object) -> None:
    with pytest.raises(InvalidSpecError) as caught:
        Retry(retry_on=value)  # type: ignore[arg-type]

    assert caught.value.kind == "invalid_failures"


def test_a_jitter_out_of_range_is_refused() -> None:
    with pytest.raises(InvalidSpecError, match="jitter"):
        Retry(backoff=Backoff(jitter=1.1))


def test_only_functions_can_listen() -> None:
    with pytest.raises(TypeError, match="a listener is a function"):
        Retry(listeners=[3])  # type: ignore[list-item]
