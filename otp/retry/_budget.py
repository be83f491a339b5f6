"""A budget: no more retries while most calls fail.

Retries help as long as failures are rare. When what is called is down, or has too
much to do, three attempts for each call are three times as much of what it cannot do.
The rule is that of gRPC's "retry throttling":

====================================  ===========================================
what happens                          what becomes of the tokens
====================================  ===========================================
the beginning                         *capacity*
an attempt fails that might be made   minus *per_retry*, at least 0
again, whether or not it is
a call succeeds                       plus *per_success*, at most *capacity*
====================================  ===========================================

A call is made again while more than half of *capacity* is left.
"""

from __future__ import annotations

from typing import final

import attrs

from ..kernel import InvalidSpecError, check_number


@final
@attrs.define(eq=False)
class RetryBudget:
    """How many retries there may be, for all calls that share it.

    Give the same one to several `Retry` that call the same thing. With the defaults
    the fifth failure in a row is the first that is not tried again, and ten successes
    make up for one failure.

    Args:
        capacity: how many tokens there are at most, and to begin with.
        per_retry: what a failure costs that might be tried again.
        per_success: what a success brings in.

    Raises:
        InvalidSpecError: one of them is not above 0, or a single failure would cost
            more than there is.
    """

    capacity: float = 10.0
    per_retry: float = attrs.field(default=1.0, kw_only=True)
    per_success: float = attrs.field(default=0.1, kw_only=True)
    _tokens: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        for name in ("capacity", "per_retry", "per_success"):
            value: float = getattr(self, name)
            what = f"{name} of a retry budget"
            check_number("invalid_budget", what, value, positive=True)
        if self.per_retry > self.capacity:
            text = (
                f"a failure costs {self.per_retry:g} tokens, but the retry budget "
                f"never has more than {self.capacity:g}: raise capacity"
            )
            raise InvalidSpecError("bad_combination", self.per_retry, text)
        self._tokens = self.capacity

    @property
    def tokens(self) -> float:
        """How many tokens are left."""
        return self._tokens

    @property
    def allows(self) -> bool:
        """Whether calls are made again at present."""
        return self._tokens > self.capacity / 2

    def failed(self) -> bool:
        """Count an attempt that failed; tell whether it may be made again."""
        self._tokens = max(0.0, self._tokens - self.per_retry)
        return self.allows

    def succeeded(self) -> None:
        """Count a call that succeeded."""
        self._tokens = min(self.capacity, self._tokens + self.per_success)
