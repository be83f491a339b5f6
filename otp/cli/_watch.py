"""Which files belong to the program, and which of them were changed."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

import trio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping

    Stamp = tuple[int, int]

INTERVAL: Final = 0.5
"""Seconds between two looks at the files, where nothing better is installed."""

_INSTALLED: Final = tuple(
    f"{os.sep}{folder}{os.sep}" for folder in ("site-packages", "dist-packages")
)

# Where Python is, and where this package is, which watches itself no more than them.
_PLACES: Final = tuple(
    f"{place}{os.sep}"
    for place in (
        sysconfig.get_path("stdlib"),
        sysconfig.get_path("platstdlib"),
        Path(__file__).parent.parent,
    )
)


def user_files() -> dict[Path, str]:
    """Return the files of the modules that are no part of Python, and not installed.

    The names of the modules are the values. The program itself, if it was not
    imported, is not among them.
    """
    found: dict[Path, str] = {}
    for name, module in list(sys.modules.items()):
        file: object = getattr(module, "__file__", None)
        # Strings all the way: this is done twice a second for thousands of modules.
        if (
            isinstance(file, str)
            and file.endswith(".py")
            and not file.startswith(_PLACES)
            and not any(part in file for part in _INSTALLED)
            and name != "__main__"
        ):
            found[Path(file)] = name
    return found


def stamp_of(path: Path) -> Stamp | None:
    """Return what changes when a file is saved, None if there is none just now."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


async def sleep(_: Collection[Path]) -> None:
    """Wait until it is time for another look at the files."""
    await trio.sleep(INTERVAL)


@final
class Watch:
    """Knows what the files were like when it last looked at them.

    Args:
        files: returns the files to be watched, with the names of their modules.
        pause: waits for some time, or until there may be something to be seen.
        stamp: returns what changes when a file is saved.
    """

    def __init__(
        self,
        files: Callable[[], Mapping[Path, str]] = user_files,
        pause: Callable[[Collection[Path]], Awaitable[None]] = sleep,
        stamp: Callable[[Path], Stamp | None] = stamp_of,
    ) -> None:
        self._files = files
        self._pause = pause
        self._stamp = stamp
        self._seen: dict[Path, Stamp] = {}
        self.look()

    def look(self) -> list[str]:
        """Return the modules whose files were changed since the last look.

        A file that is new was not changed, and one that is gone is waited for: many
        editors save a file by putting another one in its place.
        """
        changed: list[str] = []
        for path, name in self._files().items():
            stamp = self._stamp(path)
            if stamp is None:
                continue
            if self._seen.get(path, stamp) != stamp:
                changed.append(name)
            self._seen[path] = stamp
        return changed

    async def wait_changed(self) -> list[str]:
        """Wait until files were changed, and return the names of their modules."""
        while not (changed := self.look()):
            await self._pause(self._seen.keys())
        return changed
