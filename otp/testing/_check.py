"""Arguments that are wrong, said where they are given."""

from __future__ import annotations

from .._util import is_seconds


def check_seconds(seconds: float) -> float:
    """Return *seconds*, or say what they look like.

    Raises:
        ValueError: they are negative or no number.
    """
    if not is_seconds(seconds):
        raise ValueError(f"a time is 0 seconds or more, not {seconds!r}")
    return seconds
