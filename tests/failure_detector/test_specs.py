from __future__ import annotations

from functools import partial
from math import inf, nan
from typing import TYPE_CHECKING, Any

import pytest

import otp
from otp.failure_detector import (
    Deadline,
    LocalHealth,
    PhiAccrual,
    SuspicionTimer,
    Threshold,
    Watchfulness,
)

if TYPE_CHECKING:
    from collections.abc import Callable

WRONG: list[tuple[Callable[..., object], str, object]] = [
    (PhiAccrual, "distribution", "gamma"),
    (PhiAccrual, "distribution", None),
    (PhiAccrual, "first_estimate", 0),
    (PhiAccrual, "first_estimate", -1),
    (PhiAccrual, "first_estimate", inf),
    (PhiAccrual, "first_estimate", "1"),
    (PhiAccrual, "acceptable_pause", -1),
    (PhiAccrual, "acceptable_pause", nan),
    (PhiAccrual, "min_std_deviation", 0),
    (PhiAccrual, "min_std_deviation", None),
    (PhiAccrual, "max_samples", 0),
    (PhiAccrual, "max_samples", 1.5),
    (PhiAccrual, "min_samples", -1),
    (PhiAccrual, "min_samples", 1001),
    (PhiAccrual, "min_samples", True),
    (PhiAccrual, "recover_samples", -1),
    (PhiAccrual, "recover_samples", 1001),
    (PhiAccrual, "longest_sample", 0),
    (PhiAccrual, "longest_sample", 4.9),
    (PhiAccrual, "stale_after", 0),
    (PhiAccrual, "stale_after", 30.0),
    (Deadline, "interval", 0),
    (Deadline, "interval", inf),
    (Deadline, "acceptable_pause", -0.1),
    (Threshold, "suspect_at", -1),
    (Threshold, "suspect_at", nan),
    (Threshold, "clear_at", 0),
    (Threshold, "clear_at", 8.1),
    (Threshold, "clear_at", "4"),
    (Threshold, "clear_beats", -1),
    (Threshold, "clear_beats", 0.5),
    (Threshold, "min_confidence", 1.1),
    (Watchfulness, "poll", 0),
    (Watchfulness, "poll", inf),
    (Watchfulness, "tolerance", 0),
    (Watchfulness, "tolerance", -1),
    (Watchfulness, "grace", -1),
    (Watchfulness, "calm", 0),
    (LocalHealth, "calm", 0),
    (partial(SuspicionTimer, least=1, most=2, now=0), "expected", -1),
    (partial(SuspicionTimer, expected=1, most=2, now=0), "least", -1),
    (partial(SuspicionTimer, expected=1, least=1, now=0), "most", inf),
]


@pytest.mark.parametrize(("build", "field", "value"), WRONG)
def test_what_makes_no_sense_is_refused_where_it_is_built(
    build: Callable[..., Any], field: str, value: object
) -> None:
    with pytest.raises(otp.InvalidSpecError) as caught:
        build(**{field: value})

    assert caught.value.kind.startswith("invalid_")
    assert repr(caught.value.value) == repr(value)
    text = str(caught.value)
    assert text[0].islower()
    assert not text.endswith(".")


@pytest.mark.parametrize(
    "spec",
    [
        PhiAccrual(),
        PhiAccrual(stale_after=inf),
        PhiAccrual(longest_sample=inf),
        PhiAccrual(max_samples=5, min_samples=5),
        PhiAccrual(max_samples=1, min_samples=1, recover_samples=1),
        PhiAccrual(longest_sample=5.0),
        PhiAccrual(acceptable_pause=0, min_samples=0, recover_samples=0),
        PhiAccrual.cassandra(),
        Deadline(),
        Threshold(),
        Threshold(1, clear_at=1),
        Threshold(clear_beats=0),
        Watchfulness(tolerance=inf, calm=inf, grace=0),
    ],
)
def test_what_makes_sense_is_a_value(spec: object) -> None:
    assert hash(spec) == hash(spec)
    assert spec == spec  # noqa: PLR0124 - of frozen values


@pytest.mark.parametrize(
    ("build", "value", "text"),
    [
        (partial(PhiAccrual, min_samples=4, max_samples=3), 4, "max_samples, 3"),
        (partial(PhiAccrual, acceptable_pause=295.0), 300.0, "a silence of 300 s"),
        (partial(PhiAccrual, recover_samples=9, max_samples=8), 9, "is 9, but no"),
        (partial(Threshold, 0), 0.0, "clear_at is more than 0"),
        (
            partial(SuspicionTimer, expected=1, least=3, most=2, now=0),
            2,
            "a finite number from 3",
        ),
    ],
)
def test_a_contradiction_names_both_sides(
    build: Callable[..., object], value: object, text: str
) -> None:
    with pytest.raises(otp.InvalidSpecError, match=text) as caught:
        build()

    assert caught.value.value == value


def test_by_default_half_a_threshold_clears() -> None:
    assert Threshold(3.0).clear_at == 1.5
    assert Threshold(3.0, clear_at=3.0).clear_at == 3.0


def test_beats_may_be_rare() -> None:
    for spec in (PhiAccrual.akka(interval=3600), PhiAccrual.cassandra(interval=3600)):
        assert spec.stale_after > 3600
    assert PhiAccrual.akka().stale_after == PhiAccrual.cassandra().stale_after == 300
