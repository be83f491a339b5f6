"""What the tests of tasks let them do."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, TypeVar

import trio

from otp import Exit, Reason, process

if TYPE_CHECKING:
    from otp import ExitReason

T = TypeVar("T")


async def echo(value: T) -> T:
    """Return *value* at once."""
    return value


async def late(seconds: float, value: T) -> T:
    """Return *value* after a while."""
    await trio.sleep(seconds)
    return value


async def fail(seconds: float = 0.0, text: str = "x") -> NoReturn:
    """Raise after a while."""
    await trio.sleep(seconds)
    raise ValueError(text)


async def leave(reason: ExitReason, seconds: float = 0.0) -> NoReturn:
    """End with *reason* after a while."""
    await trio.sleep(seconds)
    raise Exit(reason)


async def trap(seconds: float, value: T) -> T:
    """Take no notice of exit signals."""
    process.trap_exit(True)
    return await late(seconds, value)


BOOM = Reason("boom")
