"""`Timeout`: a call is over in time, or it has failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, ParamSpec, TypeVar, final

import attrs
import trio

from ..kernel import check_time
from ..protection import Protection, awaitable_of, check_function
from ._errors import TimedOutError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..protection import Place

P = ParamSpec("P")
T = TypeVar("T")


@final
@attrs.frozen
class Timeout(Protection):
    """Cancels a call that takes longer than so many seconds, and says so.

    What `trio.fail_after` does for a block, as a part of a pipeline; its error is one
    that is tried again and that breakers count.

    Raises:
        InvalidSpecError: *seconds* is no time, or 0.
    """

    __place__: ClassVar[Place | None] = "timeout"

    seconds: float

    def __attrs_post_init__(self) -> None:
        check_time("invalid_timeout", "a time-out", self.seconds, positive=True)

    async def call(
        self, fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call *fn*, and return what it returns in time.

        Raises:
            TimedOutError: it was not over in time.
            TypeError: *fn* is no function.
        """
        check_function(fn)
        with trio.move_on_after(self.seconds):
            return await awaitable_of(fn, fn(*args, **kwargs))
        raise TimedOutError(self.seconds)
