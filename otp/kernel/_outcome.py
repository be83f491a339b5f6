"""What comes out of the code of a process: an exception, taken to pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast, final

import trio

if TYPE_CHECKING:
    from types import TracebackType

    from ._reasons import ExitReason


@final
class Ended:
    """Returned by the body of a process: it ends with *reason*, as by an `Exit`.

    For the loop of a behaviour if that is all there is in its process. To raise the
    exit through it, and to look at what comes out, is a quarter of what a stop costs.
    *trace* is the traceback of what the loop has caught, if that is why.
    """

    __slots__ = ("reason", "trace")

    def __init__(self, trace: TracebackType | None, reason: ExitReason) -> None:
        self.trace = trace
        self.reason = reason

    def untie(self) -> None:
        """Let the loop, which is over, forget its variables: see `untie`."""
        if self.trace is not None:
            self.trace.tb_frame.clear()


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
