"""`Retry`: a call that fails is made again."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, ClassVar, ParamSpec, TypeVar, assert_never, final

import attrs
import trio

from ..kernel import InvalidSpecError, check_count, check_time
from ..proc_lib import Backoff
from ..protection import (
    Failures,
    Listeners,
    Protection,
    all_count,
    awaitable_of,
    check_function,
    check_random,
    failure_test,
    is_transient,
    random_of_node,
)
from ._budget import RetryBudget
from ._decide import Failure, GiveUp, decide
from ._events import GaveUp, Recovered, RetryEvent, Retrying
from ._reading import retry_after_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from random import Random

    from ..protection import AnyListeners, Place
    from ._decide import Decision, Why

P = ParamSpec("P")
T = TypeVar("T")


# The converter of a field has to be a function by itself, for the type checkers.
def _as_listeners(listeners: AnyListeners[RetryEvent]) -> Listeners[RetryEvent]:
    return Listeners[RetryEvent].of(listeners)


def _fits_of(retry: Retry) -> Callable[[BaseException], bool]:
    return failure_test(retry.retry_on)


@final
@attrs.frozen
class Retry(Protection):
    """Makes a call again if it fails for a reason that may be over in a moment.

    The last error is raised as it is, with a note that says how many attempts there
    have been. A cancellation is never tried again, and ends a pause at once.

    It is a value: one `Retry` serves any number of calls at the same time.

    Args:
        attempts: how many attempts there are at most, the first one included;
            `math.inf` for any number.
        backoff: the pauses between them. With the jitter of 1 that they have by
            default, those who fail together come back one by one.
        max_elapsed: no attempt begins later than so many seconds after the first. An
            attempt that is under way is not ended: that is for a time-out.
        budget: stops the retries of all calls that share it while most of them fail.
        retry_on: after which errors a call is made again: a class, a tuple of classes
            or a function. By default those whose recovery is ``"retry"``; see
            `otp.protection.recovery_of`. In a group each error must be one of them.
        random: where the jitter comes from; the node's, if nothing is said.
        listeners: functions that are told of each `RetryEvent`.

    Raises:
        InvalidSpecError: a value is wrong.
    """

    __place__: ClassVar[Place | None] = "retry"

    attempts: float = 3
    backoff: Backoff = attrs.field(default=Backoff(jitter=1.0), kw_only=True)
    max_elapsed: float = attrs.field(default=inf, kw_only=True)
    budget: RetryBudget | None = attrs.field(default=None, kw_only=True)
    retry_on: Failures = attrs.field(default=is_transient, kw_only=True)
    random: Random | None = attrs.field(
        default=None, kw_only=True, eq=False, repr=False
    )
    listeners: Listeners[RetryEvent] = attrs.field(
        factory=Listeners[RetryEvent],
        converter=_as_listeners,
        kw_only=True,
        eq=False,
        repr=False,
    )

    # Made, and with it checked, once.
    _fits: Callable[[BaseException], bool] = attrs.field(
        default=attrs.Factory(_fits_of, takes_self=True),
        init=False,
        eq=False,
        repr=False,
    )

    def __attrs_post_init__(self) -> None:
        kind = "invalid_retry"
        if self.attempts != inf:
            check_count(kind, "the number of attempts", self.attempts, least=1)
        check_time(kind, "max_elapsed", self.max_elapsed)
        _check_is(Backoff, "backoff", self.backoff)
        if self.budget is not None:
            _check_is(RetryBudget, "budget", self.budget)
        check_random(kind, self.random)

    async def call(
        self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call *fn*, again and again if need be, and return what it returns.

        Raises:
            Exception: what the last attempt has raised.
            TypeError: *fn* is no function.
        """
        check_function(fn)
        begun = trio.current_time()
        attempt = 1
        while True:
            try:
                value = await awaitable_of(fn, fn(*args, **kwargs))
            except Exception as error:
                decision = self._after(error, attempt, trio.current_time() - begun)
                if isinstance(decision, GiveUp):
                    self._give_up(fn, attempt, error, decision.why)
                    raise
                self.listeners.tell(Retrying(fn, attempt, error, decision.pause))
            else:
                self._succeed(fn, attempt)
                return value
            # Out here the error is gone, and is not the context of the next one.
            await trio.sleep(decision.pause)
            attempt += 1

    def _after(self, error: Exception, attempt: int, elapsed: float) -> Decision:
        fitting = all_count(error, self._fits)
        # Every failure counts there, also one that is the last in any case.
        affordable = not fitting or self.budget is None or self.budget.failed()
        chance = 0.0
        if fitting and self.backoff.jitter:
            chance = (self.random or random_of_node()).random()
        failure = Failure(
            attempt=attempt,
            elapsed=elapsed,
            fitting=fitting,
            affordable=affordable,
            pause=self.backoff.delay(attempt - 1, chance),
            retry_after=retry_after_of(error),
        )
        return decide(failure, self.attempts, self.max_elapsed)

    def _succeed(self, fn: object, attempt: int) -> None:
        if self.budget is not None:
            self.budget.succeeded()
        if attempt > 1:
            self.listeners.tell(Recovered(fn, attempt))

    def _give_up(self, fn: object, attempt: int, error: Exception, why: Why) -> None:
        self.listeners.tell(GaveUp(fn, attempt, error, why))
        if attempt == 1 and why == "error":
            # It is as if there were no retry at all.
            return
        note = f"gave up after {_attempts(attempt)}: {self._reason(why)}"
        # The same error may be raised again and again.
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)

    def _reason(self, why: Why) -> str:
        match why:
            case "error":
                return "this is no error after which there is another"
            case "attempts":
                return "there are no more"
            case "budget":
                return "the retry budget is used up"
            case "max_elapsed":
                return f"the next would begin later than {self.max_elapsed:g} s"
            case _:
                assert_never(why)


def _check_is(kind: type, what: str, value: object) -> None:
    if not isinstance(value, kind):
        text = f"{what} of a retry is a {kind.__name__}, not {value!r}"
        raise InvalidSpecError("invalid_retry", value, text)


def _attempts(count: int) -> str:
    return "1 attempt" if count == 1 else f"{count} attempts"
