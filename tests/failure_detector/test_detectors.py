from __future__ import annotations

from math import inf
from typing import get_args

import pytest
from hypothesis import given, strategies as st

from otp.failure_detector import (
    Deadline,
    Detector,
    DetectorSpec,
    Judgement,
    PhiAccrual,
    State,
)
from tests.failure_detector.traces import MS, Read, play

AKKA = PhiAccrual(distribution="logistic", first_estimate=1.0, acceptable_pause=0.0)
PATIENT = PhiAccrual(
    distribution="logistic",
    first_estimate=1.0,
    acceptable_pause=3.0,
    stale_after=1000.0,
)
OUTAGE = "h0 h1000*999 p300000 h100 p900 h100 p7000 h100 p900 h100 p900"


def phis(found: list[Read]) -> list[float]:
    return [read.phi for read in found]


def verdicts(found: list[Read]) -> list[bool]:
    return [read.available for read in found]


def close(*values: float) -> object:
    return pytest.approx(list(values), rel=1e-9)


# ------------------------------------------------------------------------------ Akka


def test_who_was_never_heard_of_is_not_suspicious() -> None:
    assert play("p1000 p1000", AKKA) == [Read(0, True), Read(0, True)]


def test_the_first_estimate_serves_until_there_are_intervals() -> None:
    found = phis(play("h0 p1000 p1000 p1000", AKKA))

    # In the table of the vectors, the last is given with this many digits.
    assert found == close(0.301029995663981, 4.73669458270518, 21.2416002122)


def test_the_first_interval_counts_beside_the_estimate() -> None:
    found = phis(play("h0 p100 h100 p100", AKKA))

    assert found == close(5.13021033549e-05, 0.0315122937871)


def test_who_beats_is_available() -> None:
    found = play("h0 h1000 h100 p100", AKKA)

    assert phis(found) == close(0.025714293568)
    assert verdicts(found) == [True]


def test_who_falls_silent_is_not() -> None:
    found = play("h0 h1000 h100 p100 p7000", AKKA, threshold=3)

    assert phis(found) == close(0.025714293568, 109.21058213)
    assert verdicts(found) == [True, False]


def test_an_outage_is_no_interval() -> None:
    # Whoever remembers the five minutes takes the next silence for a long interval.
    found = verdicts(play(OUTAGE, PATIENT))

    assert found == [False, True, False, True, True]


def test_an_outage_is_no_interval_although_nobody_looked_meanwhile() -> None:
    found = verdicts(play(OUTAGE.replace("p300000 h100", "h300100"), PATIENT))

    assert found == [True, False, True, True]


def test_a_beat_may_be_missing_within_the_pause() -> None:
    found = play("h0 h1000*3 p4000 h1000 p1000", PATIENT)

    assert found[0].phi == pytest.approx(0.301029995664)
    assert verdicts(found) == [True, True]


def test_a_silence_beyond_the_pause_is_suspicious() -> None:
    found = play("h0 h1000*5 p500 h500 p5000", PATIENT)

    assert found[1].phi == pytest.approx(21.2416002122)
    assert verdicts(found) == [True, False]


def test_only_the_newest_intervals_count() -> None:
    spec = PhiAccrual(
        distribution="logistic",
        first_estimate=1.0,
        acceptable_pause=0.0,
        max_samples=3,
        min_samples=3,
    )
    found = phis(play("h0 h100*3 p100 h600 h500*3 p500", spec))

    assert found == close(0.301029995663981, 0.301029995663981)


def test_the_settings_of_others_are_at_hand() -> None:
    assert PhiAccrual.cassandra() == PhiAccrual(
        distribution="exponential", first_estimate=1.0, acceptable_pause=0.0
    )
    assert PhiAccrual.cassandra().longest == 2
    assert PhiAccrual.akka().longest == inf
    assert PhiAccrual.akka() == PhiAccrual(
        distribution="logistic", first_estimate=1.0, acceptable_pause=3.0
    )


# ------------------------------------------------------------------------- Cassandra


def test_phi_is_the_share_of_the_mean_as_in_cassandra() -> None:
    spec = PhiAccrual(
        distribution="exponential",
        first_estimate=1.0,
        acceptable_pause=0.0,
        max_samples=4,
        min_samples=4,
    )
    found = phis(play("h111 h111*4 p111 p2334", spec, threshold=100))

    assert found == [
        pytest.approx(0.4343, abs=1e-4),
        pytest.approx(9.566, abs=1e-3),
    ]


def test_an_interval_of_more_than_twice_the_estimate_is_ignored() -> None:
    detector = PhiAccrual.cassandra(interval=1.0).detector()
    for now in (0, 1000, 2000, 4001, 5001, 7001):
        detector.heartbeat(now * MS)

    # The estimate, twice the interval, and what was measured but for the long one.
    assert detector.judge(7001 * MS).mean == pytest.approx((2 + 1 + 1 + 1 + 2) / 5)


