"""Functions that are told of events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeAlias, TypeVar, final

import attrs

from .._util import short
from ..kernel import Report, emit

EventT = TypeVar("EventT")


@final
@attrs.frozen
class ListenerReport(Report):
    """A listener raised and was taken out."""

    listener: object
    event: object
    exception: Exception

    def text(self) -> str:
        return (
            f"listener {short(self.listener)} raised on {short(self.event)} and was "
            f"taken out: {short(self.exception)}"
        )

    def error(self) -> BaseException | None:
        return self.exception


@final
class Listeners(Generic[EventT]):
    """Functions that are told of events, at the moment at which they happen.

    They are called by whoever makes it happen, so they must be quick and cannot wait.
    One that raises is reported and taken out: it harms neither the others nor what it
    listens to.

    Raises:
        TypeError: these are not several functions.
    """

    __slots__ = ("_listeners",)

    def __init__(self, listeners: Iterable[Callable[[EventT], object]] = ()) -> None:
        self._listeners: tuple[Callable[[EventT], object], ...] = ()
        if not hasattr(listeners, "__iter__"):
            text = "listeners are functions of an event, such as [print], not "
            raise TypeError(text + repr(listeners))
        for listener in listeners:
            self.add(listener)

    @classmethod
    def of(cls, listeners: AnyListeners[EventT]) -> Listeners[EventT]:
        """Return *listeners* as they are, if that is what they are, else made of them.

        Raises:
            TypeError: these are not several functions.
        """
        return listeners if isinstance(listeners, Listeners) else cls(listeners)

    def __bool__(self) -> bool:
        """Whether anybody listens: then an event is worth making."""
        return bool(self._listeners)

    def add(self, listener: Callable[[EventT], object]) -> None:
        """Tell *listener* of each event from now on; twice is the same as once.

        Raises:
            TypeError: it cannot be called.
        """
        function: object = listener
        if not callable(function):
            raise TypeError(f"a listener is a function of an event, not {listener!r}")
        if listener not in self._listeners:
            self._listeners = (*self._listeners, listener)

    def remove(self, listener: Callable[[EventT], object]) -> None:
        """Tell *listener* nothing more; nothing happens if it did not listen."""
        self._listeners = tuple(one for one in self._listeners if one != listener)

    def tell(self, event: EventT) -> None:
        """Call every listener, in the order in which they came."""
        for listener in self._listeners:
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001 - it may be anybody's code
                self.remove(listener)
                emit(ListenerReport(listener, event, error))


AnyListeners: TypeAlias = Listeners[EventT] | Iterable[Callable[[EventT], object]]
"""Who shall be told: some functions, or the `Listeners` of somebody else too."""
