"""Sending, receiving and aliases."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, TypeVar, overload

import trio

from ..kernel import (
    MISSING,
    Pid,
    current,
    current_process,
    drop_alias,
    make_alias,
    route,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ..kernel import Alias, ServerRef, Until

T = TypeVar("T")


def send(dest: ServerRef | Alias, message: object) -> None:
    """Put *message* into the mailbox of *dest*. Never waits.

    A message to a dead process, or through an alias that is no longer active, is
    dropped; instruments see it as a dead letter.

    Raises:
        NoProcessError: *dest* is a name that nobody bears on this node.
        MailboxFullError: the mailbox is full and its policy is ``"fail_sender"``.
    """
    # route(), without a call of its own, where nothing is out of the ordinary.
    process = dest.process if type(dest) is Pid else None
    if process is None or process.node.ghosts:
        route(dest, message)
    else:
        process.mailbox.deliver(message)


@overload
def receive(*, timeout: float = inf) -> Coroutine[Any, Any, object]: ...
@overload
def receive(match: type[T], *, timeout: float = inf) -> Coroutine[Any, Any, T]: ...
@overload
def receive(
    match: Callable[[object], bool], *, timeout: float = inf
) -> Coroutine[Any, Any, object]: ...
def receive(
    match: type[T] | Callable[[object], bool] | None = None, *, timeout: float = inf
) -> Coroutine[Any, Any, object]:
    """Take the oldest message that fits out of the caller's mailbox, and return it.

    The messages that do not fit stay where they are, in their order. The time runs
    from the moment at which nothing fits; with 0 the mailbox is looked at once. A
    checkpoint only if there is no message that fits, or the process has had its turn.

    Args:
        match: a class, or a function that says whether a message fits; any message
            fits by default.
        timeout: seconds to wait.

    Raises:
        ReceiveTimeoutError: none came in time.
        NotAProcessError: the caller is no process, so it has no mailbox.
    """
    # Not a coroutine around a coroutine.
    fits = None if match is None else _fits(match)
    return current_process("receive()").receive(fits, timeout)


@overload
def receive_nowait() -> object: ...
@overload
def receive_nowait(match: type[T]) -> T: ...
@overload
def receive_nowait(match: Callable[[object], bool]) -> object: ...
def receive_nowait(
    match: type[T] | Callable[[object], bool] | None = None,
) -> object:
    """Take a message like `receive`, if one is there.

    Raises:
        trio.WouldBlock: none is there.
    """
    box = current_process("receive_nowait()").mailbox
    fits = _fits(match)
    found = box.take() if fits is None else box.find(fits)
    if found is MISSING:
        raise trio.WouldBlock
    return found


def _fits(
    match: type[object] | Callable[[object], bool] | None,
) -> Callable[[object], bool] | None:
    if isinstance(match, type):
        wanted = match
        return lambda message: isinstance(message, wanted)
    return match


def alias(*, until: Until = "unalias") -> Alias:
    """Return a second address of the caller, which can be taken back.

    Args:
        until: ``"reply"`` makes it good for one message.
    """
    return make_alias(current_process("alias()"), until)


def unalias(ref: Alias) -> bool:
    """Make an alias of the caller inactive, and tell whether it was active.

    Messages that came through it before stay in the mailbox.
    """
    return ref.process is current() and drop_alias(ref)
