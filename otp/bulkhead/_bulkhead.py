"""`Bulkhead`: so many calls at the same time, and no more."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, ClassVar, ParamSpec, TypeVar, final

import attrs
import trio

from ..kernel import check_count
from ..protection import Blocks, Protection, awaitable_of, check_function
from ._errors import BulkheadFullError
from ._queue import check_queue

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from ..protection import Place

P = ParamSpec("P")
T = TypeVar("T")


@final
@attrs.frozen
class BulkheadStatistics:
    """How a bulkhead stands.

    Args:
        limit: how many calls there may be at the same time.
        running: how many there are; after `Bulkhead.resize` that may be more.
        waiting: how many wait for room.
        rejected: how many have been refused so far.
    """

    limit: int
    running: int
    waiting: int
    rejected: int


@final
class Bulkhead(Protection):
    """Lets so many calls through at the same time; the others are refused, or wait.

    What is slow takes up all there is of something, tasks, memory, connections, until
    nothing else works either. Behind a bulkhead it takes up its own share only.

    Beside ``await bulkhead.call(fn, *args)`` and the decorator there is
    ``async with bulkhead:``.

    Args:
        limit: how many there may be at the same time.
        queue: how many may wait for room, in order; by default nobody.
        max_wait: for how many seconds they do.

    Raises:
        InvalidSpecError: a value is wrong, or two do not go together.
    """

    __place__: ClassVar[Place | None] = "bulkhead"

    __slots__ = ("_blocks", "_limiter", "_max_wait", "_queue", "_rejected", "_waiting")

    def __init__(
        self, limit: int = 25, *, queue: int = 0, max_wait: float = inf
    ) -> None:
        _check_limit(limit)
        check_queue("bulkhead", queue, max_wait)
        self._limiter = trio.CapacityLimiter(limit)
        self._queue = queue
        self._blocks = Blocks[object]()
        self._max_wait = max_wait
        self._waiting = self._rejected = 0

    def __repr__(self) -> str:
        return f"<Bulkhead: {self._limiter.borrowed_tokens} of {self.limit}>"

    @property
    def limit(self) -> int:
        """How many calls there may be at the same time."""
        return int(self._limiter.total_tokens)

    async def call(
        self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call *fn* if there is room.

        Raises:
            BulkheadFullError: there is none, or was none in *max_wait* seconds.
            TypeError: *fn* is no function.
        """
        check_function(fn)
        # Not the task: it may come in here twice.
        borrower = object()
        await self._enter(borrower)
        try:
            return await awaitable_of(fn, fn(*args, **kwargs))
        finally:
            self._limiter.release_on_behalf_of(borrower)

    async def __aenter__(self) -> None:
        borrower = object()
        await self._enter(borrower)
        self._blocks.enter(borrower)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._limiter.release_on_behalf_of(self._blocks.leave())

    def resize(self, limit: int) -> None:
        """Let there be more or fewer at the same time from now on.

        Those who are in stay, even if they are more than that.

        Raises:
            InvalidSpecError: *limit* is no whole number from 1.
        """
        _check_limit(limit)
        self._limiter.total_tokens = limit

    def statistics(self) -> BulkheadStatistics:
        """Return how things stand."""
        return BulkheadStatistics(
            limit=self.limit,
            running=self._limiter.borrowed_tokens,
            waiting=self._waiting,
            rejected=self._rejected,
        )

    async def _enter(self, borrower: object) -> None:
        try:
            self._limiter.acquire_on_behalf_of_nowait(borrower)
        except trio.WouldBlock:
            await self._wait(borrower)

    async def _wait(self, borrower: object) -> None:
        if self._waiting >= self._queue:
            raise self._refusal(self._who_waits())
        self._waiting += 1
        try:
            with trio.move_on_after(self._max_wait):
                await self._limiter.acquire_on_behalf_of(borrower)
                return
        finally:
            self._waiting -= 1
        raise self._refusal(f"there was no room in {self._max_wait:g} s")

    def _refusal(self, why: str) -> BulkheadFullError:
        self._rejected += 1
        running = self._limiter.borrowed_tokens
        text = f"{running} calls are under way, the limit is {self.limit}: {why}"
        return BulkheadFullError(self.limit, self._waiting, text)

    def _who_waits(self) -> str:
        if self._queue == 0:
            return "nobody may wait"
        return f"{self._waiting} wait already, and no more may"


def _check_limit(limit: object) -> None:
    check_count("invalid_limit", "the limit of a bulkhead", limit, least=1)
