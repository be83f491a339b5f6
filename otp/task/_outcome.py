"""What becomes of a task, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, final

import attrs

if TYPE_CHECKING:
    from ..kernel import ExitReason, Ref

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@final
@attrs.frozen
class Done(Generic[T_co]):
    """The function of the task has returned *value*."""

    value: T_co


@final
@attrs.frozen
class Failed:
    """The task ended before its function returned; *reason* says why."""

    reason: ExitReason


@final
@attrs.frozen
class FailedItem(Generic[T_co]):
    """A task of a stream failed; *item* is what it was about."""

    item: T_co
    reason: ExitReason


Outcome = Done[T] | Failed
"""What has become of a task that is over."""


@final
@attrs.frozen
class TaskResult(Generic[T_co]):
    """The message by which the result of a task comes to an owner that does not wait.

    *ref* is the task's. Of a task that failed there is a `Down` with the same *ref*
    instead.
    """

    ref: Ref
    value: T_co
