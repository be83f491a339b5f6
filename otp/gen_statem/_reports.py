"""The reports of state machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

from .._util import short
from ..kernel import Report
from ..sys import shown_log

if TYPE_CHECKING:
    from ..kernel import ExitReason, Pid


@final
@attrs.frozen
class StatemReport(Report):
    """A state machine terminates, and not of `Normal` or `Shutdown`.

    It is made by the machine itself, after ``terminate`` and before its crash report,
    which has the traceback. *queue* begins with the event that was being handled.
    """

    pid: Pid
    name: str | None
    module: type[object]
    reason: ExitReason
    state: object
    data: object
    queue: object
    postponed: object
    timeouts: object
    #: What `otp.sys.log` has kept, as ``format_status`` wants it shown.
    log: object = ()

    def text(self) -> str:
        who = self.name or self.module.__name__
        lines = [
            f"gen_statem {who} {self.pid!r} terminates: {short(self.reason)}",
            f"state: {short(self.state)}",
            f"data: {short(self.data)}",
            f"events: {short(self.queue)}",
        ]
        if self.postponed:
            lines.append(f"postponed: {short(self.postponed)}")
        if self.timeouts:
            lines.append(f"time-outs: {short(self.timeouts)}")
        if self.log:
            lines += ["before that:", *shown_log(self.log)]
        return "\n    ".join(lines)
