"""What a callback wants next, as values.

================================ ====================================================
``Reply(value)``                 answer the call, go on
``NoReply()``                    go on; the answer comes later through `reply`
``Stop(reason)``                 terminate
``Stop(reason, reply=value)``    terminate, then answer
a plain value                    from a call: ``Reply(value)``
None                             from anything else: ``NoReply()``
================================ ====================================================

``Reply`` and ``NoReply`` may add one of *timeout*, *continue_* and *hibernate*.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Generic, TypeVar, final

import attrs

from .._util import is_seconds
from ..gen import NOTHING, Fail, Ignore
from ..kernel import NORMAL, InvalidSpecError, check_reason

if TYPE_CHECKING:
    from ..kernel import ExitReason

T = TypeVar("T")


def _check_timeout(_: object, __: object, value: float | None) -> None:
    if value is None:
        return
    if not is_seconds(value):
        raise InvalidSpecError(
            "invalid_timeout",
            value,
            f"an idle time-out is 0 seconds or more, or None, not {value!r}",
        )


class _Next:
    """The three things that may follow a callback; at most one is given."""

    __slots__ = ()

    timeout: float | None
    continue_: object
    hibernate: bool

    def __attrs_post_init__(self) -> None:
        given = (
            (self.timeout is not None)
            + (self.continue_ is not NOTHING)
            + bool(self.hibernate)
        )
        if given > 1:
            raise InvalidSpecError(
                "bad_combination",
                self,
                "give one of timeout, continue_ and hibernate, not several",
            )

    @property
    def plain(self) -> bool:
        """Whether nothing follows but the next message."""
        return (
            self.timeout is None or self.timeout == inf
        ) and self.continue_ is NOTHING


@final
@attrs.frozen
class Reply(_Next, Generic[T]):
    """Answer the call with *value* and go on.

    Args:
        value: the answer.
        timeout: seconds; if no message comes for so long, ``handle_info(Timeout())``
            is called, once.
        continue_: given to ``handle_continue`` before the next message is taken.
        hibernate: nothing in Python; accepted so that ported servers keep working.

    Raises:
        InvalidSpecError: the time-out is negative, or several of the three are given.
    """

    value: T
    timeout: float | None = attrs.field(
        default=None, kw_only=True, validator=_check_timeout
    )
    continue_: object = attrs.field(default=NOTHING, kw_only=True)
    hibernate: bool = attrs.field(default=False, kw_only=True)


@final
@attrs.frozen
class NoReply(_Next):
    """Go on without an answer; the same options as in `Reply`."""

    timeout: float | None = attrs.field(
        default=None, kw_only=True, validator=_check_timeout
    )
    continue_: object = attrs.field(default=NOTHING, kw_only=True)
    hibernate: bool = attrs.field(default=False, kw_only=True)


def _check_reason(_: object, __: object, value: ExitReason) -> None:
    check_reason(value)


@final
@attrs.frozen
class Stop:
    """Terminate with *reason*; a call is answered with *reply*, after ``terminate``.

    Returned by ``init`` it makes the start fail with that reason.

    Raises:
        TypeError: *reason* is not an exit reason.
    """

    reason: ExitReason = attrs.field(default=NORMAL, validator=_check_reason)
    reply: object = attrs.field(default=NOTHING, kw_only=True)


CallResult = Reply[T] | NoReply | Stop
"""What a call's callback may return besides a plain value."""

InitResult = NoReply | Ignore | Stop | Fail | None
"""What ``init`` may return."""

InfoResult = NoReply | Stop | None
"""What any other callback may return."""
