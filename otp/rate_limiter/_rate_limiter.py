"""`RateLimiter`: so many calls in so many seconds, and the others wait.

Who waits stands in a queue, and only the first sleeps, until its turn has come.
Nothing is taken before: so who is cancelled while it waits has reserved nothing, and
those behind it come as early as if it had never been there.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, ClassVar, ParamSpec, Self, TypeVar, final

import attrs
import trio
from trio.lowlevel import checkpoint

from ..kernel import InvalidSpecError, check_count, check_time
from ..protection import Protection, RunClock, awaitable_of, check_function
from ._errors import RateLimitedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from ..protection import Place
    from ._rule import Rule

P = ParamSpec("P")
T = TypeVar("T")


@final
@attrs.frozen
class RateLimiterStatistics:
    """How a rate limiter stands.

    Args:
        available: how many could be taken now, if nobody waited.
        waiting: how many tasks wait.
        taken: how many have been taken so far.
        rejected: how many times it was refused so far.
    """

    available: int
    waiting: int
    taken: int
    rejected: int


@final
class RateLimiter(Protection):
    """Lets so many calls through in so many seconds; the others wait, in order.

    Beside ``await limiter.call(fn, *args)`` and the decorator there is
    ``async with limiter:``, and `acquire` for more than one at once.

    Args:
        rule: how many in how many seconds: `Gcra`, `SlidingLog`, or anything that
            is a `Rule`.
        max_wait: who would have to wait for longer is refused at once, instead. 0
            means that nobody waits.

    Raises:
        InvalidSpecError: a value is wrong.
    """

    __place__: ClassVar[Place | None] = "rate"

    __slots__ = (
        "_clock",
        "_max_wait",
        "_meter",
        "_queued",
        "_rejected",
        "_rule",
        "_taken",
        "_turn",
        "_waiting",
    )

    def __init__(self, rule: Rule, *, max_wait: float = inf) -> None:
        given: object = rule
        if isinstance(given, type) or not hasattr(given, "begin"):
            text = f"a rule is Gcra(10) or SlidingLog(10), for example, not {given!r}"
            raise InvalidSpecError("invalid_rate", given, text)
        check_time("invalid_rate", "max_wait of a rate limiter", max_wait)
        self._rule = rule
        self._max_wait = max_wait
        self._meter = rule.begin()
        # Who holds it is the first in the queue.
        self._turn = trio.StrictFIFOLock()
        self._clock = RunClock()
        self._waiting = self._queued = self._taken = self._rejected = 0

    def __repr__(self) -> str:
        return f"<RateLimiter {self._rule}>"

    @property
    def rule(self) -> Rule:
        """How many in how many seconds."""
        return self._rule

    async def call(
        self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call *fn* when its turn has come.

        Raises:
            RateLimitedError: that would be later than in *max_wait* seconds.
            TypeError: *fn* is no function.
        """
        check_function(fn)
        await self.acquire()
        return await awaitable_of(fn, fn(*args, **kwargs))

    async def __aenter__(self) -> Self:
        await self.acquire()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Do nothing: what is taken is taken."""

    async def acquire(self, n: int = 1) -> None:
        """Wait until *n* can be taken, and take them.

        Raises:
            RateLimitedError: that would be later than in *max_wait* seconds.
            InvalidSpecError: so many can never be taken at once.
        """
        if self._max_wait == 0:
            await checkpoint()
            self.acquire_nowait(n)
            return
        now = self._check(n)
        latest = now + self._max_wait
        earliest = self._earliest(n, now)
        if earliest > latest:
            raise self._refusal(earliest, now)
        self._waiting += 1
        self._queued += n
        try:
            await self._wait(n, latest)
        finally:
            self._waiting -= 1
            self._queued -= n

    def acquire_nowait(self, n: int = 1) -> None:
        """Take *n* now, if that is not at the cost of those who wait.

        Raises:
            RateLimitedError: there are not so many.
            InvalidSpecError: so many can never be taken at once.
        """
        now = self._check(n)
        earliest = self._earliest(n, now)
        if earliest > now:
            raise self._refusal(earliest, now)
        self._take(n, now)

    def statistics(self) -> RateLimiterStatistics:
        """Return how things stand."""
        return RateLimiterStatistics(
            available=self._meter.available(self._clock.now()),
            waiting=self._waiting,
            taken=self._taken,
            rejected=self._rejected,
        )

    async def _wait(self, n: int, latest: float) -> None:
        # Without a time-out: the first has its turn, or gives up, no later than we may
        # wait. It came before us, and what it waits for is not taken by anybody else.
        async with self._turn:
            now = self._clock.now()
            earliest = self._meter.earliest(n, now)
            if earliest > latest:
                # Those before us wanted several at once: it looked like less.
                raise self._refusal(earliest, now)
            if earliest > now:
                await trio.sleep_until(self._clock.in_this_run(earliest))
            # No checkpoint from here on: what is taken is used in the same step.
            self._take(n, self._clock.now())

    def _earliest(self, n: int, now: float) -> float:
        """Return when *n* can be taken, behind all who wait."""
        return self._meter.earliest(self._queued + n, now)

    def _take(self, n: int, now: float) -> None:
        self._meter.take(n, now)
        self._taken += n

    def _refusal(self, earliest: float, now: float) -> RateLimitedError:
        self._rejected += 1
        return RateLimitedError(self._rule, max(0.0, earliest - now))

    def _check(self, n: int) -> float:
        """Return the time, if *n* can be taken at all."""
        check_count("invalid_amount", "what is taken of a rate", n, least=1)
        most = self._rule.most
        if n > most:
            text = f"{n} can never be taken at once: {self._rule} allows {most}"
            raise InvalidSpecError("invalid_amount", n, text)
        return self._clock.now()
