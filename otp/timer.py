"""Timers: messages, exit signals and function calls in a while, or again and again.

Time is in seconds, by the clock of the Trio run, so a mock clock drives every timer.
A timer never fires early. All of these are plain functions that do not wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from ._util import fix_module_metadata
from .kernel import (
    KILL,
    SHUTDOWN,
    Pid,
    Timeout,
    TimerRef,
    check_address,
    check_reason,
    current,
    send_quietly,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVarTuple, Unpack

    from .kernel import Alias, ExitReason, ServerRef

    Ts = TypeVarTuple("Ts")
    Dest = ServerRef | Alias

__all__ = [
    "TimerRef",
    "apply_after",
    "apply_interval",
    "apply_repeatedly",
    "cancel_timer",
    "exit_after",
    "kill_after",
    "read_timer",
    "send_after",
    "send_at",
    "send_interval",
    "start_timer",
]


def send_after(seconds: float, dest: Dest, message: object) -> TimerRef:
    """Send *message* to *dest* in *seconds*.

    A name is looked up when the time has come. If nobody is there then, the message
    is dropped. With 0 it still goes through the timer: what the caller sends right
    after this arrives first.

    Raises:
        ValueError: *seconds* is negative or no number.
        TypeError: *dest* is no address.
    """
    return send_at(_deadline(seconds), dest, message)


def send_at(time: float, dest: Dest, message: object) -> TimerRef:
    """Send *message* to *dest* when `trio.current_time` is *time*."""
    check_address(dest)
    return _start(time, lambda: send_quietly(dest, message))


def start_timer(seconds: float, dest: Dest, message: object) -> TimerRef:
    """Send ``Timeout(ref, message)`` to *dest* in *seconds*, with the timer's ref."""
    check_address(dest)
    timer = _start(_deadline(seconds), lambda: None)
    timer.callback = lambda: send_quietly(dest, Timeout(timer, message))
    return timer


def cancel_timer(timer: TimerRef) -> float | None:
    """Stop a timer.

    Returns:
        The seconds it had left; None if it has fired or was stopped before, so that
        its message may be in a mailbox already.
    """
    return timer.timers.cancel(timer)


def read_timer(timer: TimerRef) -> float | None:
    """Return the seconds that a timer has left, None if it is over."""
    return timer.timers.read(timer)


def exit_after(seconds: float, pid: Pid, reason: ExitReason = SHUTDOWN) -> TimerRef:
    """Send an exit signal to *pid* in *seconds*, in the name of the caller."""
    check_reason(reason)
    caller = current()

    def fire() -> None:
        if pid.process is not None:
            pid.process.exit_signal(caller, reason, by_link=False)

    return _start(_deadline(seconds), fire)


def kill_after(seconds: float, pid: Pid) -> TimerRef:
    """Kill *pid* in *seconds*."""
    return exit_after(seconds, pid, KILL)


def apply_after(
    seconds: float,
    fn: Callable[[Unpack[Ts]], Awaitable[object]],
    *args: *Ts,
) -> TimerRef:
    """Run ``await fn(*args)`` in *seconds*, in a process of its own."""
    node = current().node

    def fire() -> None:
        node.spawn(fn, *args)

    return _start(_deadline(seconds), fire)


def send_interval(seconds: float, dest: Dest, message: object) -> TimerRef:
    """Send *message* to *dest* every *seconds*, until cancelled or *dest* is dead.

    Raises:
        ValueError: *seconds* is not positive.
    """
    check_address(dest)

    def tick() -> None:
        send_quietly(dest, message)

    return _repeat(seconds, tick, dest if isinstance(dest, Pid) else None)


def apply_interval(
    seconds: float,
    fn: Callable[[Unpack[Ts]], Awaitable[object]],
    *args: *Ts,
) -> TimerRef:
    """Run ``await fn(*args)`` every *seconds*, each time in a process of its own.

    A run that is not over when the next is due does not delay it. The interval ends
    with the caller.
    """
    caller = current()

    def tick() -> None:
        caller.node.spawn(fn, *args)

    return _repeat(seconds, tick, caller.pid)


def apply_repeatedly(
    seconds: float,
    fn: Callable[[Unpack[Ts]], Awaitable[object]],
    *args: *Ts,
) -> TimerRef:
    """Run ``await fn(*args)`` like `apply_interval`, but never two runs at once."""
    caller = current()
    last: Pid | None = None

    def tick() -> None:
        nonlocal last
        if last is None or last.process is None:
            last = caller.node.spawn(fn, *args)

    return _repeat(seconds, tick, caller.pid)


def _repeat(seconds: float, tick: Callable[[], None], until: Pid | None) -> TimerRef:
    if not seconds > 0:
        raise ValueError(f"an interval is a positive number of seconds, not {seconds}")
    timers = current().node.timers
    due = trio.current_time() + seconds

    def fire() -> None:
        nonlocal due
        if until is not None and until.process is None:
            return
        tick()
        due += seconds
        timers.restart_at(due, timer)

    timer = timers.start_at(due, fire)
    return timer


def _deadline(seconds: float) -> float:
    if not seconds >= 0:
        raise ValueError(f"a timer runs 0 seconds or more, not {seconds!r}")
    return trio.current_time() + seconds


def _start(deadline: float, callback: Callable[[], None]) -> TimerRef:
    return current().node.timers.start_at(deadline, callback)


fix_module_metadata(__name__, globals())
