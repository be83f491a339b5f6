"""In which partition a key is kept.

Equal keys must come to the same partition, and the same key to the same partition in
every run of a program, so that what was found out about one run helps with the next.
Python's own hash does the one and not the other: that of a string is another in each
run. So the common kinds of keys are hashed here:

=============================== ============================================
key                             hashed by
=============================== ============================================
`str`, `bytes`                  their bytes
numbers                         Python, which hashes equal numbers equally
None                            a constant
`tuple`, `frozenset`            their elements
members of an `enum.Enum`       their names
pids                            node and serial number
names                           name and node
anything else                   Python, so perhaps differently in each run
=============================== ============================================

A key of a class of your own must not be equal to one of another kind in the table.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, cast
from zlib import crc32

from ..kernel import Name, Pid

if TYPE_CHECKING:
    from collections.abc import Hashable

_TUPLES = type(()).__hash__
_FROZENSETS = type(frozenset[object]()).__hash__
_MASK = (1 << 64) - 1


def partition_of(key: Hashable, partitions: int) -> int:
    """Return the number of the partition that keeps *key*."""
    return 0 if partitions == 1 else stable_hash(key) % partitions


def stable_hash(key: Hashable) -> int:  # noqa: PLR0911
    """Return a hash of *key* from 0 to 2**64 - 1."""
    # A class that derives from one of these and hashes by itself is another kind.
    how = type(key).__hash__
    if how is str.__hash__:
        return crc32(str.encode(cast("str", key), "utf-8", "surrogatepass"))
    if how is bytes.__hash__:
        return crc32(cast("bytes", key))
    if how is _TUPLES:
        return _in_order(cast("tuple[Hashable, ...]", key))
    if how is _FROZENSETS:
        return sum(map(stable_hash, cast("frozenset[Hashable]", key))) & _MASK
    if how is Enum.__hash__:
        return crc32(cast("Enum", key).name.encode())
    if isinstance(key, Pid):
        return _in_order((key.node, key.serial))
    if isinstance(key, Name):
        return _in_order((key.name, key.node))
    return 0 if key is None else hash(key) & _MASK


def _in_order(parts: tuple[Hashable, ...]) -> int:
    found = len(parts)
    for part in parts:
        found = crc32(stable_hash(part).to_bytes(8, "little"), found)
    return found
