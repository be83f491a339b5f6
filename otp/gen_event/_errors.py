"""What can be wrong with a handler that somebody asks a manager about."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..kernel import Crash, OTPError, Recovery, Severity

if TYPE_CHECKING:
    from ..gen import Fail
    from ..kernel import ExitReason
    from ._endings import Failed
    from ._handler import AnyHandler


class HandlerError(OTPError):
    """A manager could not do what it was asked about *handler*."""

    severity: ClassVar[Severity] = "medium"
    recovery: ClassVar[Recovery] = "escalate"

    def __init__(self, manager: object, handler: AnyHandler, text: str) -> None:
        super().__init__(text)
        self.manager = manager
        self.handler = handler


class NoHandlerError(HandlerError, LookupError):
    """The manager has no such handler: never had it, or it is gone."""

    severity: ClassVar[Severity] = "low"

    def __init__(self, manager: object, handler: AnyHandler) -> None:
        text = f"there is no handler {handler} in {_show(manager)}"
        super().__init__(manager, handler, text)


class HandlerFailedError(HandlerError):
    """The handler failed with *reason* at what it was asked to do, and is gone."""

    severity: ClassVar[Severity] = "high"
    recovery: ClassVar[Recovery] = "restart"

    def __init__(
        self, manager: object, handler: AnyHandler, reason: ExitReason
    ) -> None:
        text = f"the handler {handler} of {_show(manager)} failed: {reason!r}"
        super().__init__(manager, handler, text)
        self.reason = reason
        if isinstance(reason, Crash):
            self.__cause__ = reason.error


class AddHandlerError(HandlerError):
    """The handler could not start, and is not there.

    *failure* is the `Fail` that its ``init`` returned, or says what it failed with;
    *reason* is the reason in either. If it was to come in the place of another one,
    that one is gone all the same.
    """

    severity: ClassVar[Severity] = "high"
    recovery: ClassVar[Recovery] = "restart"

    def __init__(
        self, manager: object, handler: AnyHandler, failure: Fail | Failed
    ) -> None:
        reason = failure.reason
        text = f"the handler {handler} could not start in {_show(manager)}: {reason!r}"
        super().__init__(manager, handler, text)
        self.failure = failure
        self.reason = reason
        if isinstance(reason, Crash):
            self.__cause__ = reason.error


def _show(manager: object) -> str:
    return str(manager) if hasattr(manager, "at") else repr(manager)
