"""What counts as a number of seconds."""

from __future__ import annotations


def is_seconds(value: object) -> bool:
    """Tell whether *value* is a time: a number, 0 or more, ``math.inf`` included."""
    return (
        isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
    )
