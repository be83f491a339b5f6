"""What a state machine does besides changing its state: actions, as values.

A result carries them in order. Each is checked where it is made.

================================ ====================================================
``Reply(from_, value)``          answer a call, at once
``Postpone()``                   see this event again, after a change of state
``NextEvent(event)``             insert an event before all others
``SetTimeout(key, seconds, c)``  start a time-out, or start it again
``UpdateTimeout(key, c)``        give a running time-out another content
``CancelTimeout(key)``           stop a time-out
``Hibernate()``                  nothing; so that ported machines keep working
``ChangeModule(cls)``            go on as an instance of another class
``PushModule(cls)``              the same, and remember the old one
``PopModule()``                  go on as an instance of the one remembered last
================================ ====================================================

Of several `Postpone`, and of several time-outs with one key, the last one counts.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, final

import attrs

from .._util import is_seconds
from ..gen import Envelope
from ..kernel import InvalidSpecError
from ._events import EVENTS
from ._states import Mode

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from ..gen import From
    from ._events import Event

T = TypeVar("T")


# ------------------------------------------------------------- the keys of time-outs


@final
@attrs.frozen(repr=False)
class TimeoutKey:
    """One of the two time-outs that are tied to what the machine does."""

    name: str

    def __repr__(self) -> str:
        return self.name


STATE: Final = TimeoutKey("STATE")
"""The time-out of the state: a change of state cancels it."""

EVENT: Final = TimeoutKey("EVENT")
"""The time-out of the event: any event cancels it."""


# ------------------------------------------------------------------------ checks


def _check_from(_: object, __: object, value: Any) -> None:
    if not isinstance(value, Envelope):
        raise InvalidSpecError(
            "invalid_action",
            value,
            f"a reply goes to the from_ of a Call, not to {value!r}",
        )


def _check_flag(_: object, attribute: attrs.Attribute[bool], value: object) -> None:
    if not isinstance(value, bool):
        raise InvalidSpecError(
            "invalid_action",
            value,
            f"{attribute.name!r} of an action is True or False, not {value!r}",
        )


def _check_event(_: object, __: object, value: Any) -> None:
    if not isinstance(value, EVENTS):
        raise InvalidSpecError(
            "invalid_action",
            value,
            f"an event to be inserted is a Call, Cast, Info, Internal, StateTimeout, "
            f"EventTimeout or NamedTimeout, not {value!r}: try Internal(...)",
        )


def _check_key(_: object, __: object, value: Any) -> None:
    try:
        hash(value)
    except TypeError:
        raise InvalidSpecError(
            "invalid_timeout",
            value,
            f"the key of a time-out is STATE, EVENT or a hashable name, not {value!r}",
        ) from None


def _is_time(value: Any, *, absolute: bool) -> bool:
    if not absolute:
        return is_seconds(value)
    # A clock may begin below zero.
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and value > -inf


def _check_module(_: object, __: object, value: Any) -> None:
    mode = getattr(value, "__mode__", None) if isinstance(value, type) else None
    if not isinstance(mode, Mode):
        raise InvalidSpecError(
            "invalid_module",
            value,
            f"a machine goes on as a GenStatem class with states or a "
            f"handle_event(), not as {value!r}",
        )


# ----------------------------------------------------------------------- the actions


@final
@attrs.frozen
class Reply(Generic[T]):
    """Answer the call behind *from_* with *value*, at once.

    Raises:
        InvalidSpecError: *from_* is not what comes with a `Call`.
    """

    from_: From[T] = attrs.field(validator=_check_from)
    value: T


@final
@attrs.frozen
class Postpone:
    """Put the event away, and see it again when the state has changed.

    Several such events come again in their old order, before anything else that is
    waiting.

    Args:
        on: False takes back a `Postpone` that stands before this one.
    """

    on: bool = attrs.field(default=True, validator=_check_flag)


@final
@attrs.frozen
class NextEvent:
    """Insert *event* before all events that are waiting; it is handled next.

    Raises:
        InvalidSpecError: it is no event.
    """

    event: Event = attrs.field(validator=_check_event)


@final
@attrs.frozen
class Hibernate:
    """Nothing in Python; accepted so that ported machines keep working."""

    on: bool = attrs.field(default=True, validator=_check_flag)


@final
@attrs.frozen
class SetTimeout:
    """Let a time-out event with *content* come in *seconds*.

    A time-out with the same key that runs is stopped. With 0 seconds the event comes
    after those that are waiting in the machine, and before the next message; with
    ``math.inf`` it never comes.

    Args:
        key: `STATE`, `EVENT`, or a name of your own.
        seconds: how long it runs.
        content: what the event carries.
        absolute: *seconds* is what `trio.current_time` will say then.

    Raises:
        InvalidSpecError: *seconds* is no time, or the key is not hashable.
    """

    key: Hashable = attrs.field(validator=_check_key)
    seconds: float
    content: object = None
    absolute: bool = attrs.field(default=False, kw_only=True, validator=_check_flag)

    def __attrs_post_init__(self) -> None:
        if not _is_time(self.seconds, absolute=self.absolute):
            what = "a time of trio's clock" if self.absolute else "0 seconds or more"
            raise InvalidSpecError(
                "invalid_timeout",
                self.seconds,
                f"a time-out is {what}, or math.inf, not {self.seconds!r}",
            )


@final
@attrs.frozen
class UpdateTimeout:
    """Let a running time-out carry *content*, without changing its time.

    If it does not run, the event comes at once, as from ``SetTimeout(key, 0)``.

    Raises:
        InvalidSpecError: the key is not hashable.
    """

    key: Hashable = attrs.field(validator=_check_key)
    content: object = None


@final
@attrs.frozen
class CancelTimeout:
    """Stop a time-out: its event does not come, whether it runs or not.

    Raises:
        InvalidSpecError: the key is not hashable.
    """

    key: Hashable = attrs.field(validator=_check_key)


@final
@attrs.frozen
class ChangeModule:
    """Go on as an instance of *cls*, with the same attributes.

    Raises:
        InvalidSpecError: *cls* is no `GenStatem` with a mode.
    """

    cls: type[Any] = attrs.field(validator=_check_module)


@final
@attrs.frozen
class PushModule:
    """Go on as an instance of *cls*, until `PopModule`.

    Raises:
        InvalidSpecError: *cls* is no `GenStatem` with a mode.
    """

    cls: type[Any] = attrs.field(validator=_check_module)


@final
@attrs.frozen
class PopModule:
    """Go on as an instance of the class that the last `PushModule` has left."""


TimeoutAction = SetTimeout | UpdateTimeout | CancelTimeout

Action = (
    Reply[Any]
    | Postpone
    | NextEvent
    | Hibernate
    | SetTimeout
    | UpdateTimeout
    | CancelTimeout
    | ChangeModule
    | PushModule
    | PopModule
)
"""What a state machine may do besides changing its state."""

_ACTIONS: Final = frozenset(
    {
        Reply,
        Postpone,
        NextEvent,
        Hibernate,
        SetTimeout,
        UpdateTimeout,
        CancelTimeout,
        ChangeModule,
        PushModule,
        PopModule,
    }
)


def is_action(value: object) -> bool:
    """Tell whether *value* is an action."""
    return type(value) in _ACTIONS


def check_actions(values: Iterable[object]) -> None:
    """Make sure that all *values* are actions.

    Raises:
        InvalidSpecError: one of them is not.
    """
    for value in values:
        if type(value) not in _ACTIONS:
            many = isinstance(value, (list, tuple))
            hint = ": give them one by one" if many else ""
            raise InvalidSpecError(
                "invalid_action",
                value,
                f"an action is Reply(...), Postpone(), SetTimeout(...) or another of "
                f"their kind, not {value!r}{hint}",
            )
