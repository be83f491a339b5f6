"""Faults: what goes wrong in a program, on request.

Some are over at once: `kill`, `crash`, `exit`. The others are in force until they have
happened as often as was asked for, are undone, or the node ends.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Self, final

from .. import process as processes
from ..gen import Behaviour, Fail, end_start
from ..kernel import KILL, Exit, InvalidSpecError, Pid, check_reason, current
from ..proc_lib import Ack
from ._check import check_seconds
from ._find import check_target, find_some, is_target, node_of, target_text
from ._injector import Injector
from ._mail import arrive, lose
from ._match import fits
from ._strike import check_error, make_error, strike, strike_at

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from types import TracebackType

    from ..kernel import ExitReason, Process
    from ._mail import MailFault
    from ._match import Matcher
    from ._strike import ErrorLike
    from ._target import Target


def kill(target: Target) -> None:
    """Kill whom *target* means, as ``process.exit(pid, Kill())`` does.

    Raises:
        NoProcessError: there is nobody.
    """
    exit(target, KILL)


def exit(target: Target, reason: ExitReason) -> None:  # noqa: A001 - as in otp.process
    """Send an exit signal to whom *target* means; see `otp.process.exit`.

    Raises:
        NoProcessError: there is nobody.
        TypeError: *reason* is not an exit reason.
    """
    check_reason(reason)
    for process in find_some(target):
        processes.exit(process.pid, reason)


def crash(target: Target, error: ErrorLike = None) -> None:
    """Let whom *target* means crash, as if its own code had raised *error*.

    A process of a behaviour crashes when it has done with the messages that it has
    already: ``terminate`` is called, and reports are made as for any crash. In a plain
    process that waits for a message it is `otp.process.receive` that raises, so that
    the process may even catch it. One that waits for anything else, a time or a
    socket, is dead of the error at once, and its code is cancelled.

    Args:
        target: who; see `Target`.
        error: an exception, or a class of exceptions; `InjectedError` by default.

    Raises:
        NoProcessError: there is nobody.
    """
    check_error(error)
    found = find_some(target)
    if len(found) > 1:
        # The caller comes last, if it is one of them: here it ends.
        found.sort(key=lambda process: process is current())
    for process in found:
        strike(process, make_error(error))


class Fault:
    """A fault that is in force, until it is undone or has happened often enough.

    It is a context manager, which undoes it at the end::

        with drop_messages("cache", times=3) as fault:
            ...
        assert fault.hits == 3
    """

    def __init__(self, target: Target, times: float) -> None:
        check_target(target)
        self._target = target
        self._left = _check_times(times)
        self._injector = Injector.of(node_of(target))
        #: How often it has happened.
        self.hits = 0

    def __repr__(self) -> str:
        state = "in force" if self.active else "over"
        name = type(self).__name__.strip("_")
        return f"<{name} {target_text(self._target)}, {state}, {self.hits} hits>"

    @property
    def active(self) -> bool:
        """Whether it is in force."""
        return self._left > 0

    def undo(self) -> None:
        """Let it happen no more; what has happened stays so."""
        self._left = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.undo()

    def _count(self) -> None:
        self.hits += 1
        self._left -= 1


class MessageFault(Fault):
    """A fault that happens to messages; *messages* are those to which it has."""

    def __init__(self, target: Target, match: Matcher | None, times: float) -> None:
        super().__init__(target, times)
        self._fits = None if match is None else fits(match)
        #: The messages that it has hit, oldest first.
        self.messages: list[object] = []
        self._injector.add_mail(self)

    def takes(self, process: Process, message: object) -> bool:
        """Do with *message* what it is to do; False: nothing, it goes on."""
        if not self.active or not is_target(process, self._target):
            return False
        if self._fits is not None and not self._fits(message):
            return False
        if not self._is_due():
            return False
        self.messages.append(message)
        self._count()
        faults = self._injector.mail
        self._hit(process, message, faults[: faults.index(self) + 1])
        if not self.active:
            self.undo()
        return True

    def undo(self) -> None:
        """Let it happen no more; what has happened stays so."""
        super().undo()
        self._injector.remove_mail(self)

    def _is_due(self) -> bool:
        return True

    def _hit(
        self, process: Process, message: object, passed: Sequence[MailFault], /
    ) -> None:
        """Do it to *message*, which has *passed* all faults before this one."""
        raise NotImplementedError


@final
class _Drop(MessageFault):
    def _hit(
        self, process: Process, message: object, _: Sequence[MailFault], /
    ) -> None:
        lose(process, message)


@final
class _Delay(MessageFault):
    def __init__(
        self, target: Target, seconds: float, match: Matcher | None, times: float
    ) -> None:
        self._seconds = check_seconds(seconds)
        super().__init__(target, match, times)

    def _hit(
        self, process: Process, message: object, passed: Sequence[MailFault], /
    ) -> None:
        lose(process, message)
        timers = process.node.timers
        timers.start(self._seconds, lambda: arrive(process, message, passed))


@final
class _Suspend(MessageFault):
    def __init__(self, target: Target) -> None:
        self._held: list[tuple[Process, object, Sequence[MailFault]]] = []
        super().__init__(target, None, inf)

    def _hit(
        self, process: Process, message: object, passed: Sequence[MailFault], /
    ) -> None:
        lose(process, message)
        self._held.append((process, message, passed))

    def undo(self) -> None:
        """Let the messages that were held back come now, in their order."""
        held, self._held = self._held, []
        for process, message, passed in held:
            arrive(process, message, passed)
        super().undo()


@final
class _CrashOn(MessageFault):
    def __init__(
        self,
        target: Target,
        nth: int,
        match: Matcher | None,
        times: float,
        error: ErrorLike,
    ) -> None:
        check_error(error)
        if type(nth) is not int or nth < 1:
            raise InvalidSpecError(
                "invalid_fault", nth, f"messages are counted from 1, not {nth!r}"
            )
        self._nth = nth
        self._seen = 0
        self._error = error
        super().__init__(target, match, times)

    def _is_due(self) -> bool:
        self._seen += 1
        return self._seen % self._nth == 0

    def _hit(
        self, process: Process, message: object, _: Sequence[MailFault], /
    ) -> None:
        strike_at(process, message, make_error(self._error))


@final
class _FailStarts(Fault):
    def __init__(
        self,
        target: Target,
        times: float,
        error: ErrorLike,
        reason: ExitReason | None,
    ) -> None:
        check_error(error)
        if reason is not None:
            check_reason(reason)
        if reason is not None and error is not None:
            raise InvalidSpecError(
                "invalid_fault", reason, "a start fails with an error or with a reason"
            )
        if isinstance(target, Pid):
            raise InvalidSpecError(
                "invalid_fault",
                target,
                f"{target} is started and never again: say who by name, path or class",
            )
        self._error = error
        self._reason = reason
        super().__init__(target, times)
        self._injector.add_start(self)

    def begins(self, process: Process) -> Callable[[], Awaitable[object]] | None:
        """Return what *process* is to run instead of its own code, if anything."""
        if not self.active or not is_target(process, self._target):
            return None
        self._count()
        if not self.active:
            self.undo()

        async def fail() -> None:
            if self._reason is None:
                raise make_error(self._error)
            if isinstance(process.serving, Ack):
                end_start(Behaviour, process.serving, Fail(self._reason))
            raise Exit(self._reason)

        return fail

    def undo(self) -> None:
        """Let it happen no more; what has happened stays so."""
        super().undo()
        self._injector.remove_start(self)


def _check_times(times: float) -> float:
    if times != inf and (type(times) is not int or times < 1):
        raise InvalidSpecError(
            "invalid_fault",
            times,
            f"a fault happens 1 or more times, or math.inf, not {times!r}",
        )
    return times


def drop_messages(
    target: Target, match: Matcher | None = None, *, times: float = inf
) -> MessageFault:
    """Let messages to *target* get lost on their way.

    Whoever calls waits until its time is over, or the process dies. Exit signals,
    monitors and system messages always arrive, and so does what a process sends to
    itself.

    Args:
        target: to whom; a name, a path or a class means whoever it is at that time.
        match: which messages, as for `Probe.expect`; all by default.
        times: how many of them.
    """
    return _Drop(target, match, times)


def delay_messages(
    target: Target,
    seconds: float,
    match: Matcher | None = None,
    *,
    times: float = inf,
) -> MessageFault:
    """Let messages to *target* take *seconds* on their way.

    They stay in their order, but those that are not delayed overtake them. What is on
    its way when the fault is undone arrives nevertheless; what is for a process that
    has died meanwhile does not. See `drop_messages` for the rest.
    """
    return _Delay(target, seconds, match, times)


def suspend(target: Target) -> MessageFault:
    """Let *target* get no messages until the fault is undone; then they all come.

    This is for any process, and holds what is sent from now on. `otp.sys.suspend`
    asks a process of a behaviour itself. See `drop_messages` for the rest.
    """
    return _Suspend(target)


def crash_on(
    target: Target,
    match: Matcher | None = None,
    *,
    nth: int = 1,
    times: float = 1,
    error: ErrorLike = None,
) -> MessageFault:
    """Let *target* crash when it comes to its *nth* message from now on.

    It crashes in the place of handling it, as `crash` describes, and the caller of a
    call hears of that. With *times* it does so at every *nth* message, so often. A
    process that is meant by its name, path or class is counted on after a restart.
    See `drop_messages` for the rest.

    ::

        crash_on("cache", Cache.put, nth=3)
    """
    return _CrashOn(target, nth, match, times, error)


def fail_starts(
    target: Target,
    times: float = 1,
    *,
    error: ErrorLike = None,
    reason: ExitReason | None = None,
) -> Fault:
    """Let the next starts of *target* fail, so often, as if its ``init`` had failed.

    It fails as if *error* had been raised there, which is a crash with its reports,
    or, with *reason*, as if it had returned ``Fail(reason)``, which is quiet.

    Args:
        target: whose; a name, a path, a class or a function, as a pid is never
            started again.
        times: how many of them.
        error: an exception or a class of exceptions; `InjectedError` by default.
        reason: instead of an exception.
    """
    return _FailStarts(target, times, error, reason)
