"""What can be wrong with what the callbacks of a state machine want."""

from __future__ import annotations

from typing import ClassVar

from ..gen import BadReturnError
from ..kernel import OTPError, Recovery, Severity


class EnterCallError(BadReturnError):
    """A state that was just entered wanted what only an event may lead to.

    When a machine handles `Enter` it cannot change its state, postpone, insert events
    or become an instance of another class: the change of state is not over yet.
    """

    def __init__(self, cls: type[object], callback: str, value: object) -> None:
        super().__init__(cls, callback, value)
        hint = "cannot be done on Enter: set a time-out of 0 seconds and do it then"
        self.args = (f"{self.args[0]}, which {hint}",)


class UnknownStateError(OTPError, LookupError):
    """The class of a machine has no method for the state that the machine is in."""

    severity: ClassVar[Severity] = "high"
    recovery: ClassVar[Recovery] = "restart"

    def __init__(self, cls: type[object], state: object) -> None:
        super().__init__(
            f"{cls.__name__} has no state {state!r}: name one of its methods, as in "
            f"NextState(self.{state!s})"
        )
        self.state = state


class PopModuleError(OTPError, RuntimeError):
    """There is no class to go back to: `PopModule` without a `PushModule`."""

    severity: ClassVar[Severity] = "high"
    recovery: ClassVar[Recovery] = "restart"

    def __init__(self, cls: type[object]) -> None:
        super().__init__(
            f"{cls.__name__} cannot pop its module: nothing has been pushed"
        )
