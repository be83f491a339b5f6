"""What can be wrong with a request or a callback of a behaviour."""

from __future__ import annotations

from typing import ClassVar

from ..kernel import CallError, OTPError, Recovery, Severity


class UnknownRequestError(CallError, LookupError):
    """The server has no clause of that name, or no ``handle_call`` for messages.

    Only the caller hears of it: the server goes on. The usual reason is a clause of
    another class than the one that runs behind the pid or name.
    """

    severity: ClassVar[Severity] = "high"
    recovery: ClassVar[Recovery] = "escalate"


class BadReturnError(OTPError, TypeError):
    """A callback returned what it may not return; the server crashes of it."""

    severity: ClassVar[Severity] = "high"
    recovery: ClassVar[Recovery] = "restart"

    def __init__(self, cls: type[object], callback: str, value: object) -> None:
        super().__init__(f"{cls.__name__}.{callback}() returned {value!r}")
        self.callback = callback
        self.value = value
