"""How a process is made to crash as if its own code had raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..gen import Behaviour
from ..kernel import Crash, Waiter, current
from ..supervisor import AnySupervisor
from ..sys import SystemRequest, Terminate
from ._injector import Injector
from ._mail import Poison, interpose

if TYPE_CHECKING:
    from ..kernel import Process


class InjectedError(Exception):
    """What a process crashes with if a test has not said with what."""


ErrorLike = Exception | type[Exception] | None


def check_error(error: ErrorLike) -> None:
    """Say what a process can crash with, if *error* is nothing of the kind.

    Raises:
        TypeError: it is no exception.
    """
    kind: object = error if isinstance(error, type) else type(error)
    if error is not None and Exception not in getattr(kind, "__mro__", ()):
        raise TypeError(f"a process crashes with an exception, not with {error!r}")


def make_error(error: ErrorLike) -> Exception:
    """Return what one process crashes with."""
    if error is None:
        return InjectedError("a test wants this process to crash")
    return error() if isinstance(error, type) else error


def strike(process: Process, error: Exception) -> None:
    """Let *process* crash where it is now.

    One with a behaviour does so when it has done with the messages that it has. A plain
    one that receives raises there; one that waits for anything else is dead of the
    error at once, and its code is cancelled.
    """
    if is_steered(process):
        process.mailbox.put(_order(process, error))
    elif current() is process:
        raise error
    elif process.mailbox.parked is not None:
        injector = Injector.on(process.node)
        interpose(process, [] if injector is None else injector.mail)
        process.mailbox.put(Poison(error))
    else:
        reason = Crash(error)
        process.reporter(process, reason, error)
        process.kill(reason)


def strike_at(process: Process, message: object, error: Exception) -> None:
    """Let *process* crash when it comes to *message*, which is put into its mailbox."""
    if is_steered(process):
        process.mailbox.put(_order(process, error))
        process.mailbox.put(message)
        return
    if isinstance(message, Waiter):
        process.owe(message)
    process.mailbox.put(Poison(error, message))


def is_steered(process: Process) -> bool:
    """Tell whether *process* is of a behaviour, so that it obeys system messages."""
    kind = process.origin
    return isinstance(kind, type) and issubclass(kind, (Behaviour, AnySupervisor))


def _order(process: Process, error: Exception) -> SystemRequest:
    return SystemRequest(process.pid, Terminate(Crash(error)), 0.0)
