"""The process of a gen_server: init, the loop, the end.

The loop is written for speed, and it is the one place where that matters: a message
that is there is taken without a word to Trio's scheduler, a clause is found in a
dict, and a result that is nothing special is an answer. Whatever else there is
leaves the fast way for a function of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from trio.lowlevel import checkpoint, current_task

from .._util import GEN_CAST, class_of, is_cast
from ..gen import (
    NOTHING,
    BadReturnError,
    Envelope,
    Fail,
    Ignore,
    KeywordCast,
    UnexpectedMessage,
    UnknownRequestError,
)
from ..kernel import (
    SLICE,
    Ended,
    Exit,
    Exited,
    Process,
    ReceiveTimeoutError,
    Timeout,
    emit,
    is_heard,
    is_own_end,
    is_quiet,
    reason_of,
)
from ..sys import (
    Event,
    SystemRequest,
    handle_system_message,
    start_debug,
)
from ._begin import Continue
from ._errors import BadArgumentsError
from ._reports import ServerReport, server_report
from ._results import NoReply, Reply, Stop
from ._tell import tell_answer, tell_message, tell_result

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVarTuple, Unpack

    from .._util import Cast
    from ..gen import From
    from ..kernel import ExitReason
    from ..proc_lib import Ack
    from ..sys import Debug, SystemHost
    from ._begin import Follow
    from ._server import GenServer

    Ts = TypeVarTuple("Ts")

IDLE: Final = Timeout()

_RESULTS: Final = frozenset({Reply, NoReply, Stop, Ignore, Fail})


async def serve(  # noqa: C901, PLR0912, PLR0915 - one frame, for speed and memory
    process: Process,
    ack: Ack | None,
    begin: Callable[[Ack | None, Unpack[Ts]], Awaitable[tuple[GenServer, Follow]]],
    *begin_args: *Ts,
    alone: bool = True,
) -> Ended:
    """Be a gen_server: the code of its process, from ``init`` to the end.

    *begin* makes the server: `init_server`, or whatever else brings one. If this is
    not *alone* in its process, an `Exit` says at the end that it is over.
    """
    server, follow = await begin(ack, *begin_args)
    process.serving = None
    host: SystemHost | None = None
    debug = start_debug(ack)
    if debug is not None:
        host = server.__host__(process)
        host.debug = debug
    box = process.mailbox
    task = current_task()
    park = process.node.scheduler.park
    calls, casts = server.__clauses__.calls, server.__clauses__.casts
    credit = SLICE
    message: Any
    result: object
    # Nothing may keep the last request alive while the server is idle.
    del ack, begin, begin_args
    while True:
        if follow is not None:
            message = await _follow(process, follow)
        elif pending := box.pending:
            message = pending.pop()
        elif inbox := box.inbox:
            if len(inbox) > 1:
                box.turn()
                continue
            message = inbox.pop()
            box.heard = 0
        else:
            # Mailbox.park(), without a frame of its own.
            message = result = None
            credit = SLICE
            box.slices = 0
            box.parked = task
            await park(task, box.abort)
            continue
        credit -= 1
        if credit <= 0:
            credit = SLICE
            if box.turn_is_over():
                await checkpoint()
        if debug is not None:
            debug = tell_message(debug, process, message, server)

        kind = class_of(message)
        try:
            # is_cast(), without a call of its own.
            if kind is tuple and message and message[0] is GEN_CAST:
                fn = casts.get(message[1])
                if fn is None:
                    result = await _cast_slowly(process, server, message)
                elif len(message) == 3:  # noqa: PLR2004 - a tenth of a cast
                    result = await fn(server, message[2])
                else:
                    result = await fn(server, *message[2:])
            elif isinstance(message, Envelope):
                process.serving = message
                fn = calls.get(message.clause)
                if fn is None:
                    result = await _call_slowly(process, server, message)
                elif message.kwargs:
                    result = await fn(server, *message.args, **message.kwargs)
                else:
                    result = await fn(server, *message.args)
                if type(result) not in _RESULTS:
                    if debug is not None:
                        debug = tell_answer(debug, process, message, result, server)
                    process.serving = None
                    message.settle(result)
                    follow = None
                    continue
            elif type(message) is KeywordCast:
                result = await _cast_slowly(process, server, message)
            elif type(message) is SystemRequest:
                host = host or server.__host__(process)
                reason = await handle_system_message(message, host)
                debug = host.debug
                calls, casts = server.__clauses__.calls, server.__clauses__.casts
                if reason is None:
                    continue
                result = Stop(reason)
            elif type(message) is Exited and message.pid is process.guardian:
                result = Stop(message.reason)
            elif type(message) is Continue:
                result = await server.handle_continue(message.argument)
            else:
                result = await server.handle_info(message)
        except BaseException as error:
            if not is_own_end(error):
                raise
            if not _refused(process, server, message, error):
                why = reason_of(error)
                # The traceback comes first: if the error is shared with others, it
                # may be theirs after the wait.
                ended = Ended(
                    error.__traceback__,
                    await _end(process, server, why, message, debug),
                )
                return _leave(ended, alone=alone)
            result = None

        if debug is not None:
            debug = tell_result(debug, process, message, result, server)
        if result is None:
            follow = None
        else:
            next_ = await _obey_result(process, server, message, result, debug)
            if isinstance(next_, Ended):
                return _leave(next_, alone=alone)
            follow = next_


# ------------------------------------------------------------ off the fast way


async def _follow(process: Process, follow: Reply[Any] | NoReply) -> object:
    if follow.continue_ is not NOTHING:
        return Continue(follow.continue_)
    try:
        return await process.receive(None, follow.timeout or 0.0)
    except ReceiveTimeoutError:
        return IDLE


async def _call_slowly(
    process: Process, server: GenServer, request: Envelope
) -> object:
    """Call what is no ordinary clause: one that answers later, or a message."""
    process.serving = request
    table = server.__clauses__
    if request.clause is None and table.handles_call:
        from_ = cast("From[Any]", request)
        return await server.handle_call(request.args[0], from_)
    fn = table.deferred.get(request.clause)
    if fn is None:
        text = _unknown(server, request.clause)
        request.fail(UnknownRequestError(request.server, text))
        return NoReply()
    result = await fn(server, request, *request.args, **request.kwargs)
    return NoReply() if result is None else result


async def _cast_slowly(
    process: Process, server: GenServer, message: Cast | KeywordCast
) -> object:
    """Cast what is no ordinary clause: with keywords, or a message."""
    table = server.__clauses__
    clause = _clause(message)
    fn = table.casts.get(clause)
    if fn is not None and isinstance(message, KeywordCast):
        return await fn(server, *message.args, **message.kwargs)
    content = message[2] if is_cast(message) and clause is None else message
    if clause is None and table.handles_cast:
        return await server.handle_cast(content)
    process.node.dead_letter(process.pid, content, _unknown(server, clause))
    emit(UnexpectedMessage(process.pid, process.name, type(server), content))
    return None


def _clause(message: Cast | KeywordCast) -> str | None:
    return message.clause if isinstance(message, KeywordCast) else message[1]


def _unknown(server: GenServer, clause: str | None) -> str:
    name = type(server).__name__
    if clause is None:
        return f"{name} has no callback for messages that are data"
    return f"{name} has no clause {clause!r}"


def _refused(
    process: Process, server: GenServer, message: object, error: BaseException
) -> bool:
    """Tell whether *error* says only that the arguments do not fit the clause.

    That is so if it comes from the call itself: there is no frame of the method in
    its traceback. Then it is the caller's mistake and the server goes on.
    """
    trace = error.__traceback__
    if not isinstance(error, TypeError) or trace is None:
        return False
    while trace.tb_next is not None:
        if trace.tb_frame.f_globals is not globals():
            return False
        trace = trace.tb_next
    if trace.tb_frame.f_globals is not globals():
        return False
    text = f"{type(server).__name__}: {error}"
    if isinstance(message, Envelope):
        process.serving = None
        message.fail(BadArgumentsError(message.server, text))
        return True
    if is_cast(message) or isinstance(message, KeywordCast):
        process.node.dead_letter(process.pid, message, text)
        emit(UnexpectedMessage(process.pid, process.name, type(server), message))
        return True
    return False


async def _obey_result(
    process: Process,
    server: GenServer,
    message: object,
    result: object,
    debug: Debug | None,
) -> Follow | Ended:
    """Do what *result* says, and return what follows."""
    request = message if isinstance(message, Envelope) else None
    process.serving = None
    match result:
        case Reply() if request is not None:
            answer = cast("Reply[object]", result)
            request.settle(answer.value)
            return None if answer.plain else answer
        case NoReply():
            if request is not None and not request.settled:
                process.owe(request)
        case Stop():
            process.serving = request
            reason, reply = result.reason, result.reply
            reason = await _end(process, server, reason, message, debug, reply=reply)
            return Ended(None, reason)
        case _:
            process.serving = request
            wrong = BadReturnError(type(server), _callback(message), result)
            reason = reason_of(wrong)
            return Ended(None, await _end(process, server, reason, message, debug))
    return None if result.plain else result


async def _end(
    process: Process,
    server: GenServer,
    reason: ExitReason,
    message: object,
    debug: Debug | None,
    *,
    reply: object = NOTHING,
) -> ExitReason:
    """End the server by its own callback, reply to the last caller, and return why.

    *message* is the one at which it ends, which *reply* answers unless it is NOTHING.
    """
    if process.reason is not None:  # an exit signal came first
        return process.reason
    if debug is not None:
        debug.handle(process.pid, Event("terminate", reason), server)
    try:
        if server.__clauses__.ends:
            await server.terminate(reason)
    except BaseException as error:
        if not is_own_end(error):
            raise
        reason = reason_of(error)
    if reply is not NOTHING and isinstance(message, Envelope):
        if debug is not None:
            tell_answer(debug, process, message, reply, server)
        message.settle(reply)
    if not is_quiet(reason) and is_heard(ServerReport.level):
        log = debug.log if debug else ()
        emit(server_report(process, server, reason, message, log))
    return reason


def _leave(ended: Ended, *, alone: bool) -> Ended:
    if not alone:
        raise Exit(ended.reason)
    return ended


def _callback(message: object) -> str:
    match message:
        case Envelope():
            return message.clause or "handle_call"
        case KeywordCast():
            return message.clause
        case Continue():
            return "handle_continue"
        case _ if is_cast(message):
            return message[1] or "handle_cast"
        case _:
            return "handle_info"
