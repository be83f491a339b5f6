"""The debug options of one process: trace, log, statistics and functions of your own.

Nothing here knows what kind of process it is. A process without debug options has no
`Debug` at all, so that they cost nothing as long as nobody uses them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, final

import attrs

from .._util import short

if TYPE_CHECKING:
    from collections import deque

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
    "out": "sent {content} to {to}",
    "noreply": "went on",
    "continue": "continues with {content}",
    "consume": "consumed {content}, now {to}",
    "postpone": "postponed {content}, now {to}",
    "enter": "enters {content}",
    "start_timer": "starts the timer of {content}",
    "module": "goes on as {content}",
    "terminate": "terminates: {content}",
}


@final
@attrs.frozen
class Event:
    """One thing that a process did.

    Args:
        kind: what it did.
        content: with what: the message, the answer, the state that was entered.
        to: who an answer went to; the next state where a state machine has consumed
            or postponed an event.
    """

    kind: EventKind
    content: object = None
    to: object = None

    def __str__(self) -> str:
        line = _LINES[self.kind]
        return line.format(content=short(self.content), to=short(self.to))


@final
@attrs.frozen
class Statistics:
    """What a process did since *start_time*, in seconds of the run's clock."""

    start_time: float
    current_time: float
    messages_in: int
    messages_out: int


class Done:
    """What an installed function returns to be taken out."""


DONE = Done()


Hook = Callable[[object, Event, object], object]
"""An installed function: its state, the event and the state of the process."""


@final
class Debug:
    """The debug options of one process."""

    def __init__(self, print_line: Callable[[str], None]) -> None:
        self._print = print_line
        self.clear()

    def clear(self) -> None:
        """Switch off every option."""
        self.tracing = False
        self.log: deque[Event] | None = None
        self.since: float | None = None
        self.messages_in = 0
        self.messages_out = 0
        self._installed: dict[object, tuple[Hook, object]] = {}

    @property
    def idle(self) -> bool:
        """Whether no option is set, so that this object can be thrown away."""
        return (
            not self.tracing
            and self.log is None
            and self.since is None
            and not self._installed
        )

    def install(
        self,
        key: object,
        fn: Hook,
        state: object,
    ) -> None:
        """Call ``fn(state, event, process_state)`` at each event, under *key*.

        It returns its next state, or `DONE`; one that raises is taken out.
        """
        self._installed[key] = (fn, state)

    def remove(self, key: object) -> None:
        """Take out the function under *key*."""
        self._installed.pop(key, None)

    def handle(self, who: object, event: Event, process_state: object) -> None:
        """Let every option see *event*."""
        if event.kind == "in":
            self.messages_in += 1
        elif event.kind == "out":
            self.messages_out += 1
        if self.log is not None:
            self.log.append(event)
        if self.tracing:
            self._print(f"*DBG* {who} {event}")
        for key, (fn, state) in list(self._installed.items()):
            self._call(key, fn, state, event, process_state)

    def _call(
        self,
        key: object,
        fn: Hook,
        state: object,
        event: Event,
        process_state: object,
    ) -> None:
        try:
            state = fn(state, event, process_state)
        except Exception:  # noqa: BLE001 - it is the debugger's, not the process's
            state = DONE
        if state is DONE:
            self.remove(key)
        else:
            self._installed[key] = (fn, state)
