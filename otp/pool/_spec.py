"""What a pool is told: how many, how long, how old."""

from __future__ import annotations

from math import inf
from typing import Final, final

import attrs

from ..kernel import InvalidSpecError, check_count, check_time
from ..proc_lib import Backoff

_KIND: Final = "invalid_pool"
_BACKOFF: Final = Backoff(jitter=0.5)


@final
@attrs.frozen(kw_only=True)
class PoolSpec:
    """The sizes and times of a pool.

    Args:
        min_size: how many resources there are in any case; they are opened when the
            pool starts, which does not wait for them.
        max_size: how many there may be at once, those that are being opened and closed
            included.
        acquire_timeout: seconds that a checkout waits; 0 for taking only what lies
            there.
        queue: how many may wait for others to give something back, None for no limit.
        idle_timeout: seconds after which a resource that nobody needs is closed, if
            there are more than *min_size*. With 0 each of those is closed as it is
            given back.
        max_lifetime: seconds after which a resource is too old: it is closed when it
            is not in use.
        check_after: seconds of lying idle after which a resource is checked before it
            is handed out, if the pool has a check.
        check_timeout: seconds after which a check has failed.
        open_timeout: seconds after which opening has failed.
        close_timeout: seconds that closing may take; what it does not get done then is
            left undone. Workers have the time that their own specification gives them.
        backoff: the pauses between tries to open what nobody waits for.

    Raises:
        InvalidSpecError: a value is wrong, or two do not go together.
    """

    min_size: int = 5
    max_size: int = 50
    acquire_timeout: float = 10.0
    queue: int | None = 1000
    idle_timeout: float = 300.0
    max_lifetime: float = inf
    check_after: float = 30.0
    check_timeout: float = 5.0
    open_timeout: float = 10.0
    close_timeout: float = 3.0
    backoff: Backoff = _BACKOFF

    def __attrs_post_init__(self) -> None:
        check_count(_KIND, "the least size of a pool", self.min_size)
        check_count(_KIND, "the greatest size of a pool", self.max_size, least=1)
        if self.min_size > self.max_size:
            text = (
                f"a pool of at least {self.min_size} cannot have at most "
                f"{self.max_size}: raise max_size or lower min_size"
            )
            raise InvalidSpecError(_KIND, (self.min_size, self.max_size), text)
        if self.queue is not None:
            check_count(_KIND, "the queue of a pool", self.queue)
        for name in ("acquire_timeout", "idle_timeout", "check_after"):
            check_time(_KIND, f"the {name} of a pool", getattr(self, name))
        for name in ("max_lifetime", "check_timeout", "open_timeout", "close_timeout"):
            value = getattr(self, name)
            check_time(_KIND, f"the {name} of a pool", value, positive=True)
        _check_backoff(self.backoff)


def _check_backoff(value: object) -> None:
    if not isinstance(value, Backoff):
        text = f"the backoff of a pool is a Backoff, not {value!r}"
        raise InvalidSpecError(_KIND, value, text)
