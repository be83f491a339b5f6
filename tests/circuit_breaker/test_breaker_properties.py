"""The rules of a breaker, against a model that remembers everything."""

from __future__ import annotations

from math import inf
from typing import TypeAlias, get_args

import attrs
from hypothesis import event, given, settings, strategies as st

from otp import Backoff
from otp.circuit_breaker import BreakerSpec, CountWindow, Outcome, TimeWindow
from otp.circuit_breaker._breaker import Admission, Breaker
from otp.circuit_breaker._transitions import TRANSITIONS, Step
from tests.circuit_breaker.model import Model

# Few numbers, so that things happen at the same time and exactly at the edge.
TIMES = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 5, 8])
RATES = st.sampled_from([0.2, 0.25, 1 / 3, 0.5, 0.6, 1.0])
OPEN_FOR: st.SearchStrategy[float | Backoff] = st.sampled_from(
    [0, 3, inf, Backoff(1, 2, 6)]
)
OUTCOMES: st.SearchStrategy[Outcome] = st.sampled_from(get_args(Outcome))
BY_HAND: st.SearchStrategy[Step] = st.sampled_from(
    ["open", "close", "isolate", "disable", "enable", "enable", "close"]
)


@attrs.frozen
class Begin:
    """A call asks to be let through."""


@attrs.frozen
class End:
    """One of the calls ends: which of them, counted from the latest."""

    which: int
    outcome: Outcome
    seconds: float


@attrs.frozen
class Seen:
    """An outcome that was seen elsewhere."""

    outcome: Outcome


@attrs.frozen
class Steer:
    """Somebody says what to do."""

    step: Step


Op: TypeAlias = Begin | End | Seen | Steer

OPS: st.SearchStrategy[Op] = st.one_of(
    st.just(Begin()),
    st.builds(End, st.integers(0, 3), OUTCOMES, TIMES),
    st.builds(End, st.just(0), st.just("failure"), TIMES),
    st.builds(End, st.just(0), st.just("success"), TIMES),
    st.builds(Seen, OUTCOMES),
    st.builds(Steer, BY_HAND),
)
STORIES = st.lists(st.tuples(TIMES, OPS), max_size=60)


@st.composite
def specs(draw: st.DrawFn) -> BreakerSpec:
    window = draw(
        st.one_of(
            st.none(),
            st.builds(CountWindow, st.integers(1, 6)),
            st.builds(TimeWindow, st.integers(1, 9)),
        )
    )
    half_open_calls = draw(st.integers(1, 4))
    most = window.calls if isinstance(window, CountWindow) else 5
    numbers = st.none() | st.integers(1, most)
    row = st.integers(1, 4)
    there = window is not None
    slow_after = draw(st.sampled_from([2, inf])) if there else inf
    return BreakerSpec(
        window=window,
        consecutive_failures=draw(st.none() | row) if there else draw(row),
        failure_count=draw(numbers) if there else None,
        failure_rate=draw(RATES),
        min_calls=draw(numbers) if there else None,
        slow_after=slow_after,
        slow_rate=1.0 if slow_after == inf else draw(RATES),
        open_for=draw(OPEN_FOR),
        half_open_calls=half_open_calls,
        half_open_timeout=draw(st.sampled_from([1, 4, inf])),
        success_threshold=draw(st.none() | st.integers(1, half_open_calls)),
    )


class Both:
    """A breaker and its model, which are told the same."""

    def __init__(self, spec: BreakerSpec) -> None:
        self.breaker = Breaker(spec)
        self.model = Model(spec)
        self.now = 0.0
        self.calls: list[tuple[Admission, tuple[int, int]]] = []

    def do(self, op: Op) -> None:
        match op:
            case Begin():
                self.begin()
            case End(which, outcome, seconds):
                self.end(which, outcome, seconds)
            case Seen(outcome):
                self.breaker.record_seen(outcome, self.now, 0)
                self.model.advance(self.now)
                if self.model.state == "closed":
                    token = (self.model.entered, 0)
                    self.model.record(token, outcome, self.now, 0)
            case Steer(step):
                self.breaker.steer(step, self.now)
                self.model.steer(step, self.now)

    def begin(self) -> None:
        admission = self.breaker.admit(self.now)
        token = self.model.admit(self.now)
        assert (admission is None) == (token is None)
        if admission is not None and token is not None:
            self.calls.append((admission, token))

    def end(self, which: int, outcome: Outcome, seconds: float) -> None:
        if which >= len(self.calls):
            return
        admission, token = self.calls.pop(-1 - which)
        counted = self.breaker.record(admission, outcome, self.now, seconds)
        assert counted == self.model.record(token, outcome, self.now, seconds)


@settings(max_examples=600)
@given(specs(), STORIES)
def test_a_breaker_does_what_the_model_does(
    spec: BreakerSpec, story: list[tuple[float, Op]]
) -> None:
    both = Both(spec)
    for passed, op in story:
        both.now += passed
        both.do(op)

        breaker, model = both.breaker, both.model
        model.advance(both.now)
        breaker.advance(both.now)
        assert breaker.state == model.state
        assert breaker.until == model.until
        assert breaker.statistics(both.now).permits == len(model.permits)
        event(breaker.state)


@settings(max_examples=200)
@given(specs(), STORIES)
def test_it_does_not_matter_how_often_somebody_looks(
    spec: BreakerSpec, story: list[tuple[float, Op]]
) -> None:
    seldom, often = Both(spec), Both(spec)
    for passed, op in story:
        often.breaker.advance(often.now + passed / 2)
        for both in (seldom, often):
            both.now += passed
            both.do(op)

        assert seldom.breaker.statistics(seldom.now) == often.breaker.statistics(
            often.now
        )
    assert seldom.breaker.changes == often.breaker.changes


@settings(max_examples=200)
@given(specs(), STORIES)
def test_a_half_open_breaker_never_has_more_calls_on_their_way_than_permits(
    spec: BreakerSpec, story: list[tuple[float, Op]]
) -> None:
    both = Both(spec)
    for passed, op in story:
        both.now += passed
        both.do(op)
        statistics = both.breaker.statistics(both.now)

        if statistics.state == "half_open":
            asked = statistics.permits + statistics.window_calls
            assert asked <= spec.half_open_calls
        else:
            assert statistics.permits == 0


@settings(max_examples=200)
@given(specs(), STORIES)
def test_every_change_is_one_of_the_table_and_they_make_a_chain(
    spec: BreakerSpec, story: list[tuple[float, Op]]
) -> None:
    both = Both(spec)
    for passed, op in story:
        both.now += passed
        both.do(op)

    state, at = "closed", 0.0
    for change in both.breaker.changes:
        assert change.old == state != change.new
        assert change.new in TRANSITIONS[change.old].values()
        assert change.at >= at
        assert (change.until < inf) <= (change.new == "open")
        state, at = change.new, change.at
    assert state == both.breaker.state


@settings(max_examples=200)
@given(specs(), STORIES)
def test_what_was_let_through_is_counted_as_something(
    spec: BreakerSpec, story: list[tuple[float, Op]]
) -> None:
    both = Both(spec)
    for passed, op in story:
        both.now += passed
        if not isinstance(op, (Seen, Steer)):
            both.do(op)
    asked = sum(isinstance(op, Begin) for _, op in story)

    found = both.breaker.statistics(both.now)
    assert found.admitted + found.rejected == asked
    ended = found.successes + found.failures + found.neutral + found.late
    # A permit that was taken back is a failure, and its call may still end, late.
    assert ended >= found.admitted - len(both.calls)
