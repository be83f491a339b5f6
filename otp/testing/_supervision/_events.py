"""What is seen of supervisors from outside: what reaches them, and what they do.

The events of one run, in their order, are all that the laws look at. Time is that of
the run's clock, in seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, final

import attrs

from ...kernel import Crash, Kill, Killed, Normal, Shutdown

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from ...kernel import ExitReason, Pid
    from ...proc_lib import ChildSpec

    Label = Callable[[Pid], str]


def reason_text(reason: ExitReason | None) -> str:
    """Say a reason in words."""
    match reason:
        case Crash(error):
            return f"crash, {error!r}"
        case Shutdown(detail=None):
            return "shutdown"
        case Normal() | Kill() | Killed():
            return type(reason).__name__.lower()
        case _:
            return repr(reason)


StartOutcome = Literal["up", "failed", "ignored"]
"""What has become of a start: it is up, could not start, or did not want to."""

Request = Literal[
    "start_child",
    "start_dynamic_child",
    "terminate_child",
    "restart_child",
    "delete_child",
    "try_again",
    "terminate",
    "other",
]
"""What may be asked of a supervisor.

``try_again`` it asks of itself, and ``terminate`` is a system message. What makes other
supervisors of them, such as a swap, is ``other``.
"""


@final
@attrs.frozen
class Begun:
    """A process came to be."""

    at: float
    pid: Pid
    parent: Pid | None

    def text(self, label: Label) -> str:
        """Say it in words."""
        starter = "nobody" if self.parent is None else label(self.parent)
        return f"{starter} starts {label(self.pid)}"


@final
@attrs.frozen
class Up:
    """A process has acknowledged its start."""

    at: float
    pid: Pid

    def text(self, label: Label) -> str:
        """Say it in words."""
        return f"{label(self.pid)} is up"


@final
@attrs.frozen
class Told:
    """A living process got an exit signal."""

    at: float
    pid: Pid
    by: Pid
    reason: ExitReason
    by_link: bool

    def text(self, label: Label) -> str:
        """Say it in words."""
        if self.by_link:
            how = reason_text(self.reason)
            return f"{label(self.pid)} hears by its link to {label(self.by)}: {how}"
        if isinstance(self.reason, Kill):
            return f"{label(self.by)} kills {label(self.pid)}"
        how = reason_text(self.reason)
        return f"{label(self.by)} tells {label(self.pid)} to end: {how}"


@final
@attrs.frozen
class Ended:
    """A process died; *start* is what has become of its start."""

    at: float
    pid: Pid
    reason: ExitReason
    start: StartOutcome

    def text(self, label: Label) -> str:
        """Say it in words."""
        how = {"up": "", "failed": " before it is up", "ignored": " and is ignored"}
        return f"{label(self.pid)} ends{how[self.start]}: {reason_text(self.reason)}"


@final
@attrs.frozen
class Asked:
    """A request is in the mailbox of a supervisor.

    *child* is the id or the pid of whom it is about, *spec* whom to start, *args* are
    further arguments, *row* is what a supervisor writes on what it sends to itself, and
    *reason* is what it is to end with. It is *answered* if one will see the answer.
    """

    at: float
    pid: Pid
    request: Request
    child: Hashable = None
    spec: ChildSpec | None = None
    args: tuple[object, ...] = ()
    row: int = 0
    reason: ExitReason | None = None
    answered: bool = False

    def text(self, label: Label) -> str:
        """Say it in words."""
        who = label(self.pid)
        child = self.spec.id if self.spec is not None else self.child
        if self.request == "terminate":
            return f"{who} is asked to end: {reason_text(self.reason)}"
        return f"{who} is asked to {self.request} {child!r}"


@final
@attrs.frozen
class Answered:
    """A supervisor has answered a request; *error* is None if it did so."""

    at: float
    pid: Pid
    error: BaseException | None

    def text(self, label: Label) -> str:
        """Say it in words."""
        who = label(self.pid)
        if self.error is None:
            return f"{who} has done what it was asked"
        return f"{who} answers {type(self.error).__name__}: {self.error}"


Event = Begun | Up | Told | Ended | Asked | Answered
"""One thing that happened."""
