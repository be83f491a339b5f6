"""What a breaker does around a call, wherever the breaker itself lives."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Generic, ParamSpec, TypeVar

from ..protection import Blocks, Protection, awaitable_of, check_function, failure_test

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from ..protection import Failures, Place
    from ._events import Outcome

P = ParamSpec("P")
T = TypeVar("T")
EntryT = TypeVar("EntryT")
"""What a breaker remembers of one call: that it was let through, and when."""


class Guard(Protection, Generic[EntryT]):
    """Asks before a call, and tells afterwards how it went."""

    __place__: ClassVar[Place | None] = "breaker"

    __slots__ = ("_bad_result", "_blocks", "_fails")

    def __init__(
        self, failures: Failures, bad_result: Callable[[Any], bool] | None
    ) -> None:
        result_test: object = bad_result
        if result_test is not None and not callable(result_test):
            raise TypeError(f"bad_result is a function of a result, not {bad_result!r}")
        self._fails = failure_test(failures)
        self._bad_result = bad_result
        self._blocks = Blocks[EntryT]()

    @abstractmethod
    async def _begin(self) -> EntryT:
        """Let a call through, or raise."""

    @abstractmethod
    def _end(
        self, entry: EntryT, outcome: Outcome, error: BaseException | None
    ) -> None:
        """Note how the call behind *entry* went. Never waits."""

    async def call(
        self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call *fn* with the arguments, and return what it returns.

        Raises:
            CircuitOpenError: the breaker does not let it through; it is not called.
            TypeError: *fn* is no function, but a coroutine, for example.
        """
        check_function(fn)
        entry = await self._begin()
        try:
            result = await awaitable_of(fn, fn(*args, **kwargs))
        except BaseException as error:
            self._end_raised(entry, error)
            raise
        if self._bad_result is None:
            self._end(entry, "success", None)
        else:
            self._end_returned(entry, result)
        return result

    async def __aenter__(self) -> None:
        entry = await self._begin()
        self._blocks.enter(entry)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        entry = self._blocks.leave()
        if error is None:
            self._end(entry, "success", None)
        else:
            self._end_raised(entry, error)

    # The two tests are anybody's code: if one raises, the call must still be over.

    def _end_raised(self, entry: EntryT, error: BaseException) -> None:
        outcome: Outcome = "neutral"
        try:
            if self._fails(error):
                outcome = "failure"
        finally:
            self._end(entry, outcome, error)

    def _end_returned(self, entry: EntryT, result: object) -> None:
        outcome: Outcome = "neutral"
        try:
            is_bad = self._bad_result is not None and self._bad_result(result)
            outcome = "failure" if is_bad else "success"
        finally:
            self._end(entry, outcome, None)
