"""From which state to which: the machine of a circuit breaker, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from ._events import State

Step: TypeAlias = Literal[
    "trip", "time", "pass", "fail", "open", "close", "isolate", "disable", "enable"
]
"""What may change a state: rules, time and trials, and what is done by hand."""

TRANSITIONS: Final[dict[State, dict[Step, State]]] = {
    "closed": {
        "trip": "open",
        "open": "open",
        "close": "closed",
        "isolate": "isolated",
        "disable": "disabled",
    },
    "open": {
        "time": "half_open",
        "close": "closed",
        "isolate": "isolated",
        "disable": "disabled",
    },
    "half_open": {
        "pass": "closed",
        "fail": "open",
        "open": "open",
        "close": "closed",
        "isolate": "isolated",
        "disable": "disabled",
    },
    "isolated": {"disable": "disabled", "enable": "closed"},
    "disabled": {"isolate": "isolated", "enable": "closed"},
}
"""The machine: what is not in it does nothing."""
