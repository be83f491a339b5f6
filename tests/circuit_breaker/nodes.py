"""Tests that run on a node, with a clock that jumps."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

import trio
from trio.testing import MockClock

from otp import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

P = ParamSpec("P")


def in_node(
    test: Callable[P, Coroutine[Any, Any, None]],
) -> Callable[P, None]:
    """Run a test on a node, with a clock that jumps."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def main() -> None:
            async with Node():
                await test(*args, **kwargs)

        trio.run(main, clock=MockClock(autojump_threshold=0))

    return run
