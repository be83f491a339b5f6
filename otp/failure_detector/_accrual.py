"""The phi-accrual detector of Hayashibara, Défago, Yared and Katayama (2004)."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final, final, get_args

import attrs

from ..kernel import InvalidSpecError, check_count, check_number, check_time
from ._detector import SECOND, nanoseconds
from ._intervals import Intervals
from ._judgement import Judgement
from ._phi import Distribution, phi_of

if TYPE_CHECKING:
    from ._judgement import State

_KIND: Final = "invalid_detector"
_STALE_AFTER: Final = 300.0
_NOTHING: Final = Judgement(0.0, "insufficient_data", 0.0, 0.0, 0, 0.0, 0.0)


@final
@attrs.frozen(kw_only=True)
class PhiAccrual:
    """How a detector computes phi; all times are in seconds.

    ::

        PhiAccrual(first_estimate=1.0, acceptable_pause=3.0)

    The knob that decides how long a silence may last is *acceptable_pause*, not the
    threshold: with beats that come regularly, doubling the threshold buys a tenth of
    a second or two.

    Args:
        distribution: of the intervals; ``"normal"`` is exact, ``"logistic"`` is what
            Akka computes, ``"exponential"`` what Cassandra computes.
        first_estimate: the interval that is assumed until there are measured ones.
        acceptable_pause: how much longer than usual a beat may take without being
            suspicious at all: a garbage collection, a lost packet, a long clause.
        min_std_deviation: the least deviation that is assumed. Beats that come like
            clockwork would otherwise be suspicious after a millisecond.
        max_samples: how many intervals are remembered.
        min_samples: how many are wanted before phi is more than an estimate.
        recover_samples: how many are wanted after a failure.
        longest_sample: a longer interval is not remembered. By default twice the first
            estimate if the distribution is exponential, as in Cassandra, else no limit.
        stale_after: a silence that is longer is ``"stale"``.

    Raises:
        InvalidSpecError: a number is out of range, or two contradict each other.
    """

    distribution: Distribution = "normal"
    first_estimate: float = 5.0
    acceptable_pause: float = 25.0
    min_std_deviation: float = 0.1
    max_samples: int = 1000
    min_samples: int = 5
    recover_samples: int = 3
    longest_sample: float | None = None
    stale_after: float = _STALE_AFTER

    def __attrs_post_init__(self) -> None:
        if self.distribution not in get_args(Distribution):
            known = ", ".join(get_args(Distribution))
            text = f"a distribution is one of {known}, not {self.distribution!r}"
            raise InvalidSpecError(_KIND, self.distribution, text)
        check_number(_KIND, "the first estimate", self.first_estimate, positive=True)
        check_number(_KIND, "the acceptable pause", self.acceptable_pause)
        check_number(
            _KIND, "the least deviation", self.min_std_deviation, positive=True
        )
        check_count(_KIND, "max_samples", self.max_samples, least=1)
        check_count(_KIND, "min_samples", self.min_samples)
        check_count(_KIND, "recover_samples", self.recover_samples)
        if self.longest_sample is not None:
            check_time(_KIND, "the longest sample", self.longest_sample, positive=True)
        check_time(_KIND, "stale_after", self.stale_after, positive=True)
        self._check_together()

    def _check_together(self) -> None:
        for what, wanted in (
            ("min_samples", self.min_samples),
            ("recover_samples", self.recover_samples),
        ):
            if wanted > self.max_samples:
                text = (
                    f"{what} is {wanted}, but no more than max_samples, "
                    f"{self.max_samples}, are ever remembered"
                )
                raise InvalidSpecError(_KIND, wanted, text)
        expected = self.first_estimate + self.acceptable_pause
        if self.stale_after <= expected:
            text = (
                f"stale_after is {self.stale_after:g} s, but a silence of "
                f"{expected:g} s, the first estimate and the acceptable pause, is "
                f"still accepted"
            )
            raise InvalidSpecError(_KIND, self.stale_after, text)
        if self.longest < self.first_estimate:
            text = (
                f"the longest sample is {self.longest:g} s, but beats are expected "
                f"every {self.first_estimate:g} s: none would be remembered"
            )
            raise InvalidSpecError(_KIND, self.longest_sample, text)

    @classmethod
    def akka(
        cls, *, interval: float = 1.0, acceptable_pause: float = 3.0
    ) -> PhiAccrual:
        """Return the settings of Akka's cluster, for beats every *interval* seconds."""
        return cls(
            distribution="logistic",
            first_estimate=interval,
            acceptable_pause=acceptable_pause,
            stale_after=_stale_after(interval + acceptable_pause),
        )

    @classmethod
    def cassandra(cls, *, interval: float = 1.0) -> PhiAccrual:
        """Return the settings of Cassandra, for beats every *interval* seconds."""
        return cls(
            distribution="exponential",
            first_estimate=interval,
            acceptable_pause=0.0,
            stale_after=_stale_after(interval),
        )

    @property
    def longest(self) -> float:
        """The longest interval that is remembered, in seconds."""
        if self.longest_sample is not None:
            return self.longest_sample
        return 2 * self.first_estimate if self.distribution == "exponential" else inf

    def detector(self) -> PhiAccrualDetector:
        """Make a detector that has heard nothing yet."""
        return PhiAccrualDetector(self)


