"""Pipelines: a function keeps its types behind all of them."""

from __future__ import annotations

from typing import assert_type

import otp
from otp.pipeline import Degraded, Fallback, FallbackEvent, Restored, Source, Timeout
from otp.protection import Protection


async def fetch(url: str, *, times: int = 1) -> bytes:
    return url.encode() * times


async def replica(url: str, *, times: int = 1) -> bytes:
    return url.encode() * times


def hear(event: FallbackEvent) -> None:
    assert_type(event, Degraded | Restored)
    if isinstance(event, Degraded):
        assert_type(event.source, Source)
        assert_type(event.error, Exception)


def mark(value: bytes, event: Degraded) -> bytes:
    return value + event.source.encode()


async def calls() -> None:
    pipeline = otp.Pipeline(otp.Retry(), otp.CircuitBreaker(), Timeout(1))
    assert_type(await pipeline.call(fetch, "x", times=2), bytes)
    assert_type(await pipeline(fetch)("x", times=2), bytes)
    assert_type(pipeline.parts, tuple[Protection, ...])
    assert_type(await Timeout(2.0).call(fetch, "x"), bytes)

    fallback = Fallback(
        b"?", function=replica, last_good=True, mark=mark, listeners=[hear]
    )
    assert_type(await fallback.call(fetch, "x"), bytes)
    assert_type(fallback.degraded, bool)
    Fallback(None, instead_of=(OSError, ValueError))

    otp.Pipeline(otp.Retry)  # type: ignore[arg-type]
    otp.Pipeline([otp.Retry()])  # type: ignore[arg-type]
    Timeout("1")  # type: ignore[arg-type]
    Fallback(function=b"?")  # type: ignore[arg-type]
    await pipeline.call(fetch, 3)  # type: ignore[arg-type]
    await pipeline.call(fetch("x"))  # type: ignore[arg-type]
    await pipeline(fetch)(3)  # type: ignore[arg-type]
