"""What is worth trying after an error of any kind.

========================================  ===============
the error                                 its recovery
========================================  ===============
says it itself, as every `OTPError` does  what it says
a mistake in the program                  ``"escalate"``
any other exception                       ``"retry"``
what is no `Exception`                    ``"escalate"``
a group                                   that of the gravest in it
========================================  ===============

An error that is none of ours says it with an attribute ``recovery``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast, get_args

from ..kernel import Recovery

if TYPE_CHECKING:
    from collections.abc import Iterator

MISTAKES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    NameError,
    NotImplementedError,
    SyntaxError,
    TypeError,
)
"""What tells of a mistake in the program: it fails the next time as well."""

# The gravest first: what decides if several errors come together.
_GRAVITY: tuple[Recovery, ...] = (
    "escalate",
    "restart",
    "reload",
    "failover",
    "circuit_breaker",
    "retry",
    "ignore",
)

_KNOWN: frozenset[str] = frozenset(get_args(Recovery))


def leaves_of(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors in *error*, however groups are nested in it."""
    if not isinstance(error, BaseExceptionGroup):
        yield error
        return
    for one in cast("BaseExceptionGroup[BaseException]", error).exceptions:
        yield from leaves_of(one)


def recovery_of(error: BaseException) -> Recovery:
    """Return what is worth trying after *error*, whatever it is."""
    found = {_recovery_of_one(one) for one in leaves_of(error)}
    return next(recovery for recovery in _GRAVITY if recovery in found)


def _recovery_of_one(error: BaseException) -> Recovery:
    said: object = getattr(error, "recovery", None)
    for recovery in _GRAVITY:
        if said == recovery:
            return recovery
    if isinstance(error, MISTAKES) or not isinstance(error, Exception):
        return "escalate"
    return "retry"