def _stale_after(expected: float) -> float:
    return max(_STALE_AFTER, 10 * expected)


@final
class PhiAccrualDetector:
    """Computes phi from the intervals between the beats of one subject.

    Before there are any it goes by the first estimate: Akka's two, a quarter more and
    a quarter less, or Cassandra's one, twice as long.
    """

    __slots__ = (
        "_beat",
        "_intervals",
        "_least",
        "_longest",
        "_pause",
        "_recovering",
        "_samples",
        "_sign",
        "spec",
    )

    def __init__(self, spec: PhiAccrual) -> None:
        self.spec = spec
        self._pause = nanoseconds(spec.acceptable_pause)
        self._least = spec.min_std_deviation * SECOND
        self._longest = spec.longest * SECOND
        self._intervals = Intervals(spec.max_samples)
        # When the last beat came, if an interval begins with it; when anything was
        # last heard. Invariant: _beat is None, or 0 <= _beat <= _sign.
        self._beat: int | None = None
        self._sign: int | None = None
        self._samples = 0
        self._recovering = 0

    def __repr__(self) -> str:
        return f"<{self.spec.distribution} phi, {self._samples} intervals>"

    def expect(self, now: int) -> None:
        """Let the silence begin now, although nothing was heard."""
        if self._sign is None:
            self._assume()
        self._sign = now

    def heartbeat(self, now: int, *, record: bool = True) -> None:
        """Hear a heartbeat; without *record* the interval is not remembered."""
        if self._sign is None:
            self._assume()
        elif not record:
            self._recovering = self.spec.recover_samples
        elif self._beat is not None:
            self._remember(now - self._beat)
        self._beat = self._sign = now

    def sign(self, now: int) -> None:
        """See a sign of life that is no heartbeat: the silence begins anew."""
        self.expect(now)

    def stall(self, now: int, lost: int) -> None:
        """Do not count the last *lost* nanoseconds: nobody was listening."""
        if self._sign is not None:
            self._sign = min(now, self._sign + lost)
            # The interval that is under way cannot be measured any more.
            self._beat = None
            self._recovering = self.spec.recover_samples

    def _assume(self) -> None:
        estimate = nanoseconds(self.spec.first_estimate)
        if self.spec.distribution == "exponential":
            self._intervals.add(2 * estimate)
        else:
            self._intervals.add(estimate - estimate // 4)
            self._intervals.add(estimate + estimate // 4)

    def _remember(self, interval: int) -> None:
        if interval <= self._longest:
            self._intervals.add(interval)
            self._samples += 1
            self._recovering = max(0, self._recovering - 1)

    def phi(self, now: int, *, slack: int = 1) -> float:
        """Return how suspicious the silence is; 0 if nothing was ever expected."""
        if self._sign is None:
            return 0.0
        # The pause moves the mean: that is the same as to begin later.
        silence = now - self._sign - slack * self._pause
        intervals = self._intervals
        distribution = self.spec.distribution
        if distribution == "exponential":
            return phi_of(distribution, max(0, silence), max(intervals.mean, 1.0), 1.0)
        deviation = max(intervals.deviation, self._least)
        return phi_of(distribution, silence, intervals.mean, deviation)

    def judge(self, now: int, *, slack: int = 1) -> Judgement:
        """Return phi, and what it is worth."""
        if self._sign is None:
            return _NOTHING
        wanted = self.spec.min_samples
        silence = now - self._sign
        return Judgement(
            self.phi(now, slack=slack),
            self._state(silence),
            min(1.0, self._samples / wanted) if wanted else 1.0,
            silence / SECOND,
            self._samples,
            self._intervals.mean / SECOND,
            self._intervals.deviation / SECOND,
        )

    def _state(self, silence: int) -> State:
        if silence > self.spec.stale_after * SECOND:
            return "stale"
        if self._samples < self.spec.min_samples:
            return "insufficient_data"
        return "recovering" if self._recovering else "steady"
