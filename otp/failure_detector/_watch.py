"""What is watched, by which detector, and what a suspicion does."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, final

import attrs

from ..kernel import (
    NORMAL,
    ExitReason,
    InvalidSpecError,
    Name,
    Pid,
    Reason,
    Via,
    check_time,
    is_reason,
)
from ._accrual import PhiAccrual
from ._events import Suspected
from ._policy import Policy, Threshold

if TYPE_CHECKING:
    from ._detector import DetectorSpec

_KIND: Final = "invalid_watch"

#: What a process is ended with that is suspected, unless something else is said.
SUSPECTED: Final = Reason("suspected")


@final
@attrs.frozen
class EndProcess:
    """End the process that is suspected, so that its supervisor starts it again.

    It gets an exit signal with *reason*. That ends whatever it awaits, at once, unless
    it traps exits; then it would have to take the signal from its mailbox, and if it
    hangs it does not. So, *kill_after* seconds later, it is killed, unless there has
    been a sign of life.

    Args:
        reason: why; with `Kill` nothing else is tried first.
        kill_after: ``math.inf`` if it is never to be killed.

    Raises:
        InvalidSpecError: *reason* is none, or one that ends nobody; the time is
            negative.
    """

    reason: ExitReason = SUSPECTED
    kill_after: float = attrs.field(default=5.0, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not is_reason(self.reason) or self.reason == NORMAL:
            text = (
                f"a process is ended with an exit reason such as Reason('hung'), and "
                f"not with {self.reason!r}"
            )
            raise InvalidSpecError(_KIND, self.reason, text)
        check_time(_KIND, "kill_after", self.kill_after)


OnSuspect: TypeAlias = Literal["report"] | EndProcess | Callable[[Suspected], object]
"""What a suspicion does besides being reported: nothing, end, or call a function."""


@final
@attrs.frozen
class Watch:
    """Whom to watch, and what to do about a suspicion.

    ::

        Watch(WORKER, Deadline(interval=1.0), on_suspect=EndProcess())

    Args:
        subject: a process, by its `Name`, `Via` or `Pid`, or anything else that is
            hashable, for what is no process here: then there are heartbeats only. A
            name is followed from one process to the next, and each of them is a
            stranger.
        detector: which detector judges it, with its settings.
        policy: from when on it is suspected.
        on_suspect: ``"report"``; an `EndProcess`; or a function, async or not, that
            is called with the `Suspected` in a process of its own.
        signs: whether it is a sign of life that the process takes a message, or waits
            for one in vain. If not, only heartbeats are.

    Raises:
        InvalidSpecError: the subject is not hashable, or no process although it is to
            be ended, or one of the others is not what it should be.
    """

    subject: Hashable
    detector: DetectorSpec = attrs.field(factory=PhiAccrual)
    policy: Policy = attrs.field(factory=Threshold)
    on_suspect: OnSuspect = attrs.field(default="report", kw_only=True)
    signs: bool = attrs.field(default=True, kw_only=True)

    def __attrs_post_init__(self) -> None:
        try:
            hash(self.subject)
        except TypeError:
            text = f"a subject is a process or a hashable key, not {self.subject!r}"
            raise InvalidSpecError(_KIND, self.subject, text) from None
        _check_has("a detector", self.detector, "detector", "PhiAccrual()")
        _check_has("a policy", self.policy, "suspects", "Threshold()")
        if self.on_suspect != "report" and not isinstance(self.on_suspect, EndProcess):
            _check_callable(self.on_suspect)
        if isinstance(self.on_suspect, EndProcess) and not self.is_process:
            text = (
                f"only a process can be ended, and {self.subject!r} is none: "
                f"watch a Name, a Via or a Pid, or give a function"
            )
            raise InvalidSpecError(_KIND, self.subject, text)

    @property
    def is_process(self) -> bool:
        """Whether the subject is a process."""
        return isinstance(self.subject, (Name, Pid, Via))


def _check_has(what: str, value: object, method: str, example: str) -> None:
    if isinstance(value, type) or not callable(getattr(value, method, None)):
        text = f"{what} is a value such as {example}, not {value!r}"
        raise InvalidSpecError(_KIND, value, text)


def _check_callable(value: object) -> None:
    if not callable(value) or isinstance(value, type):
        text = (
            f"a suspicion can 'report', EndProcess() or call a function, not {value!r}"
        )
        raise InvalidSpecError(_KIND, value, text)
