"""System messages: what may be asked of a process of any behaviour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar, final

import attrs

from ..kernel import (
    NORMAL,
    CallTimeoutError,
    OTPError,
    Recovery,
    ServerExitedError,
    Severity,
    Waiter,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio import CancelScope

    from ..kernel import ExitReason, Pid
    from ..proc_lib import DebugOption
    from ._debug import Debug


T = TypeVar("T")


class Renew(Protocol):
    """Exchanges classes and functions in a value, such as a child specification."""

    def __call__(self, value: T, /) -> T:
        """Return the value with the new ones, itself if there is none in it."""
        ...


@final
@attrs.frozen
class Suspend:
    """Stop taking ordinary messages; the answer is whether that was so before."""


@final
@attrs.frozen
class Resume:
    """Take ordinary messages again."""


@final
@attrs.frozen
class GetState:
    """Show the state."""


@final
@attrs.frozen
class ReplaceState:
    """Put ``fn(state)`` in the place of the state."""

    fn: Callable[[object], object]


@final
@attrs.frozen
class GetStatus:
    """Show the state and what is around it."""


def _check_class(_: object, __: object, value: Any) -> None:
    if value is not None and not isinstance(value, type):
        raise TypeError(
            f"a process goes on as an instance of a class, not of {value!r}"
        )


@final
@attrs.frozen
class ChangeCode:
    """Go on as *new*, an instance's next class, with the state converted.

    Args:
        new: the class; None if it stays the same.
        old_version: for ``code_change``. If it is a `Downgrade`, the conversion is
            done before the class is exchanged, else after it.
        extra: for ``code_change``, too.
        old: which class is exchanged, where several may run in one process.
        at_once: also if the process is not suspended.

    Raises:
        TypeError: *new* is no class.
    """

    new: type[object] | None = attrs.field(validator=_check_class)
    old_version: object
    extra: object
    old: type[object] | None = None
    at_once: bool = False


@final
@attrs.frozen
class Changed:
    """What has become of a change of code; *undo* takes it back."""

    old: type[object]
    new: type[object]
    undo: Callable[[], Awaitable[None]]


@final
@attrs.frozen
class Undo:
    """Take a change of code back, before anything else has happened."""

    changed: Changed


@final
@attrs.frozen
class GetModules:
    """Tell which classes run in the process."""


@final
@attrs.frozen
class Inside:
    """What runs in a process, and whether it keeps specifications that name classes."""

    modules: tuple[type[object], ...]
    keeps_specs: bool


@final
@attrs.frozen
class RenewSpecs:
    """Exchange what is named in specifications; the answer is a `Changed`, or None."""

    renew: Renew


@final
@attrs.frozen
class Terminate:
    """End with *reason*."""

    reason: ExitReason = NORMAL


@final
@attrs.frozen
class Ping:
    """Show that the process takes messages, by calling *answer* in it.

    *answer* is quick and does not raise.
    """

    answer: Callable[[], object]


@final
@attrs.frozen
class SetDebug:
    """Change or read the debug options by calling *change* on them."""

    change: Callable[[Debug], object]


CodeOperation = ChangeCode | Undo | GetModules | RenewSpecs

Operation = (
    Suspend
    | Resume
    | GetState
    | ReplaceState
    | GetStatus
    | CodeOperation
    | Terminate
    | Ping
    | SetDebug
)
"""Everything that may be asked of a process of any behaviour."""


@final
class SystemRequest(Waiter):
    """A request to the process itself and not to what runs in it."""

    __slots__ = ("operation", "scope", "server", "timeout")

    urgent: ClassVar[bool] = True

    def __init__(self, server: object, operation: Operation, timeout: float) -> None:
        super().__init__()
        self.server = server
        self.operation = operation
        self.timeout = timeout
        # Around what goes on only as long as somebody waits for it.
        self.scope: CancelScope | None = None

    def __repr__(self) -> str:
        return f"<{self.operation!r} for {self.server!r}>"

    def died(self, reason: ExitReason) -> None:
        self.fail(ServerExitedError(self.server, reason))

    def expire(self) -> None:
        self.fail(CallTimeoutError(self.server, self.timeout))
        self._stop_work()

    def abandon(self) -> None:
        super().abandon()
        self._stop_work()

    def _stop_work(self) -> None:
        if self.scope is not None:
            self.scope.cancel()


@final
@attrs.frozen
class Status:
    """What a process of a behaviour looks like: see `otp.sys.get_status`."""

    pid: Pid
    module: type[object]
    parent: Pid | None
    suspended: bool
    state: object
    dictionary: dict[object, object]
    #: The debug options that are set, such as ``Log(size=10)``.
    debug: tuple[DebugOption, ...] = ()
    #: The events that `otp.sys.log` has kept, as the class wants them shown.
    log: object = ()


class SysError(OTPError):
    """Something was asked of a process through `otp.sys` that it could not do."""

    severity: ClassVar[Severity] = "low"
    recovery: ClassVar[Recovery] = "ignore"


class NotSuspendedError(SysError, RuntimeError):
    """The code of a process can be changed only while it is suspended."""


class CallbackFailedError(SysError):
    """A function given to `otp.sys`, or a callback it led to, raised.

    What it raised is the ``__cause__``; the process goes on as if nothing had been.
    """


class LayoutError(SysError, TypeError):
    """A process cannot go on as an instance of that class.

    It is of another behaviour, or Python lays its instances out differently.
    """
