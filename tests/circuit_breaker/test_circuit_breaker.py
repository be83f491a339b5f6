"""A breaker around calls: what counts, what is let through, and who hears of it."""

from __future__ import annotations

from math import inf
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

import otp
from otp import Backoff, CircuitBreaker, CircuitOpenError, InvalidSpecError
from otp.circuit_breaker import (
    BreakerEvent,
    BreakerSpec,
    CallEnded,
    CallRejected,
    CountWindow,
    State,
    StateChanged,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


ONE = BreakerSpec(consecutive_failures=1, open_for=10, half_open_calls=1)


async def give(value: int = 7) -> int:
    return value


async def fail(error: BaseException) -> int:
    raise error


def state_of(breaker: CircuitBreaker) -> State:
    """Return where it stands; a checker would think that it never changes."""
    return breaker.state


async def behind(breaker: CircuitBreaker, seconds: float) -> None:
    """Sleep behind the breaker."""
    await breaker.call(trio.sleep, seconds)


async def attempt(
    breaker: CircuitBreaker, fn: Callable[..., Awaitable[object]], *args: object
) -> object:
    """Return the result of a call, or what it raises."""
    try:
        return await breaker.call(fn, *args)
    except trio.Cancelled:
        raise
    except BaseException as error:  # noqa: BLE001 - to be compared
        return error


# ------------------------------------------------------------------- what it is around


async def test_a_call_has_its_arguments_and_its_result() -> None:
    breaker = CircuitBreaker()

    assert await breaker.call(give, 3) == 3
    assert await breaker.call(give, value=4) == 4
    assert breaker.statistics().successes == 2


async def test_a_decorated_function_is_behind_the_breaker() -> None:
    breaker = CircuitBreaker(ONE)

    @breaker
    async def broken() -> None:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - as bare as it is raised
        await broken()
    with pytest.raises(CircuitOpenError):
        await broken()


async def test_a_block_is_behind_the_breaker() -> None:
    breaker = CircuitBreaker(ONE)
    async with breaker:
        pass
    with pytest.raises(ValueError, match="bad"):
        async with breaker:
            raise ValueError("bad")

    with pytest.raises(CircuitOpenError):
        async with breaker:
            pytest.fail("the block is not entered")

    found = breaker.statistics()
    assert (found.successes, found.failures, found.rejected) == (1, 1, 1)


async def test_blocks_are_entered_by_many_tasks_and_in_each_other() -> None:
    breaker = CircuitBreaker(BreakerSpec(consecutive_failures=9))

    async def nest(error: Exception) -> None:
        async with breaker:
            await trio.lowlevel.checkpoint()
            async with breaker:
                await trio.lowlevel.checkpoint()
                raise error

    async def expect(error: Exception) -> None:
        with pytest.raises(type(error)):
            await nest(error)

    async with trio.open_nursery() as nursery:
        for error in (OSError(), ValueError(), KeyError()):
            nursery.start_soon(expect, error)

    found = breaker.statistics()
    assert (found.admitted, found.failures) == (6, 6)


async def test_a_coroutine_is_refused_before_it_counts() -> None:
    breaker = CircuitBreaker()
    coroutine: Any = give()

    with pytest.raises(TypeError, match="not the coroutine"):
        await breaker.call(coroutine)

    assert breaker.statistics().admitted == 0


async def test_a_function_that_is_not_async_is_a_mistake_of_the_caller() -> None:
    breaker = CircuitBreaker(ONE)
    function: Any = lambda: 3  # noqa: E731

    with pytest.raises(TypeError):
        await breaker.call(function)

    assert state_of(breaker) == "closed"


# ------------------------------------------------------------------------ what counts


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (OSError(), "open"),
        (trio.TooSlowError(), "open"),
        (otp.CallTimeoutError("db", 5), "open"),
        (ExceptionGroup("many", [OSError()]), "open"),
        (ExceptionGroup("many", [ExceptionGroup("more", [OSError()])]), "open"),
        (BaseExceptionGroup("many", [OSError(), KeyboardInterrupt()]), "open"),
        (TypeError(), "closed"),
        (otp.RejectedError("full"), "closed"),
        (ExceptionGroup("many", [otp.RejectedError("full")]), "closed"),
        (otp.Exit(otp.Normal()), "closed"),
        (KeyboardInterrupt(), "closed"),
    ],
)
async def test_what_speaks_against_what_was_called_counts(
    error: BaseException, state: State
) -> None:
    breaker = CircuitBreaker(ONE)

    assert await attempt(breaker, fail, error) is error

    assert state_of(breaker) == state
    assert breaker.statistics().neutral == (state == "closed")


