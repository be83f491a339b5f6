from __future__ import annotations

import pytest

from otp.failure_detector import (
    Deadline,
    LocalHealth,
    PhiAccrual,
    Subject,
    SuspicionTimer,
    Threshold,
)
from tests.failure_detector.traces import MS

SECOND = 1000 * MS


@pytest.mark.parametrize(
    ("phi", "suspected", "expected"),
    [
        (7.99, False, False),
        (8.0, False, True),
        (7.99, True, True),
        (3.0, True, True),
        (2.99, True, False),
    ],
)
def test_between_the_two_thresholds_a_verdict_stands(
    phi: float, expected: bool, *, suspected: bool
) -> None:
    policy = Threshold(8.0, clear_at=3.0)

    assert policy.suspects(phi, 1.0, suspected=suspected, beats=5) is expected


def test_trust_takes_as_many_signs_of_life_as_wanted() -> None:
    policy = Threshold(clear_beats=3)
    found = [policy.suspects(0, 1, suspected=True, beats=n) for n in range(5)]

    assert found == [True, True, True, False, False]
    assert not policy.suspects(0, 1, suspected=False, beats=0)


def test_nobody_is_suspected_without_the_confidence_that_is_wanted() -> None:
    policy = Threshold(min_confidence=0.5)

    assert not policy.suspects(99, 0.49, suspected=False, beats=0)
    assert policy.suspects(99, 0.5, suspected=False, beats=0)
    assert policy.suspects(99, 0.0, suspected=True, beats=0)


# --------------------------------------------------------------------------- subjects


def regular() -> Subject:
    subject = Subject(
        PhiAccrual(first_estimate=1.0, acceptable_pause=3.0).detector(),
        Threshold(clear_beats=2),
    )
    for second in range(20):
        subject.heartbeat(second * SECOND)
    return subject


def test_a_verdict_changes_only_when_it_is_turned() -> None:
    subject = regular()
    assert subject.decide(20 * SECOND) is None

    assert subject.decide(99 * SECOND) == "suspect"
    subject.turn("suspect", 99 * SECOND)

    assert subject.suspected_at == 99 * SECOND
    assert subject.decide(99 * SECOND) is None
    subject.heartbeat(100 * SECOND)
    assert subject.decide(100 * SECOND) is None
    subject.sign(101 * SECOND)
    assert subject.decide(101 * SECOND) == "trust"
    subject.turn("trust", 101 * SECOND)
    assert subject.suspected_at is None
    assert "trusted" in repr(subject)


def test_what_ends_a_suspicion_is_not_measured() -> None:
    subject = regular()
    subject.turn("suspect", 99 * SECOND)
    before = subject.judge(99 * SECOND).samples

    subject.heartbeat(100 * SECOND)
    subject.heartbeat(101 * SECOND)
    assert subject.judge(101 * SECOND).samples == before
    assert subject.judge(101 * SECOND).state == "recovering"

    subject.turn("trust", 101 * SECOND)
    subject.heartbeat(102 * SECOND)
    assert subject.judge(102 * SECOND).samples == before + 1


def test_a_beat_may_be_said_not_to_count() -> None:
    subject = regular()

    subject.heartbeat(20 * SECOND, record=False)

    assert subject.judge(20 * SECOND).samples == 19


def test_with_slack_a_longer_interval_is_still_one() -> None:
    hasty, patient = regular(), regular()

    hasty.heartbeat(29 * SECOND)
    patient.heartbeat(29 * SECOND, slack=9)

    assert (hasty.judge(0).samples, patient.judge(0).samples) == (19, 20)


class Asked:
    """A policy that suspects nobody, and remembers what it is asked."""

    def __init__(self) -> None:
        self.of: list[tuple[float, float, bool, int]] = []

    def suspects(
        self, phi: float, confidence: float, *, suspected: bool, beats: int
    ) -> bool:
        self.of.append((phi, confidence, suspected, beats))
        return False


