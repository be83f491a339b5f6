"""The errors of the kernel and of calls: one root, a family per situation.

Every error tells two things to whoever has to decide what comes next: how bad it is
(`OTPError.severity`) and what is worth trying (`OTPError.recovery`). Both are
attributes of the class; an instance may set its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ._reasons import Crash

if TYPE_CHECKING:
    from ._ids import Pid
    from ._reasons import ExitReason

Severity = Literal["low", "medium", "high", "critical"]
"""How bad an error is for the system as a whole."""

Recovery = Literal[
    "retry",
    "restart",
    "escalate",
    "reload",
    "circuit_breaker",
    "failover",
    "ignore",
]
"""What is worth trying after an error."""


class OTPError(Exception):
    """The root of every error that this package raises."""

    severity: ClassVar[Severity] = "medium"
    recovery: ClassVar[Recovery] = "escalate"


class NodeError(OTPError):
    """Something was asked of a node, or outside of one, that cannot be done there."""

    severity: ClassVar[Severity] = "high"
    recovery: ClassVar[Recovery] = "escalate"


class NoNodeError(NodeError, RuntimeError):
    """No node runs here: the code is not inside ``async with otp.Node()``."""

    def __init__(self) -> None:
        super().__init__(
            "no node runs here: use 'async with otp.Node():' around this code, "
            "or start it with otp.run()"
        )


class NotAProcessError(NodeError, RuntimeError):
    """The caller is not a process, and only a process has a mailbox and links."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is for processes: call it from one, for example from a function "
            f"given to process.spawn()"
        )


class NameTakenError(OTPError, ValueError):
    """A name or a process is already registered otherwise."""

    severity: ClassVar[Severity] = "low"
    recovery: ClassVar[Recovery] = "ignore"

    def __init__(self, name: str, pid: Pid, why: str = "is taken") -> None:
        super().__init__(f"the name {name!r} {why}, by {pid!r}")
        self.name = name
        self.pid = pid


class CallError(OTPError):
    """A call that was not answered; *server* is who was called."""

    severity: ClassVar[Severity] = "medium"
    recovery: ClassVar[Recovery] = "retry"

    def __init__(self, server: object, text: str) -> None:
        super().__init__(text)
        self.server = server


class NoProcessError(CallError, LookupError):
    """There is no such process: never was, or not any more.

    For a name this means that nobody bears it now; a supervised server may be back
    in a moment.
    """

    recovery: ClassVar[Recovery] = "retry"

    def __init__(self, server: object) -> None:
        super().__init__(server, f"there is no process {server}")


class CallTimeoutError(CallError, TimeoutError):
    """The answer did not come in time; *timeout* is in seconds.

    The server has noticed nothing: it may still be working on the request, and a
    late answer is dropped.
    """

    recovery: ClassVar[Recovery] = "circuit_breaker"

    def __init__(self, server: object, timeout: float) -> None:
        super().__init__(server, f"{server} did not answer in {timeout:g} s")
        self.timeout = timeout


class ServerExitedError(CallError):
    """The server died before it answered; *reason* is why it died.

    If it crashed, the exception is the ``__cause__``.
    """

    recovery: ClassVar[Recovery] = "retry"

    def __init__(self, server: object, reason: ExitReason) -> None:
        super().__init__(server, f"{server} ended during the call: {reason!r}")
        self.reason = reason
        if isinstance(reason, Crash):
            self.__cause__ = reason.error


class CallingSelfError(CallError, RuntimeError):
    """A process called itself and would have waited for itself for ever."""

    severity: ClassVar[Severity] = "high"
    recovery: ClassVar[Recovery] = "escalate"

    def __init__(self, server: object) -> None:
        super().__init__(
            server,
            f"{server} calls itself: it would wait for its own answer; "
            f"call the method on self instead",
        )


class NodeDownError(CallError, ConnectionError):
    """The node that the server should live on is not known here."""

    recovery: ClassVar[Recovery] = "failover"

    def __init__(self, server: object, node: str) -> None:
        super().__init__(server, f"no node {node!r} is known here")
        self.node = node


class MailboxFullError(CallError):
    """The mailbox of the receiver is full, and its policy is to say so."""

    recovery: ClassVar[Recovery] = "circuit_breaker"

    def __init__(self, server: object, limit: int) -> None:
        super().__init__(server, f"the mailbox of {server} is full: it holds {limit}")
        self.limit = limit


class ReceiveTimeoutError(OTPError, TimeoutError):
    """No fitting message came in time; *timeout* is in seconds."""

    severity: ClassVar[Severity] = "low"
    recovery: ClassVar[Recovery] = "retry"

    def __init__(self, timeout: float) -> None:
        super().__init__(f"no fitting message came in {timeout:g} s")
        self.timeout = timeout


class StartError(OTPError):
    """A process could not be started; *reason* is why it ended.

    Nothing is left of it when this is raised: it is dead and its name is free.
    """

    severity: ClassVar[Severity] = "high"
    recovery: ClassVar[Recovery] = "restart"

    def __init__(self, what: object, reason: ExitReason, text: str = "") -> None:
        super().__init__(text or f"{_title(what)} could not start: {reason!r}")
        self.what = what
        self.reason = reason


class StartTimeoutError(StartError, TimeoutError):
    """A process took longer to start than it was given, and was killed."""


class StartIgnored(StartError):  # noqa: N818 - init's own wish, not a failure
    """The process asked not to be started: its ``init`` returned ``Ignore()``."""

    severity: ClassVar[Severity] = "low"
    recovery: ClassVar[Recovery] = "ignore"

    def __init__(self, what: object, reason: ExitReason, text: str = "") -> None:
        text = text or f"{_title(what)} asked not to be started"
        super().__init__(what, reason, text)


class AlreadyStartedError(StartError):
    """The name is taken by a running process, *pid*; nothing was started."""

    severity: ClassVar[Severity] = "low"
    recovery: ClassVar[Recovery] = "ignore"

    def __init__(self, what: object, pid: Pid, reason: ExitReason) -> None:
        super().__init__(what, reason, f"{_title(what)} is already started: {pid!r}")
        self.pid = pid


class InvalidSpecError(OTPError, ValueError):
    """A specification cannot be right; *kind* and *value* say what is wrong.

    *kind* is Erlang's word for it, such as ``"invalid_shutdown"``.
    """

    severity: ClassVar[Severity] = "critical"
    recovery: ClassVar[Recovery] = "escalate"

    def __init__(self, kind: str, value: object, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        self.value = value


def _title(what: object) -> str:
    name = getattr(what, "__qualname__", None)
    return name if isinstance(name, str) else str(what)
