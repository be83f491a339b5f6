"""A circuit breaker as obvious as it can be, and slow: what the real one is held to.

It remembers everything since it was closed last, and works out anew each time what
that means.
"""

from __future__ import annotations

from itertools import product
from math import inf
from typing import TYPE_CHECKING

from otp.circuit_breaker import CountWindow

if TYPE_CHECKING:
    from otp.circuit_breaker import BreakerSpec


class Model:
    """One that is told the same as a `Breaker`."""

    def __init__(self, spec: BreakerSpec) -> None:
        self.spec = spec
        self.state = "closed"
        self.entered = 0
        self.until = inf
        self.row = 0
        self.history: list[tuple[float, bool, bool]] = []
        self.trial: list[tuple[bool, bool]] = []
        self.permits: list[tuple[int, float]] = []
        self.given = 0

    # -------------------------------------------------------------- what is asked

    def admit(self, now: float) -> tuple[int, int] | None:
        self.advance(now)
        if self.state in {"closed", "disabled"}:
            return self.entered, 0
        places = self.spec.half_open_calls - len(self.trial) - len(self.permits)
        if self.state != "half_open" or places <= 0:
            return None
        self.given += 1
        self.permits.append((self.given, now + self.spec.half_open_timeout))
        return self.entered, self.given

    def record(
        self, token: tuple[int, int], outcome: str, now: float, seconds: float
    ) -> bool:
        self.advance(now)
        entered, number = token
        held = [permit for permit in self.permits if permit[0] == number]
        self.permits = [permit for permit in self.permits if permit[0] != number]
        if outcome == "neutral" or entered != self.entered or self.state == "disabled":
            return False
        if self.state == "half_open" and not held:
            return False
        call = (outcome == "failure", seconds >= self.spec.slow_after)
        if self.state == "closed":
            self.history.append((now, *call))
            if self.is_too_bad(now):
                self.open(now)
        else:
            self.trial.append(call)
            self.judge(now)
        return True

    def steer(self, step: str, now: float) -> None:
        self.advance(now)
        administrative = self.state in {"isolated", "disabled"}
        if step == "enable" and administrative:
            self.enter("closed")
        elif step == "isolate" and self.state != "isolated":
            self.enter("isolated")
        elif step == "disable" and self.state != "disabled":
            self.enter("disabled")
        elif step == "close" and not administrative:
            self.enter("closed")
        elif step == "open" and self.state in {"closed", "half_open"}:
            self.open(now)

    def advance(self, now: float) -> None:
        while True:
            due = [(at, number) for number, at in self.permits if at <= now]
            if self.state == "open" and self.until <= now:
                self.enter("half_open")
            elif due:
                at, number = min(due)
                self.permits = [held for held in self.permits if held[0] != number]
                self.trial.append((True, False))
                self.judge(at)
            else:
                return

    # -------------------------------------------------------------- what it means

    def enter(self, state: str) -> None:
        self.state = state
        self.entered += 1
        self.trial, self.permits, self.until = [], [], inf
        if state == "closed":
            self.history = []
            self.row = 0

    def open(self, now: float) -> None:
        self.enter("open")
        self.until = now + self.spec.open_time(self.row, 0)
        self.row += 1

    def is_too_bad(self, now: float) -> bool:
        spec = self.spec
        row = 0
        for _, failed, _ in reversed(self.history):
            if not failed:
                break
            row += 1
        if spec.consecutive_failures is not None and row >= spec.consecutive_failures:
            return True
        if spec.window is None:
            return False
        if isinstance(spec.window, CountWindow):
            seen = self.history[-spec.window.calls :]
        else:
            seconds = spec.window.seconds
            seen = [call for call in self.history if now - call[0] < seconds]
        failures = sum(failed for _, failed, _ in seen)
        slow = sum(slow for *_, slow in seen)
        if spec.failure_count is not None and failures >= spec.failure_count:
            return True
        if len(seen) < spec.enough_calls:
            return False
        rate = spec.failure_rate
        too_many = rate is not None and failures / len(seen) >= rate
        return too_many or (
            spec.slow_after < inf and slow / len(seen) >= spec.slow_rate
        )

    def judge(self, now: float) -> None:
        """Decide if every way in which the trial can go on ends alike."""
        missing = self.spec.half_open_calls - len(self.trial)
        kinds = [(False, False), (False, True), (True, False), (True, True)]
        ends = {
            self.is_good([*self.trial, *rest])
            for rest in product(kinds, repeat=missing)
        }
        if ends == {True}:
            self.enter("closed")
        elif ends == {False}:
            self.open(now)

    def is_good(self, trial: list[tuple[bool, bool]]) -> bool:
        spec = self.spec
        failures = sum(failed for failed, _ in trial)
        slow = sum(slow for _, slow in trial)
        if spec.slow_after < inf and slow / len(trial) >= spec.slow_rate:
            return False
        if spec.success_threshold is not None:
            return len(trial) - failures >= spec.success_threshold
        if spec.failure_rate is None:
            return failures == 0
        return failures / len(trial) < spec.failure_rate
