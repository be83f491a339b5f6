"""Which partition a key leads to: the rule, as a function of values.

============== ============================================
key            partition, of *n*
============== ============================================
a whole number its absolute value modulo *n*, as in Elixir
anything else  a hash of it, modulo *n*
============== ============================================

The hash is the same in every run of a program for strings, bytes, numbers, None,
members of enumerations, pids, names, and tuples and frozen sets of these. Of these,
keys that are equal lead to the same partition: 1.0 and True are the whole number 1.
For other keys it is Python's own, which is the same as long as the program runs.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from fractions import Fraction
from hashlib import blake2b
from typing import TYPE_CHECKING, cast

from ..kernel import Name, Pid

if TYPE_CHECKING:
    from collections.abc import Hashable


def partition_of(key: Hashable, partitions: int) -> int:
    """Return the partition that *key* leads to, of so many.

    Raises:
        TypeError: *key* cannot be hashed.
    """
    number = _as_int(key)
    if number is None:
        digest = blake2b(_encoded(key), digest_size=8).digest()
        number = int.from_bytes(digest, "big")
    return abs(number) % partitions


def _as_int(key: object) -> int | None:
    if isinstance(key, int):
        return int(key)
    if not isinstance(key, (float, complex, Decimal, Fraction)):
        return None
    try:
        number = int(key.real)
    except (OverflowError, ValueError):
        return None  # infinite, or no number
    return number if number == key else None


def _encoded(key: object) -> bytes:
    """Write *key* as bytes, so that no two that differ are the same."""
    number = _as_int(key)
    tag, content = b"i", b""
    match key:
        case _ if number is not None:
            content = b"%d" % number
        case None:
            tag = b"n"
        case str():
            tag, content = b"s", key.encode("utf-8", "surrogatepass")
        case bytes():
            tag, content = b"b", key
        case tuple():
            tag, content = b"t", _joined(cast("tuple[object, ...]", key))
        case frozenset():
            members = map(_encoded, cast("frozenset[object]", key))
            tag, content = b"f", b"".join(sorted(members))
        case Enum():
            tag, content = b"e", _joined(_path(key))
        case Name():
            tag, content = b"m", _joined((key.name, key.node))
        case Pid():
            tag, content = b"p", _joined((key.node, key.serial))
        case _:
            tag, content = b"h", b"%d" % hash(key)
    return b"%b%d:%b" % (tag, len(content), content)


def _joined(parts: tuple[object, ...]) -> bytes:
    return b"".join(map(_encoded, parts))


def _path(member: Enum) -> tuple[str, ...]:
    cls = type(member)
    return cls.__module__, cls.__qualname__, member.name