def test_a_policy_is_asked_for_each_beat_and_each_decision() -> None:
    policy = Asked()
    spec = PhiAccrual(first_estimate=1.0, acceptable_pause=3.0, min_samples=2)
    subject = Subject(spec.detector(), policy)
    subject.heartbeat(0)
    subject.heartbeat(SECOND)
    phi = subject.detector.phi(9 * SECOND, slack=2)

    subject.sign(SECOND)
    assert subject.decide(9 * SECOND, slack=2) is None
    subject.turn("suspect", 9 * SECOND)
    subject.sign(10 * SECOND)
    assert subject.detector.judge(10 * SECOND).silence == 0
    subject.heartbeat(10 * SECOND)
    assert subject.decide(10 * SECOND) == "trust"

    first, second, third, fourth = policy.of
    assert first == (0.0, 1.0, False, 0)
    assert second[1:] == (1.0, False, 0)
    assert third == (phi, 1.0, False, 1)
    assert fourth[1:] == (1.0, True, 2)


def test_confidence_is_asked_for_only_by_who_would_suspect() -> None:
    spec = PhiAccrual(first_estimate=1.0, acceptable_pause=3.0, min_samples=2)
    careful = Subject(spec.detector(), Threshold(min_confidence=0.5))
    careful.heartbeat(0)
    careful.heartbeat(SECOND)
    assert careful.judge(99 * SECOND).confidence == 0.5

    assert careful.decide(99 * SECOND) == "suspect"
    assert careful.decide(199 * SECOND, slack=2) is None
    careful.turn("suspect", 99 * SECOND)
    # Who is suspected stays so, however little the detector thinks of itself.
    assert careful.decide(199 * SECOND, slack=9) is None


def test_a_subject_says_what_is_thought_of_it() -> None:
    subject = regular()
    assert repr(subject).startswith("<trusted, ")

    subject.turn("suspect", 0)

    assert repr(subject).startswith("<suspected, ")


def test_a_poor_detector_is_less_sure() -> None:
    subject = regular()

    assert subject.judge(20 * SECOND).confidence == 1
    assert subject.judge(20 * SECOND, slack=4).confidence == 0.25
    assert subject.judge(20 * SECOND, held=True).confidence == 0


def test_a_deadline_is_a_detector_like_any_other() -> None:
    subject = Subject(Deadline().detector(), Threshold(1))
    subject.heartbeat(0)

    assert subject.decide(29 * SECOND) is None
    assert subject.decide(30 * SECOND) == "suspect"


# ------------------------------------------------------------------------- Lifeguard


@pytest.mark.parametrize(
    ("confirmations", "elapsed", "remaining"),
    [(0, 0, 30), (1, 2, 14), (2, 3, 4.810), (3, 4, -2), (4, 5, -3), (5, 10, -8)],
)
def test_a_suspicion_waits_less_the_more_confirm_it(
    confirmations: int, elapsed: int, remaining: float
) -> None:
    timer = SuspicionTimer(expected=3, least=2, most=30, now=7)
    for source in range(confirmations):
        timer.confirm(source)

    assert timer.remaining(7 + elapsed * SECOND) == round(remaining * SECOND)


def test_who_confirms_twice_is_no_news() -> None:
    timer = SuspicionTimer(expected=2, least=1, most=9, now=0)

    assert [timer.confirm(who) for who in "aabcd"] == [True, False, True, False, False]


def test_one_confirmation_is_enough_if_there_is_but_one_to_ask() -> None:
    timer = SuspicionTimer(expected=1, least=2, most=30, now=0)
    assert timer.remaining(0) == 30 * SECOND

    timer.confirm("a")

    assert timer.remaining(0) == 2 * SECOND


def test_who_can_ask_nobody_does_not_wait_for_anybody() -> None:
    timer = SuspicionTimer(expected=0, least=2, most=30, now=0)

    assert not timer.confirm("a")
    assert timer.remaining(0) == 2 * SECOND


def test_the_score_rises_at_once_and_sinks_in_calm() -> None:
    health = LocalHealth(calm=10)
    assert health.slack == 1
    for _ in range(20):
        health.late(5 * SECOND)
    assert (health.score, health.slack) == (8, 9)

    scores: list[int] = []
    for second in range(6, 40, 3):
        health.timely(second * SECOND)
        scores.append(health.score)

    assert scores == [8, 8, 8, 7, 7, 7, 7, 6, 6, 6, 6, 5]


def test_a_score_does_not_sink_below_0() -> None:
    health = LocalHealth(calm=1)
    health.timely(99 * SECOND)

    assert health.score == 0
