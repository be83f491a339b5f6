"""The entries of a registry: who has registered which key, with which value.

There are two kinds. In a `UniqueTable` a key belongs to one owner, in a
`DuplicateTable` to as many as like, each as often as it likes. Both can be asked the
same, and everything about one entry costs the same for any number of others.

Entries are kept by key and by owner, and the two always agree:

- of a unique table, ``k in _owned[o]`` exactly if ``_entries[k]`` is o's;
- of the other, ``e in _owned[o][k]`` exactly if ``e in _entries[k]`` and e is o's;
- no dictionary in a dictionary is empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar, final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

K = TypeVar("K")
V = TypeVar("V")
O = TypeVar("O")  # noqa: E741 - an owner


@final
@attrs.define(eq=False)
class Entry(Generic[K, V, O]):
    """One registration. Its value may be replaced, nothing else."""

    key: K
    owner: O
    value: V


@final
class UniqueTable(Generic[K, V, O]):
    """Entries of which no two have the same key."""

    __slots__ = ("_entries", "_owned")

    def __init__(self) -> None:
        self._entries: dict[K, Entry[K, V, O]] = {}
        # Dictionaries without values are sets that keep their order, here and below.
        self._owned: dict[O, dict[K, None]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry[K, V, O]]:
        return iter(self._entries.values())

    def __repr__(self) -> str:
        return f"<unique keys: {len(self)}, owners: {len(self._owned)}>"

    def add(self, entry: Entry[K, V, O]) -> Entry[K, V, O] | None:
        """Add *entry*; if its key is taken return the one that has it instead."""
        holder = self._entries.setdefault(entry.key, entry)
        if holder is not entry:
            return holder
        self._owned.setdefault(entry.owner, {})[entry.key] = None
        return None

    def find(self, key: K) -> list[Entry[K, V, O]]:
        """Return what is registered under *key*: one entry at most."""
        entry = self._entries.get(key)
        return [] if entry is None else [entry]

    def find_own(self, owner: O, key: K) -> list[Entry[K, V, O]]:
        """Return what *owner* has registered under *key*."""
        return [entry for entry in self.find(key) if entry.owner == owner]

    def keys(self, owner: O) -> list[K]:
        """Return the keys of *owner*, oldest first."""
        return list(self._owned.get(owner, ()))

    def owns(self, owner: O) -> bool:
        """Tell whether *owner* has registered anything."""
        return owner in self._owned

    def remove(self, entry: Entry[K, V, O]) -> None:
        """Take out *entry*, which is there."""
        del self._entries[entry.key]
        own = self._owned[entry.owner]
        del own[entry.key]
        if not own:
            del self._owned[entry.owner]

    def remove_owner(self, owner: O) -> None:
        """Take out everything that *owner* has registered."""
        for key in self._owned.pop(owner, ()):
            del self._entries[key]


@final
class DuplicateTable(Generic[K, V, O]):
    """Entries of which any number may have the same key."""

    __slots__ = ("_count", "_entries", "_owned")

    def __init__(self) -> None:
        self._entries: dict[K, dict[Entry[K, V, O], None]] = {}
        self._owned: dict[O, dict[K, dict[Entry[K, V, O], None]]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Entry[K, V, O]]:
        for entries in self._entries.values():
            yield from entries

    def __repr__(self) -> str:
        keys, owners = len(self._entries), len(self._owned)
        return f"<entries: {len(self)}, keys: {keys}, owners: {owners}>"

    def add(self, entry: Entry[K, V, O]) -> None:
        """Add *entry*; nothing can be in its way."""
        self._entries.setdefault(entry.key, {})[entry] = None
        own = self._owned.setdefault(entry.owner, {})
        own.setdefault(entry.key, {})[entry] = None
        self._count += 1

    def find(self, key: K) -> list[Entry[K, V, O]]:
        """Return what is registered under *key*, oldest first."""
        return list(self._entries.get(key, ()))

    def find_own(self, owner: O, key: K) -> list[Entry[K, V, O]]:
        """Return what *owner* has registered under *key*, oldest first."""
        return list(self._owned.get(owner, {}).get(key, ()))

    def keys(self, owner: O) -> list[K]:
        """Return the keys of *owner*, each as often as it is registered."""
        own = self._owned.get(owner, {})
        return [key for key, entries in own.items() for _ in entries]

    def owns(self, owner: O) -> bool:
        """Tell whether *owner* has registered anything."""
        return owner in self._owned

    def remove(self, entry: Entry[K, V, O]) -> None:
        """Take out *entry*, which is there."""
        self._remove_from_key(entry)
        own = self._owned[entry.owner]
        del own[entry.key][entry]
        if not own[entry.key]:
            del own[entry.key]
        if not own:
            del self._owned[entry.owner]

    def remove_owner(self, owner: O) -> None:
        """Take out everything that *owner* has registered."""
        for entries in self._owned.pop(owner, {}).values():
            for entry in entries:
                self._remove_from_key(entry)

    def _remove_from_key(self, entry: Entry[K, V, O]) -> None:
        entries = self._entries[entry.key]
        del entries[entry]
        if not entries:
            del self._entries[entry.key]
        self._count -= 1
