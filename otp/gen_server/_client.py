"""What is done with gen_servers from outside."""

from __future__ import annotations

from math import inf
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    NoReturn,
    ParamSpec,
    TypeVar,
    cast as type_cast,
    final,
)

import attrs
import trio

from ..gen import (
    CALL_TIMEOUT,
    NO_KWARGS,
    Options as BehaviourOptions,
    Request,
    call as call_server,
    check_timeout,
    make_cast,
    send_cast,
    send_request as send,
    wait_any,
)
from ..kernel import (
    Name,
    NoProcessError,
    Pid,
    Ref,
    current_process,
    find,
    nodes,
)
from ..proc_lib import Ack
from ._begin import given_server
from ._loop import serve
from ._results import NoReply
from ._server import GenServer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from ..kernel import ServerRef, Via
    from ..proc_lib import DebugOption

P = ParamSpec("P")
T = TypeVar("T")


@final
@attrs.frozen
class Options(BehaviourOptions):
    """How a server is started, where that is more than its arguments.

    ::

        options = gen_server.Options(name=COUNTER, timeout=1.0)
        pid = await options.start_link(Counter, 10)

    See `otp.gen.Options` for what there is.
    """

    behaviour = GenServer


_PLAIN: Final = Options()


_NOTHING_FOLLOWS: Final = NoReply()


async def start_link(cls: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Pid[T]:
    """Start a server of class *cls*, linked to the caller, and wait for its ``init``.

    The arguments are those of the class; `Options` has a name and other things, and a
    supervisor does all this for you.

    Raises:
        StartError: ``__init__`` or ``init`` failed; the reason is in it. If the caller
            is a process that does not trap exits, it may die of the link instead.
        StartIgnored: ``init`` asked not to be started.
        TypeError: *cls* is no `GenServer`.
    """
    process, _ = await _PLAIN.__start__(cls, args, kwargs, link=True)
    return process.pid


async def start(cls: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Pid[T]:
    """Start a server like `start_link`, without a link."""
    process, _ = await _PLAIN.__start__(cls, args, kwargs)
    return process.pid


async def start_monitor(
    cls: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> tuple[Pid[T], Ref]:
    """Start a server like `start`, monitored by the caller."""
    return await _PLAIN.start_monitor(cls, *args, **kwargs)


async def start_named(
    name: Name[T] | Via[T], cls: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> Pid[T]:
    """Start a server like `start_link`, registered as *name* before its ``init``.

    Raises:
        AlreadyStartedError: somebody has the name; nothing is started.
    """
    return await Options(name=name).start_link(cls, *args, **kwargs)


def enter_loop(
    server: GenServer,
    follow: NoReply = _NOTHING_FOLLOWS,
    *,
    name: Name | Via | None = None,
    debug: Iterable[DebugOption] = (),
) -> Coroutine[Any, Any, NoReturn]:
    """Make the calling process a gen_server, with *server* as its state.

    For a process that was started by other means, `otp.process.spawn_link` or
    `otp.proc_lib.start_link`, and has got ready in a way of its own. ``init`` is not
    called, and awaiting this never returns.

    Args:
        server: made by the caller, in this process.
        follow: what comes first, a time-out or a continuation for example.
        name: checked to be the caller's name.
        debug: debug options, as in `Options`.

    Raises:
        NotAProcessError: the caller is no process.
        NoProcessError: the caller is not registered as *name*.
        InvalidSpecError: something in *debug* is no debug option.
    """
    process = current_process("enter_loop()")
    if name is not None and find(name) is not process:
        raise NoProcessError(name)
    process.origin = type(server)
    # Nobody waits for this one: it brings the options along.
    ack = Ack(type(server), inf, Options(debug=debug).debug) if debug else None
    # Not async itself, so that no frame of it is kept for the life of the server.
    loop = serve(process, ack, given_server, server, follow, alone=False)
    return type_cast("Coroutine[Any, Any, NoReturn]", loop)


async def call(
    server: ServerRef, message: object, *, timeout: float = CALL_TIMEOUT
) -> object:
    """Send *message* to the server's ``handle_call`` and wait for the answer.

    Raises:
        CallError: there was no answer; which of the family says why.
        ValueError: the time-out is negative or no number.
    """
    check_timeout(timeout)
    return await call_server(server, None, (message,), NO_KWARGS, timeout)


def cast(server: ServerRef, message: object) -> None:
    """Send *message* to the server's ``handle_cast``. Never waits, never fails."""
    send_cast(server, make_cast(None, message))


def send_request(server: ServerRef, message: object) -> Request[object]:
    """Send *message* to ``handle_call`` and do not wait: see `Request`."""
    return send(server, None, (message,), NO_KWARGS)


async def multi_call(
    name: Name,
    message: object,
    *,
    nodes_: Iterable[str] | None = None,
    timeout: float = inf,
) -> tuple[dict[str, object], list[str]]:
    """Call the servers that have one name on several nodes, all at once.

    Args:
        name: the name of the servers.
        message: goes to their ``handle_call``.
        nodes_: the names of the nodes; all that this Trio run has by default.
        timeout: seconds for all of them together.

    Returns:
        The answers by node, and the nodes that gave none.
    """
    wanted = list(nodes() if nodes_ is None else nodes_)
    requests = {node: send_request(name.at(node), message) for node in wanted}
    await _wait_all(list(requests.values()), timeout)
    answers: dict[str, object] = {}
    for node, request in requests.items():
        if request.settled and request.error is None:
            answers[node] = request.value
        request.expire()
    return answers, [node for node in wanted if node not in answers]


async def _wait_all(requests: list[Request[object]], timeout: float) -> None:
    with trio.move_on_after(timeout):
        while waiting := [r for r in requests if not r.settled]:
            await wait_any(waiting, inf)


def abcast(name: Name, message: object, *, nodes_: Iterable[str] | None = None) -> None:
    """Cast to the servers that have one name on several nodes."""
    for node in list(nodes() if nodes_ is None else nodes_):
        cast(name.at(node), message)
