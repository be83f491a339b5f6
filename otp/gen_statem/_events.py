"""Events: what a state machine handles, one at a time.

========================== =========================================================
``Call(from_, request)``   a request whose sender waits for the answer
``Cast(message)``          a request without an answer
``Info(message)``          any other message: plain ones, `Down`, `Exited`, `Timeout`
``Internal(content)``      inserted by the machine itself, with `NextEvent`
``StateTimeout(content)``  the machine has been in its state for so long
``EventTimeout(content)``  there has been no event for so long
``NamedTimeout(name, c)``  a time-out that the machine has given a name
``Enter(old_state)``       a state is entered, if the class has ``state_enter``
========================== =========================================================

A machine says which of them it knows, and what is in them, by a union::

    Event = Cast[Button] | Call[Code] | StateTimeout[None]

so that a ``match`` can end in `typing.assert_never`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, final

import attrs

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..gen import From

T_co = TypeVar("T_co", covariant=True)


@final
@attrs.frozen
class Call(Generic[T_co]):
    """A request whose sender waits for a `Reply` to *from_*."""

    from_: From[Any]
    request: T_co


@final
@attrs.frozen
class Cast(Generic[T_co]):
    """A request without an answer."""

    message: T_co


@final
@attrs.frozen
class Info(Generic[T_co]):
    """Any other message: plain ones, `Down`, `Exited`, `Timeout`."""

    message: T_co


@final
@attrs.frozen
class Internal(Generic[T_co]):
    """An event that the machine itself has inserted, with `NextEvent`."""

    content: T_co


@final
@attrs.frozen
class StateTimeout(Generic[T_co]):
    """The machine has been in its state for as long as was set for `STATE`."""

    content: T_co


@final
@attrs.frozen
class EventTimeout(Generic[T_co]):
    """No event has come for as long as was set for `EVENT`."""

    content: T_co


@final
@attrs.frozen
class NamedTimeout(Generic[T_co]):
    """The time that was set under *name* is over."""

    name: Hashable
    content: T_co


@final
@attrs.frozen
class Enter(Generic[T_co]):
    """A state is entered, from *old_state*, before any other event in it.

    At the start, and after `Repeat`, the old state is the state itself.
    """

    old_state: T_co


Event = (
    Call[Any]
    | Cast[Any]
    | Info[Any]
    | Internal[Any]
    | StateTimeout[Any]
    | EventTimeout[Any]
    | NamedTimeout[Any]
)
"""Everything that may be in the queue of a machine: all events but `Enter`."""

EVENTS = (Call, Cast, Info, Internal, StateTimeout, EventTimeout, NamedTimeout)
