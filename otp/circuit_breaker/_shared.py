"""`shared`: the calls of many processes behind one `BreakerServer`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

import attrs
import trio
from trio.lowlevel import current_task

from ..gen import CALL_TIMEOUT, check_timeout
from ..gen_statem import call, cast
from ..kernel import NoProcessError, Ref, check_address, find, process_of
from ..protection import is_failure
from ._circuit_breaker import check_outcome
from ._errors import CircuitOpenError
from ._guard import Guard
from ._requests import Admit, AskStatistics, Ended, Rejected, Seen, Steer

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..kernel import Pid, ServerRef
    from ..protection import Failures
    from ._breaker import Admission
    from ._events import BreakerStatistics, Outcome, State
    from ._server import BreakerServer
    from ._transitions import Step


@final
@attrs.frozen
class Ticket:
    """A call that was let through: by whom, and since when."""

    ref: Ref
    server: Pid
    admission: Admission
    started: float


@final
class SharedBreaker(Guard[Ticket]):
    """What stands around the calls of one program part; see `shared`.

    A value that can be made anywhere, also before the server is there. Whether a call
    is let through is asked of the server, and its outcome is told to it; the tests of
    errors and results are run where the call is.
    """

    __slots__ = ("_server", "_timeout")

    def __init__(
        self,
        server: ServerRef[BreakerServer],
        *,
        failures: Failures = is_failure,
        bad_result: Callable[[Any], bool] | None = None,
        timeout: float = CALL_TIMEOUT,
    ) -> None:
        check_address(server)
        super().__init__(failures, bad_result)
        self._server = server
        self._timeout = check_timeout(timeout)

    def __repr__(self) -> str:
        return f"<breaker shared by {self._server!r}>"

    async def state(self) -> State:
        """Return where it stands now."""
        return (await self.statistics()).state

    async def statistics(self) -> BreakerStatistics:
        """Return how it stands, and what it has seen."""
        return await call(self._server, AskStatistics(), timeout=self._timeout)

    # ------------------------------------------------------------------- by hand

    async def open(self) -> None:
        """Open it now, for as long as if it had opened by itself."""
        await self._steer("open")

    async def close(self) -> None:
        """Close it now, and forget what has failed."""
        await self._steer("close")

    async def isolate(self) -> None:
        """Reject all calls, until `enable` is called; nothing else ends that."""
        await self._steer("isolate")

    async def disable(self) -> None:
        """Let all calls through and count none, until `enable` is called."""
        await self._steer("disable")

    async def enable(self) -> None:
        """Put it back to work, closed, after `isolate` or `disable`."""
        await self._steer("enable")

    def record(self, outcome: Outcome = "failure", seconds: float = 0.0) -> None:
        """Count an outcome that was seen elsewhere. Never waits, and never fails.

        It counts while the breaker is closed; no other state depends on it.

        Raises:
            InvalidSpecError: it is no outcome, or no time.
        """
        check_outcome(outcome, seconds)
        cast(self._server, Seen(outcome, seconds))

    # -------------------------------------------------------------------- inside

    async def _begin(self) -> Ticket:
        process = find(self._server)
        if process is None:
            raise NoProcessError(self._server)
        # The pid from here on: whoever has the name later knows nothing of this call.
        server, ref = process.pid, Ref()
        try:
            request = Admit(ref, _caller())
            answer = await call(server, request, timeout=self._timeout)
        except BaseException:
            # It may have been let through while nobody waited for the answer any more.
            cast(server, Ended(ref, None, "neutral", 0.0))
            raise
        if isinstance(answer, Rejected):
            raise CircuitOpenError(answer.breaker, answer.state, answer.retry_after)
        return Ticket(ref, server, answer, trio.current_time())

    def _end(
        self, entry: Ticket, outcome: Outcome, error: BaseException | None
    ) -> None:
        del error
        seconds = trio.current_time() - entry.started
        cast(entry.server, Ended(entry.ref, entry.admission, outcome, seconds))

    async def _steer(self, step: Step) -> None:
        await call(self._server, Steer(step), timeout=self._timeout)


def _caller() -> Pid | None:
    """Return the process that runs; None for a task that belongs to none."""
    process = process_of(current_task())
    return None if process is None or process.parent is None else process.pid


def shared(
    server: ServerRef[BreakerServer],
    *,
    failures: Failures = is_failure,
    bad_result: Callable[[Any], bool] | None = None,
    timeout: float = CALL_TIMEOUT,
) -> SharedBreaker:
    """Return a protection that asks the breaker *server* about each call.

    ::

        SEARCH = otp.Name[BreakerServer]("search")
        breaker = circuit_breaker.shared(SEARCH)
        found = await breaker.call(search, "otp")

    A permit of a half-open breaker cannot get lost: it is given back if the call is
    cancelled, at whatever point, and if its process dies.

    Args:
        server: a pid, a name or a `Via`.
        failures: which errors count, as for a `CircuitBreaker`.
        bad_result: tells whether a result counts as a failure.
        timeout: seconds for the answer of the server, not for the call.

    A call raises, besides what its function raises:

    Raises:
        CircuitOpenError: it is not let through.
        CallError: the server does not answer; the function is not called either.
    """
    return SharedBreaker(
        server, failures=failures, bad_result=bad_result, timeout=timeout
    )
