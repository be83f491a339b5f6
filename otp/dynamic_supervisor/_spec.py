"""What a dynamic supervisor is given: its limits, as a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

from ..kernel import InvalidSpecError
from ..supervisor import one_for_one

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..proc_lib import ChildSpec
    from ..supervisor import AutoShutdown, Strategy


def _as_arguments(value: Iterable[object]) -> tuple[object, ...]:
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        text = f"extra_arguments is a tuple of arguments, not {value!r}"
        raise InvalidSpecError("invalid_extra_arguments", value, text)
    return tuple(value)


@final
@attrs.frozen(kw_only=True)
class DynamicSpec:
    """The limits of a dynamic supervisor; it has no children to begin with.

    Args:
        max_children: how many children there may be, None for no limit. Those that
            wait to be restarted count.
        max_restarts: how many restarts within *max_seconds* seconds are not too many,
            of all children together, as in `otp.SupervisorSpec`.
        max_seconds: see there; both are whole numbers.
        extra_arguments: arguments that every child gets before its own.

    Raises:
        InvalidSpecError: a value is wrong.
    """

    max_children: int | None = None
    max_restarts: int = 3
    max_seconds: int = 5
    extra_arguments: tuple[object, ...] = attrs.field(
        default=(), converter=_as_arguments
    )

    def __attrs_post_init__(self) -> None:
        _check_max_children(self.max_children)
        # Whatever is wrong with these is said by what all supervisors are given.
        one_for_one(max_restarts=self.max_restarts, max_seconds=self.max_seconds)

    @property
    def strategy(self) -> Strategy:
        """A child that crashes is restarted by itself."""
        return "one_for_one"

    @property
    def auto_shutdown(self) -> AutoShutdown:
        """The end of a child never ends the supervisor."""
        return "never"

    def specs(self) -> tuple[ChildSpec, ...]:
        """Return the specifications of the children: there are none to begin with."""
        return ()


def _check_max_children(value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        text = f"max_children is a whole number from 0, or None, not {value!r}"
        raise InvalidSpecError("invalid_max_children", value, text)