async def test_only_what_is_said_counts_and_the_rest_is_neutral() -> None:
    breaker = CircuitBreaker(ONE, failures=(ConnectionError, TimeoutError))

    await attempt(breaker, fail, ValueError())
    assert breaker.statistics().neutral == 1
    await attempt(breaker, fail, ExceptionGroup("", [ValueError(), TimeoutError()]))

    assert state_of(breaker) == "open"


async def test_a_result_can_be_a_failure() -> None:
    breaker = CircuitBreaker(ONE, bad_result=lambda status: status >= 500)

    assert await breaker.call(give, 404) == 404
    assert await breaker.call(give, 503) == 503

    assert state_of(breaker) == "open"


async def test_a_test_of_results_that_raises_leaves_no_permit_behind(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    breaker = CircuitBreaker(ONE, bad_result=lambda status: status.is_bad())
    breaker.record()
    await trio.sleep(10)

    with pytest.raises(AttributeError):
        await breaker.call(give)

    found = breaker.statistics()
    assert (found.state, found.permits, found.neutral) == ("half_open", 0, 1)


async def test_a_test_of_errors_that_raises_leaves_no_permit_behind(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock

    def broken(error: Exception) -> bool:
        raise RuntimeError(error)

    breaker = CircuitBreaker(ONE, failures=broken)
    breaker.record()
    await trio.sleep(10)

    with pytest.raises(RuntimeError):
        await breaker.call(fail, OSError())

    assert breaker.statistics().permits == 0


async def test_a_time_out_inside_counts_and_one_outside_does_not(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    breaker = CircuitBreaker(ONE)

    async def hang() -> None:
        await trio.sleep_forever()

    async def hang_for_a_second() -> None:
        with trio.fail_after(1):
            await hang()

    with trio.move_on_after(1):
        await breaker.call(hang)
    with trio.move_on_after(1):
        async with breaker:
            await hang()
    assert breaker.statistics().neutral == 2
    assert state_of(breaker) == "closed"

    with pytest.raises(trio.TooSlowError):
        await breaker.call(hang_for_a_second)
    assert state_of(breaker) == "open"


async def test_slow_calls_are_measured_by_trios_clock(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    spec = BreakerSpec(window=CountWindow(2), slow_after=3)
    breaker = CircuitBreaker(spec)
    await trio.sleep(10)

    for seconds in (2.5, 3, 4):
        await breaker.call(trio.sleep, seconds)

    assert state_of(breaker) == "open"
    assert breaker.statistics().slow == 2


async def test_an_inner_breaker_that_is_open_does_not_open_the_outer_one() -> None:
    inner, outer = CircuitBreaker(ONE), CircuitBreaker(ONE)
    inner.open()

    for _ in range(3):
        with pytest.raises(CircuitOpenError):
            await outer.call(inner.call, give)

    assert outer.state == "closed"


# -------------------------------------------------------------------------- half-open


@pytest.mark.parametrize("permits", [1, 3])
async def test_of_five_calls_at_once_exactly_so_many_reach_the_other_side(
    permits: int, autojump_clock: MockClock
) -> None:
    del autojump_clock
    breaker = CircuitBreaker(
        BreakerSpec(consecutive_failures=1, half_open_calls=permits)
    )
    await attempt(breaker, fail, OSError())
    await trio.sleep(60)
    reached: list[int] = []
    found: list[object] = []

    async def backend(n: int) -> None:
        reached.append(n)
        await trio.sleep(1)

    async def client(n: int) -> None:
        found.append(await attempt(breaker, backend, n))

    async with trio.open_nursery() as nursery:
        for n in range(5):
            nursery.start_soon(client, n)

    rejections = [error for error in found if isinstance(error, CircuitOpenError)]
    assert len(reached) == permits
    assert [error.state for error in rejections] == ["half_open"] * (5 - permits)
    assert state_of(breaker) == "closed"


async def test_a_late_success_does_not_close_it(autojump_clock: MockClock) -> None:
    del autojump_clock
    breaker = CircuitBreaker(ONE)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(behind, breaker, 5)
        nursery.start_soon(behind, breaker, 15)
        await wait_all_tasks_blocked()
        await attempt(breaker, fail, OSError())
        await trio.sleep(6)
        assert state_of(breaker) == "open"
        await trio.sleep(5)
        assert state_of(breaker) == "half_open"

    assert state_of(breaker) == "half_open"
    assert breaker.statistics().late == 2


async def test_a_cancelled_probe_gives_its_permit_to_the_next(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    breaker = CircuitBreaker(ONE)
    breaker.record()
    await trio.sleep(10)

    with trio.move_on_after(1):
        await breaker.call(trio.sleep_forever)

    assert await breaker.call(give) == 7
    assert state_of(breaker) == "closed"


# --------------------------------------------------------------------- what it says


async def test_a_rejection_says_who_rejects_and_until_when(
    mock_clock: MockClock,
) -> None:
    breaker = CircuitBreaker(ONE, name="search")
    breaker.record()
    mock_clock.jump(2.5)

    with pytest.raises(CircuitOpenError) as caught:
        await breaker.call(give)

    error = caught.value
    assert (error.breaker, error.state, error.retry_after) == ("search", "open", 7.5)
    assert (error.recovery, error.severity) == ("circuit_breaker", "medium")
    assert str(error) == (
        "circuit 'search' is open: calls have failed too often; try again in 7.5 s"
    )


async def test_an_isolated_one_says_what_puts_it_back_to_work() -> None:
    breaker = CircuitBreaker()
    breaker.isolate()

    with pytest.raises(CircuitOpenError, match=r"the circuit is isolated.*enable\(\)"):
        await breaker.call(give)


async def test_whoever_is_rejected_again_and_again_lets_others_run() -> None:
    breaker = CircuitBreaker()
    breaker.isolate()

    async def closes() -> None:
        breaker.enable()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(closes)
        while True:
            try:
                await breaker.call(give)
            except CircuitOpenError:
                continue
            break


async def test_listeners_are_told_what_happens(mock_clock: MockClock) -> None:
    told: list[BreakerEvent] = []
    breaker = CircuitBreaker(ONE, name="db", listeners=[told.append])
    error = OSError()

    await attempt(breaker, fail, error)
    await attempt(breaker, give)
    mock_clock.jump(10)
    await attempt(breaker, give)

    assert told == [
        CallEnded("db", "failure", 0, True, error),
        StateChanged("db", "closed", "open", "consecutive_failures", 0, 10),
        CallRejected("db", "open", 10),
        StateChanged("db", "open", "half_open", "time", 10, inf),
        CallEnded("db", "success", 0, True, None),
        StateChanged("db", "half_open", "closed", "trial", 10, inf),
    ]


async def test_a_change_that_is_noticed_by_a_rejection_is_told_before_it(
    mock_clock: MockClock,
) -> None:
    told: list[BreakerEvent] = []
    breaker = CircuitBreaker(ONE, listeners=[told.append])
    breaker.record()
    mock_clock.jump(10)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(behind, breaker, inf)
        await wait_all_tasks_blocked()
        told.clear()
        # The trial has hung for longer than it may; the breaker is open again.
        mock_clock.jump(65)
        await attempt(breaker, give)
        nursery.cancel_scope.cancel()

    assert told[:2] == [
        StateChanged("", "half_open", "open", "trial", 70, 80),
        CallRejected("", "open", 5),
    ]


async def test_a_listener_may_steer_the_breaker_that_tells_it() -> None:
    def isolate(event: BreakerEvent) -> None:
        if isinstance(event, StateChanged) and event.new == "open":
            breaker.isolate()

    told: list[BreakerEvent] = []
    breaker = CircuitBreaker(ONE, listeners=[isolate, told.append])

    breaker.record()

    assert state_of(breaker) == "isolated"
    changes = [event for event in told if isinstance(event, StateChanged)]
    assert {change.new for change in changes} == {"open", "isolated"}


async def test_a_block_and_a_good_result_are_told_as_successes(
    mock_clock: MockClock,
) -> None:
    del mock_clock
    told: list[BreakerEvent] = []
    breaker = CircuitBreaker(bad_result=lambda _: False, listeners=[told.append])

    async with breaker:
        pass
    await breaker.call(give)

    assert told == [CallEnded("", "success", 0, True, None)] * 2


async def test_a_listener_that_raises_harms_nobody() -> None:
    def broken(event: BreakerEvent) -> None:
        raise RuntimeError(event)

    breaker = CircuitBreaker(ONE, listeners=[broken])

    assert await breaker.call(give) == 7
    assert not breaker.listeners


async def test_whoever_waits_for_a_state_hears_of_the_end_of_the_open_time(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    breaker = CircuitBreaker(ONE)
    assert await breaker.wait_state("closed") == "closed"
    breaker.record()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(breaker.wait_state, "half_open")
        assert await breaker.wait_state("half_open", "closed") == "half_open"
        assert trio.current_time() == 10


async def test_whoever_waits_hears_that_a_probe_hangs_for_longer_than_it_may(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    breaker = CircuitBreaker(ONE)
    breaker.record()
    await trio.sleep(10)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(behind, breaker, inf)
        assert await breaker.wait_state("open") == "open"
        assert trio.current_time() == 70
        nursery.cancel_scope.cancel()


async def test_whoever_waits_for_a_state_that_is_set_by_hand_wakes_up() -> None:
    breaker = CircuitBreaker()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(breaker.wait_state, "isolated")
        nursery.start_soon(breaker.wait_state, "isolated", "disabled")
        await wait_all_tasks_blocked()
        breaker.isolate()


# ------------------------------------------------------------------------- by hand


async def test_it_can_be_opened_closed_and_taken_out_by_hand(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    breaker = CircuitBreaker(ONE)
    seen: list[State] = []

    breaker.open()
    seen.append(breaker.state)
    breaker.close()
    seen.append(breaker.state)
    breaker.disable()
    for _ in range(9):
        await attempt(breaker, fail, OSError())
    seen.append(breaker.state)
    breaker.isolate()
    await trio.sleep(1000)
    seen.append(breaker.state)
    breaker.enable()
    seen.append(breaker.state)

    assert seen == ["open", "closed", "disabled", "isolated", "closed"]


async def test_outcomes_that_were_seen_elsewhere_count() -> None:
    breaker = CircuitBreaker(BreakerSpec(consecutive_failures=2))

    breaker.record("failure")
    breaker.record("success")
    breaker.record("failure")
    breaker.record("neutral")
    assert state_of(breaker) == "closed"
    breaker.record()

    assert state_of(breaker) == "open"


# --------------------------------------------------------------------------- chance


async def test_the_jitter_is_drawn_from_the_given_randomness(
    mock_clock: MockClock,
) -> None:
    del mock_clock
    spec = BreakerSpec(consecutive_failures=1, open_for=Backoff(60, 1, 60, jitter=0.5))
    found: set[float | None] = set()
    for _ in range(2):
        breaker = CircuitBreaker(spec, random=Random(1))
        breaker.record()
        found.add(breaker.statistics().retry_after)

    assert found == {60 * (1 - 0.5 * Random(1).random())}


async def test_the_jitter_is_that_of_the_node_otherwise(
    mock_clock: MockClock,
) -> None:
    del mock_clock
    spec = BreakerSpec(consecutive_failures=1, open_for=Backoff(60, 1, 60, jitter=1))
    found: list[float | None] = []
    for seed in (3, 3, 4):
        # Made before there is a node, as a global breaker would be.
        breaker = CircuitBreaker(spec)
        async with otp.Node(seed=seed):
            breaker.record()
            found.append(breaker.statistics().retry_after)

    assert found[0] == found[1] != found[2]


# ------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("wrong", "error", "text"),
    [
        ({"spec": 5}, TypeError, r"made from a BreakerSpec\(...\), not from 5"),
        ({"failures": 3}, InvalidSpecError, "what counts as a failure"),
        ({"failures": int}, InvalidSpecError, "what counts as a failure"),
        ({"bad_result": 500}, TypeError, "bad_result is a function of a result"),
        ({"listeners": [3]}, TypeError, "a listener is a function"),
        ({"listeners": print}, TypeError, r"such as \[print\], not"),
        ({"random": 3}, InvalidSpecError, "not 3"),
    ],
)
def test_what_makes_no_breaker_is_refused(
    wrong: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        CircuitBreaker(**wrong)


def test_a_breaker_may_be_used_in_one_run_after_the_other() -> None:
    breaker = CircuitBreaker(BreakerSpec(open_for=10.0))

    async def first() -> None:
        await trio.sleep(1000)
        breaker.open()
        await trio.sleep(4)
        assert breaker.statistics().retry_after == 6

    async def second() -> None:
        assert breaker.statistics().retry_after == 6
        await breaker.wait_state("half_open")
        assert trio.current_time() == 6

    trio.run(first, clock=MockClock(autojump_threshold=0))
    trio.run(second, clock=MockClock(autojump_threshold=0))


@pytest.mark.parametrize("states", [(), ("half-open",), ("closed", 1)])
async def test_only_a_state_can_be_waited_for(states: Any) -> None:
    with pytest.raises(InvalidSpecError, match=r"is 'closed', 'open'.* not") as caught:
        await CircuitBreaker().wait_state(*states)

    assert caught.value.kind == "invalid_state"
    assert caught.value.value == (states[-1] if states else None)


@pytest.mark.parametrize("outcome", ["ok", None, True])
async def test_only_an_outcome_can_be_recorded(outcome: Any) -> None:
    with pytest.raises(InvalidSpecError, match="is 'success', 'failure'") as caught:
        CircuitBreaker().record(outcome)

    assert (caught.value.kind, caught.value.value) == ("invalid_outcome", outcome)


@pytest.mark.parametrize("seconds", [-1, "1", None])
async def test_only_a_time_can_be_recorded(seconds: Any) -> None:
    with pytest.raises(InvalidSpecError, match="0 seconds or more") as caught:
        CircuitBreaker().record("success", seconds)

    assert (caught.value.kind, caught.value.value) == ("invalid_outcome", seconds)


def test_it_says_what_it_is() -> None:
    breaker = CircuitBreaker(ONE, name="db")

    assert repr(breaker) == "<CircuitBreaker 'db' closed>"
    assert (breaker.name, breaker.spec) == ("db", ONE)
