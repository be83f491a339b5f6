"""Casts: requests without an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

import attrs

from .._util import as_call, short
from ..kernel import NodeDownError, dead_letter, find, is_ghost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..kernel import Process, ServerRef


@final
class Cast(tuple[Any, ...]):
    """A cast in a mailbox: the clause and its arguments, ``("add", 1, 2)``.

    A message for ``handle_cast`` has None for the clause. It is a flat tuple because
    nothing else is made so quickly, nor is so little work for the garbage collector
    when a million of them wait.
    """

    __slots__ = ()

    def __str__(self) -> str:
        clause, *args = self
        if clause is None:
            return f"cast {', '.join(map(short, args))}"
        return f"cast {as_call(clause, tuple(args), {})}"

    def __kind__(self) -> str:
        return "cast" if self[0] is None else f"cast {self[0]}"


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
