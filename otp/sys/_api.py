"""What may be asked of a process of any behaviour while it lives."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, TypeVar, cast

import trio

from ..gen import CALL_TIMEOUT, check_timeout
from ..kernel import (
    NORMAL,
    CallingSelfError,
    check_reason,
    current,
    is_ghost,
    send_ghost_away,
)
from ..proc_lib import await_end
from ._ask import ask as _ask, find_process as _find
from ._debug import append
from ._event import line_of
from ._messages import (
    ChangeCode,
    GetState,
    GetStatus,
    ReplaceState,
    Resume,
    SetDebug,
    Status,
    Suspend,
    SystemRequest,
    Terminate,
)
from ._options import LOG_SIZE, Count, Install, Log, LogToFile, Trace, print_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from os import PathLike

    from ..kernel import ExitReason, ServerRef
    from ..proc_lib import DebugOption
    from ._debug import Debug, Statistics
    from ._event import Event
    from ._options import Hook

T = TypeVar("T")


async def suspend(server: ServerRef, *, timeout: float = CALL_TIMEOUT) -> None:
    """Let the process take no more ordinary messages; they stay in its mailbox.

    System messages and the exit of its parent are obeyed all the same. Suspending
    twice is suspending once.
    """
    await _ask(server, Suspend(), timeout)


async def resume(server: ServerRef, *, timeout: float = CALL_TIMEOUT) -> None:
    """Let a suspended process go on."""
    await _ask(server, Resume(), timeout)


async def get_state(server: ServerRef, *, timeout: float = CALL_TIMEOUT) -> object:
    """Return the state of a process, for debugging.

    For a gen_server that is a copy of the attributes of its instance, as a dict.
    """
    return await _ask(server, GetState(), timeout)


async def replace_state(
    server: ServerRef,
    fn: Callable[[Any], object],
    *,
    timeout: float = CALL_TIMEOUT,
) -> object:
    """Put ``fn(state)`` in the place of the state, and return it.

    Raises:
        CallbackFailedError: *fn* raised; the state is as it was.
    """
    return await _ask(server, ReplaceState(fn), timeout)


async def get_status(server: ServerRef, *, timeout: float = CALL_TIMEOUT) -> Status:
    """Return the state, as the class wants it shown, and what is around it."""
    return cast("Status", await _ask(server, GetStatus(), timeout))


async def change_code(
    server: ServerRef,
    new: type[object] | None = None,
    *,
    old_version: object = None,
    extra: object = None,
    timeout: float = CALL_TIMEOUT,
) -> None:
    """Let a suspended process go on as an instance of *new*, or of its own class.

    Its ``code_change(old_version, extra)`` converts the state.

    Raises:
        NotSuspendedError: the process is not suspended.
        CallbackFailedError: the conversion raised; everything is as it was, and the
            process is still suspended.
    """
    await _ask(server, ChangeCode(new, old_version, extra), timeout)


async def terminate(
    server: ServerRef,
    reason: ExitReason = NORMAL,
    *,
    timeout: float = CALL_TIMEOUT,
) -> None:
    """Ask the process to end with *reason*, also when it is suspended.

    Does not wait for the end: that is what `stop` is for.
    """
    await _ask(server, Terminate(check_reason(reason)), timeout)


async def stop(
    server: ServerRef,
    reason: ExitReason = NORMAL,
    *,
    timeout: float = inf,
) -> None:
    """End a process of any behaviour in order, and wait until it is dead.

    Raises:
        NoProcessError: it is dead already.
        CallTimeoutError: it is not dead after *timeout* seconds; it goes on ending.
        ServerExitedError: it ended, but with another reason, or before it heard of
            this.
        CallingSelfError: the process is the caller.
    """
    check_reason(reason)
    check_timeout(timeout)
    process = _find(server)
    if process is current() and process.task is trio.lowlevel.current_task():
        raise CallingSelfError(server)
    if is_ghost():
        await send_ghost_away()
    request = SystemRequest(server, Terminate(reason), timeout)

    def ask() -> None:
        process.mailbox.put(request)

    await await_end(server, reason, timeout, ask)
    if request.error is not None:
        raise request.error


# ------------------------------------------------------------------ debug options


async def _debug(server: ServerRef, change: Callable[[Debug], T], timeout: float) -> T:
    return cast("T", await _ask(server, SetDebug(change), timeout))


async def _switch(
    server: ServerRef, option: DebugOption, timeout: float, *, on: bool
) -> None:
    def change(debug: Debug) -> None:
        if on:
            debug.set(option)
        else:
            debug.drop(type(option))

    await _debug(server, change, timeout)


async def trace(
    server: ServerRef,
    on: bool = True,
    *,
    write: Callable[[str], object] = print_line,
    timeout: float = CALL_TIMEOUT,
) -> None:
    """Print a line for everything that the process does, or stop printing.

    Args:
        on: False to stop.
        write: called with each line, in place of printing it.

    Raises:
        InvalidSpecError: *write* cannot be called.
    """
    await _switch(server, Trace(write), timeout, on=on)


async def log(
    server: ServerRef, size: int = LOG_SIZE, *, timeout: float = CALL_TIMEOUT
) -> None:
    """Keep the last *size* events for `get_log` and `print_log`; 0 for none.

    If the process crashes they are in its report, as ``format_status`` wants them.

    Raises:
        InvalidSpecError: *size* is no whole number, or is negative.
    """
    option = Log() if size == 0 else Log(size)
    await _switch(server, option, timeout, on=size != 0)


async def get_log(server: ServerRef, *, timeout: float = CALL_TIMEOUT) -> list[Event]:
    """Return the events that `log` has kept, oldest first."""
    return list(await _debug(server, lambda debug: debug.log, timeout))


async def print_log(
    server: ServerRef,
    *,
    write: Callable[[str], object] = print_line,
    timeout: float = CALL_TIMEOUT,
) -> None:
    """Print a line for each event that `log` has kept, oldest first.

    Args:
        write: called with each line, in place of printing it.
    """
    pid = _find(server).pid
    for event in await get_log(server, timeout=timeout):
        write(line_of(pid, event))


async def log_to_file(
    server: ServerRef,
    path: str | PathLike[str] | None,
    *,
    timeout: float = CALL_TIMEOUT,
) -> None:
    """Append a line for each event to the file *path*, or stop that with None.

    See `LogToFile` for what becomes of the file.

    Raises:
        OSError: the file cannot be written.
        InvalidSpecError: *path* is no path.
    """
    option = None if path is None else LogToFile(path)

    def change(debug: Debug) -> OSError | None:
        if option is None:
            debug.drop(LogToFile)
            return None
        try:
            append(option, "")
        except OSError as error:
            return error
        debug.set(option)
        return None

    error = await _debug(server, change, timeout)
    if error is not None:
        raise error


async def statistics(
    server: ServerRef, on: bool = True, *, timeout: float = CALL_TIMEOUT
) -> None:
    """Count messages for `get_statistics`, from now on, or stop counting."""
    await _switch(server, Count(), timeout, on=on)


async def get_statistics(
    server: ServerRef, *, timeout: float = CALL_TIMEOUT
) -> Statistics | None:
    """Return what `statistics` has counted, None if it does not count."""
    return await _debug(server, lambda debug: debug.statistics, timeout)


async def install(
    server: ServerRef,
    fn: Hook,
    state: object = None,
    *,
    key: object = None,
    timeout: float = CALL_TIMEOUT,
) -> object:
    """Call ``fn(state, event, process_state)`` at each event of the process.

    It returns its next state, or `DONE` to be taken out; if it raises, it is taken
    out, too, and a report is all that is noticed of it.

    Returns:
        The key for `remove`: *key*, or *fn* if there is none.

    Raises:
        InvalidSpecError: *fn* cannot be called, or *key* is not hashable.
    """
    option = Install(fn, state) if key is None else Install(fn, state, key)
    await _switch(server, option, timeout, on=True)
    return option.key


async def remove(
    server: ServerRef, key: object, *, timeout: float = CALL_TIMEOUT
) -> None:
    """Take out a function that `install` put in."""
    await _debug(server, lambda debug: debug.drop(Install, key), timeout)


async def no_debug(server: ServerRef, *, timeout: float = CALL_TIMEOUT) -> None:
    """Switch off every debug option."""
    await _debug(server, lambda debug: debug.clear(), timeout)
