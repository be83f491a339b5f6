from __future__ import annotations

import contextlib
import warnings
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar, get_args

import pytest
import trio

import otp
from otp import (
    BreakerSpec,
    Bulkhead,
    CircuitBreaker,
    CircuitOpenError,
    InvalidSpecError,
    Name,
    OTPError,
    Pipeline,
    RateLimiter,
    Recovery,
    Retry,
    circuit_breaker,
)
from otp.bulkhead import BulkheadFullError
from otp.pipeline import Fallback, OrderWarning, TimedOutError, Timeout
from otp.protection import Place, Protection
from otp.rate_limiter import Gcra, RateLimitedError, SlidingLog
from otp.retry import Backoff, GaveUp, RetryEvent, Retrying

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio.testing import MockClock

P = ParamSpec("P")
T = TypeVar("T")

PAUSES = Backoff(1.0)


class Noting(Protection):
    """Notes when calls come in and go out."""

    def __init__(self, name: str, notes: list[str]) -> None:
        self.name = name
        self.notes = notes

    async def call(
        self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        self.notes.append(f"{self.name} in")
        try:
            return await fn(*args, **kwargs)
        finally:
            self.notes.append(f"{self.name} out")


class Server:
    """Does what it is told, call by call; then it answers."""

    def __init__(self, *scenes: float | BaseException) -> None:
        self.scenes = list(scenes)
        self.times: list[float] = []

    async def ask(self, what: str = "x") -> str:
        self.times.append(trio.current_time())
        scene = self.scenes.pop(0) if self.scenes else 0.0
        if isinstance(scene, BaseException):
            await trio.lowlevel.checkpoint()
            raise scene
        await trio.sleep(scene)
        return what.upper()


def everything() -> Pipeline:
    """Return a pipeline of all kinds of parts, in the right order."""
    return Pipeline(
        Fallback("?"),
        Retry(3, backoff=PAUSES, random=Random(1)),
        CircuitBreaker(),
        RateLimiter(Gcra(100, burst=100)),
        Timeout(5.0),
        Bulkhead(2),
    )


# ----------------------------------------------------------------------------- order


async def test_the_first_part_is_outermost() -> None:
    notes: list[str] = []
    pipeline = Pipeline(Noting("a", notes), Noting("b", notes))

    assert await pipeline.call(Server().ask, "y") == "Y"
    assert notes == ["a in", "b in", "b out", "a out"]


async def test_the_right_order_is_not_warned_about() -> None:
    pipeline = everything()

    assert await pipeline.call(Server().ask, what="y") == "Y"
    assert await pipeline(Server().ask)("z") == "Z"
    assert repr(pipeline) == (
        "<Pipeline Fallback > Retry > CircuitBreaker > RateLimiter > Timeout > "
        "Bulkhead>"
    )


def test_a_retry_inside_of_a_breaker_is_warned_about_with_the_remedy() -> None:
    with pytest.warns(OrderWarning) as caught:
        Pipeline(CircuitBreaker(), Timeout(1), Retry())

    [warning] = caught
    assert str(warning.message) == (
        "Retry is inside of CircuitBreaker, so the breaker counts all attempts as one "
        "call: write Pipeline(Retry, CircuitBreaker, Timeout)"
    )
    assert warning.filename == __file__


def test_a_breaker_that_is_shared_has_its_place_as_well() -> None:
    breaker = circuit_breaker.shared(Name[circuit_breaker.BreakerServer]("news"))

    with pytest.warns(OrderWarning, match="Retry is inside of SharedBreaker"):
        Pipeline(breaker, Retry())


def test_the_inverse_of_the_right_order_is_warned_about_part_by_part() -> None:
    parts = everything().parts
    with pytest.warns(OrderWarning) as caught:
        Pipeline(*reversed(parts))

    texts = [str(warning.message) for warning in caught]
    assert [text.split()[0] for text in texts] == [
        *("Timeout", "RateLimiter", "CircuitBreaker", "Retry", "Fallback")
    ]
    right = ", ".join(type(part).__name__ for part in parts)
    assert all(text.endswith(f": write Pipeline({right})") for text in texts)


def test_a_time_out_may_be_around_all_if_there_is_one_for_each_attempt() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Pipeline(Timeout(60), Retry(), CircuitBreaker(), Timeout(5))
    with pytest.warns(OrderWarning, match="the time is for all attempts together"):
        Pipeline(Timeout(60), Retry())


def test_a_part_of_ones_own_may_say_where_it_belongs() -> None:
    class Shared(Noting):
        __place__: ClassVar[Place] = "breaker"

    with pytest.warns(OrderWarning, match="Retry is inside of Shared"):
        Pipeline(Shared("a", []), Retry())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Pipeline(Noting("a", []), Retry(), Noting("b", []))


def test_a_place_that_there_is_not_is_refused() -> None:
    class Lost(Noting):
        __place__: ClassVar[Any] = "retries"

    with pytest.raises(
        InvalidSpecError, match=r"__place__ of Lost is one of 'fallback', .*'retries'"
    ):
        Pipeline(Lost("a", []))


async def test_a_pipeline_in_a_pipeline_is_the_same_as_its_parts() -> None:
    notes: list[str] = []
    one, other, third = (Noting(name, notes) for name in "abc")
    inner = Pipeline(other, third)
    pipeline = Pipeline(one, inner)

    assert pipeline.parts == (one, other, third)
    await pipeline.call(Server().ask)
    assert notes[:3] == ["a in", "b in", "c in"]
    with pytest.warns(OrderWarning, match="Retry is inside of Bulkhead"):
        Pipeline(Pipeline(Bulkhead()), Pipeline(Retry()))


# ---------------------------------------------------------------------- bad input


def test_a_pipeline_has_parts() -> None:
    with pytest.raises(InvalidSpecError, match="at least one part") as caught:
        Pipeline()

    assert caught.value.kind == "invalid_pipeline"


@pytest.mark.parametrize("part", [None, Retry, 3, Backoff(), Gcra(10), trio.sleep])
def test_a_part_is_a_protection(part: object) -> None:
    with pytest.raises(TypeError, match="a part of a pipeline is a Protection"):
        Pipeline(Retry(), part)  # type: ignore[arg-type]


def test_a_part_is_there_once() -> None:
    bulkhead = Bulkhead(1)
    with pytest.raises(InvalidSpecError, match="is twice in a pipeline") as caught:
        Pipeline(bulkhead, Pipeline(bulkhead))
    assert caught.value.kind == "invalid_pipeline"
    # Equal is not the same.
    assert len(Pipeline(Timeout(1), Retry(), Timeout(1)).parts) == 3


async def test_a_coroutine_is_refused() -> None:
    with pytest.raises(TypeError, match="not the coroutine"):
        await everything().call(Server().ask())  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [*range(6), None])
