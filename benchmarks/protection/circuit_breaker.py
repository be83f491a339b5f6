"""Circuit breakers: what a call costs, by what they remember and where they live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otp import BreakerSpec, CircuitBreaker, CircuitOpenError, gen_statem
from otp.circuit_breaker import BreakerServer, CountWindow, TimeWindow, shared

from .timing import bare_call

if TYPE_CHECKING:
    from .timing import Line


def lines() -> dict[str, Line]:
    """Return what is measured."""
    return {
        "closed, failures in a row": closed(BreakerSpec()),
        "closed, a window of 100 calls": closed(BreakerSpec(window=CountWindow(100))),
        "closed, a window of 1 s": closed(BreakerSpec(window=TimeWindow(1.0))),
        "closed, as a block": as_a_block,
        "closed, with a listener": with_a_listener,
        "open": rejected,
        "closed, shared": by_process,
        "open, shared": rejected_by_process,
    }


def closed(spec: BreakerSpec) -> Line:
    """Return calls that go through, counted as *spec* says."""

    async def line(n: int) -> None:
        call = CircuitBreaker(spec).call
        for i in range(n):
            await call(bare_call, i)

    return line


async def as_a_block(n: int) -> None:
    breaker = CircuitBreaker()
    for i in range(n):
        async with breaker:
            await bare_call(i)


async def with_a_listener(n: int) -> None:
    call = CircuitBreaker(listeners=[id]).call
    for i in range(n):
        await call(bare_call, i)


async def rejected(n: int) -> None:
    breaker = CircuitBreaker()
    breaker.isolate()
    for i in range(n):
        try:
            await breaker.call(bare_call, i)
        except CircuitOpenError:
            continue


async def by_process(n: int) -> None:
    call = shared(await gen_statem.start_link(BreakerServer)).call
    for i in range(n):
        await call(bare_call, i)


async def rejected_by_process(n: int) -> None:
    breaker = shared(await gen_statem.start_link(BreakerServer))
    await breaker.isolate()
    for i in range(n):
        try:
            await breaker.call(bare_call, i)
        except CircuitOpenError:
            continue
