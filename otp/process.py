"""Processes: start them, send to them, link and monitor them, end them.

These are the functions of Erlang's module ``erlang`` and Elixir's ``Process`` that
are about processes. All but `receive` and `wait_exited` are plain functions: they
never wait and are no checkpoints. Every function acts for the process that calls it;
outside of any process, inside ``async with otp.Node()``, that is the node.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, TypeVar, cast, final, overload

import attrs
import trio

from ._util import fix_module_metadata
from .kernel import (
    MISSING,
    NO_PROC,
    Alias,
    Bounded,
    Down,
    Exit,
    Exited,
    Monitor,
    Name,
    NoProcessError,
    Overflow,
    Pid,
    Process,
    Ref,
    check_reason,
    current,
    current_process,
    drop_alias,
    find,
    route,
    tell_down,
    watch_end,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from typing import TypeVarTuple, Unpack

    from .kernel import ExitReason, ServerRef, Until

    Ts = TypeVarTuple("Ts")

T = TypeVar("T")

__all__ = [
    "Bounded",
    "Overflow",
    "ProcessInfo",
    "alias",
    "ancestors",
    "demonitor",
    "dictionary",
    "exit",
    "info",
    "is_alive",
    "label",
    "link",
    "monitor",
    "processes",
    "receive",
    "receive_nowait",
    "register",
    "registered",
    "self",
    "send",
    "set_label",
    "spawn",
    "spawn_link",
    "spawn_monitor",
    "trap_exit",
    "unalias",
    "unlink",
    "unregister",
    "wait_exited",
    "whereis",
]

# ---------------------------------------------------------------------- starting


def self() -> Pid:
    """Return the pid of the calling process, or of the node outside of any."""
    return current().pid


def spawn(
    fn: Callable[[Unpack[Ts]], Awaitable[object]],
    *args: *Ts,
    label: object = None,
    mailbox: Bounded | None = None,
) -> Pid:
    """Start a process that runs ``await fn(*args)``, and return its pid at once.

    What *fn* returns is dropped; returning is the reason `Normal`. The new process
    has no tie to the caller: if it crashes, a report is all that is heard of it.

    Args:
        fn: an async function.
        args: its arguments.
        label: what reports call the process, if not by the name of *fn*.
        mailbox: a limit for its mailbox; there is none by default.

    Raises:
        NoNodeError: no node runs here.
    """
    return _launch(_create(label, mailbox), fn, args, None)


def spawn_link(
    fn: Callable[[Unpack[Ts]], Awaitable[object]],
    *args: *Ts,
    label: object = None,
    mailbox: Bounded | None = None,
) -> Pid:
    """Start a process like `spawn`, linked to the caller from its first moment."""
    process = _create(label, mailbox)
    parent = current()
    process.link(parent)
    return _launch(process, fn, args, parent.nursery)


def spawn_monitor(
    fn: Callable[[Unpack[Ts]], Awaitable[object]],
    *args: *Ts,
    label: object = None,
    mailbox: Bounded | None = None,
) -> tuple[Pid, Ref]:
    """Start a process like `spawn`, monitored by the caller from its first moment."""
    watcher = current_process("spawn_monitor()")
    process = _create(label, mailbox)
    ref = Ref()
    process.watch(Monitor(ref, watcher, process.pid))
    return _launch(process, fn, args, None), ref


def _create(label: object, mailbox: Bounded | None) -> Process:
    parent = current()
    if parent.reason is not None:
        raise NoProcessError(parent.pid)
    process = parent.node.create(parent, mailbox)
    process.label = label
    return process


def _launch(
    process: Process,
    fn: Callable[[Unpack[Ts]], Awaitable[object]],
    args: tuple[*Ts],
    nursery: trio.Nursery | None,
) -> Pid:
    process.origin = fn
    process.node.launch(process, nursery, fn, *args)
    return process.pid


# ---------------------------------------------------------------------- messages


def send(dest: ServerRef | Alias, message: object) -> None:
    """Put *message* into the mailbox of *dest*. Never waits.

    A message to a dead process, or through an alias that is no longer active, is
    dropped; instruments see it as a dead letter.

    Raises:
        NoProcessError: *dest* is a name that nobody bears on this node.
        MailboxFullError: the mailbox is full and its policy is ``"fail_sender"``.
    """
    route(dest, message)


@overload
async def receive(*, timeout: float = inf) -> object: ...
@overload
async def receive(match: type[T], *, timeout: float = inf) -> T: ...
@overload
async def receive(
    match: Callable[[object], bool], *, timeout: float = inf
) -> object: ...
async def receive(
    match: type[T] | Callable[[object], bool] | None = None, *, timeout: float = inf
) -> object:
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
    return await current_process("receive()").receive(_fits(match), timeout)


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


# ------------------------------------------------------------- links and monitors


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
    message comes at once, with the reason `NoProc`.

    Args:
        server: a pid or a name; the name is resolved now.
        tag: put into the message, to tell monitors apart.
        alias: make the reference an address of the caller as well, and say what ends
            that: ``"unalias"``, ``"demonitor"`` or ``"reply_demonitor"``.

    Raises:
        NotAProcessError: the caller is no process; use `wait_exited`.
    """
    caller = current_process("monitor()")
    ref = Ref() if alias is None else _make_alias(caller, alias)
    process = find(server)
    watch = Monitor(ref, caller, server, tag)
    if process is not None:
        process.watch(watch)
    else:
        tell_down(watch, NO_PROC)
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
    if flush and not active:
        caller.mailbox.find(lambda m: isinstance(m, Down) and m.ref is ref)
    return active


