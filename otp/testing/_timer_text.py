"""What a timer is about, read from what it will call."""

from __future__ import annotations

from inspect import getclosurevars, isfunction
from typing import TYPE_CHECKING, Any

import trio

from .. import timer as timers
from .._util import short
from ..kernel import Pid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..kernel import TimerRef


def is_over(timer: TimerRef) -> bool:
    """Tell whether *timer* is of no consequence any more.

    That is so if it is for one who is dead, or if it is not one of `otp.timer`: then
    it belongs to something that waits, and goes with it.
    """
    who = receiver(timer)
    return _closure(timer) is None or (isinstance(who, Pid) and who.process is None)


def receiver(timer: TimerRef) -> object:
    """Return for whom *timer* is: a pid, a name, or None if that is not known."""
    inside = _closure(timer) or {}
    return inside.get("dest", inside.get("until", inside.get("pid")))


def timer_text(timer: TimerRef) -> str:
    """Return in words what *timer* will do."""
    inside = _closure(timer) or {}
    left = 0.0
    if timer.entry is not None:
        left = timer.entry.deadline - trio.current_time()
    return f"{_deed(inside)}, due in {left:g} s"


def _deed(inside: Mapping[str, Any]) -> str:
    again = ""
    if "tick" in inside:
        again = f" every {inside['seconds']:g} s"
        inside = getclosurevars(inside["tick"]).nonlocals
    if "dest" in inside:
        return f"that sends {short(inside['message'])} to {inside['dest']}{again}"
    if "pid" in inside:
        return f"that ends {inside['pid']}{again}"
    fn = inside.get("fn")
    return f"that runs {getattr(fn, '__qualname__', short(fn))}{again}"


def _closure(timer: TimerRef) -> Mapping[str, Any] | None:
    callback = timer.callback
    if not isfunction(callback) or callback.__module__ != timers.__name__:
        return None
    return getclosurevars(callback).nonlocals
