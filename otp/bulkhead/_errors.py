"""What is said when there is no room."""

from __future__ import annotations

from ..protection import RejectedError


class BulkheadFullError(RejectedError):
    """As many calls are under way as there may be: this one was not made.

    The doing of all callers together. *limit* is how many there may be, and *waiting*
    how many wait. Nobody knows when there will be room.
    """

    def __init__(self, limit: int, waiting: int, text: str) -> None:
        super().__init__(text)
        self.limit = limit
        self.waiting = waiting


class SpawnLimitError(RejectedError):
    """There are as many children as there may be: no other was started.

    The doing of all who start them together. *limit* is the ``max_children`` of the
    supervisor, if that was asked, and *waiting* how many wait for room.
    """

    def __init__(self, limit: int | None, waiting: int, text: str) -> None:
        super().__init__(text)
        self.limit = limit
        self.waiting = waiting
