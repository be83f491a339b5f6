"""Many detectors on one trace: how fast they are, and how often wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otp.failure_detector import Deadline, PhiAccrual, Threshold

from .replay import CERTAIN, Chen, replay

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from otp.failure_detector import Detector, Distribution, Policy

    from .trace import Beat

Contender = tuple[str, "Detector", "Policy"]

# As good as none.
NO_FLOOR = 1e-4


def contenders(beats: Sequence[Beat]) -> Iterator[Contender]:
    """Return detectors for a trace, with what they are."""
    interval = interval_of(beats)
    for threshold in (1, 3, 8, 12, 16):
        spec = _phi(interval)
        yield f"phi {threshold}", spec.detector(), Threshold(threshold)
    for samples in (100, 10_000):
        spec = _phi(interval, samples=samples)
        yield f"phi 8, {samples} intervals", spec.detector(), Threshold(8)
    for threshold in (8, 12):
        spec = _phi(interval, "logistic")
        yield f"phi {threshold}, logistic", spec.detector(), Threshold(threshold)
    for pause in (0, 0.3, 1, 3):
        spec = _phi(interval, floor=0.01, pause=pause)
        name = f"phi 8, deviation from 10 ms, pause {pause:g} s"
        yield name, spec.detector(), Threshold(8)
    for threshold in (1, 2, 8):
        spec = _phi(interval, "exponential")
        yield f"phi {threshold}, exponential", spec.detector(), Threshold(threshold)
    for margin in (0.05, 0.3, 1):
        yield f"Chen, margin {margin:g} s", Chen(beats, interval, margin), CERTAIN
    for pause in (0.2, 1):
        fixed = Deadline(interval=interval, acceptable_pause=pause)
        yield f"deadline, pause {pause:g} s", fixed.detector(), CERTAIN


def _phi(
    interval: float,
    distribution: Distribution = "normal",
    *,
    floor: float = NO_FLOOR,
    pause: float = 0.0,
    samples: int = 1000,
) -> PhiAccrual:
    return PhiAccrual(
        distribution=distribution,
        first_estimate=interval,
        acceptable_pause=pause,
        min_std_deviation=floor,
        max_samples=samples,
        longest_sample=float("inf"),
    )


def interval_of(beats: Sequence[Beat]) -> float:
    """Return the seconds between two heartbeats of a trace, as they were sent."""
    first, last = beats[0], beats[-1]
    return (last.sent - first.sent) / (last.number - first.number)


def table(beats: Sequence[Beat]) -> Iterator[str]:
    """Return the lines of a table in Markdown, one after the other."""
    lost = sum(beat.received is None for beat in beats)
    interval = interval_of(beats)
    yield (
        f"{len(beats)} heartbeats, one every {interval * 1000:.0f} ms, "
        f"{100 * lost / len(beats):.3f} % lost\n"
    )
    yield "| detector | T_D, ms | λ_M, 1/s | T_M, s | P_A, % |"
    yield "|---|---:|---:|---:|---:|"
    for name, detector, policy in contenders(beats):
        found = replay(beats, detector, policy)
        yield (
            f"| {name} | {found.detection_time * 1000:.0f} | {found.mistake_rate:.1e} "
            f"| {found.mistake_duration:.2f} | {found.query_accuracy * 100:.3f} |"
        )
