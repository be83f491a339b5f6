"""When two traces are the same: the form in which they are compared.

Of a supervisor's scenario the whole order counts. Of the other kinds it does not, as
Erlang promises no order between what two processes do at the same time. There, the
events of a step are sorted by the process that they are of, and compared in the order
in which that process did them.

For plain processes even less is promised:

- a process is dead to others before its last command has returned to it, so its own
  end comes last in its step;
- exits and monitors' messages that come one after the other may come in any order, as
  they are of several senders or of several kinds;
- a process that dies may or may not have taken the last of them before.
"""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.conformance.common import Term

Event: TypeAlias = "Sequence[Term]"

# The second part of these says whose event it is; all other events are the server's.
_NAMED = {
    *("exit", "msg", "reply", "caller_exit", "caller_error", "result_of", "noproc"),
}


def canon(kind: str, trace: Iterable[Event]) -> list[object]:
    """Return what is compared of a *trace*."""
    if kind == "supervisor":
        return list(trace)
    owner, order = (_actor, _signals) if kind == "signals" else (_server, list)
    canonical: list[object] = []
    for step in _steps(trace):
        events: dict[str, list[Event]] = {}
        for event in step:
            events.setdefault(owner(event), []).append(event)
        canonical.append([(who, order(events[who])) for who in sorted(events)])
    return canonical
