"""Retries: a function keeps its types behind one."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, assert_type

import otp
from otp.retry import GaveUp, Recovered, RetryEvent, Retrying


async def fetch(url: str, *, times: int = 1) -> bytes:
    return url.encode() * times


def is_odd(error: Exception) -> bool:
    return bool(error.args)


def hear(event: RetryEvent) -> None:
    assert_type(event, Retrying | Recovered | GaveUp)


def hear_text(text: str) -> None:
    del text


async def calls(retry: otp.Retry) -> None:
    assert_type(await retry.call(fetch, "x", times=2), bytes)
    decorated = retry(fetch)
    assert_type(await decorated("x", times=2), bytes)
    assert_type(retry(no_arguments), Callable[[], Coroutine[Any, Any, None]])

    await retry.call(fetch, 3)  # type: ignore[arg-type]
    await retry.call(fetch, "x", time=2)  # type: ignore[call-arg]
    await retry.call(fetch("x"))  # type: ignore[arg-type]
    await retry.call(len, "x")  # type: ignore[arg-type]
    await decorated(3)  # type: ignore[arg-type]


async def no_arguments() -> None:
    pass


def settings() -> None:
    budget = otp.RetryBudget(5, per_success=0.2)
    assert_type(budget.tokens, float)
    assert_type(budget.failed(), bool)
    retry = otp.Retry(
        3,
        backoff=otp.Backoff(),
        max_elapsed=3,
        budget=budget,
        retry_on=(OSError, ValueError),
        random=Random(),
        listeners=[hear],
    )
    retry.listeners.add(hear)
    otp.Retry(retry_on=is_odd)
    otp.Retry(retry_on=lambda error: isinstance(error, OSError))

    otp.Retry(3, otp.Backoff())  # type: ignore[call-arg]
    otp.Retry("3")  # type: ignore[arg-type]
    otp.Retry(retry_on=KeyboardInterrupt)  # type: ignore[arg-type]
    otp.Retry(retry_on=[OSError])  # type: ignore[arg-type]
    otp.Retry(listeners=[hear_text])  # type: ignore[list-item]
    otp.Retry(budget=10)  # type: ignore[arg-type]
    retry.attempts = 4  # type: ignore[misc]
