"""What is done with managers and their handlers from outside."""

from __future__ import annotations

from math import inf
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    ParamSpec,
    TypeAlias,
    TypeVar,
    cast,
    final,
    overload,
)

import attrs

from ..gen import (
    CALL_TIMEOUT,
    NO_KWARGS,
    Options as BehaviourOptions,
    Request,
    call as call_server,
    check_timeout,
    send_cast,
    send_request as send,
)
from ..kernel import Name, Pid, Ref, current_process
from ._handler import AnyHandler, EventHandler, HandlerRef, new_handler, ref_of
from ._requests import (
    AddHandler,
    CallHandler,
    DeleteHandler,
    Notify,
    Query,
    SwapHandler,
    SyncNotify,
    WhichHandlers,
)
from ._server import EventManager

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..kernel import ServerRef, Via
    from ._requests import Operation

P = ParamSpec("P")
T = TypeVar("T")
EventT = TypeVar("EventT")

Manager: TypeAlias = "ServerRef[EventManager[EventT]]"
"""A manager of events of one type: a pid, a name or a `Via`."""

Handler: TypeAlias = "type[EventHandler[Any]] | HandlerRef[..., EventHandler[Any]]"
"""A handler that is there: its class, or a `HandlerRef`."""


@final
@attrs.frozen
class Options(BehaviourOptions):
    """How a manager is started, where that is more than its class.

    ::

        options = gen_event.Options(name=EVENTS)
        pid = await options.start_link(otp.EventManager[Alarm])

    See `otp.gen.Options` for what there is.
    """

    behaviour = EventManager


_PLAIN: Final = Options()


