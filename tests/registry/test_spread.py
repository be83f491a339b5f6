"""Where keys are kept: equal ones together, and in every run at the same place."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter, namedtuple
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum, auto
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, strategies as st

from otp import Name, process
from otp.registry._spread import partition_of, stable_hash
from tests.kernel.support import idle, on_node

if TYPE_CHECKING:
    from collections.abc import Hashable

Point = namedtuple("Point", "x y")  # noqa: PYI024 - a tuple of another class


class Colour(Enum):
    RED = auto()
    BLUE = auto()


class Size(IntEnum):
    SMALL = 1


class Word(StrEnum):
    A = "a"


class CaseLess(str):
    """Equal to what differs in upper and lower case only."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CaseLess) and self.lower() == other.lower()

    def __hash__(self) -> int:
        return hash(self.lower())


ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=()))
    | st.binary()
    | st.sampled_from(Colour)
)
KEYS = st.recursive(
    ATOMS, lambda inner: st.tuples(inner, inner) | st.frozensets(inner), max_leaves=5
)

ALIKE: list[tuple[Hashable, Hashable]] = [
    (1, 1.0),
    (1, True),
    (Fraction(1, 2), 0.5),
    (Decimal(3), 3),
    (-0.0, 0),
    (2**70, float(2**70)),
    (Size.SMALL, 1),
    (Word.A, "a"),
    (Point(1, "x"), (1.0, "x")),
    (frozenset({1, "a"}), frozenset({"a", 1.0})),
    (CaseLess("Key"), CaseLess("key")),
    (Name("x"), Name("x")),
]


@given(KEYS, st.integers(1, 9))
@example("\ud800", 2)
@example(-1, 2)
def test_a_key_has_a_place_among_the_partitions(key: Hashable, n: int) -> None:
    assert 0 <= partition_of(key, n) < n
    assert 0 <= stable_hash(key) < 2**64


@given(KEYS, st.integers(2, 9))
def test_the_place_is_found_by_the_hash(key: Hashable, n: int) -> None:
    assert partition_of(key, n) == stable_hash(key) % n


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_equal_keys_have_one_place(one: Hashable, other: Hashable) -> None:
    assert one == other
    assert stable_hash(one) == stable_hash(other)


DIFFERENT: list[Hashable] = [
    *(None, 1, 2, -1, 0.5, "a", "b", "ab", b"abc", ("a",), ("a", "b"), ("b", "a")),
    *((("a",), "b"), (1, 2), (2, 1), frozenset({"a", "b"}), Colour.RED, Colour.BLUE),
    *(("a", None, 1), Name("a"), Name("p", "q"), Name("q", "p")),
]


def test_different_keys_have_different_hashes() -> None:
    assert len(set(map(stable_hash, DIFFERENT))) == len(DIFFERENT)


def test_keys_are_spread_evenly() -> None:
    places = Counter(partition_of(f"user {n}", 4) for n in range(4000))

    assert all(abs(places[n] - 1000) < 150 for n in range(4))


PINNED: list[tuple[Hashable, int]] = [
    ("a", 3904355907),
    ("é", 235179326),
    (b"x", 2363233923),
    (7, 7),
    (-1, 2**64 - 2),
    (None, 0),
    (("a", ("b", 1.5)), 1981248994),
    (frozenset(["a", "b"]), 5812694588),
]


@pytest.mark.parametrize(("key", "expected"), PINNED)
def test_the_hash_of_a_key_never_changes(key: Hashable, expected: int) -> None:
    assert stable_hash(key) == expected


def test_members_and_names_are_hashed_by_what_they_are_called() -> None:
    assert stable_hash(Colour.RED) == stable_hash("RED")
    assert stable_hash(Name("n", "here")) == stable_hash(("n", "here"))


@pytest.mark.slow
def test_the_hash_is_the_same_in_every_run() -> None:
    program = (
        "from otp.registry._spread import stable_hash\n"
        f"print([stable_hash(key) for key, _ in {PINNED!r}])"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }

    assert runs == {repr([expected for _, expected in PINNED])}


@on_node
async def test_a_pid_is_hashed_by_its_number_on_its_node() -> None:
    first, second = process.spawn(idle), process.spawn(idle)

    assert stable_hash(first) == stable_hash((first.node, first.serial))
    assert stable_hash(first) != stable_hash(second)
