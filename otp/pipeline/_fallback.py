"""`Fallback`: something to say when the answer cannot be had."""

from __future__ import annotations

from math import inf
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    Literal,
    ParamSpec,
    TypeVar,
    cast,
    final,
)

import attrs

from ..kernel import InvalidSpecError, check_count, check_time
from ..protection import (
    Failures,
    Listeners,
    Protection,
    RunClock,
    all_count,
    awaitable_of,
    check_function,
    failure_test,
    recovery_of,
)
from ._memory import Memory
from ._step import origin_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

    from ..protection import AnyListeners, Place

P = ParamSpec("P")
T = TypeVar("T")

Source = Literal["last_good", "function", "value"]
"""Where a substitute comes from."""


@final
@attrs.frozen
class Degraded:
    """A call has failed, and its caller is given a substitute.

    Args:
        fn: what was called.
        error: what it has failed with.
        source: where the substitute comes from.
        age: how many seconds ago a last good value was good.
    """

    fn: object
    error: Exception
    source: Source
    age: float = 0.0


@final
@attrs.frozen
class Restored:
    """A call has succeeded, and the one before had not."""

    fn: object


FallbackEvent = Degraded | Restored
"""What listeners of a `Fallback` are told."""


class _Nothing:
    """The value of a fallback that has none."""

    __slots__ = ()


_NOTHING: Final = _Nothing()
_SIZE: Final = 100


def can_be_replaced(error: Exception) -> bool:
    """Tell whether a substitute does instead of *error*.

    That is any error but a mistake of the caller, and what asks to be ignored: no
    substitute makes up for those.
    """
    return recovery_of(error) not in {"escalate", "ignore"}


@final
class Fallback(Protection):
    """Gives a substitute for what cannot be had.

    What is given is tried in this order:

    =========== ==================================================================
    *last_good* what the same call has returned last
    *function*  what another function returns for the same arguments, such as one
                that asks another server
    *value*     always the same
    =========== ==================================================================

    The caller should know that it is given a substitute: *mark* can put that into it,
    and listeners are told with an event.

    Args:
        value: the last resort.
        function: an async function.
        last_good: remember what calls return, each by its function and its arguments,
            as far as these can be keys of a dict.
        max_age: a value that was good so many seconds ago is not given any more.
        size: of how many calls the value is remembered.
        instead_of: for which errors there is a substitute: a class, a tuple of
            classes or a function. By default for all but mistakes and what asks to be
            ignored. In a group each error must be one of them.
        mark: returns what the caller is given, from the substitute and the event.
        listeners: functions that are told of each `FallbackEvent`.

    Raises:
        InvalidSpecError: there is nothing to give, or a value is wrong.
        TypeError: a function is none.
    """

    __place__: ClassVar[Place | None] = "fallback"

    __slots__ = (
        "_clock",
        "_counts",
        "_function",
        "_mark",
        "_memory",
        "_substituting",
        "_value",
        "listeners",
    )

    def __init__(
        self,
        value: object = _NOTHING,
        *,
        function: Callable[..., Awaitable[object]] | None = None,
        last_good: bool = False,
        max_age: float = inf,
        size: int = _SIZE,
        instead_of: Failures = can_be_replaced,
        mark: Callable[[Any, Degraded], object] | None = None,
        listeners: AnyListeners[FallbackEvent] = (),
    ) -> None:
        check_time("invalid_fallback", "max_age of a fallback", max_age, positive=True)
        check_count("invalid_fallback", "the size of a fallback", size, least=1)
        if function is not None:
            check_function(function)
        mark_: object = mark
        if mark_ is not None and not callable(mark_):
            text = f"mark is a function of a substitute and its event, not {mark_!r}"
            raise TypeError(text)
        if value is _NOTHING and function is None and not last_good:
            text = (
                "a fallback needs something to give: a value, function=... or "
                "last_good=True"
            )
            raise InvalidSpecError("invalid_fallback", None, text)
        if not last_good and (max_age != inf or size != _SIZE):
            text = "max_age and size are for last good values: say last_good=True"
            raise InvalidSpecError("bad_combination", (max_age, size), text)
        self._value = value
        self._function = function
        self._memory = Memory(size, max_age) if last_good else None
        self._clock = RunClock()
        self._counts = failure_test(instead_of)
        self._mark = mark
        self._substituting = False
        #: Functions that are told of each event.
        self.listeners = Listeners[FallbackEvent].of(listeners)

    @property
    def degraded(self) -> bool:
        """Whether the last call that ended was given a substitute."""
        return self._substituting

    async def call(
        self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call *fn*; return what it returns, or a substitute.

        A substitute is taken to be of the type that *fn* returns.

        Raises:
            Exception: what *fn* raises, if there is no substitute for it.
            TypeError: *fn* is no function.
        """
        check_function(fn)
        origin = origin_of(fn)
        key = _key(origin, args, kwargs) if self._memory is not None else None
        try:
            value = await awaitable_of(fn, fn(*args, **kwargs))
        except Exception as error:
            if not all_count(error, self._counts):
                raise
            found = await self._substitute(origin, error, key, args, kwargs)
            if found is None:
                raise
            event, substitute = found
        else:
            self._succeed(origin, key, value)
            return value
        self._substituting = True
        self.listeners.tell(event)
        if self._mark is not None:
            substitute = self._mark(substitute, event)
        return cast("T", substitute)

    async def _substitute(
        self,
        origin: object,
        error: Exception,
        key: Hashable,
        args: tuple[object, ...],
        kwargs: dict[str, object],
    ) -> tuple[Degraded, object] | None:
        if self._memory is not None and key is not None:
            kept = self._memory.find(key, self._clock.now())
            if kept is not None:
                return Degraded(origin, error, "last_good", kept.age), kept.value
        if self._function is not None:
            answer = self._function(*args, **kwargs)
            value = await awaitable_of(self._function, answer)
            return Degraded(origin, error, "function"), value
        if self._value is not _NOTHING:
            return Degraded(origin, error, "value"), self._value
        return None

    def _succeed(self, origin: object, key: Hashable, value: object) -> None:
        if self._memory is not None and key is not None:
            self._memory.keep(key, value, self._clock.now())
        if self._substituting:
            self._substituting = False
            self.listeners.tell(Restored(origin))


def _key(
    origin: object, args: tuple[object, ...], kwargs: dict[str, object]
) -> Hashable:
    """Return what stands for a call; None if its arguments cannot be a key."""
    key = (origin, args, tuple(sorted(kwargs.items())))
    try:
        hash(key)
    except TypeError:
        return None
    return key
