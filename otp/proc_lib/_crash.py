"""The report of a process that ended as it should not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

from .._util import short
from ..kernel import Crash, Report

if TYPE_CHECKING:
    from ..kernel import ExitReason, Pid, Process


@final
@attrs.frozen
class CrashReport(Report):
    """A process of a behaviour ended of something else than `Normal` or `Shutdown`.

    It is made by the dying process itself, before anybody else hears of its death.
    """

    pid: Pid
    name: str | None
    label: object
    origin: object
    reason: ExitReason
    ancestors: tuple[Pid | str, ...]
    message_queue_len: int
    messages: tuple[object, ...]
    links: tuple[Pid, ...]
    trap_exit: bool
    dictionary: dict[object, object]

    def text(self) -> str:
        who = self.name or self.label or getattr(self.origin, "__name__", "process")
        lines = [
            f"{who} {self.pid!r} crashed: {short(self.reason)}",
            f"ancestors: {', '.join(map(str, self.ancestors)) or 'none'}",
            f"linked to: {', '.join(map(repr, self.links)) or 'nobody'}",
            f"mailbox: {self.message_queue_len} {short(self.messages)}",
        ]
        return "\n    ".join(lines)

    def error(self) -> BaseException | None:
        return self.reason.error if isinstance(self.reason, Crash) else None


def crash_report(process: Process, reason: ExitReason) -> CrashReport:
    """Describe *process*, which is about to die of *reason*."""
    messages = tuple(process.mailbox)
    peers = [p.pid for p in (process.links or ()) if isinstance(p, type(process))]
    return CrashReport(
        pid=process.pid,
        name=process.name,
        label=process.label,
        origin=process.origin,
        reason=reason,
        ancestors=process.ancestors,
        message_queue_len=len(messages),
        messages=messages[:10],
        links=tuple(peers),
        trap_exit=process.trap_exit,
        dictionary=dict(process.dictionary or {}),
    )
