"""What a dynamic supervisor answers when it cannot do what it was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..supervisor import SupervisorError

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..kernel import Recovery, Severity


class MaxChildrenError(SupervisorError, RuntimeError):
    """The supervisor has as many children as it may have, *limit*.

    Children that wait to be restarted count as well.
    """

    severity: ClassVar[Severity] = "medium"
    recovery: ClassVar[Recovery] = "circuit_breaker"

    def __init__(self, child: Hashable, limit: int) -> None:
        text = (
            f"child {child!r} cannot be started: there are {limit} children, which "
            f"is max_children"
        )
        super().__init__(child, text)
        self.limit = limit
