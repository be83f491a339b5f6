"""The reports about applications."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, final

import attrs

from .._util import short
from ..kernel import Crash, Level, Report

if TYPE_CHECKING:
    from ..kernel import ExitReason
    from ._rules import StartType

Callback = Literal["prep_stop", "stop"]


@attrs.frozen
class ApplicationReport(Report):
    """Something happened to an application as a whole; *application* is its name."""

    level: ClassVar[Level] = "INFO"

    application: str


@final
@attrs.frozen
class ApplicationStarted(ApplicationReport):
    """An application is up."""

    type: StartType
    node: str

    def text(self) -> str:
        return f"application {self.application} started on node {self.node}"


@final
@attrs.frozen
class ApplicationStopped(ApplicationReport):
    """An application was stopped because somebody wanted it."""

    type: StartType

    def text(self) -> str:
        return f"application {self.application} stopped"


@final
@attrs.frozen
class ApplicationExited(ApplicationReport):
    """An application ended by itself, or could not start (*started* is False)."""

    level: ClassVar[Level] = "WARNING"

    type: StartType
    reason: ExitReason
    started: bool
    # Only if nobody else has shown it.
    exception: BaseException | None = None

    def text(self) -> str:
        what = "ended" if self.started else "could not start"
        reason = short(self.reason)
        return f"{self.type} application {self.application} {what}: {reason}"

    def error(self) -> BaseException | None:
        return self.exception


@final
@attrs.frozen
class CallbackFailed(ApplicationReport):
    """A callback on the way down raised; the application was stopped all the same."""

    level: ClassVar[Level] = "ERROR"

    callback: Callback
    reason: ExitReason

    def text(self) -> str:
        return (
            f"{self.callback}() of application {self.application} failed, and it was "
            f"stopped all the same: {short(self.reason)}"
        )

    def error(self) -> BaseException | None:
        return self.reason.error if isinstance(self.reason, Crash) else None
