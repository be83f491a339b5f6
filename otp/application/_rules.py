"""What the end of an application means for its node.

An application is started with a type. When it ends by itself, or could not be
started, the type and the reason decide; the first row that fits:

============== ================================== ==============
type           reason                             what happens
============== ================================== ==============
``temporary``  any                                it is reported
``transient``  `Normal`, and for a start that     it is reported
               failed: ``start`` declined
``transient``  any other, `Shutdown` too          the node ends
``permanent``  any                                the node ends
============== ================================== ==============

A supervisor that gives up ends with `Shutdown`, so a transient application that
fails takes the node down like a permanent one. To be stopped on request is neither:
`stop` never ends the node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, assert_never, get_args

from ..kernel import InvalidSpecError, Normal

if TYPE_CHECKING:
    from typing import TypeGuard

    from ..kernel import ExitReason

StartType = Literal["permanent", "transient", "temporary"]
"""What it means for the node if the application ends by itself."""

REPORT: Final = "report"
END_NODE: Final = "end_node"

Consequence = Literal["report", "end_node"]
"""It is reported and that is all, or the node ends, with everything on it."""


def after_end(type_: StartType, reason: ExitReason) -> Consequence:
    """Return what follows when an application has ended by itself."""
    return _consequence(type_, forgiven=isinstance(reason, Normal))


def after_failed_start(type_: StartType, *, declined: bool) -> Consequence:
    """Return what follows when an application could not be started."""
    return _consequence(type_, forgiven=declined)


def _consequence(type_: StartType, *, forgiven: bool) -> Consequence:
    match type_:
        case "temporary":
            return REPORT
        case "transient":
            return REPORT if forgiven else END_NODE
        case "permanent":
            return END_NODE
        case _:
            assert_never(type_)


def check_start_type(value: object) -> StartType:
    """Return *value* if it is a start type.

    Raises:
        InvalidSpecError: it is not.
    """
    if _is_start_type(value):
        return value
    raise InvalidSpecError(
        "invalid_restart_type",
        value,
        f"an application is started as one of {', '.join(get_args(StartType))}, "
        f"not {value!r}",
    )


def _is_start_type(value: object) -> TypeGuard[StartType]:
    return value in get_args(StartType)
