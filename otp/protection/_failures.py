"""Which errors count: for a retry, for a circuit breaker, for a fallback.

Errors that a nursery collects come in a group, and whoever looks at the group alone
does not see them. Here one in a group counts as it would by itself.

What is no `Exception` never counts: a cancellation says nothing about what was
called, and neither does the end of the process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, cast

from ..kernel import InvalidSpecError
from ._errors import RejectedError
from ._recovery import leaves_of, recovery_of

Failures: TypeAlias = (
    type[Exception] | tuple[type[Exception], ...] | Callable[[Exception], bool]
)
"""Which errors count: a class, several, or a function that tells."""


def failure_test(failures: Failures) -> Callable[[BaseException], bool]:
    """Return what tells whether an error counts, alone or in a group.

    Raises:
        InvalidSpecError: *failures* is neither a class of errors, nor several in a
            tuple, nor a function.
    """
    counts = _test_of_one(failures)

    def test(error: BaseException) -> bool:
        return any(
            isinstance(one, Exception) and counts(one) for one in leaves_of(error)
        )

    return test


def all_count(error: Exception, test: Callable[[BaseException], bool]) -> bool:
    """Tell whether every error in *error* passes *test*, not only one of them.

    That is asked before something is done about an error: of a group, what is right
    for one of them may be wrong for another.
    """
    return all(test(one) for one in leaves_of(error))


def is_transient(error: Exception) -> bool:
    """Tell whether *error* may be over in a moment: its recovery is ``"retry"``."""
    return recovery_of(error) == "retry"


def is_failure(error: Exception) -> bool:
    """Tell whether *error* speaks against what was called.

    That is every error but a rejection, after which nothing was tried, a mistake of
    the caller, and what asks to be ignored.
    """
    if isinstance(error, RejectedError):
        return False
    return recovery_of(error) not in {"escalate", "ignore"}


def _test_of_one(failures: object) -> Callable[[Exception], bool]:
    several = isinstance(failures, tuple)
    classes = cast("tuple[object, ...]", failures) if several else (failures,)
    if all(_is_error_class(one) for one in classes):
        wanted = cast("tuple[type[Exception], ...]", classes)
        return lambda error: isinstance(error, wanted)
    if callable(failures) and not isinstance(failures, type):
        return cast("Callable[[Exception], bool]", failures)
    raise InvalidSpecError(
        "invalid_failures",
        failures,
        f"what counts as a failure is a class of Exception, a tuple of such classes, "
        f"or a function of an error, not {failures!r}",
    )


def _is_error_class(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Exception)