# -------------------------------------------------------------------------- deadlines


@pytest.mark.parametrize(
    ("ops", "expected"),
    [
        ("h0 h1000 h100 p100", [True]),
        ("h0 h1000 h100 p100 p7000", [True, False]),
        (OUTAGE, [False, True, False, True, True]),
        ("h0 h1000*3 p4000 h1000 p1000", [True, True]),
        ("h0 h1000*5 p500 h500 p5000", [True, False]),
    ],
)
def test_a_deadline_says_the_same(ops: str, expected: list[bool]) -> None:
    spec = Deadline(interval=1.0, acceptable_pause=4.0)

    assert verdicts(play(ops, spec)) == expected


def test_a_deadline_is_certain_from_one_moment_to_the_next() -> None:
    detector = Deadline(interval=1.0, acceptable_pause=4.0).detector()
    assert detector.phi(10**12) == 0
    assert detector.judge(0) == Judgement(0, "insufficient_data", 0, 0, 0, 0, 0)

    detector.expect(0)

    assert (detector.phi(5000 * MS - 1), detector.phi(5000 * MS)) == (0, inf)
    assert detector.phi(5000 * MS, slack=2) == 0
    assert detector.judge(5000 * MS) == Judgement(inf, "steady", 1, 5, 0, 1, 0)
    detector.heartbeat(6000 * MS)
    assert detector.judge(7000 * MS) == Judgement(0, "steady", 1, 1, 1, 1, 0)


# ------------------------------------------------------------------ what both can do

SPECS: list[DetectorSpec] = [
    PhiAccrual(first_estimate=1.0, acceptable_pause=3.0),
    PhiAccrual.akka(),
    PhiAccrual(distribution="exponential", first_estimate=1.0, acceptable_pause=3.0),
    Deadline(interval=1.0, acceptable_pause=3.0),
]


def beaten(spec: DetectorSpec, beats: int = 20) -> tuple[Detector, int]:
    detector, now = spec.detector(), 0
    for _ in range(beats):
        now += 1000 * MS
        detector.heartbeat(now)
    return detector, now


@pytest.mark.parametrize("spec", SPECS)
def test_a_sign_of_life_ends_the_silence_and_is_no_interval(spec: DetectorSpec) -> None:
    detector, now = beaten(spec)
    before = detector.judge(now)

    detector.sign(now + 500 * MS)
    detector.heartbeat(now + 1000 * MS)

    after = detector.judge(now + 1000 * MS)
    assert (after.mean, after.deviation) == pytest.approx(
        (before.mean, before.deviation), abs=0.02
    )
    assert after.samples == before.samples + 1
    detector.sign(now + 9000 * MS)
    assert detector.phi(now + 10000 * MS) < 1
    assert detector.phi(now + 60000 * MS) > 1


@pytest.mark.parametrize("spec", SPECS)
def test_nobody_was_silent_while_nobody_listened(spec: DetectorSpec) -> None:
    detector, now = beaten(spec)
    expected = detector.judge(now + 500 * MS)

    detector.stall(now + 60_500 * MS, 60_000 * MS)

    found = detector.judge(now + 60_500 * MS)
    assert (found.phi, found.silence) == (expected.phi, expected.silence)
    detector.heartbeat(now + 60_500 * MS)
    assert detector.judge(now + 60_500 * MS).mean == expected.mean
    # The beats that had been waiting are measured again only from here on.
    detector.stall(now + 60_500 * MS, 10**18)
    assert detector.judge(now + 60_500 * MS).silence == 0


@pytest.mark.parametrize("spec", SPECS)
def test_slack_multiplies_the_pause(spec: DetectorSpec) -> None:
    detector, now = beaten(spec)

    assert detector.phi(now + 20_000 * MS) > 1
    assert detector.phi(now + 20_000 * MS, slack=9) < 1


@pytest.mark.parametrize("spec", SPECS)
def test_who_is_expected_has_to_be_heard(spec: DetectorSpec) -> None:
    detector = spec.detector()
    detector.stall(MS, MS)
    assert detector.phi(10**15) == 0

    detector.expect(0)

    assert detector.phi(1000 * MS) < 1
    assert detector.phi(100_000 * MS) > 8
    before = detector.judge(0).mean
    detector.heartbeat(700 * MS)
    # The first beat ends no interval: nobody knows since when it was under way.
    assert detector.judge(700 * MS).mean == before


@pytest.mark.parametrize("spec", SPECS)
def test_a_detector_says_what_it_is(spec: DetectorSpec) -> None:
    assert "20" in repr(beaten(spec, 21)[0]) or "21" in repr(beaten(spec, 21)[0])


# --------------------------------------------------------------- what phi is worth


