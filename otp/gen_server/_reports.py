"""The reports of gen_servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

from .._util import short
from ..gen import formatted, written
from ..kernel import Report
from ..sys import shown_log

if TYPE_CHECKING:
    from ..kernel import ExitReason, Pid, Process
    from ..sys import Event
    from ._server import GenServer


@final
@attrs.frozen
class ServerReport(Report):
    """A gen_server terminates, and not of `Normal` or `Shutdown`.

    It is made by the server itself, after ``terminate`` and before its crash report,
    which has the traceback.
    """

    pid: Pid
    name: str | None
    module: type[object]
    reason: ExitReason
    last_message: object
    state: object
    #: What `otp.sys.log` has kept, as ``format_status`` wants it shown.
    log: object = ()

    def text(self) -> str:
        who = self.name or self.module.__name__
        lines = [
            f"gen_server {who} {self.pid!r} terminates: {short(self.reason)}",
            f"last message: {written(self.last_message)}",
            f"state: {short(self.state)}",
        ]
        if self.log:
            lines += ["before that:", *shown_log(self.log)]
        return "\n    ".join(lines)


def server_report(
    process: Process,
    server: GenServer,
    reason: ExitReason,
    message: object,
    log: tuple[Event, ...],
) -> ServerReport:
    """Describe the end of *server* at *message*, as it wants to be shown."""
    shown = formatted(server, message, reason, log)
    return ServerReport(
        pid=process.pid,
        name=process.name,
        module=type(server),
        reason=reason,
        last_message=shown["message"],
        state=shown["state"],
        log=shown["log"],
    )
