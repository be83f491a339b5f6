"""Casts: requests without an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

from .._util import GEN_CAST, as_call, short
from ..kernel import NodeDownError, dead_letter, find, is_ghost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._util import Cast
    from ..kernel import Process, ServerRef


def make_cast(clause: str | None, *args: object) -> Cast:
    """Return a cast to be sent."""
    return (GEN_CAST, clause, *args)


def cast_text(message: Cast) -> str:
    """Return a cast as it would be written."""
    _, clause, *args = message
    if clause is None:
        return f"cast {', '.join(map(short, args))}"
    return f"cast {as_call(clause, tuple(args), {})}"


@final
@attrs.frozen
class KeywordCast:
    """A cast with keyword arguments."""

    clause: str
    args: tuple[object, ...]
    kwargs: Mapping[str, object]

    def __str__(self) -> str:
        return f"cast {as_call(self.clause, self.args, self.kwargs)}"

    def __kind__(self) -> str:
        return f"cast {self.clause}"


def send_cast(server: ServerRef, message: object) -> None:
    """Send a cast of any behaviour; it does not matter whether anybody is there."""
    process = find_quietly(server)
    if process is None:
        dead_letter(server, message, "dead")
    elif not process.node.ghosts or not is_ghost():
        process.mailbox.deliver(message)


def find_quietly(server: ServerRef) -> Process | None:
    """Return the process behind *server*; None also if its node is not known."""
    try:
        return find(server)
    except NodeDownError:
        return None
