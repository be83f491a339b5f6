"""The report of a handler that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

from .._util import short
from ..gen import written
from ..kernel import Crash, Report

if TYPE_CHECKING:
    from ..kernel import ExitReason, Pid
    from ._handler import AnyHandler


@final
@attrs.frozen
class HandlerReport(Report):
    """A handler failed, and is gone; its manager and the other handlers go on.

    *last_message* is the event or whatever else it failed at. A ``terminate`` that
    raises is reported as well, with the ending that it was given.
    """

    pid: Pid
    name: str | None
    handler: AnyHandler
    reason: ExitReason
    last_message: object
    state: object

    def text(self) -> str:
        manager = f"{self.name} {self.pid!r}" if self.name else repr(self.pid)
        lines = [
            f"handler {self.handler} of {manager} failed: {short(self.reason)}",
            f"last message: {written(self.last_message)}",
            f"state: {short(self.state)}",
        ]
        return "\n    ".join(lines)

    def error(self) -> BaseException | None:
        return self.reason.error if isinstance(self.reason, Crash) else None