async def test_a_function_that_is_not_async_is_named_and_counts_for_nothing(
    number: int | None,
) -> None:
    calls: list[str] = []

    def ask(what: str) -> str:
        calls.append(what)
        return what

    pipeline = everything()
    part = pipeline if number is None else pipeline.parts[number]
    wrong: Any = ask

    with pytest.raises(TypeError, match=r"but <function .*ask.* has returned str 'x'"):
        await part.call(wrong, "x")

    assert calls == ["x"]
    _, _, breaker, _, _, bulkhead = pipeline.parts
    assert isinstance(breaker, CircuitBreaker)
    assert breaker.statistics().failures == 0
    assert isinstance(bulkhead, Bulkhead)
    assert bulkhead.statistics().running == 0


# ------------------------------------------------------- what its parts do together


async def test_each_attempt_has_its_own_time_and_counts_by_itself(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    breaker = CircuitBreaker(BreakerSpec(consecutive_failures=3))
    server = Server(9, ConnectionError(), 9)
    pipeline = Pipeline(Retry(9, backoff=PAUSES), breaker, Timeout(2))

    with pytest.raises(CircuitOpenError) as caught:
        await pipeline.call(server.ask)

    # When the third attempt has opened it, the next is rejected, and that is the end.
    assert server.times == [0, 3, 5]
    assert breaker.state == "open"
    assert caught.value.__notes__ == [
        "gave up after 4 attempts: this is no error after which there is another"
    ]


async def test_a_full_bulkhead_does_not_open_the_breaker(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    breaker = CircuitBreaker(BreakerSpec(consecutive_failures=1))
    pipeline = Pipeline(breaker, Bulkhead(1))
    refused = 0

    async def call() -> None:
        nonlocal refused
        try:
            await pipeline.call(Server(1).ask)
        except BulkheadFullError:
            refused += 1

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(call)

    assert refused == 4
    assert breaker.state == "closed"


async def test_waiting_for_ones_turn_is_no_time_of_the_call(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    pipeline = Pipeline(RateLimiter(Gcra(1, per=10.0)), Timeout(1))

    await pipeline.call(Server(0.9).ask)
    await pipeline.call(Server(0.9).ask)
    assert trio.current_time() == 10.9


async def test_what_the_breaker_rejects_uses_up_nothing() -> None:
    breaker = CircuitBreaker()
    breaker.isolate()
    limiter = RateLimiter(SlidingLog(5))
    for _ in range(3):
        with pytest.raises(CircuitOpenError):
            await Pipeline(breaker, limiter).call(Server().ask)

    assert limiter.statistics().taken == 0


async def test_a_rate_that_is_used_up_is_waited_for_by_the_retry(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    breaker = CircuitBreaker(BreakerSpec(consecutive_failures=1))
    limiter = RateLimiter(Gcra(1, per=30.0), max_wait=0)
    pipeline = Pipeline(Retry(), breaker, limiter)
    server = Server()

    await pipeline.call(server.ask)
    await pipeline.call(server.ask)
    assert server.times == [0, 30]
    assert breaker.state == "closed"
    with pytest.raises(RateLimitedError):
        await Pipeline(Retry(max_elapsed=5), limiter).call(server.ask)


async def test_an_outage_is_got_over(autojump_clock: MockClock) -> None:
    del autojump_clock
    breaker = CircuitBreaker(BreakerSpec(consecutive_failures=4, open_for=10))
    pipeline = Pipeline(
        Fallback("old", last_good=True), Retry(2, backoff=PAUSES), breaker, Timeout(1)
    )
    server = Server(0, *[ConnectionError()] * 4)
    answers: list[tuple[float, str, str]] = []
    for _ in range(8):
        answer = await pipeline.call(server.ask)
        answers.append((trio.current_time(), answer, breaker.state))
        await trio.sleep(3)

    assert [state for *_, state in answers] == [
        *("closed", "closed", "open", "open", "open", "open", "half_open", "closed")
    ]
    assert {answer for _, answer, _ in answers} == {"X"}
    # While it was open nobody asked.
    assert [time for time in server.times if 8 < time < 18] == []


class RecoveryError(OTPError):
    """An error with a recovery of its own."""


@pytest.mark.parametrize("recovery", get_args(Recovery))
async def test_the_recovery_of_an_error_chooses_the_strategy(
    recovery: Recovery, autojump_clock: MockClock
) -> None:
    del autojump_clock
    error = RecoveryError()
    error.recovery = recovery  # type: ignore[misc]
    breaker = CircuitBreaker()
    server = Server(*[error] * 9)
    pipeline = Pipeline(Fallback("?"), Retry(3, backoff=PAUSES), breaker)
    given = False
    with contextlib.suppress(RecoveryError):
        given = await pipeline.call(server.ask) == "?"

    retried = len(server.times) > 1
    counted = breaker.statistics().failures > 0
    expected = {
        "retry": (True, True, True),
        "restart": (False, True, True),
        "reload": (False, True, True),
        "circuit_breaker": (False, True, True),
        "failover": (False, True, True),
        "escalate": (False, False, False),
        "ignore": (False, False, False),
    }
    assert (retried, counted, given) == expected[recovery]


async def test_events_say_what_is_called(autojump_clock: MockClock) -> None:
    del autojump_clock
    events: list[RetryEvent] = []
    pipeline = Pipeline(Retry(2, listeners=[events.append]), Timeout(1))
    with pytest.raises(TimedOutError):
        await pipeline.call(Server(2, 2).ask)

    first, last = events
    assert isinstance(first, Retrying)
    assert isinstance(last, GaveUp)
    assert "Server.ask" in repr(first.fn)
    assert "behind Timeout" in repr(first.fn)


async def test_a_cancellation_goes_through_all_of_them(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    pipeline = everything()
    with trio.move_on_after(1) as scope:
        await pipeline.call(Server(3).ask)

    assert scope.cancelled_caught
    assert trio.current_time() == 1
    assert await pipeline.call(Server().ask) == "X"


async def test_an_exit_goes_through_all_of_them() -> None:
    with pytest.raises(otp.Exit):
        await everything().call(Server(otp.Exit(otp.Normal())).ask)