def test_without_intervals_phi_is_an_estimate() -> None:
    detector = PhiAccrual(min_samples=4, first_estimate=1.0).detector()
    assert detector.judge(0).state == "insufficient_data"
    assert detector.judge(0).confidence == 0

    found: list[tuple[str, float]] = []
    for second in range(6):
        detector.heartbeat(second * 1000 * MS)
        said = detector.judge(second * 1000 * MS)
        found.append((said.state, said.confidence))

    assert found == [
        ("insufficient_data", 0),
        ("insufficient_data", 0.25),
        ("insufficient_data", 0.5),
        ("insufficient_data", 0.75),
        ("steady", 1),
        ("steady", 1),
    ]


def test_who_wants_no_intervals_is_content_with_the_estimate() -> None:
    detector = PhiAccrual(min_samples=0, first_estimate=1.0).detector()
    detector.heartbeat(0)

    said = detector.judge(500 * MS)

    assert (said.state, said.confidence, said.samples) == ("steady", 1, 0)
    assert (said.silence, said.mean, said.deviation) == (0.5, 1.0, 0.25)


@pytest.mark.parametrize("spec", SPECS)
def test_what_is_judged_is_phi(spec: DetectorSpec) -> None:
    detector, now = beaten(spec)
    for slack in (1, 3):
        for silence in (1, 2_500, 5_000, 9_000):
            then = now + silence * MS
            said = detector.judge(then, slack=slack)

            assert said.phi == detector.phi(then, slack=slack)
            assert said.silence == silence / 1000


def test_after_a_failure_it_recovers_with_a_few_intervals() -> None:
    detector, now = beaten(PhiAccrual(first_estimate=1.0, recover_samples=2))

    detector.heartbeat(now + 100_000 * MS, record=False)
    states = [detector.judge(now + 100_000 * MS).state]
    for second in (101, 102, 103):
        detector.heartbeat(now + second * 1000 * MS)
        states.append(detector.judge(now + second * 1000 * MS).state)

    assert states == ["recovering", "recovering", "steady", "steady"]
    assert detector.judge(now).samples == 22


def test_after_a_stall_it_recovers_too() -> None:
    detector, now = beaten(PhiAccrual(first_estimate=1.0, recover_samples=1))

    detector.stall(now, 100)

    assert detector.judge(now).state == "recovering"


def test_a_very_long_silence_makes_the_past_stale() -> None:
    detector, now = beaten(PhiAccrual(first_estimate=1.0, stale_after=60.0))

    assert detector.judge(now + 60_000 * MS).state == "steady"
    assert detector.judge(now + 60_001 * MS).state == "stale"
    assert detector.judge(now + 60_001 * MS).phi > 100


def test_equal_intervals_are_as_regular_as_a_deviation_can_tell() -> None:
    # As floats in seconds, these have a variance below 0.
    detector, now = PhiAccrual(first_estimate=1.228).detector(), 0
    for _ in range(2000):
        now += 1_228_000_000
        detector.heartbeat(now)

    assert detector.judge(now).deviation == 0
    assert detector.phi(now + 1) >= 0


def test_beats_at_one_moment_do_no_harm() -> None:
    for spec in SPECS:
        detector = spec.detector()
        for _ in range(2000):
            detector.heartbeat(5)

        assert detector.phi(5) < 1
        assert detector.phi(10**15) > 8


# ----------------------------------------------------------------------- for all traces

STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 3_000)), max_size=40)


@given(st.sampled_from(SPECS), STEPS, st.integers(0, 40), st.integers(0, 10**7))
def test_wherever_a_stall_is_it_makes_nobody_more_suspicious(
    spec: DetectorSpec, steps: list[tuple[bool, int]], place: int, lost: int
) -> None:
    plain, stalled = spec.detector(), spec.detector()
    plain.expect(0)
    stalled.expect(0)
    now = shift = 0
    for number, (beats, pause) in enumerate(steps):
        now += pause * MS
        if number == place:
            # Without a beat in between nothing else changes, and nothing is recorded.
            silence = plain.judge(now).silence
            shift = lost * MS
            stalled.stall(now + shift, shift)
            assert stalled.judge(now + shift).silence == silence
            assert stalled.phi(now + shift) == plain.phi(now)
        if beats and shift == 0:
            plain.heartbeat(now)
            stalled.heartbeat(now + shift)

    assert stalled.phi(now + shift) == plain.phi(now)


@given(st.sampled_from(SPECS), STEPS, st.integers(0, 10**6), st.integers(1, 10**6))
def test_silence_never_becomes_less_suspicious(
    spec: DetectorSpec, steps: list[tuple[bool, int]], early: int, more: int
) -> None:
    detector = spec.detector()
    now = 0
    for beats, pause in steps:
        now += pause * MS
        if beats:
            detector.heartbeat(now)
        else:
            detector.sign(now)

    first, second = now + early * MS, now + (early + more) * MS
    assert 0 <= detector.phi(first) <= detector.phi(second)
    assert detector.phi(second, slack=3) <= detector.phi(second)
    assert detector.judge(second).state in get_args(State)
