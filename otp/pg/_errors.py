"""What can go wrong with groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..kernel import NoProcessError, OTPError, Recovery, Severity

if TYPE_CHECKING:
    from ..kernel import Pid, ServerRef


class NoScopeError(NoProcessError):
    """There is no such scope: no such process, or one that is no scope.

    A supervised one may be back in a moment, without its members.
    """

    def __init__(self, scope: ServerRef) -> None:
        super().__init__(scope)
        self.args = (f"there is no scope {scope}",)


class NotLocalError(OTPError, ValueError):
    """A process joins and leaves through a scope on its own node only."""

    severity: ClassVar[Severity] = "high"
    recovery: ClassVar[Recovery] = "escalate"

    def __init__(self, pid: Pid, node: str) -> None:
        super().__init__(f"{pid!r} does not live on {node!r}, where the scope is")
        self.pid = pid
        self.node = node
