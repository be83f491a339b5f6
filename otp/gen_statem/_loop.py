"""The process of a state machine: the loop around its engine, and the end.

Which event comes next and what follows from it is decided in the engine. Here
messages become events, the code of the machine is called, and what the engine wants
is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, cast

from trio.lowlevel import checkpoint, current_task

from .._util import is_cast
from ..gen import (
    Envelope,
    KeywordCast,
    UnexpectedMessage,
    UnknownRequestError,
)
from ..kernel import (
    SLICE,
    Exit,
    Exited,
    Timeout,
    emit,
    is_heard,
    is_own_end,
    is_quiet,
    reason_of,
)
from ..sys import SystemRequest, handle_system_message, start_debug
from ._actions import EVENT
from ._engine import Step
from ._events import Call, Cast, Enter, Info
from ._reports import StatemReport
from ._results import Stop
from ._timeouts import Alarm

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeVarTuple, Unpack

    from .._util import Cast as CastMessage
    from ..gen import From
    from ..kernel import ExitReason, Process
    from ..proc_lib import Ack
    from ._events import Event
    from ._host import Host
    from ._results import Repeat

    Ts = TypeVarTuple("Ts")


async def serve(
    process: Process,
    ack: Ack | None,
    begin: Callable[[Process, Ack | None, Unpack[Ts]], Awaitable[tuple[Host, Repeat]]],
    *begin_args: *Ts,
) -> NoReturn:
    """Be a gen_statem: the code of its process, from ``init`` to the end.

    *begin* makes the machine: `init_machine`, or whatever else brings one.
    """
    host, first = await begin(process, ack, *begin_args)
    host.debug = start_debug(ack)
    process.serving = None
    # Nothing may keep these alive as long as the machine lives.
    del ack, begin, begin_args
    try:
        await _follow(host, None, first)
        del first
        await _loop(host)
    finally:
        host.stop_timers()


async def _loop(host: Host) -> NoReturn:  # noqa: C901, PLR0912 - one frame, for speed
    process, engine = host.process, host.engine
    box = process.mailbox
    task = current_task()
    park = process.node.scheduler.park
    alarms = engine.timeouts.alarms
    credit = SLICE
    message: object
    result: object
    while True:
        event = engine.take()
        if event is not None:
            message = None
        elif pending := box.pending:
            message = pending.pop()
        elif box.inbox:
            box.turn()
            continue
        else:
            # Mailbox.park(), without a frame of its own. Nothing may keep the last
            # request alive meanwhile.
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

        try:
            if event is None:
                if is_cast(message) and message[1] is None:
                    event = Cast(message[2])
                elif isinstance(message, Envelope) and message.clause is None:
                    process.serving = message
                    event = Call(cast("From[Any]", message), message.args[0])
                else:
                    event = await _event_of(host, message)
                    if event is None:
                        continue
                if host.debug is not None:
                    host.note("in", event if type(message) is Timeout else message)
            result = await host.call(engine.state, event)
        except BaseException as error:  # noqa: BLE001 - _fail() raises what it must
            await _fail(host, event, error)
        # Where a machine without debug options keeps as it is there is nothing to do.
        if result is not None or EVENT in alarms or host.debug is not None:
            await _follow(host, event, result)
        if type(event) is Call:
            _remember(process, event)


async def _event_of(host: Host, message: object) -> Event | None:
    """Return what an unusual message is for the machine, None if that is nothing.

    Raises:
        Exit: it is the order to end.
    """
    match message:
        case SystemRequest():
            reason = await handle_system_message(message, host)
            if reason is not None:
                raise Exit(reason)
            return None
        case Exited(pid, reason) if pid is host.process.guardian:
            raise Exit(reason)
        case Timeout(message=Alarm() as alarm):
            return host.engine.timeouts.ring(alarm)
        case Envelope() | KeywordCast():
            _refuse(host, message)
            return None
        case _ if is_cast(message):
            _refuse(host, message)
            return None
        case _:
            return Info(message)


def _refuse(host: Host, message: Envelope | CastMessage | KeywordCast) -> None:
    """Do not take a request that is meant for a clause of a server."""
    process = host.process
    text = f"{host.module.__name__} is a state machine and has no clauses"
    if isinstance(message, Envelope):
        message.fail(UnknownRequestError(message.server, text))
        return
    process.node.dead_letter(process.pid, message, text)
    emit(UnexpectedMessage(process.pid, process.name, host.module, message))


def _remember(process: Process, call: Call[object]) -> None:
    """Owe the answer to a call, if it has been handled and has none yet."""
    process.serving = None
    request = call.from_
    # An event that was made up may have the call to another process.
    if not request.settled and request.process is process:
        process.owe(request)


async def _follow(host: Host, event: Event | None, result: object) -> None:
    """Do what follows from *event*, which came to *result*."""
    try:
        stop = await _advance(host, event, result)
    except BaseException as error:  # noqa: BLE001 - _fail() raises what it must
        await _fail(host, event, error)
    if stop is not None:
        for reply in stop.replies:
            host.do(reply)
        await _terminate(host, stop.reason, event)


async def _advance(host: Host, event: Event | None, result: object) -> Stop | None:
    engine, box = host.engine, host.process.mailbox
    step = Step(engine, event)
    while not isinstance(result, Stop):
        for effect in step.obey(result):
            host.do(effect)
        if not step.entering:
            for effect in step.finish():
                host.do(effect)
            if event is not None:
                host.note(
                    "postpone" if step.postponing else "consume", event, step.target
                )
            return None
        # A state may want to be entered again and again.
        box.credit -= 1
        if box.credit <= 0:
            box.credit = SLICE
            if box.turn_is_over():
                await checkpoint()
        host.note("enter", step.target)
        result = await host.call(step.target, Enter(engine.state))
    step.abandon()
    return result


async def _fail(host: Host, event: Event | None, error: BaseException) -> NoReturn:
    if not is_own_end(error):
        raise error
    await _terminate(host, reason_of(error), event)


async def _terminate(host: Host, reason: ExitReason, event: Event | None) -> NoReturn:
    """End the machine by its own callback, and be gone."""
    process, engine = host.process, host.engine
    if process.reason is not None:  # an exit signal came first
        raise Exit(process.reason)
    host.note("terminate", reason, engine.state)
    try:
        await host.machine.terminate(reason, engine.state)
    except BaseException as error:
        if not is_own_end(error):
            raise
        reason = reason_of(error)
    if not is_quiet(reason) and is_heard(StatemReport.level):
        emit(_report_of(host, reason, event))
    raise Exit(reason)


def _report_of(host: Host, reason: ExitReason, event: Event | None) -> StatemReport:
    pid, name = host.process.pid, host.process.name
    shown = host.formatted(event, reason)
    return StatemReport(pid=pid, name=name, module=host.module, **shown)
