"""The window agrees with the rules written down in the most naive way."""

from __future__ import annotations

from itertools import accumulate

from hypothesis import given, strategies as st

from otp._util import Window

INTENSITIES = st.integers(0, 6)
PERIODS = st.integers(0, 8) | st.floats(0, 8)
GAPS = st.floats(0, 4) | st.sampled_from([0.0, 0.5, 1.0, 5.0])
# Times of a clock that never goes back, close enough together to matter.
TIMES = st.lists(GAPS, max_size=40).map(lambda gaps: list(accumulate(gaps)))


def exceeded_naively(
    intensity: int, period: float, times: list[float]
) -> list[tuple[bool, list[int]]]:
    """Say for each time whether it was too many, and which seconds counted."""
    answers: list[tuple[bool, list[int]]] = []
    for count in range(1, len(times) + 1):
        *earlier, now = [int(time) for time in times[:count]]
        counted = [*(t for t in earlier if t >= now - period), now]
        answers.append((len(counted) > intensity, counted))
    return answers


@given(INTENSITIES, PERIODS, TIMES)
def test_the_answers_are_those_of_the_naive_model(
    intensity: int, period: float, times: list[float]
) -> None:
    window = Window(intensity, period)

    for now, (exceeded, counted) in zip(
        times, exceeded_naively(intensity, period, times), strict=True
    ):
        assert window.add(now) == exceeded
        assert window.stamps == tuple(counted[-(intensity + 1) :])


@given(INTENSITIES, PERIODS, TIMES)
def test_at_most_one_stamp_more_than_the_intensity_is_held(
    intensity: int, period: float, times: list[float]
) -> None:
    window = Window(intensity, period)

    for now in times:
        window.add(now)
        assert 1 <= len(window.stamps) <= intensity + 1


@given(INTENSITIES, PERIODS, TIMES, st.integers(0, 40))
def test_a_window_continued_from_its_stamps_answers_as_the_old_one(
    intensity: int, period: float, times: list[float], cut: int
) -> None:
    old = Window(intensity, period)
    for now in times[:cut]:
        old.add(now)
    new = Window(intensity, period, old.stamps)

    assert [new.add(now) for now in times[cut:]] == [
        old.add(now) for now in times[cut:]
    ]
