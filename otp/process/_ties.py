"""Links, monitors and exit signals."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, overload

import trio

from ..kernel import (
    MISSING,
    NO_PROC,
    Alias,
    Down,
    Exit,
    Exited,
    Monitor,
    NoConnection,
    NoProc,
    NoProcessError,
    Ref,
    check_reason,
    current,
    current_process,
    drop_alias,
    make_alias,
    seek,
    tell_down,
    watch_end,
)

if TYPE_CHECKING:
    from ..kernel import ExitReason, Pid, ServerRef, Until


def link(pid: Pid) -> None:
    """Link the caller and *pid*: if one dies, the other gets an exit signal.

    Once is as good as twice, and to oneself it means nothing.

    Raises:
        NoProcessError: *pid* is dead and the caller does not trap exits. If it does,
            it gets a message instead, with the reason `NoProc`.
    """
    caller = current()
    process = pid.process
    if caller.reason is not None:
        return
    if process is not None:
        caller.link(process)
    elif caller.trap_exit:
        caller.mailbox.put(Exited(pid, NO_PROC))
    else:
        raise NoProcessError(pid)


def unlink(pid: Pid, *, flush: bool = False) -> bool:
    """Remove the link between the caller and *pid*.

    No exit signal of that link has any effect afterwards, but a trapped one may
    wait in the mailbox already: with *flush* it is taken out.

    Returns:
        Whether such a message was taken out.
    """
    caller = current()
    if pid.process is not None:
        caller.unlink(pid.process)
    if not flush:
        return False
    found = caller.mailbox.find(lambda m: isinstance(m, Exited) and m.pid is pid)
    return found is not MISSING


@overload
def monitor(server: ServerRef, *, tag: object = None) -> Ref: ...
@overload
def monitor(server: ServerRef, *, tag: object = None, alias: Until) -> Alias: ...
def monitor(
    server: ServerRef, *, tag: object = None, alias: Until | None = None
) -> Ref:
    """Have a `Down` message sent to the caller when *server* dies.

    Each monitor is a new one with a reference of its own. If nobody is there the
    message comes at once, with the reason `NoProc`, or `NoConnection` if there is
    not even such a node.

    Args:
        server: a pid or a name; the name is resolved now.
        tag: put into the message, to tell monitors apart.
        alias: make the reference an address of the caller as well, and say what ends
            that: ``"unalias"``, ``"demonitor"`` or ``"reply_demonitor"``.

    Raises:
        NotAProcessError: the caller is no process; use `wait_exited`.
    """
    caller = current_process("monitor()")
    ref = Ref() if alias is None else make_alias(caller, alias)
    process, reason = seek(server)
    watch = Monitor(ref, caller, server, tag)
    if process is None:
        tell_down(watch, reason)
    elif process is not caller:  # who would hear of its own end?
        process.watch(watch)
    return ref


def demonitor(ref: Ref, *, flush: bool = False) -> bool:
    """Take back a monitor: no `Down` is sent for it from now on.

    One may wait in the mailbox already; with *flush* it is taken out.

    Returns:
        Whether the monitor was active, so that nothing was sent. With *flush*, False
        means that a message was taken out, or that there had been no such monitor.
    """
    caller = current()
    active = caller.unwatch_own(ref)
    if isinstance(ref, Alias) and ref.until in ("demonitor", "reply_demonitor"):
        drop_alias(ref)
    if not active:
        # That nobody was there is heard with the next mail, and not before.
        new = caller.mailbox.take_back(lambda m: _is_nobody(m, ref))
        active = new is not MISSING
    if flush and not active:
        caller.mailbox.find(lambda m: isinstance(m, Down) and m.ref is ref)
    return active


def _is_nobody(message: object, ref: Ref) -> bool:
    return (
        isinstance(message, Down)
        and message.ref is ref
        and isinstance(message.reason, (NoProc, NoConnection))
    )


async def wait_exited(server: ServerRef, *, timeout: float = inf) -> ExitReason:
    """Wait until *server* is dead, and return why; any task may do so.

    Raises:
        trio.TooSlowError: it still lives after *timeout* seconds.
    """
    process, reason = seek(server)
    if process is None:
        await trio.lowlevel.checkpoint()
        return reason
    waiter = watch_end(process)
    with trio.fail_after(timeout):
        return check_reason(await waiter.wait())


# ------------------------------------------------------------------ exit signals


def exit(pid: Pid, reason: ExitReason) -> None:  # noqa: A001 - Erlang's name for it
    """Send an exit signal to *pid*, as if a linked process had ended with *reason*.

    `Kill` cannot be refused. `Normal` has no effect on another process that does not
    trap exits. To end the caller itself, ``raise otp.Exit(reason)``; a signal to
    oneself that is not trapped ends the caller on the spot, too.

    Raises:
        TypeError: *reason* is not an exit reason.
    """
    check_reason(reason)
    caller = current()
    process = pid.process
    if process is None or caller.reason is not None:
        return
    process.exit_signal(caller, reason, by_link=False)
    if process is caller and caller.reason is not None:
        raise Exit(caller.reason)


def trap_exit(on: bool) -> bool:
    """Say whether exit signals come as `Exited` messages, and return the old value.

    It counts from the next signal on; what is in the mailbox stays there.
    """
    caller = current_process("trap_exit()")
    old = caller.trap_exit
    caller.trap_exit = on
    return old
