"""How many may wait for room, and for how long."""

from __future__ import annotations

from math import inf

from ..kernel import InvalidSpecError, check_count, check_time


def check_queue(what: str, queue: object, max_wait: float) -> None:
    """Refuse what does not say who may wait.

    Raises:
        InvalidSpecError: it makes no sense.
    """
    check_count("invalid_queue", f"the queue of a {what}", queue)
    check_time("invalid_queue", f"max_wait of a {what}", max_wait, positive=True)
    if queue == 0 and max_wait != inf:
        text = (
            f"nobody waits {max_wait:g} s where nobody may wait: say how many may, "
            f"for example with queue=10"
        )
        raise InvalidSpecError("bad_combination", max_wait, text)
