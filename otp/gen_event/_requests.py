"""What managers are sent: values that nobody makes but the functions of the face.

For tests, ``__content__`` gives what such a value carries for its sender.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar, final

import attrs

if TYPE_CHECKING:
    from ..kernel import Pid
    from ._handler import AnyHandler, NewHandler

T_co = TypeVar("T_co", covariant=True)


class Query(Generic[T_co]):
    """The base of requests that say of what type their answer is.

    ::

        @attrs.frozen
        class Lines(gen_event.Query[int]):
            since: float


        n = await gen_event.call(EVENTS, Log, Lines(since=0.0))  # an int

    Anything else may be a request as well; its answer is an ``object`` then.
    """

    __slots__ = ()


@final
@attrs.frozen
class Notify:
    """An event on its way."""

    event: object

    def __kind__(self) -> str:
        return "event"

    def __content__(self) -> object:
        return self.event


@final
@attrs.frozen
class SyncNotify:
    """Tell all handlers of the event, and then answer."""

    event: object

    def __content__(self) -> object:
        return self.event


@final
@attrs.frozen
class CallHandler:
    """Let one handler answer *request*."""

    handler: AnyHandler
    request: object

    def __content__(self) -> object:
        return self.request


@final
@attrs.frozen
class AddHandler:
    """Add a handler, with an owner or without."""

    new: NewHandler
    owner: Pid | None


@final
@attrs.frozen
class DeleteHandler:
    """Take out a handler, and answer what its ``terminate`` returns."""

    handler: AnyHandler
    argument: object


@final
@attrs.frozen
class SwapHandler:
    """Take out a handler, if it is there, and add another."""

    old: AnyHandler
    argument: object
    new: NewHandler
    owner: Pid | None


@final
@attrs.frozen
class WhichHandlers:
    """Answer which handlers there are."""


Operation: TypeAlias = (
    SyncNotify | CallHandler | AddHandler | DeleteHandler | SwapHandler | WhichHandlers
)
"""Everything that a manager answers."""
