"""What a task executor is told: how many, how long, in which order."""

from __future__ import annotations

from typing import Final, Literal, final, get_args

import attrs

from ..kernel import InvalidSpecError, check_count, check_number, check_time
from ..retry import Retry

_KIND: Final = "invalid_executor"

Priority = Literal["low", "normal", "high", "critical"]
"""How much a job matters, beside the others that wait."""


@final
@attrs.frozen(kw_only=True)
class ExecutorSpec:
    """The limits of a task executor.

    Args:
        max_concurrency: how many jobs may run at once.
        queue: how many may wait; more are refused, or wait to be let in.
        timeout: seconds that one attempt of a job may take.
        ageing: in how many seconds of waiting a job rises by one priority. So a job
            is overtaken only by those that are submitted so many seconds later at
            most for each priority that they have more; with 0 all run in the order in
            which they came.
        retry: how a job is tried again that fails; it is not if this is None.
        max_threads: how many functions run in threads at once, of `in_thread`.
        max_processes: how many run in other processes at once, of `in_process`; as
            many as there are processors if this is None.
        shutdown: seconds that jobs have to end when the executor does.

    Raises:
        InvalidSpecError: a value is wrong.
    """

    max_concurrency: int = 100
    queue: int = 1000
    timeout: float = 30.0
    ageing: float = 10.0
    retry: Retry | None = None
    max_threads: int = 40
    max_processes: int | None = None
    shutdown: float = 3.0

    def __attrs_post_init__(self) -> None:
        who = "of an executor"
        for name in ("max_concurrency", "max_threads"):
            check_count(_KIND, f"the {name} {who}", getattr(self, name), least=1)
        if self.max_processes is not None:
            what = f"the max_processes {who}"
            check_count(_KIND, what, self.max_processes, least=1)
        check_count(_KIND, f"the queue {who}", self.queue)
        check_number(_KIND, f"the ageing {who}", self.ageing)
        check_time(_KIND, f"the timeout {who}", self.timeout, positive=True)
        check_time(_KIND, f"the shutdown {who}", self.shutdown)
        check_retry(self.retry)


def check_retry(value: object) -> None:
    """Refuse what is no retry.

    Raises:
        InvalidSpecError: it is none.
    """
    if value is not None and not isinstance(value, Retry):
        text = f"the retry of a job is an otp.Retry, not {value!r}"
        raise InvalidSpecError(_KIND, value, text)


def check_priority(value: object) -> None:
    """Refuse what is no priority.

    Raises:
        InvalidSpecError: it is none.
    """
    words = get_args(Priority)
    if value not in words:
        text = f"a priority is one of {', '.join(words)}, not {value!r}"
        raise InvalidSpecError("invalid_priority", value, text)
