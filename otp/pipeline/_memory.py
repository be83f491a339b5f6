"""The last good values, of so many calls, for so long."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, final

import attrs

if TYPE_CHECKING:
    from collections.abc import Hashable


@final
@attrs.frozen
class Kept:
    """A value, and how many seconds ago it was good."""

    value: object
    age: float


@final
class Memory:
    """Remembers a value for each of *size* keys, those that were kept last.

    A value that is older than *max_age* seconds is forgotten.
    """

    __slots__ = ("_kept", "_max_age", "_size")

    def __init__(self, size: int, max_age: float) -> None:
        self._size = size
        self._max_age = max_age
        # The oldest is first.
        self._kept: OrderedDict[Hashable, tuple[object, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, key: Hashable, value: object, now: float) -> None:
        """Remember *value*, instead of what was remembered under *key*."""
        self._kept[key] = (value, now)
        self._kept.move_to_end(key)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def find(self, key: Hashable, now: float) -> Kept | None:
        """Return what is remembered under *key*."""
        if key not in self._kept:
            return None
        value, since = self._kept[key]
        if now - since > self._max_age:
            del self._kept[key]
            return None
        return Kept(value, now - since)
