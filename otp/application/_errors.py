"""What can go wrong with applications: one family, a class per situation."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ..kernel import OTPError, Recovery, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..kernel import ExitReason
    from ._rules import StartType


class ApplicationError(OTPError):
    """Something about an application; *application* is its name."""

    severity: ClassVar[Severity] = "medium"
    recovery: ClassVar[Recovery] = "escalate"

    def __init__(self, application: str, text: str) -> None:
        super().__init__(text)
        self.application = application


class UnknownApplicationError(ApplicationError, LookupError):
    """There is a name and nothing known under it.

    Names are enough for applications that are loaded. Give the class of any other.
    """

    severity: ClassVar[Severity] = "high"

    def __init__(self, application: str) -> None:
        super().__init__(
            application,
            f"no application {application!r} is known: load it first, or give its "
            f"class instead of its name",
        )


class NotLoadedError(ApplicationError, LookupError):
    """The application is not loaded."""

    severity: ClassVar[Severity] = "low"
    recovery: ClassVar[Recovery] = "ignore"

    def __init__(self, application: str) -> None:
        super().__init__(application, f"application {application!r} is not loaded")


class AlreadyLoadedError(ApplicationError):
    """An application of that name is loaded already."""

    severity: ClassVar[Severity] = "low"
    recovery: ClassVar[Recovery] = "ignore"

    def __init__(self, application: str) -> None:
        super().__init__(
            application,
            f"an application {application!r} is loaded already: unload it first, or "
            f"go on with that one",
        )


class NotStartedError(ApplicationError):
    """An application is not started: the one to be stopped, or a dependency.

    *application* is the one that is not started, *needed_by* the one that was to be
    started and needs it, if that is the case.
    """

    recovery: ClassVar[Recovery] = "retry"

    def __init__(self, application: str, needed_by: str | None = None) -> None:
        text = f"application {application!r} is not started"
        if needed_by is not None:
            text += (
                f", and {needed_by!r} needs it: start it first, or use "
                f"ensure_all_started()"
            )
        super().__init__(application, text)
        self.needed_by = needed_by


class StillRunningError(ApplicationError):
    """What was asked for can be done only while the application does not run."""

    severity: ClassVar[Severity] = "low"
    recovery: ClassVar[Recovery] = "retry"

    def __init__(self, application: str) -> None:
        super().__init__(
            application, f"application {application!r} is running: stop it first"
        )


class ApplicationAlreadyStartedError(ApplicationError):
    """The application is started already; nothing was done."""

    severity: ClassVar[Severity] = "low"
    recovery: ClassVar[Recovery] = "ignore"

    def __init__(self, application: str) -> None:
        super().__init__(application, f"application {application!r} is started already")


class ApplicationStartError(ApplicationError):
    """The application could not be started; *reason* is why.

    Nothing of it is left: its processes are dead and their names are free. If the
    cause is an exception, that is the ``__cause__``. *declined* tells that its
    ``start`` ended itself with ``raise otp.Exit()``, for which a transient
    application is forgiven.
    """

    severity: ClassVar[Severity] = "high"
    recovery: ClassVar[Recovery] = "restart"

    def __init__(
        self,
        application: str,
        reason: ExitReason,
        text: str = "",
        *,
        declined: bool = False,
    ) -> None:
        why = text or f"application {application!r} could not start: {reason!r}"
        super().__init__(application, why)
        self.reason = reason
        self.declined = declined


class BadStartError(ApplicationStartError, TypeError):
    """``start`` raised, or returned something that is no child specification."""

    severity: ClassVar[Severity] = "critical"
    recovery: ClassVar[Recovery] = "escalate"


class ApplicationTerminatedError(ApplicationError):
    """An application whose end is the end of the node has ended, or did not start.

    It comes out of ``async with otp.Node()``, in an exception group.
    """

    severity: ClassVar[Severity] = "critical"
    recovery: ClassVar[Recovery] = "failover"

    def __init__(
        self, application: str, type: StartType, reason: ExitReason, what: str
    ) -> None:
        super().__init__(
            application,
            f"the {type} application {application!r} {what}, and with it its node: "
            f"{reason!r}",
        )
        self.type = type
        self.reason = reason


class NoProgramError(OTPError, RuntimeError):
    """The caller is not part of a program that `otp.run` runs."""

    severity: ClassVar[Severity] = "low"
    recovery: ClassVar[Recovery] = "ignore"

    def __init__(self) -> None:
        super().__init__(
            "no program runs by otp.run() here that could be stopped: leave the "
            "'async with otp.Node():' instead"
        )


class DependencyError(ApplicationError):
    """The dependencies of applications cannot be; *path* leads to where.

    Each application in *path* needs the one that follows it.
    """

    severity: ClassVar[Severity] = "critical"
    recovery: ClassVar[Recovery] = "escalate"

    def __init__(self, path: Sequence[str], text: str) -> None:
        super().__init__(path[-1], text)
        self.path = tuple(path)


class MissingDependencyError(DependencyError, LookupError):
    """A dependency is given by a name that nobody knows."""

    def __init__(self, path: Sequence[str]) -> None:
        *users, missing = path
        super().__init__(
            path,
            f"no application {missing!r} is known, but it is needed: "
            f"{show_path(users)} -> {missing}; load it first, or give its class "
            f"instead of its name",
        )


class CircularDependencyError(DependencyError):
    """Applications need each other in a circle, so that none can be the first."""

    def __init__(self, path: Sequence[str]) -> None:
        super().__init__(
            path,
            f"applications need each other in a circle: {show_path(path)}; take one "
            f"of these dependencies away",
        )


def show_path(path: Sequence[str]) -> str:
    """Return a path of dependencies as it is written in messages."""
    return " -> ".join(path)
