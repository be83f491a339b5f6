"""Requests: the one machinery behind every call.

A call settles a slot, not the caller's mailbox. The slot, a `From`, is the request
that lies in the server's mailbox, the address the answer goes to, and what waits for
it. The server's death settles it too, so that no monitor is needed: a dying process
knows what lies in its mailbox and what it still owes. Any Trio task may call, and an
answer that comes too late is dropped.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, TypeVar, cast, final

from trio.lowlevel import checkpoint, current_task, enable_ki_protection

from .._util import as_call, short
from ..kernel import (
    PENDING,
    CallError,
    CallingSelfError,
    CallTimeoutError,
    NodeDownError,
    NoProcessError,
    Pid,
    ServerExitedError,
    Waiter,
    current,
    find,
    is_ghost,
    process_of,
    send_ghost_away,
    stay,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trio.lowlevel import Abort, Task

    from ..kernel import ExitReason, Process, ServerRef

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

CALL_TIMEOUT: Final = 5.0
"""Seconds that a call waits for its answer if nothing else is said."""

NO_KWARGS: Final[Mapping[str, object]] = {}


class Envelope(Waiter):
    """A request as it lies in a mailbox; users know it as a `From`.

    *clause* is the name of the clause that is called, and *args* and *kwargs* are its
    arguments; a message without a clause is the only one of *args*.
    """

    __slots__ = ("args", "clause", "kwargs", "process", "server", "timeout")

    def __init__(  # noqa: PLR0917 - keywords would cost a tenth of a call
        self,
        server: object,
        process: Process | None,
        clause: str | None,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        timeout: float,
        task: Task | None,
    ) -> None:
        # Waiter.__init__(), without a call of its own.
        self.value = PENDING
        self.error = None
        self.task = task
        self.server = server
        self.process = process
        self.clause = clause
        self.args = args
        self.kwargs = kwargs
        self.timeout = timeout

    def __repr__(self) -> str:
        return f"<{self.clause or 'call'} of {self.server!r}>"

    def __str__(self) -> str:
        if self.clause is None:
            return f"call {', '.join(map(short, self.args))}"
        return f"call {as_call(self.clause, self.args, self.kwargs)}"

    def __kind__(self) -> str:
        return "call" if self.clause is None else f"call {self.clause}"

    @property
    def asker(self) -> Pid | None:
        """The process that waits for the answer; None if that is not known (any more).

        It is looked up in the task that waits, so that a call need not remember it.
        """
        process = None if self.task is None else process_of(self.task)
        return None if process is None else process.pid

    def died(self, reason: ExitReason) -> None:
        self.fail(ServerExitedError(self.server, reason))

    def expire(self) -> None:
        self.fail(CallTimeoutError(self.server, self.timeout))
        self._forget()

    def abort(self, raise_cancel: Callable[[], object]) -> Abort:
        self._forget()
        return super().abort(raise_cancel)

    def _forget(self) -> None:
        if self.process is not None:
            self.process.quit(self)


class From(Envelope, Generic[T]):
    """Who asked: what `reply` takes, to answer now or later, from any process."""

    __slots__ = ()


def reply(from_: From[T], value: T) -> None:
    """Answer the call behind *from_* with *value*. Never waits.

    Any process may answer, not only the one that was called. An answer to somebody
    who has lost interest or died is dropped, and so is a second one.
    """
    if from_.process is not None:
        from_.process.quit(from_)
    from_.settle(value)


@enable_ki_protection
async def call(  # noqa: C901 - one frame, for speed
    server: ServerRef,
    clause: str | None,
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
    timeout: float,
) -> Any:
    """Send a request to *server* and wait for the answer.

    Raises:
        NoProcessError: there is no such process.
        CallTimeoutError: no answer after *timeout* seconds.
        ServerExitedError: the server died first.
        CallingSelfError: the server is the caller.
    """
    process = server.process if isinstance(server, Pid) else find(server)
    if process is None:
        if timeout <= 0 and isinstance(server, Pid):
            # In no time, nobody learns that somebody is dead.
            raise CallTimeoutError(server, timeout)
        raise NoProcessError(server)
    task = current_task()
    if process.task is task:
        raise CallingSelfError(server)
    node = process.node
    if node.ghosts and is_ghost():
        await send_ghost_away()
    request: From[object] = From(server, process, clause, args, kwargs, timeout, task)
    scheduler, timers = node.scheduler, node.timers
    if timeout <= 0:
        await _send_in_vain(process, request)
    # The time runs from here, even if the server runs before it is looked at again.
    sent, queued = timers.now(), timers.queued
    if scheduler.ask(process.mailbox, request, task):
        if task.custom_sleep_data is None:
            await scheduler.park(task, stay)
        elif request.value is not PENDING:
            # It was cancelled before the answer came.
            await checkpoint()
        else:
            if timeout != inf:
                timers.expire(request, sent, timeout, queued)
            await scheduler.park(task, request.abort)
    if request.error is not None:
        try:
            raise request.error
        finally:
            # The error leads to this frame, and so may that of a server that crashed.
            del request, process, task
    return request.value


async def _send_in_vain(process: Process, request: From[object]) -> NoReturn:
    """Send a request that has no time for its answer."""
    request.task = None
    process.mailbox.deliver(request)
    request.expire()
    await checkpoint()
    raise CallTimeoutError(request.server, request.timeout)


def check_timeout(timeout: float) -> float:
    """Return *timeout*, or say what one looks like.

    Raises:
        ValueError: it is negative or no number.
    """
    if not timeout >= 0:
        raise ValueError(
            f"a time-out is 0 seconds or more, or math.inf, not {timeout!r}"
        )
    return timeout


# ---------------------------------------------------------- requests without waiting


@final
class Request(From[Any], Generic[T_co]):
    """A request under way, whose answer is fetched later: see `send_request`.

    To the server it is a `From` like any other.
    """

    __slots__ = ("listeners",)

    def __init__(
        self,
        server: object,
        process: Process | None,
        clause: str | None,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
    ) -> None:
        super().__init__(server, process, clause, args, kwargs, inf, None)
        # Told when the answer is there; each may wait for several requests.
        self.listeners: set[Waiter] = set()

    def settle(self, value: object) -> bool:
        fresh = super().settle(value)
        if fresh:
            for listener in self.listeners:
                listener.settle(self)
        return fresh

    def result(self) -> T_co:
        """Return the answer that is there.

        Raises:
            CallError: there was no such process, or it died first.
        """
        if self.error is not None:
            try:
                raise self.error
            finally:
                # The error leads to this frame.
                del self
        return cast("T_co", self.value)


def send_request(
    server: ServerRef,
    clause: str | None,
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
) -> Request[object]:
    """Send a request and do not wait. Never fails: the answer says what went wrong."""
    try:
        process = find(server)
    except NodeDownError as error:
        return _failed(server, error)
    if process is None:
        return _failed(server, NoProcessError(server))
    request: Request[object] = Request(server, process, clause, args, kwargs)
    try:
        process.mailbox.deliver(request)
    except CallError as error:
        request.fail(error)
    return request


def _failed(server: ServerRef, error: CallError) -> Request[object]:
    request: Request[object] = Request(server, None, None, (), NO_KWARGS)
    request.fail(error)
    return request


async def wait_response(request: Request[T], timeout: float = inf) -> T:
    """Wait for the answer to *request*; after a time-out it may be waited for again.

    Raises:
        CallTimeoutError: no answer after *timeout* seconds.
        CallError: as for a call.
    """
    if not await wait_any([request], timeout):
        raise CallTimeoutError(request.server, timeout)
    return request.result()


async def receive_response(request: Request[T], timeout: float = inf) -> T:
    """Wait for the answer to *request*; a time-out gives the request up.

    An answer that comes later is dropped.

    Raises:
        CallTimeoutError: no answer after *timeout* seconds.
        CallError: as for a call.
    """
    try:
        return await wait_response(request, timeout)
    finally:
        if not request.settled:
            request.expire()


async def wait_any(requests: list[Request[T]], timeout: float) -> bool:
    """Wait until one of *requests* is answered; tell whether one is."""
    check_timeout(timeout)
    hub = Waiter()
    for request in requests:
        if request.settled:
            await checkpoint()
            return True
    for request in requests:
        request.listeners.add(hub)
    timers = current().node.timers
    timer = timers.start(timeout, hub.expire) if timeout != inf else None
    try:
        await hub.wait()
    finally:
        if timer is not None:
            timers.cancel(timer)
        for request in requests:
            request.listeners.discard(hub)
    return any(request.settled for request in requests)
