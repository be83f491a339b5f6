"""Where a task is: the function and line that says most about what it waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

    from trio.lowlevel import Task


def where(task: Task) -> str:
    """Return the function and line in which *task* waits.

    That is the innermost one that is neither Trio's nor ours, if there is one: who
    waits for a call or a message does so in a line of its own.
    """
    places = {-1: "an unknown place"}
    coro: object = task.coro
    while coro is not None:
        frame: FrameType | None = getattr(coro, "cr_frame", None) or getattr(
            coro, "gi_frame", None
        )
        module = "" if frame is None else frame.f_globals.get("__name__", "")
        if frame is None or module.startswith("trio."):
            break
        code = frame.f_code
        place = f"{code.co_qualname} ({code.co_filename}:{frame.f_lineno})"
        places[_meaning(module)] = place
        coro = getattr(coro, "cr_await", None) or getattr(coro, "gi_yieldfrom", None)
    return places[max(places)]


def _meaning(module: str) -> int:
    """Return how much a line of *module* says: the kernel is in every wait."""
    if module.startswith("otp.kernel."):
        return 0
    return 1 if module.startswith("otp.") else 2
