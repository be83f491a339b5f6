"""What is done with state machines from outside."""

from __future__ import annotations

from math import inf
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    NoReturn,
    ParamSpec,
    TypeVar,
    final,
    overload,
)

import attrs

from ..gen import (
    NO_KWARGS,
    Options as BehaviourOptions,
    call as call_server,
    check_timeout,
    make_cast,
    send_cast,
    send_request as send,
)
from ..kernel import NoProcessError, current_process, find
from ._begin import given_machine
from ._loop import serve
from ._results import NextState
from ._statem import GenStatem

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ..gen import Request as SentRequest
    from ..kernel import Name, Pid, Process, Ref, ServerRef, Via
    from ..proc_lib import Ack
    from ._actions import Action
    from ._host import Host
    from ._requests import Request
    from ._results import Repeat

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S")


@final
@attrs.frozen
class Options(BehaviourOptions):
    """How a state machine is started, where that is more than its arguments.

    ::

        options = gen_statem.Options(name=DOOR, timeout=1.0)
        pid = await options.start_link(DoorLock, "1234")

    See `otp.gen.Options` for what there is.
    """

    behaviour = GenStatem


_PLAIN: Final = Options()


async def start_link(cls: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Pid[T]:
    """Start a machine of class *cls*, linked to the caller, and wait for its ``init``.

    The arguments are those of the class; `Options` has a name and other things, and a
    supervisor does all this for you.

    Raises:
        StartError: ``__init__`` or ``init`` failed; the reason is in it. If the caller
            is a process that does not trap exits, it may die of the link instead.
        StartIgnored: ``init`` asked not to be started.
        TypeError: *cls* is no `GenStatem`.
    """
    process, _ = await _PLAIN.__start__(cls, args, kwargs, link=True)
    return process.pid


async def start(cls: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Pid[T]:
    """Start a machine like `start_link`, without a link."""
    process, _ = await _PLAIN.__start__(cls, args, kwargs)
    return process.pid


async def start_monitor(
    cls: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> tuple[Pid[T], Ref]:
    """Start a machine like `start`, monitored by the caller."""
    return await _PLAIN.start_monitor(cls, *args, **kwargs)


async def start_named(
    name: Name[T] | Via[T], cls: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> Pid[T]:
    """Start a machine like `start_link`, registered as *name* before its ``init``.

    Raises:
        AlreadyStartedError: somebody has the name; nothing is started.
    """
    return await Options(name=name).start_link(cls, *args, **kwargs)


def enter_loop(
    machine: GenStatem[S, Any],
    state: S,
    *actions: Action,
    name: Name | Via | None = None,
) -> Coroutine[Any, Any, NoReturn]:
    """Make the calling process a gen_statem, with *machine* in *state*.

    For a process that was started by other means, `otp.process.spawn_link` or
    `otp.proc_lib.start_link`, and has got ready in a way of its own. ``init`` is not
    called, and awaiting this never returns.

    Args:
        machine: made by the caller, in this process.
        state: the first state; it is entered.
        actions: done before anything else.
        name: checked to be the caller's name.

    Raises:
        NotAProcessError: the caller is no process.
        NoProcessError: the caller is not registered as *name*.
        InvalidSpecError: one of *actions* is no action.
    """
    process = current_process("enter_loop()")
    if name is not None and find(name) is not process:
        raise NoProcessError(name)
    # Not async itself, so that no frame of it is kept for the life of the machine.
    return serve(process, None, _given, machine, NextState(state, *actions))


async def _given(
    process: Process,
    _ack: Ack | None,
    machine: GenStatem[Any, Any],
    first: NextState[object],
) -> tuple[Host, Repeat]:
    return given_machine(process, machine, first.state, first.actions)


@overload
async def call(
    server: ServerRef, request: Request[R], *, timeout: float = inf
) -> R: ...
@overload
async def call(
    server: ServerRef, request: object, *, timeout: float = inf
) -> object: ...
async def call(server: ServerRef, request: object, *, timeout: float = inf) -> object:
    """Send *request* to the machine as a `Call` and wait for the answer.

    As in Erlang there is no time-out if nothing is said: a machine may well postpone
    a call until its state has changed.

    Args:
        server: a pid, a name or a `Via`.
        request: any value; one of a `Request` class says what the answer is.
        timeout: in seconds.

    Raises:
        CallError: there was no answer; which of the family says why.
        ValueError: the time-out is negative or no number.
    """
    check_timeout(timeout)
    return await call_server(server, None, (request,), NO_KWARGS, timeout)


def cast(server: ServerRef, message: object) -> None:
    """Send *message* to the machine as a `Cast`. Never waits, never fails."""
    send_cast(server, make_cast(None, message))


@overload
def send_request(server: ServerRef, request: Request[R]) -> SentRequest[R]: ...
@overload
def send_request(server: ServerRef, request: object) -> SentRequest[object]: ...
def send_request(server: ServerRef, request: object) -> SentRequest[Any]:
    """Send *request* as a `Call` and do not wait: see `otp.gen.Request`."""
    return send(server, None, (request,), NO_KWARGS)
