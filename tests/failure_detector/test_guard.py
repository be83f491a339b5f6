from __future__ import annotations

from math import inf

from otp.failure_detector import LocalHealth, Watchfulness
from otp.failure_detector._guard import StallGuard
from tests.failure_detector.traces import MS

SETTINGS = Watchfulness(poll=0.5, tolerance=0.1, grace=2.0)


def guard(settings: Watchfulness = SETTINGS) -> tuple[StallGuard, LocalHealth]:
    health = LocalHealth(settings.calm)
    return StallGuard(settings, health, 0), health


def test_who_looks_in_time_has_lost_nothing() -> None:
    made, health = guard()

    assert [made.poll(ms * MS) for ms in (500, 1000, 1600)] == [0, 0, 0]
    assert not made.holds(1600 * MS)
    assert health.score == 0


def test_who_looks_too_late_has_lost_all_since_the_last_look() -> None:
    made, health = guard()
    made.poll(500 * MS)

    assert made.poll(1101 * MS) == 601 * MS
    assert health.score == 1
    assert made.holds(1101 * MS)
    assert made.holds(3100 * MS)
    assert not made.holds(3101 * MS)
    assert made.poll(1601 * MS) == 0


def test_a_heartbeat_may_see_it_first() -> None:
    made, health = guard()

    assert made.look(900 * MS) == 900 * MS
    assert made.poll(900 * MS) == 0
    assert health.score == 1


def test_of_a_loop_that_is_always_late_not_all_time_is_lost() -> None:
    made, _ = guard()
    lost = [made.poll(ms * MS) for ms in range(700, 70_700, 700)]

    # Verdicts are held for 8 graces of 2 s; from then on only the lateness counts.
    assert lost[:23] == [700 * MS] * 23
    assert lost[23:] == [200 * MS] * 77


def test_only_a_poll_in_time_is_calm() -> None:
    made, health = guard(Watchfulness(poll=0.5, tolerance=0.1, calm=1.0))
    made.poll(900 * MS)

    made.look(1400 * MS)
    made.look(1950 * MS)
    assert health.score == 1
    made.poll(1950 * MS)

    assert health.score == 0


def test_without_a_guard_nothing_is_ever_lost() -> None:
    made, health = guard(Watchfulness(tolerance=inf))

    assert made.poll(10**18) == 0
    assert not made.holds(10**18)
    assert health.score == 0
