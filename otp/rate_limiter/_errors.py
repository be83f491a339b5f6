"""What a rate limiter says when it is too early."""

from __future__ import annotations

from ..protection import RejectedError


class RateLimitedError(RejectedError):
    """The rate is used up; in *retry_after* seconds there is room again.

    The caller's doing, or that of everybody together. *rule* is the limit that there
    is.
    """

    def __init__(self, rule: object, retry_after: float) -> None:
        text = f"the rate of {rule} is used up: try again in {retry_after:.3g} s"
        super().__init__(text, retry_after)
        self.rule = rule
