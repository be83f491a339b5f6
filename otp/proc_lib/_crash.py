"""The report of a process that ended as it should not have."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Final, final

import attrs

from .._util import kind_of, short, title
from ..kernel import Crash, Report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..kernel import ExitReason, Pid, Process

# So many messages are looked at, which in a flood are enough to know it by.
_LOOKED_AT: Final = 1000
_KINDS: Final = 8


@final
@attrs.frozen
class CrashReport(Report):
    """A process of a behaviour ended of something else than `Normal` or `Shutdown`.

    It is made by the dying process itself, before anybody else hears of its death.

    What others have sent, or the process has put away, is not in it: there may be
    secrets in that which no ``format_status`` has seen. *messages* are the sorts of
    the messages that lay in the mailbox, ``"cast add"`` for instance, with how many
    there were among the first thousand; *dictionary* are the keys of the process
    dictionary.
    """

    pid: Pid
    name: str | None
    label: object
    origin: object
    reason: ExitReason
    ancestors: tuple[Pid | str, ...]
    message_queue_len: int
    messages: Mapping[str, int]
    links: tuple[Pid, ...]
    trap_exit: bool
    dictionary: tuple[str, ...]

    def text(self) -> str:
        who = title(self.name, self.label, self.origin)
        lines = [
            f"{who} {self.pid!r} crashed: {short(self.reason)}",
            f"ancestors: {', '.join(map(str, self.ancestors)) or 'none'}",
            f"linked to: {', '.join(map(repr, self.links)) or 'nobody'}",
            f"mailbox: {self.message_queue_len}{_listed(self.messages)}",
        ]
        return "\n    ".join(lines)

    def error(self) -> BaseException | None:
        return self.reason.error if isinstance(self.reason, Crash) else None


def _listed(kinds: Mapping[str, int]) -> str:
    if not kinds:
        return ""
    listed = [f"{n} {kind}" for kind, n in islice(kinds.items(), _KINDS)]
    listed += ["..."] * (len(kinds) > _KINDS)
    return f" ({', '.join(listed)})"


def crash_report(process: Process, reason: ExitReason) -> CrashReport:
    """Describe *process*, which is about to die of *reason*."""
    peers = [p.pid for p in process.links if isinstance(p, type(process))]
    return CrashReport(
        pid=process.pid,
        name=process.name,
        label=process.label,
        origin=process.origin,
        reason=reason,
        ancestors=process.ancestors,
        message_queue_len=len(process.mailbox),
        messages=dict(Counter(map(kind_of, islice(process.mailbox, _LOOKED_AT)))),
        links=tuple(peers),
        trap_exit=process.trap_exit,
        dictionary=tuple(map(short, process.dictionary or ())),
    )
