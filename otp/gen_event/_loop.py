"""The process of a manager: one message after the other, until it is told to end."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, NoReturn, TypeGuard, get_args

from .._util import is_cast
from ..gen import (
    Envelope,
    KeywordCast,
    UnexpectedMessage,
    UnknownRequestError,
)
from ..kernel import SHUTDOWN, Exited, emit
from ..sys import (
    Event,
    SystemRequest,
    handle_debug,
    handle_system_message,
    start_debug,
)
from ._host import Host
from ._manager import Manager
from ._requests import Notify, Operation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._util import Cast
    from ..kernel import ExitReason, Process
    from ..proc_lib import Ack
    from ._server import EventManager

_OPERATIONS = get_args(Operation)


async def serve(
    process: Process,
    ack: Ack,
    cls: type[EventManager[Any]],
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
) -> NoReturn:
    """Be a manager of class *cls*: the code of its process."""
    process.trap_exit = True
    manager = Manager(process, cls(*args, **kwargs))
    host = Host(manager)
    host.debug = start_debug(ack)
    ack.settle(None)
    process.serving = None
    # Nothing may keep the last request alive while the manager is idle.
    del ack, args, kwargs
    while True:
        await _take(host, await process.receive(None, inf))


async def _take(host: Host, message: object) -> None:
    manager, process = host.manager, host.process
    if isinstance(message, SystemRequest):
        reason = await handle_system_message(message, host)
        if reason is not None:
            await _stop(host, reason)
        return
    if isinstance(message, Exited) and _is_order(process, message):
        await _stop(host, message.reason)
    if host.debug is not None:
        _tell(host, Event("in", message))
    match message:
        case Notify(event):
            await manager.tell_all("handle_event", event)
        case Envelope():
            await _answer(manager, message)
        case Exited():
            await manager.exited(message)
        case KeywordCast():
            _drop(manager, message)
        case _ if is_cast(message):
            _drop(manager, message)
        case _:
            await manager.tell_all("handle_info", message)


async def _stop(host: Host, reason: ExitReason) -> NoReturn:
    _tell(host, Event("terminate", reason))
    await host.manager.stop(reason)


def _tell(host: Host, event: Event) -> None:
    manager = host.manager
    pid = host.process.pid
    host.debug = handle_debug(host.debug, pid, event, manager.instance)


def _is_order(process: Process, message: Exited) -> bool:
    """Tell whether an exit is the order to end: of the parent, or of the whole node.

    Without a parent that is linked to it a manager, which traps exits, would otherwise
    hold up the end of the node.
    """
    if message.pid is process.guardian:
        return True
    return message.pid is process.node.root.pid and message.reason == SHUTDOWN


async def _answer(manager: Manager, request: Envelope) -> None:
    operation = request.args[0] if request.clause is None else None
    if not _is_operation(operation):
        request.fail(UnknownRequestError(request.server, _not_ours(manager)))
        return
    # Whoever asked hears of it if the manager dies meanwhile.
    manager.process.serving = request
    await manager.answer(request, operation)
    manager.process.serving = None


def _is_operation(value: object) -> TypeGuard[Operation]:
    return isinstance(value, _OPERATIONS)


def _drop(manager: Manager, message: Cast | KeywordCast) -> None:
    """Drop a cast that is meant for a server."""
    process = manager.process
    process.node.dead_letter(process.pid, message, _not_ours(manager))
    emit(UnexpectedMessage(process.pid, process.name, type(manager.instance), message))


def _not_ours(manager: Manager) -> str:
    name = type(manager.instance).__name__
    return f"{name} is an event manager, and takes the requests of gen_event only"
