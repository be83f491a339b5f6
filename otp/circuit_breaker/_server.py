"""`BreakerServer`: a breaker that is a process, for many others."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never, final

import trio

from .. import process
from ..gen_statem import (
    STATE,
    Action,
    Call,
    CancelTimeout,
    Cast,
    GenStatem,
    Info,
    NextState,
    Reply,
    SetTimeout,
    StateTimeout,
    UnknownRequestError,
)
from ..kernel import Down
from ..protection import Listeners, random_of_node
from ._breaker import Admission, Breaker
from ._circuit_breaker import DEFAULT_SPEC, check_spec
from ._events import BreakerEvent, CallEnded, CallRejected, State
from ._requests import Admit, AskStatistics, Ended, Rejected, Seen, Steer

if TYPE_CHECKING:
    from ..gen_statem import From
    from ..kernel import Ref
    from ..protection import AnyListeners
    from ._spec import BreakerSpec

Event: TypeAlias = Call[object] | Cast[object] | Info[object] | StateTimeout[None]


@final
class BreakerServer(GenStatem[State, Event]):
    """A circuit breaker as a process, which many share.

    ::

        SEARCH = otp.Name[BreakerServer]("search")
        spec = otp.child_spec(BreakerServer, BreakerSpec()).named(SEARCH)

    It is used through `shared`. What a `CircuitBreaker` decides, this decides, by the
    same rules; but here the open time ends by itself, and one breaker sees the calls
    of all processes. A process that dies during its call of a half-open breaker gives
    its permit back.

    After a restart it is closed and has forgotten everything.

    Args:
        spec: when it opens, and for how long.
        name: what errors and events call it; else the name that it is registered as.
        listeners: functions that are told of each event, in the process of the server.

    Raises:
        TypeError: *spec* is no `BreakerSpec`, or a listener is no function.
    """

    def __init__(
        self,
        spec: BreakerSpec = DEFAULT_SPEC,
        *,
        name: str = "",
        listeners: AnyListeners[BreakerEvent] = (),
    ) -> None:
        self.breaker = Breaker(check_spec(spec), name, random_of_node().random)
        self.listeners = Listeners[BreakerEvent].of(listeners)
        # Permits that have been given: by the ticket of the call, with the monitor of
        # its process. Invariant: empty unless the breaker is half-open.
        self.permits: dict[Ref, tuple[Admission, Ref | None]] = {}
        self._timeout: tuple[State, float] = ("closed", inf)

    async def init(self) -> NextState[State]:
        if not self.breaker.name:
            info = process.info(self.pid)
            self.breaker.name = (info and info.name) or ""
        return NextState(self.breaker.state)

    async def handle_event(self, state: State, event: Event) -> NextState[State]:
        del state
        now = trio.current_time()
        match event:
            case Call(from_, request):
                return self._next(*self._answer(from_, request, now))
            case Cast(message):
                self._hear(message, now)
            case StateTimeout():
                self._timeout = (self.breaker.state, inf)
                self.breaker.advance(now)
            case Info(message):
                if isinstance(message, Down):
                    self._bury(message.ref, now)
            case _:
                assert_never(event)
        return self._next()

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        """Show the specification and the statistics for the data."""
        data = status["data"]
        breaker: Breaker = data["breaker"]
        data["spec"] = breaker.spec
        data["statistics"] = breaker.statistics(trio.current_time())
        return status

    # ------------------------------------------------------------------- messages

    # What is not for it is no reason to forget what it has counted.

    def _answer(
        self, from_: From[Any], request: object, now: float
    ) -> tuple[Reply[Any], ...]:
        match request:
            case Admit():
                return (request.reply(from_, self._admit(request, now)),)
            case Steer(step):
                self.breaker.steer(step, now)
                return (request.reply(from_, None),)
            case AskStatistics():
                return (request.reply(from_, self.breaker.statistics(now)),)
            case _:
                text = f"a breaker is not asked for {request!r}"
                from_.fail(UnknownRequestError(from_.server, text))
                return ()

    def _hear(self, message: object, now: float) -> None:
        match message:
            case Ended():
                self._end(message, now)
            case Seen(outcome, seconds):
                self.breaker.record_seen(outcome, now, seconds)
            case _:
                return

    def _admit(self, request: Admit, now: float) -> Admission | Rejected:
        breaker = self.breaker
        admission = breaker.admit(now)
        if admission is None:
            rejected = Rejected(breaker.name, breaker.state, breaker.retry_after(now))
            self._tell_rejected(rejected)
            return rejected
        if admission.permit:
            caller = request.caller
            monitor = None if caller is None else process.monitor(caller)
            self.permits[request.ticket] = (admission, monitor)
        return admission

    def _end(self, message: Ended, now: float) -> None:
        held = self.permits.pop(message.ticket, None)
        if held is not None and held[1] is not None:
            process.demonitor(held[1], flush=True)
        admission = message.admission
        if admission is None:
            # It never began, and so it only matters if it has a permit.
            if held is not None:
                self.breaker.record(held[0], "neutral", now, 0.0)
            return
        outcome, seconds = message.outcome, message.seconds
        counted = self.breaker.record(admission, outcome, now, seconds)
        if self.listeners:
            name = self.breaker.name
            self.listeners.tell(CallEnded(name, outcome, seconds, counted, None))

    def _bury(self, ref: Ref, now: float) -> None:
        for ticket, (admission, monitor) in self.permits.items():
            if monitor is ref:
                del self.permits[ticket]
                self.breaker.record(admission, "neutral", now, 0.0)
                return

    # -------------------------------------------------------------------- the end

    def _next(self, *actions: Action) -> NextState[State]:
        """Tell what has changed, and go to where the breaker stands now."""
        breaker = self.breaker
        while breaker.changes:
            self.listeners.tell(breaker.changes.pop(0))
        if self.permits and breaker.state != "half_open":
            self._forget_permits()
        timeout = (breaker.state, breaker.due)
        if timeout != self._timeout:
            self._timeout = timeout
            actions = (*actions, _until(breaker.due))
        return NextState(breaker.state, *actions)

    def _forget_permits(self) -> None:
        for _, monitor in self.permits.values():
            if monitor is not None:
                process.demonitor(monitor, flush=True)
        self.permits.clear()

    def _tell_rejected(self, rejected: Rejected) -> None:
        if self.listeners:
            state, retry_after = rejected.state, rejected.retry_after
            self.listeners.tell(CallRejected(rejected.breaker, state, retry_after))


def _until(due: float) -> Action:
    if due == inf:
        return CancelTimeout(STATE)
    return SetTimeout(STATE, due, absolute=True)
