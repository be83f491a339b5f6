"""Acknowledged starts: the starter goes on when the process has said that it is up.

A start that fails leaves nothing behind. When the starter hears of it the process is
dead, its name is free, and if the starter traps exits, the message about its death
is taken out of the mailbox.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import trio

from .. import process as processes
from ..kernel import (
    KILLED,
    NORMAL,
    AlreadyStartedError,
    CallTimeoutError,
    Crash,
    Exit,
    Exited,
    InvalidSpecError,
    Monitor,
    Name,
    NoProcessError,
    Process,
    Reason,
    Ref,
    ServerExitedError,
    StartError,
    StartTimeoutError,
    Via,
    Waiter,
    current,
    current_process,
    emit,
    find,
    is_heard,
    is_quiet,
    send_ghost_away,
    watch_end,
)
from ._crash import CrashReport, crash_report

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVarTuple, Unpack

    from ..kernel import Bounded, ExitReason, Pid, ServerRef

    Ts = TypeVarTuple("Ts")


class DebugOption:
    """A way to watch a process from its first message on: see `otp.sys`."""

    __slots__ = ()


class Ack(Waiter):
    """What the starter waits for: the word of the new process that it is up.

    *debug* is how the starter wants the process to be watched.
    """

    __slots__ = ("by_hand", "debug", "failure", "timeout", "what")

    def __init__(
        self, what: object, timeout: float, debug: tuple[DebugOption, ...] = ()
    ) -> None:
        super().__init__()
        self.what = what
        self.timeout = timeout
        self.debug = debug
        # Whether it is the process's own code that acknowledges, by `init_ack`.
        self.by_hand = False
        # Raised in the starter if the process ends before it is up.
        self.failure: StartError | None = None

    def died(self, reason: ExitReason) -> None:
        failure = self.failure
        if failure is None:
            failure = StartError(self.what, reason)
            if isinstance(reason, Crash):
                failure.__cause__ = reason.error
        self.fail(failure)

    def expire(self) -> None:
        self.fail(
            StartTimeoutError(
                self.what,
                Reason("timeout"),
                f"{self.what} was not up after {self.timeout:g} s and was killed",
            )
        )


class StartOptions(NamedTuple):
    """How a process is started: with a *link* to the starter, a *name*, and so on.

    *monitor* is the reference under which the starter watches it from its first
    moment; *timeout* is in seconds; *host* gives the process a nursery for its
    children; *debug* is for behaviours, which find it in their `Ack`.
    """

    what: object
    link: bool = False
    monitor: Ref | None = None
    name: Name | Via | None = None
    timeout: float = inf
    host: bool = False
    mailbox: Bounded | None = None
    debug: tuple[DebugOption, ...] = ()


async def start_process(
    options: StartOptions,
    fn: Callable[[Process, Ack, Unpack[Ts]], Awaitable[object]],
    *args: *Ts,
) -> tuple[Process, object]:
    """Start a process that runs ``fn(process, ack, *args)``, and wait for its ack.

    Returns:
        The process, and the value that it acknowledged with.

    Raises:
        AlreadyStartedError: the name is taken.
        StartError: the process ended before it was up, or was not up in time.
    """
    parent = current()
    if parent.reason is not None:
        await send_ghost_away()
    if options.name is not None:
        _check_name(parent, options, options.name)
    process = parent.node.create(parent, options.mailbox)
    if options.name is not None:
        try:
            _take_name(process, options, options.name)
        except BaseException:
            process.finished = True
            process.end(NORMAL)
            raise
    ack = Ack(options.what, options.timeout, options.debug)
    # The first thing that it works on, and owes an answer to.
    process.serving = ack
    process.origin = options.what
    process.reporter = report_end
    nursery = None
    if options.link:
        process.link(parent)
        process.guardian = parent.pid
        nursery = parent.nursery
    if options.monitor is not None:
        process.watch(Monitor(options.monitor, parent, process.pid))
        process.guardian = parent.pid
    parent.node.launch(process, nursery, fn, process, ack, *args, host=options.host)
    if options.timeout != inf:
        parent.node.timers.expire_in(options.timeout, ack)
    try:
        return process, await ack.wait()
    except BaseException as error:
        # Its traceback leads to this frame, and that to the ack.
        ack.error = None
        await _leave_nothing(parent, process, options, error)
        raise


def report_end(
    process: Process, reason: ExitReason, _error: BaseException | None
) -> None:
    """Make a crash report, unless the end is a quiet one."""
    if not is_quiet(reason) and is_heard(CrashReport.level):
        emit(crash_report(process, reason))


async def _leave_nothing(
    parent: Process, process: Process, options: StartOptions, error: BaseException
) -> None:
    """Clear away what is left of a start that ended with *error*."""
    failed = isinstance(error, StartError) and not isinstance(error, StartTimeoutError)
    # A starter that is cancelled does not leave a half-started process.
    if not failed or process.reason is None:
        parent.unlink(process)
        process.kill(KILLED)
    _free_name(process, options)
    if options.monitor is not None:
        processes.demonitor(options.monitor, flush=True)
    if isinstance(error, StartError):
        if parent.reason is not None:
            await send_ghost_away()
        _flush_exit(parent, process.pid)


def _flush_exit(parent: Process, pid: Pid) -> None:
    if parent.trap_exit:
        parent.mailbox.find(lambda m: isinstance(m, Exited) and m.pid is pid)


def _check_name(parent: Process, options: StartOptions, name: Name | Via) -> None:
    if isinstance(name, Name) and name.node not in (None, parent.node.name):
        text = f"{options.what} cannot be started here as {name}"
        raise InvalidSpecError("invalid_name", name, text)
    holder = find(name)
    if holder is not None:
        raise _already_started(options, holder.pid)


def _take_name(process: Process, options: StartOptions, name: Name | Via) -> None:
    if isinstance(name, Name):
        process.node.register(name.name, process)
    elif not name.registry.register_name(name.key, process.pid):
        # It was free a moment ago: the registry is somebody else's.
        raise _already_started(options, name.registry.whereis_name(name.key))


def _already_started(options: StartOptions, pid: Pid | None) -> StartError:
    if pid is None:
        text = f"the registry gave {options.what} no name"
        return StartError(options.what, Reason("no_name"), text)
    reason = Reason(("already_started", pid))
    return AlreadyStartedError(options.what, pid, reason)


def _free_name(process: Process, options: StartOptions) -> None:
    """Free the name of a dead process where its node cannot do so."""
    name = options.name
    if isinstance(name, Via) and name.registry.whereis_name(name.key) is process.pid:
        name.registry.unregister_name(name.key)


# ------------------------------------------------------------- for plain functions


async def start(
    fn: Callable[[Unpack[Ts]], Awaitable[object]],
    *args: *Ts,
    name: Name | Via | None = None,
    timeout: float = inf,
) -> object:
    """Start ``await fn(*args)`` as a process and wait for its `init_ack`.

    Returns:
        What it acknowledged with.

    Raises:
        StartError: it ended first, or did not acknowledge in *timeout* seconds, in
            which case it is killed.
        AlreadyStartedError: the name is taken.
    """
    options = StartOptions(fn, name=name, timeout=timeout)
    return (await _start_plain(options, fn, args))[1]


async def start_link(
    fn: Callable[[Unpack[Ts]], Awaitable[object]],
    *args: *Ts,
    name: Name | Via | None = None,
    timeout: float = inf,
) -> object:
    """Start a process like `start`, linked to the caller."""
    options = StartOptions(fn, link=True, name=name, timeout=timeout)
    return (await _start_plain(options, fn, args))[1]


async def start_monitor(
    fn: Callable[[Unpack[Ts]], Awaitable[object]],
    *args: *Ts,
    name: Name | Via | None = None,
    timeout: float = inf,
) -> tuple[object, Ref]:
    """Start a process like `start`, monitored by the caller."""
    current_process("start_monitor()")
    ref = Ref()
    options = StartOptions(fn, monitor=ref, name=name, timeout=timeout)
    return (await _start_plain(options, fn, args))[1], ref


async def _start_plain(
    options: StartOptions,
    fn: Callable[[Unpack[Ts]], Awaitable[object]],
    args: tuple[*Ts],
) -> tuple[Process, object]:
    async def body(_process: Process, ack: Ack) -> None:
        ack.by_hand = True
        await fn(*args)

    return await start_process(options, body)


def init_ack(value: object) -> None:
    """Tell the starter that the calling process is up; it gets *value*."""
    _ack_of_caller().settle(value)


def init_fail(error: StartError, reason: ExitReason = NORMAL) -> NoReturn:
    """End the calling process with *reason*; *error* is raised in the starter."""
    _ack_of_caller().failure = error
    raise Exit(reason)


def _ack_of_caller() -> Ack:
    process = current_process("init_ack()")
    ack = process.serving
    if not isinstance(ack, Ack) or not ack.by_hand:
        raise StartError("init_ack()", NORMAL, "nobody waits for this process to start")
    return ack


async def await_end(
    server: ServerRef, reason: ExitReason, timeout: float, ask: Callable[[], None]
) -> None:
    """Watch *server*, *ask* it to end, and wait until it has ended with *reason*.

    Raises:
        NoProcessError: it is dead already.
        CallTimeoutError: it still lives after *timeout* seconds, and goes on ending.
        ServerExitedError: it ended with another reason.
    """
    process = find(server)
    if process is None:
        raise NoProcessError(server)
    gone = watch_end(process)
    ask()
    with trio.move_on_after(timeout):
        await gone.wait()
    if process.reason is None:
        raise CallTimeoutError(server, timeout)
    if process.reason != reason:
        raise ServerExitedError(server, process.reason)
