"""Phi: how sure it is, as a number, that who has been silent for so long is gone.

Phi is ``-log10(P)``, where P is the chance that the next heartbeat comes later than
now. At 1 a suspicion is wrong one time in ten, at 3 one time in a thousand, as far as
the intervals are distributed as assumed.

Three distributions of the intervals:

=============  =========================================================================
normal         exact: the tail of the normal distribution by ``erfc``, and where that
               is about to vanish by the asymptotic expansion of the Mills ratio
logistic       what Akka computes for it: ``1 / (1 + exp(-z))`` with a cubic z. It
               overstates the tail: at 10 deviations 37.6 where 23.1 is right
exponential    what Cassandra computes: it knows no deviation, only the mean
=============  =========================================================================

Nothing here overflows, and no logarithm is asked of 0, which is where the formulas as
they stand in textbooks fail: ``exp(710)``, and a tail smaller than any float.
"""

from __future__ import annotations

from math import erfc, exp, log, log1p, pi, sqrt
from typing import Final, Literal, assert_never

Distribution = Literal["normal", "logistic", "exponential"]
"""How the intervals between heartbeats are assumed to be distributed."""

_LN_10: Final = log(10)
_SQRT_2: Final = sqrt(2)
_LOG_SQRT_2_PI: Final = log(2 * pi) / 2

# From so many deviations on the expansion is as exact as floats are.
_FAR: Final = 25.0


def phi_of(
    distribution: Distribution, elapsed: float, mean: float, deviation: float
) -> float:
    """Return phi after *elapsed* of silence; *mean* and *deviation* are positive.

    All three are in the same unit, whichever that is. An exponential distribution has
    no use for the deviation.
    """
    match distribution:
        case "normal":
            return normal((elapsed - mean) / deviation)
        case "logistic":
            return logistic((elapsed - mean) / deviation)
        case "exponential":
            return exponential(elapsed / mean)
        case _:
            assert_never(distribution)


def normal(y: float) -> float:
    """Return phi at *y* deviations from the mean of a normal distribution."""
    if y < 0:
        # Nearly all is still to come: the little that is not is what counts.
        return -log1p(-0.5 * erfc(-y / _SQRT_2)) / _LN_10
    if y <= _FAR:
        return -log(0.5 * erfc(y / _SQRT_2)) / _LN_10
    return (y * y / 2 + log(y) + _LOG_SQRT_2_PI - log1p(mills(y))) / _LN_10


def mills(y: float) -> float:
    """Return the Mills ratio of *y*, times *y*, less 1."""
    u = 1 / (y * y)
    return u * (-1 + u * (3 + u * (-15 + u * (105 + u * (-945 + u * 10395)))))


def logistic(y: float) -> float:
    """Return phi at *y* deviations from the mean, as Akka approximates it."""
    z = y * (1.5976 + 0.070566 * y * y)
    # One form for both of Akka's branches: log(1 + exp(z)).
    more = z if z > 0 else 0.0
    return (more + log1p(exp(-abs(z)))) / _LN_10


def exponential(ratio: float) -> float:
    """Return phi at *ratio* times the mean of an exponential distribution."""
    return ratio / _LN_10