async def start_link(cls: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Pid[T]:
    """Start a manager of class *cls*, linked to the caller.

    That is `EventManager` with the type of its events, ``EventManager[Alarm]``, or a
    class of your own that derives from it.

    Raises:
        TypeError: *cls* is no `EventManager`.
    """
    process, _ = await _PLAIN.__start__(cls, args, kwargs, link=True)
    return process.pid


async def start(cls: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Pid[T]:
    """Start a manager like `start_link`, without a link."""
    process, _ = await _PLAIN.__start__(cls, args, kwargs)
    return process.pid


async def start_monitor(
    cls: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> tuple[Pid[T], Ref]:
    """Start a manager like `start`, monitored by the caller."""
    return await _PLAIN.start_monitor(cls, *args, **kwargs)


async def start_named(
    name: Name[T] | Via[T], cls: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> Pid[T]:
    """Start a manager like `start_link`, registered as *name*.

    Raises:
        AlreadyStartedError: somebody has the name; nothing is started.
    """
    return await Options(name=name).start_link(cls, *args, **kwargs)


# ------------------------------------------------------------------------- events


def notify(manager: Manager[EventT], event: EventT) -> None:
    """Let every handler have *event*. Never waits, never fails."""
    send_cast(manager, Notify(event))


async def sync_notify(manager: Manager[EventT], event: EventT) -> None:
    """Let every handler have *event*, and wait until all of them have handled it.

    What the handlers come to is not told: one that fails is taken out, and that is
    all.

    Raises:
        CallError: the manager was not there, or ended before.
    """
    await _ask(manager, SyncNotify(event))


# ----------------------------------------------------------------------- handlers


async def add_handler(
    manager: Manager[EventT],
    handler: Callable[P, EventHandler[EventT]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> None:
    """Add a handler, which is the newest then, and wait for its ``init``.

    *handler* is a class, or a `HandlerRef` if there are to be several of that class;
    the arguments are those of the class. What is there already may be added again,
    and is there twice.

    Raises:
        AddHandlerError: ``__init__`` or ``init`` failed, or returned `Fail`.
        CallError: the manager was not there, or ended before.
        TypeError: *handler* is no `EventHandler` class.
    """
    new = new_handler(handler, *args, **kwargs)
    await _ask(manager, AddHandler(new, None))


async def add_sup_handler(
    manager: Manager[EventT],
    handler: Callable[P, EventHandler[EventT]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> None:
    """Add a handler like `add_handler`, with the caller as its owner.

    When the handler is gone, whatever the cause, its owner gets a `HandlerExit`. When
    the owner ends, the handler is taken out. The two processes are linked for that,
    and stay so until one of them ends.

    Raises:
        NotAProcessError: the caller is no process.
        AddHandlerError: as for `add_handler`; the link remains.
    """
    owner = current_process("add_sup_handler()").pid
    new = new_handler(handler, *args, **kwargs)
    await _ask(manager, AddHandler(new, owner))


async def delete_handler(
    manager: Manager[Any], handler: Handler, argument: object = None
) -> object:
    """Take a handler out, and return what its ``terminate`` returns.

    That is given ``Deleted(argument)``. If there are several handlers of this class
    and id, the newest goes.

    Raises:
        NoHandlerError: there is no such handler.
        HandlerFailedError: ``terminate`` raised; the handler is gone.
        CallError: the manager was not there, or ended before.
    """
    return await _ask(manager, DeleteHandler(ref_of(handler), argument))


async def swap_handler(
    manager: Manager[EventT],
    old: Handler,
    argument: object,
    new: Callable[P, EventHandler[EventT]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> None:
    """Take the handler *old* out and add *new*, without an event in between.

    ``terminate`` of the old one is given ``Swapped(argument, new)``; what it returns
    goes to ``init_swapped`` of the new one. If the old one is not there, the new one
    is added all the same, and told that. An owner of the old one owns the new one.

    Raises:
        AddHandlerError: the new one could not start; the old one is gone.
        CallError: the manager was not there, or ended before.
        TypeError: *old* or *new* is no `EventHandler` class.
    """
    made = new_handler(new, *args, **kwargs)
    await _ask(manager, SwapHandler(ref_of(old), argument, made, None))


async def swap_sup_handler(
    manager: Manager[EventT],
    old: Handler,
    argument: object,
    new: Callable[P, EventHandler[EventT]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> None:
    """Swap like `swap_handler`; the caller owns the new handler.

    Raises:
        NotAProcessError: the caller is no process.
        AddHandlerError: as for `swap_handler`; the link remains.
    """
    owner = current_process("swap_sup_handler()").pid
    made = new_handler(new, *args, **kwargs)
    await _ask(manager, SwapHandler(ref_of(old), argument, made, owner))


async def which_handlers(manager: Manager[Any]) -> list[AnyHandler]:
    """Return the handlers, newest first: the order in which they are told of events."""
    return cast("list[AnyHandler]", await _ask(manager, WhichHandlers()))


async def _ask(manager: Manager[Any], operation: Operation) -> object:
    return await call_server(manager, None, (operation,), NO_KWARGS, inf)


# ---------------------------------------------------------------------- one handler


@overload
async def call(
    manager: Manager[Any],
    handler: Handler,
    request: Query[T],
    *,
    timeout: float = CALL_TIMEOUT,
) -> T: ...
@overload
async def call(
    manager: Manager[Any],
    handler: Handler,
    request: object,
    *,
    timeout: float = CALL_TIMEOUT,
) -> object: ...
async def call(
    manager: Manager[Any],
    handler: Handler,
    request: object,
    *,
    timeout: float = CALL_TIMEOUT,
) -> object:
    """Send *request* to one handler's ``handle_call``, and wait for the answer.

    Args:
        manager: a pid, a name or a `Via`.
        handler: its class, or a `HandlerRef`.
        request: any value; a `Query` says of what type the answer is.
        timeout: in seconds.

    Raises:
        NoHandlerError: there is no such handler.
        HandlerFailedError: the handler failed at it, and is gone.
        UnknownRequestError: the class of the handler has no ``handle_call``.
        CallError: there was no answer; which of the family says why.
        ValueError: the time-out is negative or no number.
    """
    check_timeout(timeout)
    operation = CallHandler(ref_of(handler), request)
    return await call_server(manager, None, (operation,), NO_KWARGS, timeout)


@overload
def send_request(
    manager: Manager[Any], handler: Handler, request: Query[T]
) -> Request[T]: ...
@overload
def send_request(
    manager: Manager[Any], handler: Handler, request: object
) -> Request[object]: ...
def send_request(
    manager: Manager[Any], handler: Handler, request: object
) -> Request[Any]:
    """Send *request* like `call` and do not wait: see `Request`.

    Fetching the answer raises what `call` would.
    """
    operation = CallHandler(ref_of(handler), request)
    return send(manager, None, (operation,), NO_KWARGS)
