"""Where a task is: the innermost function and line that is not Trio's."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

    from trio.lowlevel import Task


def where(task: Task) -> str:
    """Return the function and line in which *task* waits."""
    place = "an unknown place"
    coro: object = task.coro
    while coro is not None:
        frame: FrameType | None = getattr(coro, "cr_frame", None) or getattr(
            coro, "gi_frame", None
        )
        if frame is None or frame.f_globals.get("__name__", "").startswith("trio."):
            break
        code = frame.f_code
        place = f"{code.co_qualname} ({code.co_filename}:{frame.f_lineno})"
        coro = getattr(coro, "cr_await", None) or getattr(coro, "gi_yieldfrom", None)
    return place
