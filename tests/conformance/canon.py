"""When two traces are the same: the form in which they are compared.

Of a supervisor's scenario the whole order counts. Of the other kinds it does not, as
Erlang promises no order between what two processes do at the same time: there the
events of a step are sorted by the process that they are of, and compared in the order
in which that process did them.

Of plain processes even less is promised:

- a process is dead to others before its last command has returned to it, so its own
  end is put last in its step;
- exit and monitor messages that come one after the other are of several senders, or
  of several kinds, and are sorted;
- whether a process still takes such a message just before it dies is open, and those
  are left out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Json: TypeAlias = "str | int | list[Json] | dict[str, Json]"
Event: TypeAlias = "list[Json]"

# What another process than the server does; the second part of the event says which.
_OTHERS = frozenset(
    {"exit", "msg", "reply", "caller_exit", "caller_error", "result_of", "noproc"}
)


def canon(kind: str, trace: list[Event]) -> list[Json]:
    """Return what is compared of the *trace* of a scenario of this *kind*."""
    if kind == "supervisor":
        return list(trace)
    if kind == "signals":
        return [_by_process(step, _plain_process, _signals) for step in _steps(trace)]
    return [_by_process(step, _process, list) for step in _steps(trace)]


def _steps(trace: Iterable[Event]) -> list[list[Event]]:
    steps: list[list[Event]] = [[]]
    for event in trace:
        if event[0] == "step":
            steps.append([])
        else:
            steps[-1].append(event)
    return steps


def _by_process(
    events: Iterable[Event],
    process: Callable[[Event], Json],
    ordered: Callable[[list[Event]], list[Event]],
) -> Json:
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(str(process(event)), []).append(event)
    return [[who, [*ordered(found[who])]] for who in sorted(found)]


def _process(event: Event) -> Json:
    return event[1] if event[0] in _OTHERS else "server"


def _plain_process(event: Event) -> Json:
    match event[0]:
        case "result":
            return event[2]
        case "noproc":
            return "driver"
        case _:
            return event[1]


def _signals(events: list[Event]) -> list[Event]:
    ends = [event for event in events if event[0] == "exit"]
    rest = [event for event in events if event[0] != "exit"]
    while ends and rest and _sender(rest[-1]):
        rest.pop()
    ordered: list[Event] = []
    neighbours: list[Event] = []
    for event in rest:
        if _sender(event):
            neighbours.append(event)
        else:
            ordered += [*sorted(neighbours, key=_sender), event]
            neighbours = []
    return ordered + sorted(neighbours, key=_sender) + ends


def _sender(event: Event) -> tuple[str, ...]:
    """Return what an exit or monitor message is sorted by, nothing for any other."""
    match event:
        case ["msg", _, ["EXIT", sender, _]]:
            return (json.dumps(sender), "EXIT")
        case ["msg", _, ["DOWN", label, _, sender, _]]:
            return (json.dumps(sender), "and then DOWN", json.dumps(label))
        case _:
            return ()
