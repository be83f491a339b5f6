"""The messages that the kernel itself puts into mailboxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

if TYPE_CHECKING:
    from ._ids import Pid, Ref, ServerRef
    from ._reasons import ExitReason


@final
@attrs.frozen
class Exited:
    """An exit signal that was trapped: Erlang's ``{'EXIT', Pid, Reason}``.

    It comes from a linked process that ended, or from `otp.process.exit`, and only
    to a process that traps exits.
    """

    pid: Pid
    reason: ExitReason


@final
@attrs.frozen
class Down:
    """A monitored process is gone: Erlang's ``{'DOWN', Ref, process, Pid, Reason}``.

    *process* is what was monitored, so the name where a name was; *tag* is what
    `otp.process.monitor` was given, to tell monitors apart in a ``match``.
    """

    ref: Ref
    process: ServerRef
    reason: ExitReason
    tag: object = None


@final
@attrs.frozen
class Timeout:
    """Time is over: of a timer, with its reference, or of a server's idle time."""

    ref: Ref | None = None
    message: object = None


@final
@attrs.frozen
class DeadLetter:
    """A message that reached nobody, as instruments see it.

    *to* is who it was sent to and *why* the reason in a few words: ``"dead"``,
    ``"mailbox full"``, ``"unknown clause"``.
    """

    to: object
    message: object
    why: str
