"""`EventHandler`: the class that handlers derive from, and how they are addressed."""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    ParamSpec,
    TypeAlias,
    TypeVar,
    cast,
    final,
)

import attrs

from ..gen import UnexpectedMessage
from ..kernel import current, emit
from ..proc_lib import as_class_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import TypeVar as TypeVarWithDefault

    from ._endings import Ending, Predecessor
    from ._results import EventResult, HandlerCallResult, HandlerInitResult

    Event_contra = TypeVarWithDefault("Event_contra", contravariant=True, default=Any)
else:
    Event_contra = TypeVar("Event_contra", contravariant=True)

P = ParamSpec("P")


class EventHandler(Generic[Event_contra]):
    """Something that is told of every event of a manager.

    The state lives on the instance, which is made in the manager's process and never
    leaves it. Whatever goes wrong in a callback ends this handler alone: it is taken
    out, `terminate` is called, and the manager and the other handlers go on.

    The parameter is the type of the events: ``class Console(EventHandler[Alarm])``.
    """

    async def init(self) -> HandlerInitResult:
        """Get ready; whoever adds the handler waits until this has returned.

        Returns:
            None, or `Fail` if there is nothing to be done here after all.
        """
        return None

    async def init_swapped(
        self,
        predecessor: Predecessor,  # noqa: ARG002 - for those who override it
        /,
    ) -> HandlerInitResult:
        """Get ready in the place of another handler, instead of by `init`.

        *predecessor* says what the other one's `terminate` has come to. Without this
        method, `init` is called.
        """
        return await self.init()

    async def handle_event(self, event: Event_contra, /) -> EventResult:
        """Handle an event that was sent by `notify` or `sync_notify`.

        Returns:
            None to go on, `Remove` to be taken out, or `Swap` for another handler in
            this one's place.
        """
        raise NotImplementedError(f"{type(self).__name__} has no handle_event()")

    async def handle_call(self, request: Any, /) -> HandlerCallResult:
        """Answer a request that was sent by `gen_event.call` to this handler.

        Returns:
            the answer, or `Reply`, `Remove` or `Swap`.
        """
        raise NotImplementedError(f"{type(self).__name__} has no handle_call()")

    async def handle_info(self, message: Any, /) -> EventResult:
        """Handle any other message that the manager got, `Exited` for example.

        Without this method it is reported, and the handler goes on.
        """
        process = current()
        emit(UnexpectedMessage(process.pid, process.name, type(self), message))
        return None

    async def terminate(self, ending: Ending, /) -> object:
        """Clean up; called last, whatever ends the handler.

        Returns:
            what `delete_handler` returns, or what the handler that comes in this
            one's place is given.
        """
        del ending
        return None

    async def code_change(self, old_version: object, extra: object, /) -> None:
        """Convert the state when the class is exchanged; see `otp.code.reload`."""

    def format_status(self, status: dict[str, Any], /) -> dict[str, Any]:
        """Return *status* as reports and tools may see it.

        *status* has the keys ``"state"``, a copy of the attributes, ``"message"``, the
        last one, and ``"reason"``; the result has the same.
        """
        return status


if TYPE_CHECKING:
    Handler_co = TypeVarWithDefault(
        "Handler_co", bound=EventHandler[Any], covariant=True, default=EventHandler[Any]
    )
else:
    Handler_co = TypeVar("Handler_co", bound=EventHandler, covariant=True)


@final
@attrs.frozen
class HandlerRef(Generic[P, Handler_co]):
    """A handler in a manager: its class, and an id if there are several of it.

    Wherever a handler is meant, its class stands for the one without an id.

    Raises:
        TypeError: *cls* is no `EventHandler` class.
    """

    cls: Callable[P, Handler_co]
    id: object = None

    def __attrs_post_init__(self) -> None:
        # The class itself in the place of one with its type parameters.
        object.__setattr__(self, "cls", as_class_of(EventHandler, self.cls))

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Handler_co:
        """Make an instance of the class."""
        return self.cls(*args, **kwargs)

    def __str__(self) -> str:
        name = cast("type[object]", self.cls).__qualname__
        return name if self.id is None else f"{name} {self.id!r}"


AnyHandler: TypeAlias = HandlerRef[..., EventHandler[Any]]
"""A handler of whatever class."""


def ref_of(handler: Callable[..., EventHandler[Any]]) -> AnyHandler:
    """Return what *handler*, a class or a reference, is in a manager.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(handler, HandlerRef):
        return cast("AnyHandler", handler)
    return HandlerRef(handler)


@final
@attrs.frozen
class NewHandler:
    """A handler to be made, and what it is made with."""

    ref: AnyHandler
    args: tuple[object, ...]
    kwargs: dict[str, object]

    def make(self) -> EventHandler[Any]:
        """Make an instance."""
        return self.ref(*self.args, **self.kwargs)


def new_handler(
    handler: Callable[P, EventHandler[Any]], *args: P.args, **kwargs: P.kwargs
) -> NewHandler:
    """Describe a handler to be made of *handler*, a class or a reference."""
    return NewHandler(ref_of(handler), args, kwargs)
