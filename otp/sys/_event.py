"""What a process does, as values and as lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, cast, final

import attrs

from .._util import short, title
from ..gen import Envelope, written
from ..kernel import Pid

if TYPE_CHECKING:
    from collections.abc import Iterable

EventKind = Literal[
    "in",
    "out",
    "noreply",
    "continue",
    "consume",
    "postpone",
    "enter",
    "start_timer",
    "module",
    "terminate",
]
"""What happened.

Every process takes a message (``in``), gives an answer (``out``), goes on without
one, with a continuation, or terminates; a state machine also consumes or postpones
an event, enters a state, starts a timer and changes its callback module.
"""

_LINES: Final[dict[EventKind, str]] = {
    "in": "got {content}",
    "out": "sent {content}",
    "noreply": "went on",
    "continue": "continues with {content}",
    "consume": "consumed {content}, now {to}",
    "postpone": "postponed {content}, now {to}",
    "enter": "enters {content}",
    "start_timer": "starts the timer of {content}",
    "module": "goes on as {content}",
    "terminate": "terminates: {content}",
}


def _asker(event: Event) -> Pid | None:
    request = event.to if event.kind == "out" else event.content
    return request.asker if isinstance(request, Envelope) else None


@final
@attrs.frozen
class Event:
    """One thing that a process did.

    Its ``str()`` is a line for people, such as ``got call add(1, by=2) from <a.7>``.

    Args:
        kind: what it did.
        content: with what: the message, the answer, the state that was entered.
        to: who an answer went to, which for a call is its `From`; the next state
            where a state machine has consumed or postponed an event.
    """

    kind: EventKind
    content: object = None
    to: object = None
    #: Who waits for the answer to a call, as long as that is known: to be looked up
    #: before the answer is given.
    asker: Pid | None = attrs.field(
        init=False, eq=False, default=attrs.Factory(_asker, takes_self=True)
    )

    def __str__(self) -> str:
        if self.kind == "in":
            who = "" if self.asker is None else f" from {self.asker}"
            return f"got {written(self.content)}{who}"
        if self.kind == "out":
            return self._out()
        line = _LINES[self.kind]
        return line.format(content=short(self.content), to=short(self.to))

    def _out(self) -> str:
        if isinstance(self.to, Envelope):
            who = "" if self.asker is None else f" to {self.asker}"
            return f"replied {short(self.content)}{who}"
        who = "" if self.to is None else f" to {short(self.to)}"
        return f"sent {short(self.content)}{who}"


def line_of(who: object, event: Event) -> str:
    """Return the line that tells of *event* of the process *who*."""
    return f"*DBG* {_title(who)} {event}"


def _title(who: object) -> str:
    if not isinstance(who, Pid):
        return str(who)
    pid = cast("Pid", who)
    process = pid.process
    if process is None:
        return str(pid)
    return f"{title(process.name, process.label, process.origin)} {pid}"


def shown_log(log: object) -> list[str]:
    """Return a line for each event of *log*, whatever ``format_status`` made of it."""
    if not isinstance(log, (list, tuple)):
        return [short(log)]
    events = cast("Iterable[object]", log)
    return [str(e) if isinstance(e, (Event, str)) else short(e) for e in events]
