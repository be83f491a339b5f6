from __future__ import annotations

from itertools import pairwise
from math import inf, isfinite, log, log1p, log10, nextafter, pi, sqrt
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given, strategies as st

from otp.failure_detector import Distribution, phi_of
from otp.failure_detector._phi import exponential, logistic, mills, normal

if TYPE_CHECKING:
    from collections.abc import Callable

# d, mean, deviation; what Akka's formula gives; what the normal distribution gives.
# Computed by an independent implementation.
VECTORS = [
    (0, 0, 10, 0.301029995663981, 0.301029995664),
    (6, 0, 10, 0.562054078720753, 0.561848426601),
    (15, 0, 10, 1.17426867959066, 1.17517672161),
    (20, 0, 10, 1.64282788548711, 1.64301608014),
    (25, 0, 10, 2.21607126629415, 2.2069318058),
    (35, 0, 10, 3.74244506362494, 3.63333599866),
    (40, 0, 10, 4.73669458270518, 4.49933490756),
    (22, 20, 3, 0.597950314783611, 0.597751452991),
    (10, 0, 1, 37.5847130528712, 23.1180534055),
    (1100, 1000, 500, 0.376073791933187, 0.375985897466),
    (500, 1000, 100, 2.17689222e-08, 1.2449e-07),
    (900, 1000, 100, 0.0750330321409399, 0.0750260129578),
    (1000, 1000, 100, 0.301029995663981, 0.301029995664),
    (1100, 1000, 100, 0.79950832083956, 0.799545541492),
    (1200, 1000, 100, 1.64282788548711, 1.64301608014),
    (1400, 1000, 100, 4.73669458270518, 4.49933490756),
    (1500, 1000, 100, 7.29994739446021, 6.54264567239),
    (1600, 1000, 100, 10.7826008582957, 9.00586432748),
    (1700, 1000, 100, 15.3685256226453, 11.8928536375),
    (1000, 0, 1, 30647118.2388492, 217150.640042),
]

CDF = [
    (0, 0.5),
    (6, 0.7257),
    (15, 0.9332),
    (20, 0.97725),
    (25, 0.99379),
    (35, 0.99977),
    (40, 0.99997),
]

# Which number of deviations has that phi: logistic, normal.
SIGMAS = [
    (1, 1.2822, 1.2816),
    (3, 3.0589, 3.0902),
    (5, 4.1192, 4.2649),
    (8, 5.2260, 5.6120),
    (10, 5.7990, 6.3613),
    (12, 6.2921, 7.0345),
    (16, 7.1197, 8.2221),
]


@pytest.mark.parametrize(("d", "mean", "deviation", "akka", "exact"), VECTORS)
def test_phi_is_what_it_is_elsewhere(
    d: float, mean: float, deviation: float, akka: float, exact: float
) -> None:
    # Some of the numbers are known to nine or even fewer digits only.
    digits = 1e-8 if akka == 2.17689222e-08 else 1e-13

    assert phi_of("logistic", d, mean, deviation) == pytest.approx(
        akka, rel=digits, abs=0 if akka < 1 else 1e-9
    )
    assert phi_of("normal", d, mean, deviation) == pytest.approx(
        exact, rel=1e-5 if exact < 1e-6 else 1e-11
    )


def test_what_is_far_too_early_to_be_late_has_no_phi() -> None:
    assert phi_of("logistic", -25, 0, 1) == 0.0
    assert phi_of("logistic", 0, 1000, 100) == pytest.approx(1.13e-38, rel=0.01)
    assert phi_of("normal", 0, 1000, 100) == pytest.approx(0, abs=1e-20)
    assert phi_of("normal", -25, 0, 1) == pytest.approx(0, abs=1e-130)


@pytest.mark.parametrize(("d", "cdf"), CDF)
def test_the_chance_that_is_left_is_that_of_a_table(d: float, cdf: float) -> None:
    assert 1 - 10 ** -phi_of("normal", d, 0, 10) == pytest.approx(cdf, abs=1e-4)
    assert 1 - 10 ** -phi_of("logistic", d, 0, 10) == pytest.approx(cdf, abs=1e-3)


@pytest.mark.parametrize(("phi", "akka", "exact"), SIGMAS)
def test_a_threshold_is_so_many_deviations(
    phi: float, akka: float, exact: float
) -> None:
    assert logistic(akka) == pytest.approx(phi, abs=2e-3)
    assert normal(exact) == pytest.approx(phi, abs=2e-3)


def test_with_the_defaults_of_akka_a_silent_peer_is_dead_after_4_523_seconds() -> None:
    # The mean, the pause, and as many deviations as the threshold is.
    for threshold, seconds in [(8, 4.523), (12, 4.629)]:
        before = phi_of("logistic", seconds - 1e-3, 4.0, 0.1)
        after = phi_of("logistic", seconds + 1e-3, 4.0, 0.1)

        assert before < threshold < after


@pytest.mark.parametrize("distribution", get_args(Distribution))
def test_phi_grows_with_every_step(distribution: Distribution) -> None:
    found = [phi_of(distribution, d, 1, 10) for d in range(41)]

    assert all(a < b for a, b in pairwise(found))


@pytest.mark.parametrize("fn", [normal, logistic])
def test_the_forms_of_one_function_meet_without_a_step(
    fn: Callable[[float], float],
) -> None:
    for seam in (0.0, 25.0):
        y = seam - 1e-9
        values = [fn(y + i * 1e-11) for i in range(200)]

        assert all(a <= b for a, b in pairwise(values))
        assert values[0] < values[-1]
        assert values[-1] - values[0] < 1e-6


def test_the_expansion_is_that_of_themills_ratio() -> None:
    # 1, 1 * 3, 1 * 3 * 5, and so on, with alternating signs.
    for y in (2.0, 4.0, 30.0):
        term, terms = 1.0, 0.0
        for k in range(6):
            term *= -(2 * k + 1) / (y * y)
            terms += term

        assert mills(y) == pytest.approx(terms, rel=1e-13)


def test_the_expansion_begins_where_the_tail_is_still_exact() -> None:
    tail = (25 * 25 / 2 + log(25 * sqrt(2 * pi)) - log1p(mills(25))) / log(10)

    assert normal(25) == pytest.approx(tail, rel=1e-15)


def test_the_expansion_is_the_tail_where_both_are_known() -> None:
    # log10 of the upper tail at 30 deviations, from a table of the normal distribution.
    assert normal(30) == pytest.approx(197.309, abs=1e-3)
    assert normal(38) == pytest.approx(315.539, abs=1e-3)


@given(y=st.floats(allow_nan=False))
def test_no_number_is_too_large_or_too_small(y: float) -> None:
    for fn in (normal, logistic):
        found = fn(y)

        assert found >= 0
        assert isfinite(found) or abs(y) > 1e100


@given(st.floats(min_value=-5, max_value=1e7), st.floats(min_value=1e-6, max_value=1e6))
def test_more_silence_is_more_suspicious(y: float, more: float) -> None:
    for fn in (normal, logistic):
        assert fn(y) < fn(y + max(more, abs(y) * 1e-9))


@given(st.floats(min_value=-37, max_value=1e12))
def test_a_neighbour_is_not_less_suspicious_but_for_the_last_digit(y: float) -> None:
    for fn in (normal, logistic):
        assert fn(nextafter(y, inf)) >= fn(y) * (1 - 1e-15)


def test_the_exponential_phi_is_the_share_of_the_mean() -> None:
    assert exponential(1) == pytest.approx(log10(2.718281828459045))
    assert phi_of("exponential", 18.42, 1, 1) == pytest.approx(8, abs=1e-3)
