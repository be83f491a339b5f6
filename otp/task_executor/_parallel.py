"""Other processes of the machine, by trio-parallel.

The extra ``parallel`` installs that. This file is the only one that knows of it, and it
is imported when it is first needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from ._errors import ParallelMissingError

if TYPE_CHECKING:
    from collections.abc import Callable

    import trio

T = TypeVar("T")


class TrioParallel(Protocol):
    """What is used of the module ``trio_parallel``."""

    async def run_sync(
        self,
        sync_fn: Callable[[], Any],
        /,
        *,
        kill_on_cancel: bool,
        limiter: trio.CapacityLimiter | None,
    ) -> Any: ...


async def run_in_worker(
    fn: Callable[[], T], /, *, limiter: trio.CapacityLimiter | None
) -> T:
    """Run *fn* in a process that is killed if the caller is cancelled.

    Raises:
        ParallelMissingError: trio-parallel is not installed.
    """
    try:
        module = import_module("trio_parallel")
    except ImportError:
        raise ParallelMissingError from None
    parallel = cast("TrioParallel", module)
    return cast("T", await parallel.run_sync(fn, kill_on_cancel=True, limiter=limiter))
