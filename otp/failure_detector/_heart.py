"""A heart: heartbeats that stop when the process hangs."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, final

import trio

from ..kernel import TimerRef, check_address, current_process, emit
from ..sys import Ping, SystemRequest
from ._api import heartbeat
from ._reports import LateHeartbeatReport

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..kernel import Process, ServerRef
    from ._process import FailureDetector


def beat_every(
    seconds: float, detector: ServerRef[FailureDetector], subject: Hashable = None
) -> TimerRef:
    """Let the process that calls beat every *seconds*, as long as it takes messages.

    ::

        async def init(self) -> None:
            failure_detector.beat_every(1.0, DETECTOR)

    It is for the processes of all behaviours, and special processes: a system message
    comes by a timer, and when the loop of the process gets to it that is a beat. So
    whoever hangs in a clause, or has a mailbox that it cannot cope with, stops beating;
    who is suspended by `otp.sys` does not. The first beat is now.

    A beat that comes late is reported, by a `LateHeartbeatReport`: the process was busy
    for too long.

    Returns:
        the timer; `otp.timer.cancel_timer` ends it, and so does the end of the process.

    Raises:
        ValueError: *seconds* is not positive.
        NotAProcessError: the caller is no process.
        TypeError: *detector* is no address.
    """
    if not 0 < seconds < inf:
        text = f"a heart beats every so many seconds, more than 0, not {seconds!r}"
        raise ValueError(text)
    check_address(detector)
    process = current_process("beat_every()")
    heart = _Heart(process, detector, subject, seconds)
    heart.beat()
    return heart.timer


@final
class _Heart:
    """Lets one process beat.

    At most one message of it lies in the mailbox.
    """

    def __init__(
        self,
        process: Process,
        detector: ServerRef[FailureDetector],
        subject: Hashable,
        seconds: float,
    ) -> None:
        self._process = process
        self._detector = detector
        self._subject = subject
        self._seconds = seconds
        self._asked: SystemRequest | None = None
        self._asked_at = 0.0
        self._due = trio.current_time() + seconds
        self.timer = process.node.timers.start_at(self._due, self._ask)

    def _ask(self) -> None:
        process = self._process
        if process.reason is not None:
            return
        if self._asked is None or self._asked.settled:
            self._asked = SystemRequest(process.pid, Ping(self._answer), inf)
            # Not now: the timer is late itself if the loop stood still.
            self._asked_at = self._due
            process.mailbox.put(self._asked)
        self._due = max(self._due, trio.current_time()) + self._seconds
        process.node.timers.restart_at(self._due, self.timer)

    def _answer(self) -> None:
        late = trio.current_time() - self._asked_at
        if late > self._seconds:
            process = self._process
            emit(LateHeartbeatReport(process.pid, process.name, late))
        self.beat()

    def beat(self) -> None:
        if self._subject is not None:
            heartbeat(self._detector, self._subject)
            return
        heartbeat(self._detector)
