"""When the signals of a plain process go out.

Erlang promises little of the time at which signals work, but this is what its one
scheduler does. Whoever was sent an exit signal dies of it when it gets its turn, before
it takes any mail. Those who were sent something earlier have had their turns by then,
and the sender has no mail left. A link to somebody who was sent such a signal comes
behind it. A monitor goes out with the next one, or when the process waits.

Here a signal works when it is sent, so they are kept back until then.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, final

import trio

import otp
from otp import process

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.common import Term


@final
class Outbox:
    """What the calling process sends to others, kept back until it waits or ends.

    *monitor* begins to monitor a process, under a label.
    """

    def __init__(self, monitor: Callable[[otp.Pid, str], None]) -> None:
        self._begin = monitor
        self._monitor: tuple[otp.Pid, str] | None = None
        self._mail: list[tuple[otp.Pid, Term]] = []
        self._exits: list[tuple[otp.Pid, otp.ExitReason]] = []
        self._links: dict[otp.Pid, None] = {}
        # Who gets a turn because of the process, in the order of the turns.
        self._touched: dict[otp.Pid, None] = {}

    def touch(self, pid: otp.Pid) -> None:
        """Note that *pid* is sent a signal of any kind."""
        self._touched.setdefault(pid)

    def mail(self, pid: otp.Pid, message: Term) -> None:
        """Send a message in time; one to oneself is there at once."""
        self.touch(pid)
        if pid is process.self():
            process.send(pid, message)
        else:
            self._mail.append((pid, message))

    def exit(self, pid: otp.Pid, reason: otp.ExitReason) -> None:
        """Send an exit signal in time."""
        self.send_monitor()
        self.touch(pid)
        self._exits.append((pid, reason))

    def has_condemned(self, pid: otp.Pid) -> bool:
        """Tell whether an exit signal to *pid* waits here."""
        return any(victim is pid for victim, _ in self._exits)

    def link(self, pid: otp.Pid) -> None:
        """Link to *pid* when it has had the exit signals that wait here."""
        self._links.setdefault(pid)

    def unlink(self, pid: otp.Pid) -> None:
        """Take back a link that has not gone out."""
        self._links.pop(pid, None)

    def monitor(self, pid: otp.Pid, label: str) -> None:
        """Begin to monitor *pid* in time."""
        self.send_monitor()
        self._monitor = pid, label

    def send_monitor(self, called: str | None = None) -> None:
        """Let a monitor that is kept back go out, any or only one *called* so."""
        if self._monitor is not None and called in (None, self._monitor[1]):
            (pid, label), self._monitor = self._monitor, None
            self.touch(pid)
            self._begin(pid, label)

    async def send_in_turns(self) -> None:
        """Send everything; who was touched before the first victim has its turn."""
        if self._exits:
            victim = self._exits[0][0]
            earlier = set(takewhile(lambda pid: pid is not victim, self._touched))
            first = [item for item in self._mail if item[0] in earlier]
            self._mail = [item for item in self._mail if item[0] not in earlier]
            for pid, message in first:
                process.send(pid, message)
            await trio.lowlevel.checkpoint()
        self.send()
        links, self._links = self._links, {}
        for pid in links:
            try:
                process.link(pid)
            except otp.NoProcessError:
                # To Erlang's link this is news that comes by an exit signal.
                process.exit(process.self(), otp.NoProc())

    def send(self) -> None:
        """Send everything at once, but for links."""
        self.send_monitor()
        mail, exits = self._mail, self._exits
        self._mail, self._exits = [], []
        self._touched.clear()
        for pid, message in mail:
            process.send(pid, message)
        for pid, reason in exits:
            process.exit(pid, reason)
