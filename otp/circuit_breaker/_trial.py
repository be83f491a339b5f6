"""The calls of a half-open breaker, and what they say together."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, final

if TYPE_CHECKING:
    from ._spec import BreakerSpec
    from ._transitions import Step


@final
class Trial:
    """The calls by which a half-open breaker finds out whether it may close."""

    __slots__ = ("_spec", "done", "failures", "permits", "slow")

    def __init__(self, spec: BreakerSpec) -> None:
        self._spec = spec
        # Invariant: done + len(permits) <= half_open_calls. Each permit has the time
        # at which it is taken back; they are given in order, so the first is the next.
        self.permits: dict[int, float] = {}
        self.done = self.failures = self.slow = 0

    @property
    def is_full(self) -> bool:
        """Whether there is no permit left to give."""
        return self.done + len(self.permits) >= self._spec.half_open_calls

    @property
    def due(self) -> float:
        """When the next permit is taken back."""
        return next(iter(self.permits.values()), inf)

    def count(self, *, failed: bool, slow: bool) -> None:
        """Note how one of the calls went."""
        self.done += 1
        self.failures += failed
        self.slow += slow

    def verdict(self) -> Step | None:
        """Return ``"pass"`` or ``"fail"`` if the trial is decided, else None."""
        spec = self._spec
        if self.failures > spec.most_failures or self.slow > spec.most_slow:
            return "fail"
        missing = spec.half_open_calls - self.done
        if self.failures + missing > spec.most_failures:
            return None
        return None if self.slow + missing > spec.most_slow else "pass"
