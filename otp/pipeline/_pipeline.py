"""`Pipeline`: several protections around a call, as one."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast, final, get_args

from ..kernel import InvalidSpecError
from ..protection import Place, Protection, check_function
from ._errors import OrderWarning
from ._order import find_inversions, right_order
from ._step import Step

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

P = ParamSpec("P")
T = TypeVar("T")


@final
class Pipeline(Protection):
    """Puts several protections around a call, the first one outermost.

    ::

        pipeline = otp.Pipeline(retry, breaker, limiter, Timeout(5.0), bulkhead)
        page = await pipeline.call(fetch, url)

    That is the order in which they work together; whichever are not needed are left
    out. In another order they do something else than is wanted, so an `OrderWarning`
    says which two to exchange. Where a part belongs its class says with an attribute
    ``__place__``; one that does not is right everywhere.

    A pipeline may be a part of another one: that is the same as its parts.

    Raises:
        InvalidSpecError: there is no part, the same one twice, or one that belongs in
            a place that there is not.
        TypeError: a part is no `otp.protection.Protection`.
    """

    __slots__ = ("_parts",)

    def __init__(self, *parts: Protection) -> None:
        flat: list[Protection] = []
        for part in parts:
            _check_part(part)
            flat += part.parts if isinstance(part, Pipeline) else [part]
        _check_parts(flat)
        self._parts = tuple(flat)
        for text in _inversions(flat):
            warnings.warn(text, OrderWarning, stacklevel=2)

    def __repr__(self) -> str:
        return f"<Pipeline {' > '.join(_names(self._parts))}>"

    @property
    def parts(self) -> tuple[Protection, ...]:
        """The protections, the outermost first."""
        return self._parts

    async def call(
        self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call *fn* from behind all of them.

        Raises:
            Exception: what *fn* or one of the protections raises.
            TypeError: *fn* is no function.
        """
        check_function(fn)
        step: Callable[..., Awaitable[Any]] = fn
        for part in reversed(self._parts):
            step = Step(part, step)
        return cast("T", await step(*args, **kwargs))


def _check_part(part: object) -> None:
    if not isinstance(part, Protection):
        what = f"the class {part.__name__}" if isinstance(part, type) else repr(part)
        raise TypeError(
            f"a part of a pipeline is a Protection, such as a Retry(), not {what}"
        )


def _check_parts(parts: Sequence[Protection]) -> None:
    kind = "invalid_pipeline"
    if not parts:
        text = "a pipeline needs at least one part, for example Pipeline(Retry())"
        raise InvalidSpecError(kind, (), text)
    for number, part in enumerate(parts):
        _check_place(part)
        # A bulkhead inside of itself would wait for itself.
        if any(part is other for other in parts[:number]):
            text = f"{part!r} is twice in a pipeline: once is enough"
            raise InvalidSpecError(kind, part, text)


def _check_place(part: Protection) -> None:
    place: object = part.__place__
    known = get_args(Place)
    if place is not None and place not in known:
        raise InvalidSpecError(
            "invalid_pipeline",
            place,
            f"the __place__ of {type(part).__name__} is one of "
            f"{', '.join(map(repr, known))}, not {place!r}",
        )


def _inversions(parts: Sequence[Protection]) -> list[str]:
    places: list[Place | None] = [part.__place__ for part in parts]
    names = _names(parts)
    right = ", ".join(names[number] for number in right_order(places))
    return [
        f"{names[found.inner]} is inside of {names[found.outer]}, so {found.why}: "
        f"write Pipeline({right})"
        for found in find_inversions(places)
    ]


def _names(parts: Sequence[Protection]) -> list[str]:
    return [type(part).__name__ for part in parts]
