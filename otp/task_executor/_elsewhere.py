"""Functions that block: they run in threads, or in processes of the operating system.

What `in_thread` and `in_process` return are async functions like any other, so they can
be submitted, and given to whatever takes async functions. Called by a job they keep to
the limits of its executor.
"""

from __future__ import annotations

from functools import partial, wraps
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

import trio

from ..kernel import NoNodeError, current, published
from ..protection import check_function
from ._desk import Desk
from ._parallel import run_in_worker

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

P = ParamSpec("P")
T = TypeVar("T")


class Runner(Protocol):
    """What runs a function in another process, and kills that if it is cancelled."""

    async def __call__(
        self, fn: Callable[[], T], /, *, limiter: trio.CapacityLimiter | None
    ) -> T:
        """Return what *fn* returns there, or raise what it raises."""
        ...


def in_thread(
    fn: Callable[P, T], /, *, abandon_on_cancel: bool = False
) -> Callable[P, Coroutine[Any, Any, T]]:
    """Return an async function that calls *fn*, which may block, in a thread.

    ::

        job = task_executor.submit(JOBS, task_executor.in_thread(read), path)

    Args:
        fn: a plain function.
        abandon_on_cancel: a thread cannot be interrupted. So a job that is aborted, or
            whose time is over, ends when the thread does, unless this is True: then
            it ends at once, and the thread goes on by itself, counted by nobody.

    Raises:
        TypeError: *fn* is no plain function.
    """
    _check_plain(fn)

    @wraps(fn)
    async def threaded(*args: P.args, **kwargs: P.kwargs) -> T:
        desk = _desk_of_job()
        return await trio.to_thread.run_sync(
            partial(fn, *args, **kwargs),
            abandon_on_cancel=abandon_on_cancel,
            limiter=None if desk is None else desk.threads,
        )

    return threaded


def in_process(
    fn: Callable[P, T], /, *, runner: Runner = run_in_worker
) -> Callable[P, Coroutine[Any, Any, T]]:
    """Return an async function that calls *fn* in another process of the machine.

    For what computes for long: it has a processor of its own there. It is killed with
    its process when the job is aborted, or its time is over. *fn*, its arguments and
    its result are pickled, so *fn* is to be found by its name in a module.

    This needs trio-parallel, which the extra ``otp[parallel]`` installs.

    Args:
        fn: a plain function.
        runner: what runs it, instead of trio-parallel.

    Raises:
        TypeError: *fn* is no plain function.
        ParallelMissingError: when it is called, if trio-parallel is not installed.
    """
    _check_plain(fn)

    @wraps(fn)
    async def elsewhere(*args: P.args, **kwargs: P.kwargs) -> T:
        desk = _desk_of_job()
        call = partial(fn, *args, **kwargs)
        return await runner(call, limiter=None if desk is None else desk.processors)

    return elsewhere


def _check_plain(fn: object) -> None:
    check_function(fn)
    if iscoroutinefunction(fn):
        raise TypeError(
            f"{fn!r} is async and runs here: submit it as it is; only plain functions "
            f"run elsewhere"
        )


def _desk_of_job() -> Desk | None:
    """Return where the calling job was submitted, None if the caller is no job."""
    try:
        return published(current(), Desk)
    except NoNodeError:
        return None
