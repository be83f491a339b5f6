"""Being told by the operating system that files were changed.

It is ``watchfiles`` that knows how; the extra ``watch`` installs it. This file is
imported only if it is wanted.
"""

from __future__ import annotations

from contextlib import aclosing
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol, cast

import trio

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
    from pathlib import Path

LIMIT: Final = 10.0
"""Seconds after which the files are looked at in any case.

What is changed between a look and the next wait is told to nobody.
"""


class WatchFiles(Protocol):
    """What is used of the module ``watchfiles``."""

    def awatch(self, *paths: Path, recursive: bool) -> AsyncGenerator[object, None]:
        """Yield what was changed in folders, whenever something was."""
        ...


def notifier() -> Callable[[Collection[Path]], Awaitable[None]]:
    """Return a function that waits until something was changed beside some files.

    Raises:
        ImportError: ``watchfiles`` is not installed.
    """
    watchfiles = cast("WatchFiles", import_module("watchfiles"))

    async def pause(files: Collection[Path]) -> None:
        folders = {path.parent for path in files}
        with trio.move_on_after(LIMIT):
            changes = watchfiles.awatch(*sorted(folders), recursive=False)
            async with aclosing(changes):
                await anext(changes, None)

    return pause
