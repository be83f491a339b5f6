from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING, Any

import pytest
import trio

import otp
from otp import InvalidSpecError, Pipeline, RejectedError, Retry
from otp.pipeline import Degraded, Fallback, FallbackEvent, Restored
from otp.retry import Backoff
from otp.testing import Cancelling, cancel_everywhere

if TYPE_CHECKING:
    from trio.testing import MockClock


class Service:
    """Answers, or fails with what it is given."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.calls = 0

    async def ask(self, what: str = "x", *, times: int = 1) -> str:
        self.calls += 1
        await trio.lowlevel.checkpoint()
        if self.error is not None:
            raise self.error
        return f"{what * times} {self.calls}"


DOWN = ConnectionError("down")


# -------------------------------------------------------------------------- sources


async def test_what_works_is_left_alone() -> None:
    assert await Fallback("?").call(Service().ask, "y", times=2) == "yy 1"


async def test_nothing_is_remembered_unless_it_is_wanted() -> None:
    service = Service()
    fallback = Fallback("?")
    await fallback.call(service.ask)
    service.error = DOWN

    assert await fallback.call(service.ask) == "?"


async def test_a_value_is_given_instead() -> None:
    fallback = Fallback(None)

    assert await fallback.call(Service(DOWN).ask) is None
    assert fallback.degraded


async def test_another_function_is_asked_the_same() -> None:
    service, other, events = Service(DOWN), Service(), list[FallbackEvent]()
    fallback = Fallback("?", function=other.ask, listeners=[events.append])

    assert await fallback.call(service.ask, "y", times=3) == "yyy 1"
    assert events == [Degraded(service.ask, DOWN, "function")]


async def test_what_the_other_function_raises_is_raised() -> None:
    fallback = Fallback(function=Service(KeyError()).ask)

    with pytest.raises(KeyError) as caught:
        await fallback.call(Service(DOWN).ask)
    assert caught.value.__context__ is DOWN
    assert not fallback.degraded


async def test_the_last_good_value_of_the_same_call_is_given(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    service, events = Service(), list[FallbackEvent]()
    fallback = Fallback(last_good=True, listeners=[events.append])
    assert await fallback.call(service.ask, "y", times=2) == "yy 1"
    assert await fallback.call(service.ask, "z") == "z 2"
    service.error = DOWN
    await trio.sleep(60)

    assert await fallback.call(service.ask, "y", times=2) == "yy 1"
    assert await fallback.call(service.ask, "z") == "z 2"
    assert events == [Degraded(service.ask, DOWN, "last_good", 60)] * 2
    with pytest.raises(ConnectionError):
        await fallback.call(service.ask, "y")
    with pytest.raises(ConnectionError):
        await fallback.call(Service(DOWN).ask, "z")


async def test_a_value_that_is_too_old_is_not_given(autojump_clock: MockClock) -> None:
    del autojump_clock
    service = Service()
    fallback = Fallback("?", last_good=True, max_age=10)
    await fallback.call(service.ask)
    service.error = DOWN

    await trio.sleep(10)
    assert await fallback.call(service.ask) == "x 1"
    await trio.sleep(1)
    assert await fallback.call(service.ask) == "?"


async def test_the_values_of_so_many_calls_are_remembered() -> None:
    service = Service()
    fallback = Fallback("?", last_good=True, size=2)
    for what in "abc":
        await fallback.call(service.ask, what)
    service.error = DOWN

    assert [await fallback.call(service.ask, what) for what in "abc"] == [
        *("?", "b 2", "c 3")
    ]


async def test_a_call_that_cannot_be_a_key_is_not_remembered() -> None:
    service = Service()
    fallback = Fallback("?", last_good=True)
    unhashable: Any = ["x"]
    assert await fallback.call(service.ask, unhashable) == "['x'] 1"
    service.error = DOWN

    assert await fallback.call(service.ask, unhashable) == "?"


async def test_behind_others_it_still_knows_the_call(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    one, other = Service(), Service()
    pipeline = Pipeline(Fallback(last_good=True), Retry(2))
    await pipeline.call(one.ask)
    await pipeline.call(other.ask)
    await pipeline.call(other.ask)
    one.error = other.error = DOWN

    assert await pipeline.call(one.ask) == "x 1"
    assert await pipeline.call(other.ask) == "x 2"


# ---------------------------------------------------------------------- which errors


@pytest.mark.parametrize(
    ("error", "replaced"),
    [
        (ConnectionError(), True),
        (RejectedError("full"), True),
        (otp.CircuitOpenError("x", "open", 1), True),
        (otp.CallTimeoutError("x", 1), True),
        (otp.NodeDownError("x", "y"), True),
        (TypeError(), False),
        (otp.StartIgnored("x", otp.Normal()), False),
        (ExceptionGroup("", [ConnectionError(), EOFError()]), True),
        (ExceptionGroup("", [ConnectionError(), TypeError()]), False),
    ],
    ids=repr,
)
async def test_the_recovery_of_an_error_decides_by_default(
    error: Exception, *, replaced: bool
) -> None:
    fallback = Fallback("?")
    if replaced:
        assert await fallback.call(Service(error).ask) == "?"
    else:
        with pytest.raises(type(error)) as caught:
            await fallback.call(Service(error).ask)
        assert caught.value is error
    assert fallback.degraded == replaced


async def test_the_errors_can_be_named() -> None:
    fallback = Fallback("?", instead_of=(KeyError, EOFError))

    assert await fallback.call(Service(KeyError()).ask) == "?"
    with pytest.raises(ConnectionError):
        await fallback.call(Service(DOWN).ask)


async def test_nothing_is_given_instead_of_a_cancellation(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    fallback = Fallback("?", instead_of=Exception)
    with trio.move_on_after(1) as scope:
        await fallback.call(trio.sleep, 2)
    assert scope.cancelled_caught
    with pytest.raises(otp.Exit):
        await fallback.call(Service(otp.Exit(otp.Normal())).ask)
    assert not fallback.degraded


# ------------------------------------------------------------------- marks and events


async def test_a_substitute_can_be_marked() -> None:
    def mark(value: str, event: Degraded) -> str:
        return f"{value} ({event.source})"

    fallback = Fallback("?", mark=mark)

    assert await fallback.call(Service(DOWN).ask) == "? (value)"
    assert await fallback.call(Service().ask) == "x 1"


async def test_listeners_hear_of_each_substitute_and_of_the_end() -> None:
    events: list[FallbackEvent] = []
    service = Service(DOWN)
    fallback = Fallback("?")
    fallback.listeners.add(events.append)
    await fallback.call(service.ask)
    service.error = None
    for _ in range(2):
        await fallback.call(service.ask)

    assert events == [Degraded(service.ask, DOWN, "value"), Restored(service.ask)]
    assert not fallback.degraded


# ------------------------------------------------------------------------ bad input


def test_there_must_be_something_to_give() -> None:
    with pytest.raises(InvalidSpecError, match="needs something to give") as caught:
        Fallback()

    assert caught.value.kind == "invalid_fallback"


@pytest.mark.parametrize("value", [0, -1, nan, "3", None])
def test_an_age_is_a_time(value: object) -> None:
    with pytest.raises(InvalidSpecError, match="max_age of a fallback"):
        Fallback(1, max_age=value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [0, -1, 1.5, None, inf])
def test_a_size_is_a_whole_number(value: object) -> None:
    with pytest.raises(InvalidSpecError, match="the size of a fallback"):
        Fallback(1, size=value)  # type: ignore[arg-type]


@pytest.mark.parametrize("setting", [{"max_age": 5}, {"size": 5}])
def test_what_is_about_last_good_values_needs_them(setting: Any) -> None:
    with pytest.raises(InvalidSpecError, match="say last_good=True") as caught:
        Fallback(1, **setting)

    assert caught.value.kind == "bad_combination"
    Fallback(last_good=True, **setting)


async def test_a_substitute_comes_from_an_async_function() -> None:
    wrong: Any = str
    with pytest.raises(TypeError, match=r"class 'str'.* has returned str") as caught:
        await Fallback(function=wrong).call(Service(DOWN).ask)
    assert isinstance(caught.value.__context__, ConnectionError)


def test_functions_are_functions() -> None:
    with pytest.raises(TypeError, match="an async function"):
        Fallback(function=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="mark is a function of a substitute"):
        Fallback(1, mark=3)  # type: ignore[arg-type]
    with pytest.raises(InvalidSpecError, match="counts as a failure"):
        Fallback(1, instead_of=3)  # type: ignore[arg-type]


def test_a_call_in_it_may_be_cancelled_anywhere() -> None:
    async def scenario(cancelling: Cancelling) -> None:
        service = Service(DOWN)
        events: list[FallbackEvent] = []
        fallback = Fallback(function=Service().ask, listeners=[events.append])
        found: list[str] = []
        retry = Retry(2, backoff=Backoff(1))
        with cancelling:
            found.append(await fallback.call(retry(service.ask)))
        # A substitute that nobody got is not told.
        assert len(events) == len(found) == fallback.degraded

    assert cancel_everywhere(scenario, schedules=3) > 2
