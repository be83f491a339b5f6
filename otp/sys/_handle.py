"""How a process of a behaviour obeys system messages."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Protocol, assert_never, runtime_checkable

from ..kernel import CallTimeoutError, Exit, Exited
from ._change import obey_about_code
from ._debug import Debug
from ._messages import (
    CallbackFailedError,
    ChangeCode,
    GetModules,
    GetState,
    GetStatus,
    Ping,
    RenewSpecs,
    ReplaceState,
    Resume,
    SetDebug,
    Status,
    Suspend,
    SysError,
    SystemRequest,
    Terminate,
    Undo,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..kernel import ExitReason, Process
    from ._event import Event
    from ._messages import CodeOperation


class SystemHost(Protocol):
    """What a behaviour provides so that its processes obey system messages.

    A host may also be one or more of `HasModules`, `Restorable` and `KeepsSpecs`.
    """

    process: Process
    suspended: bool
    debug: Debug | None

    @property
    def module(self) -> type[object]:
        """The class that runs in the process."""
        ...

    def get_state(self) -> object:
        """Return the state."""
        ...

    def replace_state(self, state: object) -> None:
        """Put *state* in the place of the state."""
        ...

    def format_state(self) -> object:
        """Return the state as it is to be shown."""
        ...

    async def change_code(self, change: ChangeCode) -> None:
        """Go on as another class; must leave everything as it was if it raises."""
        ...


@runtime_checkable
class PartedHost(Protocol):
    """What a behaviour provides besides if its state has parts that stand alone."""

    def replace_parts(self, fn: Callable[[object], object]) -> object:
        """Put ``fn(part)`` in the place of each part, and return all of them."""
        ...


@runtime_checkable
class FormatsLog(Protocol):
    """A host that says how the events that `otp.sys.log` has kept are to be shown."""

    def format_log(self, log: tuple[Event, ...]) -> object:
        """Return *log* as it is to be shown."""
        ...


async def handle_system_message(
    request: SystemRequest, host: SystemHost
) -> ExitReason | None:
    """Obey *request* and, while suspended, those that follow.

    Returns:
        None when the process is to go on; else what it is to terminate with.
    """
    message: object = request
    while True:
        if isinstance(message, Exited):
            return message.reason
        if isinstance(message, SystemRequest):
            request = message
            reason = await _obey(request, host)
            if reason is not None:
                return reason
        if not host.suspended:
            return None
        message = await host.process.receive(
            lambda m: (
                isinstance(m, SystemRequest)
                or (isinstance(m, Exited) and m.pid is host.process.guardian)
            ),
            inf,
        )


async def _obey(request: SystemRequest, host: SystemHost) -> ExitReason | None:
    operation = request.operation
    if isinstance(operation, Terminate):
        request.settle(None)
        return operation.reason
    if request.settled:
        return None  # nobody waits for it any more
    try:
        answer = await _answer(request, operation, host)
    except (SysError, CallTimeoutError) as error:
        request.fail(error)
    else:
        request.settle(answer)
    return None


async def _answer(
    request: SystemRequest,
    operation: Suspend
    | Resume
    | GetState
    | ReplaceState
    | GetStatus
    | CodeOperation
    | Ping
    | SetDebug,
    host: SystemHost,
) -> object:
    answer: object = None
    match operation:
        case Suspend():
            answer = host.suspended
            host.suspended = True
        case Resume():
            host.suspended = False
        case GetState():
            answer = host.get_state()
        case ReplaceState(fn):
            answer = _replace_state(fn, host)
        case GetStatus():
            answer = _status(host)
        case ChangeCode() | Undo() | GetModules() | RenewSpecs():
            answer = await obey_about_code(request, operation, host)
        case Ping(ping):
            ping()
        case SetDebug(change):
            answer = _set_debug(change, host)
        case _:
            assert_never(operation)
    return answer


def _replace_state(fn: Callable[[object], object], host: SystemHost) -> object:
    if isinstance(host, PartedHost):
        return host.replace_parts(fn)
    try:
        state = fn(host.get_state())
        host.replace_state(state)
    except (Exception, Exit) as error:
        raise CallbackFailedError(f"replacing the state failed: {error!r}") from error
    return state


def _status(host: SystemHost) -> Status:
    debug = host.debug
    return Status(
        pid=host.process.pid,
        module=host.module,
        parent=host.process.parent,
        suspended=host.suspended,
        state=host.format_state(),
        dictionary=dict(host.process.dictionary or {}),
        debug=() if debug is None else debug.options,
        log=() if debug is None else _shown(host, debug.log),
    )


def _shown(host: SystemHost, log: tuple[Event, ...]) -> object:
    return host.format_log(log) if isinstance(host, FormatsLog) else log


def _set_debug(change: Callable[[Debug], object], host: SystemHost) -> object:
    debug = host.debug or Debug()
    try:
        return change(debug)
    except (Exception, Exit) as error:
        raise CallbackFailedError(f"setting the debug options: {error!r}") from error
    finally:
        host.debug = None if debug.idle else debug
