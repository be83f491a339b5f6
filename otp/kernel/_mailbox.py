"""Mailboxes: unbounded by default, read by their owner only, in arrival order.

Senders append to `Mailbox.inbox`. The owner takes from the end of `pending`, which is
an earlier inbox turned round; when that is empty the two lists change places. So
both ends cost one list operation, a message passes through no scheduler as long as
there is mail, and an idle mailbox is two empty lists, or none if it was never used.

In arrival order the mailbox is ``reversed(pending)`` followed by ``inbox``.

What is done for every message has copies of `Mailbox.park` and of `Mailbox.put`, for
speed: the loops of gen_server and gen_statem, and the clauses that cast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, final, get_args

import attrs
import trio
from trio.lowlevel import Abort, current_task, enable_ki_protection

from ._errors import InvalidSpecError, MailboxFullError
from ._messages import Down, Exited, Timeout
from ._scheduler import BY_TRIO
from ._waiter import Waiter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trio.lowlevel import Task

    from ._ids import Pid
    from ._scheduler import Scheduler

Overflow = Literal["drop_newest", "drop_oldest", "fail_sender"]
"""What a full mailbox does with one message too many."""

BUDGET: Final = 1000
"""How many messages a process may take before others have their turn."""

TURN: Final = 0.01
"""For how many seconds a process may take messages before others have their turn."""

SLICE: Final = 50
"""After how many messages it is seen whether the turn is over."""

FEW: Final = 256
"""How many messages may move up when one before them is taken out of the inbox."""


class Missing:
    """Stands for "no such message", which no message can be."""

    __slots__ = ()


MISSING: Final = Missing()

# Stands for both lists of a mailbox until they are needed. Invariant: it is empty.
_NO_LIST: Final[list[object]] = []


class Mailbox:
    """The mailbox of one process.

    *abort* is what Trio calls when the parked owner is cancelled.

    Invariant: *parked* is the owner's task while it waits here and nothing has been
    put in since, else None.
    """

    __slots__ = ("credit", "heard", "inbox", "parked", "pending", "slices", "turn_ends")

    def __init__(self) -> None:
        self.inbox = self.pending = _NO_LIST
        self.parked: Task | None = None
        # How many messages of the inbox were there when the owner last looked at all;
        # -1 if the inbox has been turned round since: then all in it are new.
        self.heard = 0
        # How many messages are left in this slice, and how many slices of this turn
        # are over; whoever parks begins a new one.
        self.credit = SLICE
        self.slices = 0
        self.turn_ends = 0.0

    def __len__(self) -> int:
        return len(self.pending) + len(self.inbox)

    def __iter__(self) -> Iterator[object]:
        yield from reversed(self.pending)
        yield from self.inbox

    @enable_ki_protection
    def put(self, message: object) -> None:
        """Add a message that no policy may refuse: an exit, a monitor's, a timer's."""
        inbox = self.inbox
        if inbox is _NO_LIST:
            self.inbox = [message]
        else:
            inbox.append(message)
        task = self.parked
        if task is not None:
            self.parked = None
            task.custom_sleep_data.wake(task)

    deliver = put

    def take(self) -> object:
        """Return the oldest message, or `MISSING`."""
        if not self.pending:
            inbox = self.inbox
            if not inbox:
                return MISSING
            if len(inbox) == 1:
                # As often as not: there is nothing to turn round.
                self.heard = 0
                return inbox.pop()
            self.turn()
        return self.pending.pop()

    def turn(self) -> None:
        """Turn the inbox round for the owner to take from; *pending* is empty.

        What is in it then is not new any more.
        """
        self.inbox, self.pending = self.pending, self.inbox
        self.pending.reverse()
        self.heard = -1

    def find(self, fits: Callable[[object], bool], seen: int = -1) -> object:
        """Take out the oldest message that fits, or return `MISSING`.

        With *seen*, only the messages after the first *seen* ones of the inbox are
        looked at.
        """
        if seen < 0:
            pending = self.pending
            for i in range(len(pending) - 1, -1, -1):
                if fits(pending[i]):
                    return pending.pop(i)
            seen = 0
        inbox = self.inbox
        for i in range(seen, len(inbox)):
            if fits(inbox[i]):
                if len(inbox) - i > FEW:
                    return self._turn_and_take(i)
                self.heard -= i < self.heard
                return inbox.pop(i)
        return MISSING

    def _turn_and_take(self, i: int) -> object:
        """Take the message at *i* out of a long inbox, and turn the rest round.

        Whoever takes many from near the front of so many does not move all of the
        others up each time.
        """
        inbox = self.inbox
        inbox.reverse()
        found = inbox.pop(len(inbox) - 1 - i)
        inbox += self.pending
        self.inbox, self.pending = [], inbox
        self.heard = -1
        return found

    def turn_is_over(self) -> bool:
        """Count a slice, and tell whether the owner has had its turn, too.

        By a clock that stands still, as in tests, the number of messages decides.
        """
        now = trio.current_time()
        if self.slices == 0:
            self.turn_ends = now + TURN
        self.slices += 1
        if now < self.turn_ends and self.slices * SLICE < BUDGET:
            return False
        self.slices = 0
        return True

    def take_back(self, fits: Callable[[object], bool]) -> object:
        """Take out the newest message that fits, if it is new, or return `MISSING`.

        It is new if the owner has not looked through its mail in vain since it came.
        """
        for i in range(len(self.inbox) - 1, max(self.heard, 0) - 1, -1):
            if fits(self.inbox[i]):
                return self.inbox.pop(i)
        return MISSING

    def may_lose(self, message: object) -> bool:
        """Tell whether *message* may be dropped if there is a limit."""
        if isinstance(message, Waiter):
            return not message.urgent
        return not isinstance(message, (Exited, Down, Timeout))

    def close(self) -> list[object]:
        """Empty the mailbox for good and return what was in it."""
        if not self.inbox and not self.pending:
            return []
        left = list(self)
        self.inbox = self.pending = _NO_LIST
        self.heard = 0
        return left

    @enable_ki_protection
    def interrupt(self) -> None:
        """Wake the owner although nothing has come."""
        task = self.parked
        if task is not None:
            self.parked = None
            task.custom_sleep_data.wake(task)

    def abort(self, _raise_cancel: Callable[[], object]) -> Abort:
        self.parked = None
        return Abort.SUCCEEDED

    def begin_to_park(self) -> Task:
        """Note that the task that runs, which is returned, parks here next."""
        if self.parked is not None:
            raise RuntimeError("another task already receives for this process")
        self.credit = SLICE
        self.slices = 0
        self.heard = len(self.inbox)
        self.parked = task = current_task()
        return task

    @enable_ki_protection
    async def park(self, scheduler: Scheduler = BY_TRIO) -> None:
        """Wait until something is put in, or until `interrupt`."""
        await scheduler.park(self.begin_to_park(), self.abort)


@final
@attrs.frozen
class Bounded:
    """A limit for a mailbox: at most *limit* waiting messages.

    *overflow* says what becomes of one more: it is dropped itself
    (``"drop_newest"``), the oldest is dropped for it (``"drop_oldest"``), or its
    sender gets a `MailboxFullError` (``"fail_sender"``). What is dropped is a dead
    letter; a call that is dropped fails at once. Exit signals, monitors, timers and
    system messages are never refused.

    A healthy receiver may have a full mailbox, too, because it has not had its turn
    yet: a limit is to be well above what senders send without a pause.

    Raises:
        InvalidSpecError: the limit is not a positive whole number, or the overflow
            is not one of the three.
    """

    limit: int
    overflow: Overflow = "drop_newest"

    def __attrs_post_init__(self) -> None:
        if type(self.limit) is not int or self.limit < 1:
            raise InvalidSpecError(
                "invalid_mailbox",
                self.limit,
                f"the limit of a mailbox is a whole number from 1, not {self.limit!r}",
            )
        if self.overflow not in get_args(Overflow):
            raise InvalidSpecError(
                "invalid_mailbox",
                self.overflow,
                f"a full mailbox can {', '.join(get_args(Overflow))}, "
                f"not {self.overflow!r}",
            )


class BoundedMailbox(Mailbox):
    """A mailbox with a limit; *drop* is told of every message that it loses."""

    __slots__ = ("drop", "pid", "policy")

    def __init__(
        self, policy: Bounded, pid: Pid, drop: Callable[[Pid, object], None]
    ) -> None:
        super().__init__()
        self.policy = policy
        self.pid = pid
        self.drop = drop

    def deliver(self, message: object) -> None:
        """Add a message, if the policy lets it in.

        Raises:
            MailboxFullError: the mailbox is full and the sender is to know.
        """
        if len(self) < self.policy.limit:
            self.put(message)
            return
        full = MailboxFullError(self.pid, self.policy.limit)
        if self.policy.overflow == "fail_sender":
            raise full
        if self.policy.overflow == "drop_oldest":
            oldest = self._lose_oldest()
            if oldest is not MISSING:
                self.put(message)
                message = oldest
        if isinstance(message, Waiter):
            message.fail(full)
        self.drop(self.pid, message)

    def find(self, fits: Callable[[object], bool], seen: int = -1) -> object:
        """Take out the oldest message that fits, or return `MISSING`."""
        # A message that was dropped meanwhile has moved the others: look at them all.
        return super().find(fits, min(seen, -1))

    def _lose_oldest(self) -> object:
        """Remove the oldest message that may be lost, or return `MISSING`.

        Nothing is popped here: by that the owner alone takes messages, and whoever
        wants to see that it does looks at it.
        """
        if not self.pending and len(self.inbox) > FEW:
            self.turn()
        pending, inbox = self.pending, self.inbox
        for i in range(len(pending) - 1, -1, -1):
            if self.may_lose(message := pending[i]):
                del pending[i]
                return message
        for i, message in enumerate(inbox):
            if self.may_lose(message):
                self.heard -= i < self.heard
                del inbox[i]
                return message
        return MISSING
