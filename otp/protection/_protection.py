"""Around a call: what retries, breakers, limits and pipelines are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import wraps
from inspect import isawaitable, iscoroutine
from types import CoroutineType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, ParamSpec, TypeVar

from .._util import kind_of, short

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

P = ParamSpec("P")
T = TypeVar("T")

Place = Literal["fallback", "retry", "breaker", "rate", "timeout", "bulkhead"]
"""Where in a pipeline a protection belongs, from the outside to the inside."""


class Protection(ABC):
    """Something that stands around a call, and decides whether and when it is made.

    It is given the function and its arguments, never a coroutine: that could be
    awaited once at most, and one that is not let through would never be::

        await breaker.call(fetch, url)


        @breaker
        async def fetch(url: str) -> bytes: ...

    Both keep the types of the function.

    Derive from it for a protection of your own; then it can be
    combined with the others.
    """

    __slots__ = ()

    #: Where in a pipeline it belongs; with None it is right everywhere.
    __place__: ClassVar[Place | None] = None

    @abstractmethod
    async def call(
        self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call *fn* with the arguments, and return what it returns.

        Raises:
            RejectedError: it is not called now.
            TypeError: *fn* is no function, but a coroutine, for example.
        """

    def __call__(
        self, fn: Callable[P, Awaitable[T]]
    ) -> Callable[P, Coroutine[Any, Any, T]]:
        """Return a function that calls *fn* from behind this protection.

        Raises:
            TypeError: *fn* is no function.
        """
        check_function(fn)

        @wraps(fn)
        async def protected(*args: P.args, **kwargs: P.kwargs) -> T:
            return await self.call(fn, *args, **kwargs)

        return protected


def check_function(fn: object) -> None:
    """Refuse what is no function, above all a coroutine.

    Raises:
        TypeError: it is none.
    """
    if callable(fn):
        return
    if iscoroutine(fn):
        # Nobody will await it, and Python would say so as well.
        fn.close()
        raise TypeError(
            f"give the function and its arguments, not the coroutine {short(fn)}: "
            f"call(fetch, url) instead of call(fetch(url))"
        )
    raise TypeError(f"an async function is wanted here, not {kind_of(fn)} {short(fn)}")


def awaitable_of(fn: object, result: Awaitable[T]) -> Awaitable[T]:
    """Return *result*, which is what *fn* has returned, if it can be awaited.

    Whether a function is an async one shows only when it has been called: what wraps
    one looks like any other.

    Raises:
        TypeError: it cannot.
    """
    kind: object = type(result)
    # What it is nearly always is known at once.
    if kind is CoroutineType or isawaitable(result):
        return result
    raise TypeError(
        f"an async function is wanted here, but {short(fn)} has returned "
        f"{kind_of(result)} {short(result)}, which cannot be awaited"
    )
