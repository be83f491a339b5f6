"""What a test fails with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..gen import written

if TYPE_CHECKING:
    from collections.abc import Iterable

MANY = 20
"""How many messages a text lists."""


class ExpectationError(AssertionError):
    """A probe was not told what the test expected, or more than that.

    *messages* is what was in its mailbox then.
    """

    def __init__(self, text: str, messages: Iterable[object] = ()) -> None:
        self.messages = tuple(messages)
        super().__init__(text + listed(self.messages))


def listed(messages: tuple[object, ...]) -> str:
    """Return messages as the lines of a text."""
    lines = [f"\n  {written(message)}" for message in messages[:MANY]]
    if len(messages) > MANY:
        lines.append(f"\n  and {len(messages) - MANY} more")
    return "".join(lines)
