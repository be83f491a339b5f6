"""Whether a process takes messages, seen from outside, and for those watched only.

The lists of a mailbox are exchanged for lists that count what is taken out of them.
So nothing is asked of the process and nothing is sent to it, it works however the
messages are taken, and the mailboxes of all others are what they always are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, SupportsIndex, final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..kernel import Process


@final
class Odometer:
    """Counts the messages that one process has taken; *taps* read it."""

    __slots__ = ("taken", "taps")

    def __init__(self) -> None:
        self.taken = 0
        self.taps = 0


@final
class CountedList(list[object]):
    """A list that counts what is popped from it."""

    __slots__ = ("odometer",)

    def __init__(self, messages: Iterable[object], odometer: Odometer) -> None:
        super().__init__(messages)
        self.odometer = odometer

    def pop(self, index: SupportsIndex = -1) -> object:
        self.odometer.taken += 1
        return super().pop(index)


@final
class Tap:
    """Sees whether *process* takes messages, or waits for one."""

    __slots__ = ("_odometer", "_seen", "process")

    def __init__(self, process: Process) -> None:
        self.process = process
        self._odometer = _odometer_of(process) or Odometer()
        self._odometer.taps += 1
        self._fit()
        self._seen = self._odometer.taken

    def is_alive(self) -> bool:
        """Tell whether there has been a sign of life since it was last asked.

        Who waits in its own mailbox, with nothing in it and nobody to answer, is not
        hung: it has nothing to do.
        """
        # A list that is another one was turned round by whoever took from it.
        moved = self._fit()
        seen, self._seen = self._seen, self._odometer.taken
        if moved or seen != self._seen:
            return True
        box, serving = self.process.mailbox, self.process.serving
        return (
            box.parked is not None
            and len(box) == 0
            and (serving is None or serving.settled)
        )

    def _fit(self) -> bool:
        """See to it that both lists count; tell whether one of them did not."""
        process = self.process
        if process.reason is not None:
            return False
        box, mine = process.mailbox, self._share()
        fitted = False
        inbox, pending = box.inbox, box.pending
        if not (isinstance(inbox, CountedList) and inbox.odometer is mine):
            box.inbox = CountedList(inbox, mine)
            fitted = True
        if not (isinstance(pending, CountedList) and pending.odometer is mine):
            box.pending = CountedList(pending, mine)
            fitted = True
        return fitted

    def _share(self) -> Odometer:
        """Read the odometer that others read, if somebody has put in a new one."""
        found = _odometer_of(self.process)
        if found is not None and found is not self._odometer:
            self._odometer.taps -= 1
            found.taps += 1
            self._odometer = found
        return self._odometer

    def remove(self) -> None:
        """Leave the mailbox as it was, if nobody else reads the odometer."""
        self._odometer.taps -= 1
        box = self.process.mailbox
        if self._odometer.taps == 0 and self.process.reason is None:
            box.inbox = list(box.inbox)
            box.pending = list(box.pending)


def _odometer_of(process: Process) -> Odometer | None:
    for messages in (process.mailbox.inbox, process.mailbox.pending):
        if isinstance(messages, CountedList):
            return messages.odometer
    return None
