"""The shape of a cast, which reports on lower floors than that of casts know, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Callable

GEN_CAST: Final = "$gen_cast"
"""What a cast begins with, as in Erlang."""

Cast: TypeAlias = tuple[Any, ...]
"""A cast in a mailbox: the mark, the clause and its arguments.

``("$gen_cast", "add", 1, 2)``; a message for ``handle_cast`` has None for the clause.
It is a flat tuple because nothing else is made so quickly, and nothing of a class of
its own because the garbage collector looks at a plain tuple of plain values only once:
a million casts that wait cost it nothing.
"""


# type(), which would narrow what is compared to a tuple of nobody knows what.
class_of: Final[Callable[[object], object]] = type


def is_cast(message: Any) -> TypeGuard[Cast]:
    """Tell whether *message* is a cast."""
    given: Cast = message
    return class_of(message) is tuple and len(given) > 1 and given[0] is GEN_CAST
