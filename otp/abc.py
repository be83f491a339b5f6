"""The seams: what the kernel talks to and others implement.

The kernel knows these classes only, never who implements them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Hashable

    from .kernel import DeadLetter, ExitReason, Pid, Report

__all__ = ["Instrument", "NameRegistry"]


class Instrument:
    """Watches a node from inside: derive from it and override what you need.

    The methods are called at the moment at which things happen, by whoever makes
    them happen, so they must be quick, must not wait and must not send. One that
    raises is reported and taken out; it never harms the node.

    Give instruments to `otp.Node` when you create it.
    """

    def process_started(self, pid: Pid, parent: Pid | None) -> None:
        """A process came to be; its code has not run yet."""

    def process_exited(self, pid: Pid, reason: ExitReason) -> None:
        """A process died: its name is free, and nobody has been told yet."""

    def dead_letter(self, letter: DeadLetter) -> None:
        """A message reached nobody."""

    def report_made(self, report: Report) -> None:
        """A process of the node made a report, whether or not the log shows it."""


class NameRegistry(Protocol):
    """What `otp.Via` needs of a registry: Erlang's contract for ``via`` modules."""

    def register_name(self, key: Hashable, pid: Pid, /) -> bool:
        """Give *pid* the name *key*; False if somebody else has it."""
        ...

    def unregister_name(self, key: Hashable, /) -> None:
        """Free the name; nothing happens if nobody has it."""
        ...

    def whereis_name(self, key: Hashable, /) -> Pid | None:
        """Return who has the name."""
        ...

    def send(self, key: Hashable, message: object, /) -> Pid:
        """Send to who has the name.

        Raises:
            NoProcessError: nobody has it.
        """
        ...
