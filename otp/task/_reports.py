"""The report of a task that ended as it should not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

from .._util import short
from ..kernel import Crash, Report

if TYPE_CHECKING:
    from ..kernel import ExitReason, Pid


@final
@attrs.frozen
class TaskReport(Report):
    """A task ended of something else than `Normal` or `Shutdown`.

    *work* is the function and its arguments, *starter* who wanted it done. It is made
    by the dying task itself, before anybody else hears of its death.
    """

    pid: Pid
    name: str | None
    starter: Pid | None
    work: object
    reason: ExitReason

    def text(self) -> str:
        lines = [
            f"task {self.name or ''}{self.pid!r} crashed: {short(self.reason)}",
            f"started by: {self.starter!r}",
            f"doing: {short(self.work)}",
        ]
        return "\n    ".join(lines)

    def error(self) -> BaseException | None:
        return self.reason.error if isinstance(self.reason, Crash) else None
