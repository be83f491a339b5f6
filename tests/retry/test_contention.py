"""Many that want the same thing: what the pauses are good for."""

from __future__ import annotations

import pytest

from benchmarks.contention import PAUSES, measure

CLIENTS = 40


@pytest.mark.slow
def test_pauses_left_to_chance_need_far_fewer_calls_than_none() -> None:
    at_once, growing, tenth, half, full = (
        measure(backoff, CLIENTS) for backoff in PAUSES.values()
    )

    # Without chance all come back together, and each time one of them succeeds.
    assert at_once[0] == growing[0] == CLIENTS * (CLIENTS + 1) / 2
    assert full[0] < at_once[0] / 3
    assert half[0] < at_once[0] / 3
    assert full[0] < tenth[0] < at_once[0]
    assert at_once[1] < full[1] < growing[1] / 3
