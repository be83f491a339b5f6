"""What the ``init`` of every behaviour may return, and what it comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn, final

import attrs

from ..kernel import NORMAL, Exit, StartError, StartIgnored, check_reason
from ._errors import BadReturnError

if TYPE_CHECKING:
    from ..kernel import ExitReason
    from ..proc_lib import Ack


class Nothing:
    """Stands for "not given" where None is a value like any other."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = Nothing()


def _check_reason(_: object, __: object, value: ExitReason) -> None:
    check_reason(value)


@final
@attrs.frozen
class Ignore:
    """Returned by ``init``: there is nothing to start here, and that is all right.

    The starter gets `StartIgnored`; a supervisor keeps the specification and goes on.
    """


@final
@attrs.frozen
class Fail:
    """Returned by ``init``: the start fails with *reason*, and quietly so.

    The process itself ends as `Normal`, without a crash report: for failures that are
    to be expected, such as a port in use.

    Raises:
        TypeError: *reason* is not an exit reason.
    """

    reason: ExitReason = attrs.field(validator=_check_reason)


def end_start(cls: type[object], ack: Ack | None, result: object) -> NoReturn:
    """End a process of *cls* whose ``init`` returned neither a state nor a stop.

    `Ignore` and `Fail` end it quietly, and are what its starter hears of.

    Raises:
        BadReturnError: it returned anything else.
    """
    # What was asked for, which for a supervisor is not the class of its server.
    what = cls if ack is None else ack.what
    match result:
        case Ignore():
            failure: StartError = StartIgnored(what, NORMAL)
        case Fail(reason):
            failure = StartError(what, reason)
        case _:
            raise BadReturnError(cls, "init", result)
    if ack is not None:
        ack.failure = failure
    raise Exit(NORMAL)
