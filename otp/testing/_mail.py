"""Mailboxes with a fault before them.

A fault stands between the senders and a mailbox. That costs nothing where there is
none, because nothing asks for one: the mailbox of a process that may be hit becomes an
instance of a class of its own, and is what it was when the last fault is undone.

Exit signals, monitors and system messages do not come by this way, and arrive whatever
is done here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol, final

from trio.lowlevel import current_task

from ..kernel import (
    Mailbox,
    MailboxFullError,
    Waiter,
    process_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ..kernel import Process


class MailFault(Protocol):
    """What may happen to a message on its way."""

    def takes(self, process: Process, message: object) -> bool:
        """Do with *message* what it is to do; False: nothing, it goes on."""
        ...


class FaultyMailbox(Mailbox):
    """A mailbox whose messages come by *faults* first.

    *process* is its owner, and *before* what it was without faults. Each has a class
    of its own, because an instance has no room for more than a mailbox needs.
    """

    __slots__ = ()

    process: ClassVar[Process]
    faults: ClassVar[list[MailFault]]
    before: ClassVar[type[Mailbox]]

    def deliver(self, message: object) -> None:
        """Add a message, unless a fault takes it."""
        self.pass_on(message)

    def pass_on(self, message: object, passed: Sequence[MailFault] = ()) -> None:
        """Let *message* come by the faults, but those that it has *passed* already."""
        faults = [fault for fault in self.faults if fault not in passed]
        # What a process tells itself is not on any way.
        if not self._is_owner() and not _is_urgent(message):
            for fault in faults:
                if fault.takes(self.process, message):
                    return
        super().deliver(message)

    def _is_owner(self) -> bool:
        return process_of(current_task()) is self.process

    def take(self) -> object:
        """Return the oldest message, or `MISSING`, or raise what it stands for."""
        found = super().take()
        if isinstance(found, Poison):
            raise found.error
        return found

    def find(self, fits: Callable[[object], bool], seen: int = -1) -> object:
        """Take out the oldest message that fits, or raise what it stands for."""

        def fits_too(message: object) -> bool:
            if isinstance(message, Poison):
                return message.at is None or fits(message.at)
            return fits(message)

        found = super().find(fits_too, seen)
        if isinstance(found, Poison):
            raise found.error
        return found

    def may_lose(self, message: object) -> bool:
        """Tell whether *message* may be dropped: an error is for the owner alone."""
        return not isinstance(message, Poison) and super().may_lose(message)


@final
class Poison:
    """Stands in a mailbox for an error that is raised when it is taken.

    *at* is the message in whose place it stands; None if it is for whatever message
    is wanted.
    """

    __slots__ = ("at", "error")

    def __init__(self, error: BaseException, at: object = None) -> None:
        self.error = error
        self.at = at


def interpose(process: Process, faults: list[MailFault]) -> None:
    """Let what is sent to *process* come by *faults* from now on."""
    box = process.mailbox
    if isinstance(box, FaultyMailbox):
        type(box).faults = faults
        return
    # On top of whatever it is, which may be a class of another tool.
    before = type(box)
    own = {"__slots__": (), "process": process, "faults": faults, "before": before}
    _become(box, type(FaultyMailbox.__name__, (FaultyMailbox, before), own))


def withdraw(processes: Iterable[Process]) -> None:
    """Let what is sent to *processes* come as it always does.

    One that is still to crash keeps its mailbox, whose list of faults is empty.
    """
    for process in processes:
        box = process.mailbox
        if isinstance(box, FaultyMailbox) and not any(map(_is_poison, box)):
            _become(box, box.before)


def _become(box: Any, kind: type[object]) -> None:
    box.__class__ = kind


def _is_poison(message: object) -> bool:
    return isinstance(message, Poison)


def _is_urgent(message: object) -> bool:
    return isinstance(message, Waiter) and message.urgent


def lose(process: Process, message: object) -> None:
    """Let *message* be on its way to *process* for ever.

    Who waits for an answer hears of the death of the process nevertheless.
    """
    if isinstance(message, Waiter):
        process.owe(message)


def arrive(process: Process, message: object, passed: Sequence[MailFault]) -> None:
    """Let a *message* that was on its way come to *process* now, which may be dead.

    The faults that it has *passed* do not count it again.
    """
    if process.reason is not None:
        # Who waits for an answer has heard of the death.
        if not isinstance(message, Waiter):
            process.node.dead_letter(process.pid, message, "dead")
        return
    if isinstance(message, Waiter):
        process.quit(message)
    try:
        box = process.mailbox
        if isinstance(box, FaultyMailbox):
            box.pass_on(message, passed)
        else:
            box.deliver(message)
    except MailboxFullError as full:
        if isinstance(message, Waiter):
            message.fail(full)
        process.node.dead_letter(process.pid, message, "mailbox full")
