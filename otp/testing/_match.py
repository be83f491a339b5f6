"""Which message is meant, where a test or a fault speaks of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, cast

from .._util import is_cast, short
from ..gen import Envelope, KeywordCast
from ..gen_server import CallClause, CastClause

if TYPE_CHECKING:
    from collections.abc import Callable

Matcher: TypeAlias = Any
"""What says which messages fit.

=============================== =================================================
given                           what fits
=============================== =================================================
a clause, ``Counter.add``       the calls or casts of that clause
a class                         its instances
any other function              what it returns True for
any other value                 that value itself, and what is equal to it
=============================== =================================================

Where it cannot be said whether two values are equal, because the comparison raises or
has no truth, as with arrays, they are not.

What `gen_server.call`, `gen_server.cast` and the like of other behaviours send fits as
the message that they were given, too.
"""


def fits(wanted: Matcher) -> Callable[[object], bool]:
    """Return a function that tells whether a message is one that is *wanted*."""
    if _is_clause(wanted):
        return _of_clause(wanted)
    test = _test(wanted)

    def either(message: object) -> bool:
        inside = content(message)
        return bool(test(message)) or (inside is not message and bool(test(inside)))

    return either


def _test(wanted: Matcher) -> Callable[[Any], object]:
    if isinstance(wanted, type):
        kind: type[object] = wanted
        return lambda message: isinstance(message, kind)
    if callable(wanted):
        function: Callable[[Any], object] = wanted
        return function
    return lambda message: message is wanted or _are_equal(message, wanted)


def _are_equal(message: object, wanted: object) -> bool:
    try:
        return bool(message == wanted)
    except Exception:  # noqa: BLE001 - a stranger's message, that nobody asked for
        return False


def _is_clause(
    value: object,
) -> TypeGuard[CallClause[Any, Any, Any] | CastClause[Any, Any]]:
    return isinstance(value, (CallClause, CastClause))


def _of_clause(
    wanted: CallClause[Any, Any, Any] | CastClause[Any, Any],
) -> Callable[[object], bool]:
    name = wanted.name
    if isinstance(wanted, CallClause):
        return lambda m: isinstance(m, Envelope) and m.clause == name

    def fits_cast(message: object) -> bool:
        if is_cast(message):
            return bool(message[1] == name)
        return isinstance(message, KeywordCast) and message.clause == name

    return fits_cast


def content(message: object) -> object:
    """Return what a call or a cast without a clause carries, else *message* itself."""
    inside = message
    if isinstance(message, Envelope) and message.clause is None:
        inside = message.args[0]
    elif is_cast(message) and message[1] is None:
        inside = message[2]
    # Of the class: an object may have anything of that name.
    unwrap = getattr(cast("object", type(inside)), "__content__", None)
    return inside if unwrap is None else unwrap(inside)


def wanted_text(wanted: Matcher) -> str:
    """Return in words which messages are *wanted*."""
    if _is_clause(wanted):
        kind = "call" if isinstance(wanted, CallClause) else "cast"
        return f"a {kind} of {wanted.fn.__qualname__}"
    if isinstance(wanted, type):
        return f"an instance of {wanted.__qualname__}"
    if callable(wanted):
        return f"what {getattr(wanted, '__qualname__', short(wanted))} accepts"
    return short(wanted)
