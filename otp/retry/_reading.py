"""What an error says to those who might try again.

Errors that a nursery collects come in a group. A call is made again only if that
would be right after each of them, and not before the last of them says.
"""

from __future__ import annotations

from math import nan

from ..protection import leaves_of


def retry_after_of(error: BaseException) -> float:
    """Return after how many seconds *error* says that another try may do.

    Any exception can say so, with an attribute ``retry_after``. One that does not, or
    says something that is no time, says 0.
    """
    return max(_said_by(one) for one in leaves_of(error))


def _said_by(error: BaseException) -> float:
    said: object = getattr(error, "retry_after", None)
    seconds = said if isinstance(said, (int, float)) else nan
    return float(seconds) if seconds > 0 else 0.0
