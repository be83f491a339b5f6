"""Retries: what a call costs that succeeds at once, and an attempt that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import otp

from .timing import bare_call

if TYPE_CHECKING:
    from .timing import Line


def lines() -> dict[str, Line]:
    """Return what is measured."""
    return {
        "a call that succeeds": succeeding,
        "the same with a budget": with_a_budget,
        "an attempt that fails, and no pause": failing,
    }


async def succeeding(n: int) -> None:
    call = otp.Retry().call
    for i in range(n):
        await call(bare_call, i)


async def with_a_budget(n: int) -> None:
    call = otp.Retry(budget=otp.RetryBudget()).call
    for i in range(n):
        await call(bare_call, i)


async def failing(n: int) -> None:
    left = n

    async def fail() -> None:
        nonlocal left
        if left:
            left -= 1
            raise ConnectionError

    await otp.Retry(n + 1, backoff=otp.Backoff(0, maximum=0)).call(fail)
