"""What the command says when it cannot do what it was asked."""

from __future__ import annotations

from typing import ClassVar

from ..kernel import OTPError, Recovery, Severity


class CommandError(OTPError):
    """The command cannot do what it was asked, and its text says why."""

    severity: ClassVar[Severity] = "low"
    recovery: ClassVar[Recovery] = "escalate"
