"""Measures growth: each subject, for each size, in a fresh process."""

from __future__ import annotations

import json
import sys
from statistics import median
from typing import TYPE_CHECKING

import trio

import otp

from ..peers import BenchmarkError
from ..runner import run_afresh
from . import SUBJECTS, sizes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..rows import Metrics

Curves = dict[str, dict[str, dict[int, float]]]
"""Microseconds, by subject, operation and size."""


def measure_subject(subject: str, size: int) -> Metrics:
    """Measure a subject for one size, in this process."""

    async def main() -> Metrics:
        async with otp.Node(shutdown_timeout=0):
            return await SUBJECTS[subject](size)

    return trio.run(main)


def measure_subject_afresh(subject: str, size: int) -> Metrics:
    """Measure a subject for one size in a process of its own.

    Raises:
        BenchmarkError: that failed, or took too long.
    """
    command = [sys.executable, "-m", "benchmarks.growth", subject, str(size)]
    try:
        done = run_afresh(command)
    except BenchmarkError as error:
        raise BenchmarkError(f"{subject}, {size:,}: {error}") from None
    if done.returncode != 0:
        raise BenchmarkError(f"{subject}, {size:,}: it failed\n{done.stderr}")
    metrics: Metrics = json.loads(done.stdout)
    return metrics


def measure_growth(
    subjects: Sequence[str],
    most: int,
    repeats: int,
    measure: Callable[[str, int], Metrics],
    progress: Callable[[str], object],
) -> Curves:
    """Measure all subjects, each for sizes up to *most*; take the medians."""
    curves: Curves = {}
    for subject in subjects:
        curve = curves.setdefault(subject, {})
        for size in sizes_of(subject, most):
            progress(f"{subject}: {size:,}")
            runs = [measure(subject, size) for _ in range(repeats)]
            for operation in runs[0]:
                numbers = [run[operation] for run in runs]
                curve.setdefault(operation, {})[size] = median(numbers)
    return curves
