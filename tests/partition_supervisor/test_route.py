"""Which partition a key leads to."""

from __future__ import annotations

import sys
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from subprocess import run
from typing import NamedTuple

import attrs
import pytest
from hypothesis import given, strategies as st

from otp import Name, Node, process
from otp.partition_supervisor._route import partition_of
from tests.kernel.support import idle

PARTITIONS = st.integers(1, 50)

ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=[])),
    st.binary(),
    st.sampled_from([Name[object]("a"), Name[object]("a", "b"), Name[object]("c")]),
)
KEYS = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3)
    ),
    max_leaves=6,
)


class Colour(Enum):
    RED = 1
    BLUE = 2


class Level(IntEnum):
    LOW = 1


class Point(NamedTuple):
    x: int
    y: int


@attrs.frozen
class Customer:
    number: int


@given(st.integers(), PARTITIONS)
def test_a_number_leads_to_what_is_left_of_it(key: int, n: int) -> None:
    assert partition_of(key, n) == abs(key) % n


def test_negative_numbers_are_not_taken_the_way_of_python() -> None:
    assert [partition_of(key, 4) for key in (-1, -4, -5)] == [1, 0, 1]


@given(KEYS, PARTITIONS)
def test_every_key_leads_to_one_of_the_partitions(key: object, n: int) -> None:
    assert partition_of(key, n) in range(n)


@given(KEYS, KEYS)
def test_keys_that_are_equal_lead_to_the_same(a: object, b: object) -> None:
    if a == b:
        assert partition_of(a, 1 << 60) == partition_of(b, 1 << 60)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, True),
        (1, 1.0),
        (1, Level.LOW),
        (-0.0, 0),
        ((1, "a"), (1.0, "a")),
        ((1, 2), Point(1, 2)),
        (frozenset([1, 2, "x"]), frozenset(["x", 2.0, True])),
        (2**80, float(2**80)),
        (Decimal("0.5"), Fraction(1, 2)),
        (1, Decimal(1)),
        (-3, Fraction(-3)),
        (2, 2 + 0j),
        (("a", 7), ("a", Decimal("7.0"))),
        (0.5, 0.5 + 0j),
        (Customer(7), Customer(7)),
    ],
    ids=repr,
)
def test_it_does_not_matter_how_a_key_is_written(a: object, b: object) -> None:
    assert a == b
    assert partition_of(a, 1 << 60) == partition_of(b, 1 << 60)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("1", b"1"),
        ("1", 1),
        (None, "None"),
        (None, ()),
        ((), frozenset()),
        (("a", "b"), ("ab",)),
        (("a", ("b",)), (("a", "b"),)),
        (("a:", "b"), ("a", ":b")),
        (Colour.RED, Colour.BLUE),
        (Colour.RED, "RED"),
        (Name[object]("a"), "a"),
        (Name[object]("a"), Name[object]("a", "b")),
        (0.5, "0.5"),
        (float("inf"), float("-inf")),
        (Customer(7), Customer(8)),
    ],
    ids=repr,
)
def test_keys_that_look_alike_are_told_apart(a: object, b: object) -> None:
    assert partition_of((a,), 1 << 60) != partition_of((b,), 1 << 60)


@pytest.mark.parametrize("form", ["user {}", "{}", "2024-01-{:02}"])
@pytest.mark.parametrize("n", [2, 3, 4, 8])
def test_keys_are_spread_over_all_partitions(form: str, n: int) -> None:
    partitions = [partition_of(form.format(k), n) for k in range(400 * n)]

    assert all(300 < partitions.count(partition) < 500 for partition in range(n))


@pytest.mark.parametrize("key", [[], {}, ([],), {1}], ids=repr)
def test_what_cannot_be_hashed_is_no_key(key: object) -> None:
    with pytest.raises(TypeError, match="unhashable"):
        partition_of(key, 4)


async def test_processes_are_told_apart() -> None:
    async with Node("east"):
        pids = [process.spawn(idle) for _ in range(20)]

        assert len({partition_of(pid, 1 << 60) for pid in pids}) == 20
        assert partition_of(pids[0], 100) == partition_of(pids[0], 100)


STABLE = [
    "apples",
    "äöü",
    b"apples",
    "",
    None,
    0.5,
    ("customer", 7, None),
    frozenset(["a", "b", "c"]),
    Name[object]("counter"),
]


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_way_is_the_same_in_every_run(seed: str) -> None:
    program = (
        "from otp import Name\n"
        "from otp.partition_supervisor._route import partition_of\n"
        f"keys = {STABLE[:-1]!r} + [Name('counter')]\n"
        "print([partition_of(key, 1000) for key in keys])\n"
    )

    environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}
    done = run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        env=environment,
        text=True,
    )

    assert done.stdout.strip() == str([partition_of(key, 1000) for key in STABLE])


def test_the_way_is_the_same_in_every_version() -> None:
    assert [partition_of(key, 1000) for key in STABLE] == [
        *(360, 290, 859),
        *(580, 592, 968),
        *(406, 545, 281),
    ]
