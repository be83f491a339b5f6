"""What a supervisor answers when it cannot do what it was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..kernel import OTPError, Recovery, Severity, StartError

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..kernel import ExitReason


class SupervisorError(OTPError):
    """A supervisor could not do what it was asked; *child* is whom it was about.

    It has changed nothing and goes on.
    """

    severity: ClassVar[Severity] = "low"
    recovery: ClassVar[Recovery] = "ignore"

    def __init__(self, child: Hashable, text: str) -> None:
        super().__init__(text)
        self.child = child


class NotFoundError(SupervisorError, LookupError):
    """The supervisor has no such child."""

    def __init__(self, child: Hashable) -> None:
        super().__init__(child, f"there is no child {child!r}")


class RunningError(SupervisorError, RuntimeError):
    """The child runs, and that has to end first."""

    def __init__(self, child: Hashable) -> None:
        super().__init__(child, f"child {child!r} runs: call terminate_child() first")


class RestartingError(SupervisorError, RuntimeError):
    """The child could not be restarted yet, and the supervisor keeps trying."""

    recovery: ClassVar[Recovery] = "retry"

    def __init__(self, child: Hashable) -> None:
        text = (
            f"child {child!r} is about to be restarted: wait, or call "
            f"terminate_child() to put an end to that"
        )
        super().__init__(child, text)


class ChildPresentError(SupervisorError, ValueError):
    """The supervisor has a child of that id, which does not run at the moment."""

    def __init__(self, child: Hashable) -> None:
        text = (
            f"there is a child {child!r} already, which does not run: start it with "
            f"restart_child(), or call delete_child() first"
        )
        super().__init__(child, text)


class StrategyError(SupervisorError, TypeError):
    """The supervisor's strategy does not know such requests.

    The children of a simple_one_for_one supervisor have no ids: they are started by
    `start_dynamic_child`, named by their pids, and gone when they have ended.
    """

    severity: ClassVar[Severity] = "high"
    recovery: ClassVar[Recovery] = "escalate"


class StartChildError(StartError):
    """A child could not be started; *child* is its id and *reason* why.

    A child that was to be added is not added. One that was there stays, down.
    """

    def __init__(self, child: Hashable, reason: ExitReason) -> None:
        super().__init__(child, reason, f"child {child!r} could not start: {reason!r}")
        self.child = child


class SwapError(SupervisorError):
    """A class could not say what its children are: ``children()`` failed.

    What went wrong is the ``__cause__``.
    """

    severity: ClassVar[Severity] = "high"
    recovery: ClassVar[Recovery] = "escalate"
