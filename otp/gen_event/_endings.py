"""Why a handler ends, what has come of it, and what its owner is told.

What happens to a handler is one of these, which ``terminate`` is given:

===================== ==================================== =============== ========
ending                when                                 the owner gets  reported
===================== ==================================== =============== ========
``Deleted(argument)`` `delete_handler`                     ``Normal``      no
``Removed()``         a callback returned `Remove`         ``Normal``      no
``Swapped(argument,   `swap_handler`, or a callback        ``Replaced``    no
new)``                returned `Swap`
``ManagerStopped()``  the manager ends                     ``Shutdown``    no
``OwnerDied(reason)`` its owner has ended                  ``Shutdown``    no
``Failed(reason)``    a callback raised, or returned       ``Failed``      yes
                      what it may not
===================== ==================================== =============== ========
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, assert_never, final

import attrs

from ..kernel import NORMAL, SHUTDOWN, Normal, Shutdown

if TYPE_CHECKING:
    from ..gen import Fail
    from ..kernel import ExitReason, Pid
    from ._handler import AnyHandler


@final
@attrs.frozen
class Deleted:
    """Somebody called `delete_handler`, with this argument."""

    argument: object


@final
@attrs.frozen
class Removed:
    """A callback of the handler returned `Remove`."""


@final
@attrs.frozen
class Swapped:
    """*new* comes in the handler's place; *argument* is for its ``terminate``."""

    argument: object
    new: AnyHandler


@final
@attrs.frozen
class ManagerStopped:
    """The manager ends, and all of its handlers with it."""


@final
@attrs.frozen
class OwnerDied:
    """The process that added the handler, as its owner, has ended with *reason*."""

    reason: ExitReason


@final
@attrs.frozen
class Failed:
    """A callback raised or returned what it may not; *reason* is a `Crash` as a rule.

    A callback that raises `otp.Exit` fails with the reason that is in it.
    """

    reason: ExitReason


Ending: TypeAlias = Deleted | Removed | Swapped | ManagerStopped | OwnerDied | Failed
"""Why a handler ends."""


@final
@attrs.frozen
class Terminated:
    """The handler's ``terminate`` has returned *result*."""

    result: object


@final
@attrs.frozen
class Missing:
    """There was no such handler."""


Predecessor: TypeAlias = Terminated | Failed | Missing
"""What has come of the handler that another one is swapped in for."""


@final
@attrs.frozen
class Replaced:
    """*new* has come in the handler's place, and *owner* owns it."""

    new: AnyHandler
    owner: Pid | None


@final
@attrs.frozen
class SwapFailed:
    """The handler was to come in the place of another one, and could not start."""

    failure: Fail | Failed


Gone: TypeAlias = Normal | Shutdown | Replaced | Failed | SwapFailed
"""Why a handler is gone, as its owner is told."""


@final
@attrs.frozen
class HandlerExit:
    """Sent to the owner of a handler that is gone: Erlang's ``gen_event_EXIT``."""

    handler: AnyHandler
    reason: Gone
    manager: Pid


def gone(ending: Ending, owner: Pid | None) -> Gone:
    """Return what the owner of a handler is told of its end.

    *owner* is who owns the handler that comes in its place, if one does.
    """
    told: Gone
    match ending:
        case Deleted() | Removed():
            told = NORMAL
        case ManagerStopped() | OwnerDied():
            told = SHUTDOWN
        case Swapped(_, new):
            told = Replaced(new, owner)
        case Failed():
            told = ending
        case _:
            assert_never(ending)
    return told
