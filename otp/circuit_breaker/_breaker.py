"""The rules of a circuit breaker, without calls, tasks or a clock.

Time comes in as a number that never goes back, and chance as a function.

============= ========== ========== =============== ======== ====================
state         a rule     time over  trial decided   open()   close()
============= ========== ========== =============== ======== ====================
``closed``    open       -          -               open     closed, counts anew
``open``      -          half_open  -               -        closed
``half_open`` -          -          open or closed  open     closed
``isolated``  -          -          -               -        -
``disabled``  -          -          -               -        -
============= ========== ========== =============== ======== ====================

``isolate()``, ``disable()`` and ``enable()`` lead from every state to ``isolated``,
``disabled`` and, from those two only, ``closed``. So what an operator has said stands
until he takes it back, whatever programs do to the breaker meanwhile.

1. Each state that is entered is a *generation*, and each call that is let through
   carries its number. An outcome of an earlier generation counts for nothing: a call
   that began before the breaker opened cannot close it, nor spoil a trial.
2. A half-open breaker lets through as many calls as its specification says and no
   more, each with a *permit*. A neutral outcome gives the permit back, for another
   call. A permit that is not given back in time is taken back; its call has failed.
3. The trial is decided as soon as the outcomes that are missing cannot change it.
4. Time is made up for: whatever was due is done in order, at the time at which it was
   due, before anything else. So it does not matter how often somebody looks.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, final

import attrs

from ._events import BreakerStatistics, StateChanged
from ._transitions import TRANSITIONS
from ._trial import Trial

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._events import Cause, Outcome, State
    from ._spec import BreakerSpec
    from ._transitions import Step


@final
@attrs.frozen
class Admission:
    """That a call was let through: in which generation, and with which permit.

    The permit is 0 for a call that needs none.
    """

    generation: int
    permit: int = 0


@final
class Breaker:
    """A circuit breaker that is told of everything, and decides.

    Args:
        spec: the rules.
        name: for the events.
        chance: gives a number from 0 to 1 each time that it opens.
    """

    __slots__ = (
        "_admission",
        "_chance",
        "_due",
        "_enough",
        "_in_a_row",
        "_limit_in_a_row",
        "_next_permit",
        "_row",
        "_trial",
        "_window",
        "admitted",
        "changes",
        "failures",
        "late",
        "name",
        "neutral",
        "openings",
        "rejected",
        "slow",
        "spec",
        "state",
        "successes",
        "until",
    )

    def __init__(
        self, spec: BreakerSpec, name: str = "", chance: Callable[[], float] = float
    ) -> None:
        self.spec = spec
        self.name = name
        self.state: State = "closed"
        #: When an open breaker lets calls through again; else infinite.
        self.until = inf
        #: What has happened and nobody was told yet; whoever tells it empties it.
        self.changes: list[StateChanged] = []
        self.admitted = self.rejected = 0
        self.successes = self.failures = self.slow = self.neutral = self.late = 0
        self.openings = 0
        self._chance = chance
        self._enough = spec.enough_calls
        self._limit_in_a_row = spec.consecutive_failures or inf
        # How often it has opened without having been closed.
        self._row = 0
        self._next_permit = 1
        self._admission = Admission(0)
        self._in_a_row = 0
        self._start_counting()

    def __repr__(self) -> str:
        window = self._window
        seen = f"{self._in_a_row} failures in a row"
        if window is not None:
            seen += f", {window.failures} of {window.calls} failed"
        return f"<breaker {self.name!r} {self.state}: {seen}>"

    # --------------------------------------------------------------------- calls

    def admit(self, now: float) -> Admission | None:
        """Let a call through, or return None."""
        if now >= self._due:
            self.advance(now)
        state = self.state
        if state in {"closed", "disabled"}:
            self.admitted += 1
            return self._admission
        trial = self._trial
        if state == "half_open" and not trial.is_full:
            self.admitted += 1
            return self._give_permit(now)
        self.rejected += 1
        return None

    def record(
        self, admission: Admission, outcome: Outcome, now: float, seconds: float
    ) -> bool:
        """Note how a call ended that took *seconds*; return whether it counted.

        Each admission is to be recorded once.
        """
        if now >= self._due:
            self.advance(now)
        if outcome == "neutral":
            self.neutral += 1
            self._take_permit(admission)
            return False
        if admission.generation != self._admission.generation:
            self.late += 1
            return False
        if self.state == "disabled":
            return False
        if self.state == "half_open" and not self._take_permit(admission):
            self.late += 1
            return False
        failed = outcome == "failure"
        slow = seconds >= self.spec.slow_after
        self.successes += not failed
        self.failures += failed
        self.slow += slow
        if self.state == "half_open":
            self._trial.count(failed=failed, slow=slow)
            self._judge(now)
        else:
            self._count(now, failed, slow)
        return True

    def record_seen(self, outcome: Outcome, now: float, seconds: float) -> bool:
        """Note an outcome of a call that was not admitted here; only closed it counts.

        Return whether it did.
        """
        if now >= self._due:
            self.advance(now)
        if self.state != "closed":
            self.late += outcome != "neutral"
            return False
        return self.record(self._admission, outcome, now, seconds)

    # ---------------------------------------------------------------------- time

    @property
    def due(self) -> float:
        """When something happens by itself: `advance` is worth calling then."""
        return self._due

    def advance(self, now: float) -> None:
        """Do what was due until *now*, each thing at its own time."""
        while now >= self._due:
            due = self._due
            if self.state == "open":
                self._go("time", "time", due)
                continue
            permit = next(iter(self._trial.permits))
            del self._trial.permits[permit]
            self._trial.count(failed=True, slow=False)
            self.failures += 1
            self._judge(due)

    def retry_after(self, now: float) -> float | None:
        """Return the seconds until an open breaker may let a call through again."""
        return max(0.0, self.until - now) if self.until < inf else None

    # ------------------------------------------------------------------- by hand

    def steer(self, step: Step, now: float) -> None:
        """Do what somebody says: open, close, isolate, disable or enable it."""
        self.advance(now)
        self._go(step, "hand", now)

    # ---------------------------------------------------------------- statistics

    def statistics(self, now: float) -> BreakerStatistics:
        """Return how it stands at *now*."""
        self.advance(now)
        calls = failures = slow = 0
        if self.state == "half_open":
            trial = self._trial
            calls, failures, slow = trial.done, trial.failures, trial.slow
        elif self._window is not None:
            window = self._window
            window.expire(now)
            calls, failures, slow = window.calls, window.failures, window.slow
        return BreakerStatistics(
            state=self.state,
            retry_after=self.retry_after(now),
            consecutive_failures=self._in_a_row,
            window_calls=calls,
            window_failures=failures,
            window_slow=slow,
            permits=len(self._trial.permits),
            admitted=self.admitted,
            rejected=self.rejected,
            successes=self.successes,
            failures=self.failures,
            slow=self.slow,
            neutral=self.neutral,
            late=self.late,
            openings=self.openings,
        )

    # -------------------------------------------------------------------- inside

    def _count(self, now: float, failed: bool, slow: bool) -> None:
        self._in_a_row = self._in_a_row + 1 if failed else 0
        if self._window is not None:
            self._window.add(now, failed, slow)
        cause = self._broken_rule()
        if cause is not None:
            self._go("trip", cause, now)

    def _broken_rule(self) -> Cause | None:
        if self._in_a_row >= self._limit_in_a_row:
            return "consecutive_failures"
        window, spec = self._window, self.spec
        if window is None:
            return None
        if spec.failure_count is not None and window.failures >= spec.failure_count:
            return "failure_count"
        calls = window.calls
        if calls < self._enough:
            return None
        rate = spec.failure_rate
        if rate is not None and window.failures / calls >= rate:
            return "failure_rate"
        # Without slow_after no call is slow, and a rate is above 0.
        return "slow_rate" if window.slow / calls >= spec.slow_rate else None

    def _judge(self, now: float) -> None:
        self._set_due()
        step = self._trial.verdict()
        if step is not None:
            self._go(step, "trial", now)

    def _give_permit(self, now: float) -> Admission:
        permit = self._next_permit
        self._next_permit += 1
        self._trial.permits[permit] = now + self.spec.half_open_timeout
        self._set_due()
        return Admission(self._admission.generation, permit)

    def _take_permit(self, admission: Admission) -> bool:
        taken = self._trial.permits.pop(admission.permit, None) is not None
        if taken:
            self._set_due()
        return taken

    def _go(self, step: Step, cause: Cause, now: float) -> None:
        new = TRANSITIONS[self.state].get(step)
        if new is None:
            return
        old, self.state = self.state, new
        self._admission = Admission(self._admission.generation + 1)
        self._trial = Trial(self.spec)
        self.until = inf
        if new == "open":
            self.until = now + self.spec.open_time(self._row, self._chance())
            self._row += 1
            self.openings += 1
        elif new == "closed":
            self._row = 0
            self._start_counting()
        self._set_due()
        if old != new:
            self.changes.append(
                StateChanged(self.name, old, new, cause, now, self.until)
            )

    def _start_counting(self) -> None:
        window = self.spec.window
        self._window = None if window is None else window.__open__()
        self._in_a_row = 0
        self._trial = Trial(self.spec)
        self._set_due()

    def _set_due(self) -> None:
        self._due = self.until if self.state == "open" else self._trial.due
