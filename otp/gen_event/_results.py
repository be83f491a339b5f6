"""What a callback of a handler wants next, as values.

=============================== ===================================================
None                            go on
``Hibernate()``                 go on; accepted so that ported handlers keep working
``Remove()``                    be taken out
``Swap(argument, New, *args)``  have a handler of class ``New`` in its place
=============================== ===================================================

A call answers besides: with a plain value or ``Reply(value)`` and goes on, or with
``Remove(reply)`` and ``Swap(...).replying(value)``.
"""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    NamedTuple,
    ParamSpec,
    TypeAlias,
    TypeVar,
    cast,
    final,
)

import attrs

from ..gen import BadReturnError, Fail, Ignore
from ._handler import NewHandler, new_handler

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._handler import EventHandler

P = ParamSpec("P")
T = TypeVar("T")


@final
@attrs.frozen
class Hibernate:
    """Go on. Nothing in Python; accepted so that ported handlers keep working."""


@final
@attrs.frozen
class Reply(Generic[T]):
    """Answer the call with *value* and go on; *hibernate* is nothing in Python."""

    value: T
    hibernate: bool = attrs.field(default=False, kw_only=True)


@final
@attrs.frozen
class Remove:
    """Take the handler out; a call is answered with *reply*, after ``terminate``."""

    reply: object = None


@final
@attrs.frozen(init=False)
class Swap:
    """Put another handler in the place of this one.

    Args:
        argument: given to ``terminate`` of this one, in a `Swapped`.
        new: the class of the other one, or a `HandlerRef`.
        args: what it is made with, and *kwargs*.

    Raises:
        TypeError: *new* is no `EventHandler` class.
    """

    argument: object
    new: NewHandler
    reply: object

    def __init__(
        self,
        argument: object,
        new: Callable[P, EventHandler[Any]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        made = new_handler(new, *args, **kwargs)
        self.__attrs_init__(argument=argument, new=made, reply=None)

    if TYPE_CHECKING:

        def __attrs_init__(
            self, *, argument: object, new: NewHandler, reply: object
        ) -> None: ...

    def replying(self, value: object) -> Swap:
        """Return the same result for a call, which is answered with *value*."""
        swap = Swap.__new__(Swap)
        swap.__attrs_init__(argument=self.argument, new=self.new, reply=value)
        return swap


EventResult: TypeAlias = Hibernate | Remove | Swap | None
"""What ``handle_event`` and ``handle_info`` may return."""

HandlerCallResult: TypeAlias = Reply[Any] | Remove | Swap | object
"""What ``handle_call`` may return: a plain value is the answer."""

HandlerInitResult: TypeAlias = Hibernate | Fail | None
"""What ``init`` may return."""


class Next(NamedTuple):
    """What is to be done after a callback: *answer* a call, and *then* perhaps more."""

    answer: object
    then: Remove | Swap | None


_NO_ANSWERS = (Hibernate, Ignore, Fail)


def after_event(cls: type[object], callback: str, result: object) -> Next:
    """Decide what follows an event or message.

    Raises:
        BadReturnError: *result* is not what such a callback may return.
    """
    match result:
        case None | Hibernate():
            return Next(None, None)
        case Remove() | Swap():
            return Next(None, result)
        case _:
            raise BadReturnError(cls, callback, result)


def after_call(cls: type[object], result: object) -> Next:
    """Decide what follows a call.

    Raises:
        BadReturnError: *result* cannot be an answer, nor say what comes next.
    """
    if isinstance(result, (Remove, Swap)):
        return Next(result.reply, result)
    if isinstance(result, Reply):
        return Next(cast("Reply[object]", result).value, None)
    if isinstance(result, _NO_ANSWERS):
        raise BadReturnError(cls, "handle_call", result)
    return Next(result, None)


def after_init(cls: type[object], result: object, *, in_place: bool) -> Fail | None:
    """Decide what has come of an ``init``.

    A handler that comes *in place* of one that wanted it so by a `Swap` cannot
    hibernate: in Erlang that counts as a failure, too.

    Raises:
        BadReturnError: *result* is not what ``init`` may return.
    """
    match result:
        case None | Fail():
            return result
        case Hibernate() if not in_place:
            return None
        case _:
            raise BadReturnError(cls, "init", result)
