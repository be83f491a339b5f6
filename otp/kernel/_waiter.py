"""One slot for one answer, and the task that waits for it.

Everything in the kernel that waits for one thing waits in a `Waiter`: the answer to
a call, the acknowledgement of a start, the death of a process. The slot is also what
travels: it is the request in the server's mailbox, the place where the answer goes
and the handler that Trio calls when the waiting task is cancelled, all in one object,
because a call is made of little else than the making of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from trio.lowlevel import Abort, current_task, enable_ki_protection

from ._current import current_scheduler

if TYPE_CHECKING:
    from collections.abc import Callable

    from trio.lowlevel import Task

    from ._reasons import ExitReason


class Pending:
    """The value of a slot that has no answer yet."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<pending>"


PENDING: Final = Pending()


class Waiter:
    """A slot for one answer. The first answer counts; later ones are dropped.

    Invariants: ``value is PENDING`` until it is settled, and ``task`` is the task
    that is parked in `wait` and not yet woken, or None.
    """

    __slots__ = ("deadline", "error", "task", "value")

    #: A full mailbox may not refuse it.
    urgent: ClassVar[bool] = False

    def __init__(self) -> None:
        self.value: object = PENDING
        self.error: BaseException | None = None
        self.task: Task | None = None
        self.deadline: float = 0.0

    @property
    def settled(self) -> bool:
        """Whether there is an answer, or nobody interested in one any more."""
        return self.value is not PENDING

    @enable_ki_protection
    def settle(self, value: object) -> bool:
        """Answer with *value*; tell whether anybody was still interested."""
        if self.value is not PENDING:
            return False
        self.value = value
        task = self.task
        if task is not None:
            self.task = None
            task.custom_sleep_data.wake(task)
        return True

    def fail(self, error: BaseException) -> bool:
        """Answer with an exception, which is raised in whoever waits."""
        if self.value is not PENDING:
            return False
        self.error = error
        return self.settle(None)

    def abandon(self) -> None:
        """Lose interest: whatever answer comes later is dropped."""
        if self.value is PENDING:
            self.value = None

    def died(self, reason: ExitReason) -> None:
        """Hear that the process which should have answered ended with *reason*."""
        self.settle(reason)

    def expire(self) -> None:
        """Hear that the time is over."""
        self.settle(None)

    def abort(self, raise_cancel: Callable[[], object]) -> Abort:  # noqa: ARG002
        """Let the waiting task be cancelled."""
        self.task = None
        self.abandon()
        return Abort.SUCCEEDED

    @enable_ki_protection
    async def wait(self) -> object:
        """Wait for the answer and return it, or raise it if it is an error."""
        if self.value is PENDING:
            self.task = task = current_task()
            await current_scheduler().park(task, self.abort)
        if self.error is not None:
            try:
                raise self.error
            finally:
                # The error leads to this frame.
                del self
        return self.value
