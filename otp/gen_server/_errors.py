"""What can be wrong with a request to a gen_server."""

from __future__ import annotations

from typing import ClassVar

from ..kernel import CallError, Recovery, Severity


class BadArgumentsError(CallError, TypeError):
    """The arguments do not fit the clause as the server's own class defines it."""

    severity: ClassVar[Severity] = "high"
    recovery: ClassVar[Recovery] = "escalate"
