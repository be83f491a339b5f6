from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

import pytest
import trio

import otp
from otp import CircuitBreaker, InvalidSpecError, Retry
from otp.pipeline import TimedOutError, Timeout
from otp.protection import is_failure, recovery_of
from otp.testing import Cancelling, cancel_everywhere

if TYPE_CHECKING:
    from trio.testing import MockClock


async def take(seconds: float, result: int = 7) -> int:
    await trio.sleep(seconds)
    return result


async def test_what_is_over_in_time_returns(autojump_clock: MockClock) -> None:
    del autojump_clock

    assert await Timeout(2).call(take, 1.9, result=8) == 8
    assert await Timeout(2)(take)(0) == 7


async def test_what_is_not_is_cancelled_and_has_failed(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    with pytest.raises(TimedOutError) as caught:
        await Timeout(2).call(take, 3)

    error = caught.value
    assert trio.current_time() == 2
    assert str(error) == "the call was not over in 2 s"
    assert error.timeout == 2
    assert isinstance(error, TimeoutError)
    assert isinstance(error, otp.OTPError)
    assert recovery_of(error) == "retry"
    assert is_failure(error)


async def test_it_is_tried_again_and_counted(autojump_clock: MockClock) -> None:
    del autojump_clock
    breaker = CircuitBreaker(otp.BreakerSpec(consecutive_failures=3))
    with pytest.raises(TimedOutError):
        await Retry()(breaker(Timeout(1)(take)))(5)

    assert breaker.state == "open"


async def test_a_cancellation_from_outside_is_none_of_its_business(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    with trio.move_on_after(1) as scope:
        await Timeout(2).call(take, 3)

    assert scope.cancelled_caught


async def test_what_fails_in_time_fails_as_it_does(autojump_clock: MockClock) -> None:
    del autojump_clock

    async def fail() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        await Timeout(2).call(fail)


@pytest.mark.parametrize("value", [0, -1, nan, "3", None, True])
def test_a_time_out_is_a_time(value: object) -> None:
    with pytest.raises(InvalidSpecError, match="a time-out is") as caught:
        Timeout(value)  # type: ignore[arg-type]

    assert caught.value.kind == "invalid_timeout"


def test_equal_time_outs_are_equal() -> None:
    assert Timeout(2) == Timeout(2.0)


def test_a_call_in_it_may_be_cancelled_anywhere() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        ended = ""
        with cancelling:
            try:
                await Timeout(1).call(take, 1)
            except TimedOutError:
                ended = "late"
            else:
                ended = "in time"
        assert ended or cancelling.cancelled
        assert trio.current_time() <= 1

    assert cancel_everywhere(scenario, schedules=3) > 1
