"""What the ``init`` of every behaviour may return, and what it comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn, final

import attrs

from ..kernel import NORMAL, Exit, check_reason

if TYPE_CHECKING:
    from ..kernel import ExitReason, StartError
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


def fail_start(ack: Ack | None, failure: StartError) -> NoReturn:
    """End the calling process quietly, and let its starter have *failure*."""
    if ack is not None:
        ack.failure = failure
    raise Exit(NORMAL)
