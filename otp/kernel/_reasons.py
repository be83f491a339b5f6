"""Why a process ended, or is asked to end: the closed set of exit reasons.

Erlang's reasons are any term; here they are a closed union of frozen values, so
that a ``match`` over one can be proved complete and a typing error never becomes a
reason of its own.

================== ==========================================================
``Normal()``       the work is done
``Shutdown(d)``    asked to stop by a supervisor; ``Shutdown()`` is Erlang's
                   ``shutdown``, ``Shutdown(d)`` its ``{shutdown, d}``
``Kill()``         the order that cannot be refused
``Killed()``       died of that order
``NoProc()``       there was no such process
``NoConnection()`` the node it lived on cannot be reached
``Crash(error)``   an exception that nobody caught (Erlang's class *error*)
``Reason(value)``  anything else, given by ``raise Exit(Reason(...))``
================== ==========================================================
"""

from __future__ import annotations

from typing import TypeGuard, cast, final, get_args

import attrs


@final
@attrs.frozen
class Normal:
    """The process has done its work; nobody is alarmed."""


@final
@attrs.frozen
class Shutdown:
    """The process was asked to stop, by its supervisor as a rule."""

    detail: object = None


@final
@attrs.frozen
class Kill:
    """The order to die at once, which no process can trap.

    As an exit *signal* it cannot be refused, and the process then dies of
    `Killed`. A process that ends *itself* with this reason passes it on through its
    links unchanged, where it can be trapped.
    """


@final
@attrs.frozen
class Killed:
    """The process died of the order to die at once."""


@final
@attrs.frozen
class NoProc:
    """There was no such process when it was linked, monitored or called."""


@final
@attrs.frozen
class NoConnection:
    """The node the process lives on is gone or out of reach."""


@final
@attrs.frozen
class Crash:
    """An exception that the process did not catch, with its traceback.

    Two crashes are equal when they are about the very same exception object.
    """

    error: BaseException


@final
@attrs.frozen
class Reason:
    """Any other reason, named by a value of your own.

    Use something comparable: whoever watches the process will want to match it.
    """

    value: object


ExitReason = Normal | Shutdown | Kill | Killed | NoProc | NoConnection | Crash | Reason
"""Why a process ended."""

NORMAL = Normal()
SHUTDOWN = Shutdown()
KILL = Kill()
KILLED = Killed()
NO_PROC = NoProc()
NO_CONNECTION = NoConnection()

_CLASSES = get_args(ExitReason)


def is_reason(value: object) -> TypeGuard[ExitReason]:
    """Tell whether *value* is an exit reason."""
    return isinstance(value, _CLASSES)


def check_reason(value: object) -> ExitReason:
    """Return *value*, or say what an exit reason looks like.

    Raises:
        TypeError: *value* is not an exit reason, a bare string for example.
    """
    if is_reason(value):
        return value
    if isinstance(value, type) and issubclass(value, _CLASSES):
        raise TypeError(
            f"an exit reason is a value, not a class: write {value.__name__}()"
        )
    raise TypeError(
        f"{value!r} is not an exit reason: use Normal(), Shutdown(), Kill(), "
        f"or Reason({value!r}) for a reason of your own"
    )


def is_quiet(reason: ExitReason) -> bool:
    """Tell whether a process that ended so did what was wanted.

    True for `Normal` and `Shutdown`, with or without a detail: such an end is not
    reported, and does not bring a transient child back.
    """
    return isinstance(reason, (Normal, Shutdown))


@final
class Exit(BaseException):
    """Raised by a process to end itself with *reason*: Erlang's ``exit(Reason)``.

    It derives from `BaseException`, like `trio.Cancelled`, so that an ``except
    Exception`` in between does not swallow it. An end of this kind is not a crash:
    the reason is passed on as it is, without a traceback.

    Raises:
        TypeError: *reason* is not an exit reason.
    """

    def __init__(self, reason: ExitReason = NORMAL) -> None:
        BaseException.__init__(self, reason)
        self.reason = check_reason(reason)


def reason_of(error: BaseException) -> ExitReason:
    """Return the reason of a process that ended with *error* raised.

    An `Exit` gives its own reason, also when it comes alone out of a nursery, which
    wraps it in an exception group; anything else is a crash.
    """
    if isinstance(error, Exit):
        return error.reason
    inner = error
    while len(members := _members(inner)) == 1:
        inner = members[0]
    return inner.reason if isinstance(inner, Exit) else Crash(error)


def is_own_end(error: BaseException) -> bool:
    """Tell whether *error* is the end of one process, and not of the whole program.

    Exceptions and `Exit` are, also in groups; `KeyboardInterrupt` and a cancellation
    are not.
    """
    if isinstance(error, (Exit, Exception)):
        return True
    members = _members(error)
    return bool(members) and all(map(is_own_end, members))


def _members(error: BaseException) -> tuple[BaseException, ...]:
    if not isinstance(error, BaseExceptionGroup):
        return ()
    return cast("BaseExceptionGroup[BaseException]", error).exceptions
