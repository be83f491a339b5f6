"""`CircuitBreaker`: a breaker for the tasks of one program."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, NoReturn, final, get_args

import trio
from trio.lowlevel import ParkingLot, checkpoint

from ..kernel import InvalidSpecError, check_time
from ..protection import (
    Listeners,
    RunClock,
    check_random,
    is_failure,
    random_of_node,
)
from ._breaker import Breaker
from ._errors import CircuitOpenError
from ._events import BreakerEvent, CallEnded, CallRejected, Outcome, State
from ._guard import Guard
from ._spec import BreakerSpec

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from ..protection import AnyListeners, Failures
    from ._breaker import Admission
    from ._events import BreakerStatistics
    from ._transitions import Step

DEFAULT_SPEC = BreakerSpec()


@final
class CircuitBreaker(Guard["tuple[Admission, float]"]):
    """Stops asking for a while what has failed too often.

    ::

        breaker = otp.CircuitBreaker(name="search")
        found = await breaker.call(search, "otp")

    or ``@breaker`` above the function, or ``async with breaker:`` around a block. While
    it is open, all of them raise `CircuitOpenError` at once. After some time it lets a
    few calls through, and closes if they succeed.

    A call that is cancelled says nothing about what was called; neither does a
    `RejectedError`, for nothing was tried. What was raised in a nursery counts as if
    it had been raised alone. A time-out inside of the call, such as Trio's
    ``TooSlowError``, is a failure.

    It has no task of its own: the end of its open time is noticed when somebody looks
    or calls. One is for the tasks of a node, or of several; see `BreakerServer` for
    one with a name, that is found by whoever needs it.

    Args:
        spec: when it opens, and for how long.
        name: what errors and events call it.
        failures: which errors count: a class, several, or a function of an error. If
            nothing is said, what speaks against that which was called: see
            `otp.protection.is_failure`. Other errors are neutral.
        bad_result: tells whether a result counts as a failure.
        listeners: functions that are told of each event.
        random: for the jitter of its open time; else that of the node.

    Raises:
        InvalidSpecError: *failures* is nothing that tells errors apart, or *random*
            no source of chance.
        TypeError: *spec* is no `BreakerSpec`, or a function is none.
    """

    __slots__ = (
        "_clock",
        "_engine",
        "_random",
        "_seen",
        "_waiting",
        "listeners",
    )

    def __init__(
        self,
        spec: BreakerSpec = DEFAULT_SPEC,
        *,
        name: str = "",
        failures: Failures = is_failure,
        bad_result: Callable[[Any], bool] | None = None,
        listeners: AnyListeners[BreakerEvent] = (),
        random: Random | None = None,
    ) -> None:
        super().__init__(failures, bad_result)
        check_random("invalid_breaker", random)
        self._random = random
        self._engine = Breaker(check_spec(spec), name, self._chance)
        self._clock = RunClock()
        # Those who wait for a state: woken when it, or the time of its end, changes.
        self._waiting = ParkingLot()
        self._seen: tuple[State, float] = ("closed", inf)
        #: Functions that are told of each event.
        self.listeners = Listeners[BreakerEvent].of(listeners)

    def __repr__(self) -> str:
        return f"<CircuitBreaker {self.name!r} {self._engine.state}>"

    @property
    def name(self) -> str:
        """What errors and events call it."""
        return self._engine.name

    @property
    def spec(self) -> BreakerSpec:
        """When it opens, and for how long."""
        return self._engine.spec

    @property
    def state(self) -> State:
        """Where it stands now."""
        self._engine.advance(self._clock.now())
        self._look()
        return self._engine.state

    def statistics(self) -> BreakerStatistics:
        """Return how it stands, and what it has seen."""
        statistics = self._engine.statistics(self._clock.now())
        self._look()
        return statistics

    async def wait_state(self, *states: State) -> State:
        """Wait until it is in one of *states*, and return which.

        Raises:
            InvalidSpecError: one of them is no state, or there is none.
        """
        check_states(states)
        while self.state not in states:
            with trio.move_on_at(self._clock.in_this_run(self._engine.due)):
                await self._waiting.park()
        await checkpoint()
        return self._engine.state

    # ------------------------------------------------------------------- by hand

    def open(self) -> None:
        """Open it now, for as long as if it had opened by itself."""
        self._steer("open")

    def close(self) -> None:
        """Close it now, and forget what has failed.

        Calls that are on their way do not count any more.
        """
        self._steer("close")

    def isolate(self) -> None:
        """Reject all calls, until `enable` is called; nothing else ends that."""
        self._steer("isolate")

    def disable(self) -> None:
        """Let all calls through and count none, until `enable` is called."""
        self._steer("disable")

    def enable(self) -> None:
        """Put it back to work, closed, after `isolate` or `disable`."""
        self._steer("enable")

    def record(self, outcome: Outcome = "failure", seconds: float = 0.0) -> None:
        """Count an outcome that was seen elsewhere, of a call or of a health check.

        It counts while the breaker is closed; no other state depends on it.

        Raises:
            InvalidSpecError: it is no outcome, or no time.
        """
        check_outcome(outcome, seconds)
        self._engine.record_seen(outcome, self._clock.now(), seconds)
        self._look()

    # -------------------------------------------------------------------- inside

    async def _begin(self) -> tuple[Admission, float]:
        engine = self._engine
        now = self._clock.now()
        admission = engine.admit(now)
        if engine.changes or (admission is not None and admission.permit):
            self._look()
        if admission is None:
            await self._reject(now)
        return admission, now

    async def _reject(self, now: float) -> NoReturn:
        engine = self._engine
        state, retry_after = engine.state, engine.retry_after(now)
        if self.listeners:
            self.listeners.tell(CallRejected(self.name, state, retry_after))
        # Whoever tries again and again lets others run meanwhile.
        await checkpoint()
        raise CircuitOpenError(self.name, state, retry_after)

    def _end(
        self,
        entry: tuple[Admission, float],
        outcome: Outcome,
        error: BaseException | None,
    ) -> None:
        engine = self._engine
        admission, started = entry
        now = self._clock.now()
        counted = engine.record(admission, outcome, now, now - started)
        if self.listeners:
            seconds = now - started
            self.listeners.tell(CallEnded(self.name, outcome, seconds, counted, error))
        if engine.changes or admission.permit:
            self._look()

    def _steer(self, step: Step) -> None:
        self._engine.steer(step, self._clock.now())
        self._look()

    def _look(self) -> None:
        changes = self._engine.changes
        while changes:
            self.listeners.tell(changes.pop(0))
        seen = (self._engine.state, self._engine.due)
        # Not without need: two that wait would wake each other for ever.
        if seen != self._seen:
            self._seen = seen
            self._waiting.unpark_all()

    def _chance(self) -> float:
        return (self._random or random_of_node()).random()


def check_spec(spec: object) -> BreakerSpec:
    """Return *spec*, or say what one looks like.

    Raises:
        TypeError: it is something else.
    """
    if isinstance(spec, BreakerSpec):
        return spec
    raise TypeError(f"a breaker is made from a BreakerSpec(...), not from {spec!r}")


def check_states(states: tuple[object, ...]) -> None:
    """Make sure that there is something to wait for.

    Raises:
        InvalidSpecError: one of *states* is no state, or there is none.
    """
    known = get_args(State)
    for state in states or (None,):
        if state not in known:
            raise InvalidSpecError(
                "invalid_state",
                state,
                f"a state of a breaker is {', '.join(map(repr, known))}, not {state!r}",
            )


def check_outcome(outcome: object, seconds: object) -> None:
    """Make sure that these are an outcome and how long it took.

    Raises:
        InvalidSpecError: they are not.
    """
    known = get_args(Outcome)
    if outcome not in known:
        raise InvalidSpecError(
            "invalid_outcome",
            outcome,
            f"an outcome is {', '.join(map(repr, known))}, not {outcome!r}",
        )
    check_time("invalid_outcome", "the duration of a call", seconds)
