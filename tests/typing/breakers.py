"""Circuit breakers: a function keeps its types behind one, wherever it lives."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, assert_never, assert_type

import trio

import otp
from otp.circuit_breaker import (
    BreakerEvent,
    BreakerServer,
    BreakerStatistics,
    CallEnded,
    CallRejected,
    CountWindow,
    SharedBreaker,
    State,
    StateChanged,
    TimeWindow,
    shared,
)


async def fetch(url: str, *, times: int = 1) -> bytes:
    return url.encode() * times


async def no_arguments() -> None:
    pass


def is_odd(error: Exception) -> bool:
    return bool(error.args)


def hear(event: BreakerEvent) -> None:
    match event:
        case StateChanged(old=old, until=until):
            assert_type(old, State)
            assert_type(until, float)
        case CallRejected(retry_after=retry_after):
            assert_type(retry_after, float | None)
        case CallEnded(error=error):
            assert_type(error, BaseException | None)
        case _:
            assert_never(event)


def hear_text(text: str) -> None:
    del text


async def calls(breaker: otp.CircuitBreaker) -> None:
    assert_type(await breaker.call(fetch, "x", times=2), bytes)
    decorated = breaker(fetch)
    assert_type(await decorated("x", times=2), bytes)
    assert_type(breaker(no_arguments), Callable[[], Coroutine[Any, Any, None]])
    async with trio.open_nursery() as nursery:
        nursery.start_soon(decorated, "x")
        nursery.start_soon(decorated, 3)  # type: ignore[arg-type]
    async with breaker as nothing:
        assert_type(nothing, None)

    await breaker.call(fetch, 3)  # type: ignore[arg-type]
    await breaker.call(fetch, "x", time=2)  # type: ignore[call-arg]
    await breaker.call(fetch("x"))  # type: ignore[arg-type]
    await breaker.call(len, "x")  # type: ignore[arg-type]
    await decorated(3)  # type: ignore[arg-type]


async def what_it_says(breaker: otp.CircuitBreaker) -> None:
    assert_type(breaker.state, State)
    assert_type(breaker.statistics(), BreakerStatistics)
    assert_type(await breaker.wait_state("open", "half_open"), State)
    breaker.record()
    breaker.record("success", 0.5)
    breaker.listeners.add(hear)

    await breaker.wait_state("half-open")  # type: ignore[arg-type]
    breaker.record("ok")  # type: ignore[arg-type]
    breaker.state = "open"  # type: ignore[misc]
    breaker.listeners.add(hear_text)  # type: ignore[arg-type]


def settings() -> None:
    spec = otp.BreakerSpec(
        window=CountWindow(100),
        consecutive_failures=None,
        failure_rate=0.3,
        open_for=otp.Backoff(1.0, jitter=0.5),
    )
    otp.BreakerSpec(window=TimeWindow(30), open_for=30)
    otp.CircuitBreaker(
        spec,
        name="db",
        failures=(OSError, ValueError),
        bad_result=lambda result: result.status >= 500,
        listeners=[hear],
        random=Random(),
    )
    otp.CircuitBreaker(failures=is_odd)

    otp.BreakerSpec(CountWindow(4))  # type: ignore[call-arg]
    otp.BreakerSpec(window=100)  # type: ignore[arg-type]
    otp.BreakerSpec(open_for="60")  # type: ignore[arg-type]
    spec.failure_rate = 0.5  # type: ignore[misc]
    otp.CircuitBreaker(name=3)  # type: ignore[arg-type]
    otp.CircuitBreaker(failures=KeyboardInterrupt)  # type: ignore[arg-type]
    otp.CircuitBreaker(bad_result=500)  # type: ignore[arg-type]
    otp.CircuitBreaker(listeners=[hear_text])  # type: ignore[list-item]


DB = otp.Name[BreakerServer]("db")
COUNTER = otp.Name[otp.GenServer]("counter")


async def as_a_process() -> None:
    spec = otp.child_spec(BreakerServer, otp.BreakerSpec(), name="db").named(DB)
    assert_type(spec, otp.ChildSpec[BreakerServer])
    server = await otp.gen_statem.start_link(BreakerServer, name="db")
    assert_type(server, otp.Pid[BreakerServer])
    breaker = shared(server, failures=OSError, timeout=1)
    assert_type(breaker, SharedBreaker)
    assert_type(await breaker.call(fetch, "x"), bytes)
    assert_type(await breaker(fetch)("x"), bytes)
    assert_type(await breaker.state(), State)
    assert_type(await breaker.statistics(), BreakerStatistics)
    async with shared(DB):
        pass

    shared(COUNTER)  # type: ignore[arg-type]
    shared("db")  # type: ignore[arg-type]
    await breaker.call(fetch, 3)  # type: ignore[arg-type]
    await otp.gen_statem.start_link(BreakerServer, 5)  # type: ignore[arg-type]


def errors(error: otp.CircuitOpenError) -> None:
    assert_type(error.retry_after, float | None)
    assert_type(error.state, State)
    assert_type(error.breaker, str)
