"""What comes out of the code of a process: an exception, taken to pieces."""

from __future__ import annotations

from typing import cast

import trio


def without_cancellation(error: BaseException) -> BaseException | None:
    """Return what is in *error* besides cancellations, if there is anything."""
    # Not isinstance(): what it asks of this class is more than of others.
    if type(error) is trio.Cancelled:
        return None
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        return group.split(trio.Cancelled)[1]
    return error


def untie(error: BaseException, *, own_loop: bool) -> None:
    """Let the traceback of *error*, a crash, not lead back to the process of it.

    A dead process keeps the error as its reason. So if the error kept the process, by
    the frames in its traceback, only the garbage collector would find the two. The
    first of these frames is that of `Process.run`, which is not shown any more. The
    second is the body of the process: if that is the loop of a behaviour, which knows
    the process, it forgets its variables. It is over in any case.
    """
    trace = error.__traceback__
    if trace is not None:
        body = trace.tb_next
        # Not by an assignment, which a frozen dataclass refuses.
        BaseException.with_traceback(error, body)
        if body is not None and own_loop:
            body.tb_frame.clear()
