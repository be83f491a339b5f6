"""Results and curves in files, as JSON, with the machine that they are of."""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import trio

from .peers import BenchmarkError
from .results import Result, Results

if TYPE_CHECKING:
    from .growth.curves import Curves


def describe_machine() -> str:
    """Return what numbers depend on, in one line."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{python}, Trio {trio.__version__}, {os.cpu_count()} cores"


def check_writable(file: str) -> None:
    """Refuse a file that could not be written when everything has been measured.

    Raises:
        BenchmarkError: it cannot be.
    """
    try:
        Path(file).open("ab").close()
    except OSError as error:
        raise BenchmarkError(f"{file} cannot be written: {error.strerror}") from error


def save_results(file: str, results: Results) -> None:
    """Write every measurement into a file."""
    rows = [attrs.asdict(result) for result in results]
    _write(file, {"machine": results.machine, "results": rows})


def load_results(file: str) -> Results:
    """Return what `save_results` has written.

    Raises:
        BenchmarkError: there is no such file, or it is none of these.
    """
    content = _read(file, "results")
    results = (Result(**row) for row in content["results"])
    return Results(content["machine"], results)


def save_curves(file: str, curves: Curves) -> None:
    """Write curves into a file."""
    _write(file, {"machine": describe_machine(), "curves": curves})


def load_curves(file: str) -> Curves:
    """Return what `save_curves` has written.

    Raises:
        BenchmarkError: there is no such file, or it is none of these.
    """
    found: dict[str, dict[str, dict[str, float]]] = _read(file, "curves")["curves"]
    return {
        subject: {
            operation: {int(size): number for size, number in points.items()}
            for operation, points in operations.items()
        }
        for subject, operations in found.items()
    }


def _write(file: str, content: dict[str, Any]) -> None:
    text = json.dumps(content, indent=1)
    Path(file).write_text(text + "\n", encoding="utf-8")


def _read(file: str, kind: str) -> Any:
    try:
        content = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BenchmarkError(f"{file} cannot be read: {error}") from error
    if kind not in content:
        raise BenchmarkError(f"{file} has no {kind}: was it written by --json?")
    return content
