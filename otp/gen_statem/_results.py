"""What a callback of a state machine wants next, as values.

================================ ====================================================
``NextState(state, *actions)``   change the state
``Keep(*actions)``               stay in the state
``Repeat(*actions)``             the same, and see `Enter` again
``Stop(reason, *replies)``       answer these calls, then terminate
None                             ``Keep()``
================================ ====================================================

The data of a machine are the attributes of its instance, so no result has any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast, final

import attrs

from ..gen import Fail, Ignore
from ..kernel import NORMAL, InvalidSpecError, check_reason
from ._actions import Reply, check_actions, is_action
from ._states import plain

if TYPE_CHECKING:
    from ..kernel import ExitReason
    from ._actions import Action

S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)

# By another name, because mypy would give the class a second method with *state* for
# a parameter, which may not be covariant there.
_frozen = attrs.frozen(init=False)


@final
@_frozen
class NextState(Generic[S_co]):
    """Go to *state*, and do *actions*.

    It is a change of state only if it is another one; else it is `Keep`. Returned by
    ``init`` it is the first state.

    Raises:
        InvalidSpecError: one of *actions* is no action, or the state is left out.
    """

    __match_args__ = ("state", "actions")

    state: S_co
    actions: tuple[Action, ...]

    def __init__(self, state: S_co, *actions: Action) -> None:
        check_actions(actions)
        if is_action(state):
            raise InvalidSpecError(
                "invalid_state",
                state,
                f"{state!r} is an action: write NextState(state, ...), or Keep(...)",
            )
        object.__setattr__(self, "state", plain(state))
        object.__setattr__(self, "actions", actions)


@final
@attrs.frozen(init=False)
class Keep:
    """Stay in the state, and do *actions*.

    Raises:
        InvalidSpecError: one of *actions* is no action.
    """

    actions: tuple[Action, ...]

    def __init__(self, *actions: Action) -> None:
        check_actions(actions)
        object.__setattr__(self, "actions", actions)


@final
@attrs.frozen(init=False)
class Repeat:
    """Stay in the state as if it had just been entered, and do *actions*.

    The class sees `Enter` again if it has ``state_enter``; postponed events and the
    time-out of the state stay as they are.

    Raises:
        InvalidSpecError: one of *actions* is no action.
    """

    actions: tuple[Action, ...]

    def __init__(self, *actions: Action) -> None:
        check_actions(actions)
        object.__setattr__(self, "actions", actions)


@final
@attrs.frozen(init=False)
class Stop:
    """Answer calls with *replies*, then terminate with *reason*.

    Returned by ``init`` it makes the start fail with that reason.

    Raises:
        InvalidSpecError: one of *replies* is no `Reply`.
        TypeError: *reason* is not an exit reason.
    """

    reason: ExitReason
    replies: tuple[Reply[Any], ...]

    def __init__(self, reason: ExitReason = NORMAL, *replies: Reply[Any]) -> None:
        for reply in cast("tuple[object, ...]", replies):
            if not isinstance(reply, Reply):
                raise InvalidSpecError(
                    "invalid_action",
                    reply,
                    f"whoever stops can still reply and nothing else, not {reply!r}",
                )
        object.__setattr__(self, "reason", check_reason(reason))
        object.__setattr__(self, "replies", replies)


Result = NextState[S] | Keep | Repeat | Stop | None
"""What a callback of a machine with states *S* may return."""

InitResult = NextState[S] | Ignore | Stop | Fail
"""What ``init`` may return."""
