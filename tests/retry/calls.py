"""Functions that fail, for tests of what makes calls again."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import trio

if TYPE_CHECKING:
    from collections.abc import Iterable


@final
class Flaky:
    """An async function that raises what it is given, and then returns.

    It remembers when it was called.
    """

    def __init__(self, *errors: BaseException, lasts: float = 0.0) -> None:
        self._errors: Iterable[BaseException] = iter(errors)
        self._lasts = lasts
        self.times: list[float] = []

    async def __call__(self, value: int = 0) -> int:
        self.times.append(trio.current_time())
        await trio.sleep(self._lasts)
        for error in self._errors:
            raise error
        return value


class BusyError(Exception):
    """Says when it may be over."""

    def __init__(self, retry_after: float | None) -> None:
        super().__init__()
        self.retry_after = retry_after