async def wait_exited(server: ServerRef, *, timeout: float = inf) -> ExitReason:
    """Wait until *server* is dead, and return why; any task may do so.

    Raises:
        trio.TooSlowError: it still lives after *timeout* seconds.
    """
    process = find(server)
    if process is None:
        await trio.lowlevel.checkpoint()
        return NO_PROC
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


# --------------------------------------------------------------- names and aliases


def register(name: str | Name, pid: Pid) -> None:
    """Give *pid* a name on this node; it is free again when the process dies.

    Raises:
        NameTakenError: the name is taken, or the process has another.
        NoProcessError: the process is dead.
        ValueError: the name is empty or reserved.
    """
    if pid.process is None:
        raise NoProcessError(pid)
    current().node.register(_text(name), pid.process)


def unregister(name: str | Name) -> None:
    """Free the name.

    Raises:
        NoProcessError: nobody has it.
    """
    names = current().node.names
    process = names.pop(_text(name), None)
    if process is None:
        raise NoProcessError(name)
    process.name = None


def whereis(name: str | Name[T]) -> Pid[T] | None:
    """Return who has the name, or None."""
    process = find(Name(name) if isinstance(name, str) else name)
    return None if process is None else cast("Pid[T]", process.pid)


def registered() -> list[str]:
    """Return the names that are taken on this node."""
    return list(current().node.names)


def _text(name: str | Name) -> str:
    return name if isinstance(name, str) else name.name


def alias(*, until: Until = "unalias") -> Alias:
    """Return a second address of the caller, which can be taken back.

    Args:
        until: ``"reply"`` makes it good for one message.
    """
    return _make_alias(current_process("alias()"), until)


def _make_alias(process: Process, until: Until) -> Alias:
    made = Alias(process, until)
    if process.aliases is None:
        process.aliases = set()
    process.aliases.add(made)
    return made


def unalias(ref: Alias) -> bool:
    """Make an alias of the caller inactive, and tell whether it was active.

    Messages that came through it before stay in the mailbox.
    """
    return ref.process is current() and drop_alias(ref)


# -------------------------------------------------------------------- looking inside


def is_alive(pid: Pid) -> bool:
    """Tell whether *pid* lives."""
    return pid.process is not None


def processes() -> list[Pid]:
    """Return the living processes of this node, in the order of their starts."""
    return [p.pid for p in current().node.processes.values()]


def label() -> object:
    """Return the caller's label."""
    return current().label


def set_label(value: object) -> None:
    """Give the caller a label, for reports and tools; any value will do."""
    current().label = value


def ancestors() -> tuple[Pid | str, ...]:
    """Return who started the caller, who started that one, and so on.

    A registered process stands there by its name.
    """
    return current().ancestors


def dictionary() -> dict[object, object]:
    """Return a dictionary of the caller's own, which dies with it."""
    process = current_process("dictionary()")
    if process.dictionary is None:
        process.dictionary = {}
    return process.dictionary


@final
@attrs.frozen
class ProcessInfo:
    """What a process looks like from outside at one moment."""

    pid: Pid
    name: str | None
    label: object
    origin: object
    parent: Pid | None
    ancestors: tuple[Pid | str, ...]
    trap_exit: bool
    message_queue_len: int
    messages: tuple[object, ...]
    links: tuple[Pid, ...]
    monitors: tuple[Pid, ...]
    monitored_by: tuple[Pid, ...]


def info(pid: Pid) -> ProcessInfo | None:
    """Return what *pid* looks like at this moment, None if it is dead."""
    process = pid.process
    if process is None:
        return None
    watchers = [m.watcher for m in (process.watched_by or {}).values()]
    return ProcessInfo(
        pid=pid,
        name=process.name,
        label=process.label,
        origin=process.origin,
        parent=process.parent,
        ancestors=process.ancestors,
        trap_exit=process.trap_exit,
        message_queue_len=len(process.mailbox),
        messages=tuple(process.mailbox),
        links=_pids(process.links or ()),
        monitors=_pids((process.watching or {}).values()),
        monitored_by=_pids(watchers),
    )


def _pids(peers: Iterable[object]) -> tuple[Pid, ...]:
    return tuple(p.pid for p in peers if isinstance(p, Process))


fix_module_metadata(__name__, globals())
