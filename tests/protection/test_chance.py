"""Chance comes from the node, whose seed makes it repeatable."""

from __future__ import annotations

from random import Random

import pytest

import otp
from otp import InvalidSpecError
from otp.protection import check_random, random_of_node


async def test_in_a_node_chance_is_that_of_the_node() -> None:
    async with otp.Node(seed=7) as node:
        assert random_of_node() is node.random
        assert random_of_node().random() == Random(7).random()


@pytest.mark.parametrize("random", [3, "x"])
def test_what_is_no_chance_is_refused(random: object) -> None:
    with pytest.raises(InvalidSpecError, match=r"is a random\.Random, not") as it:
        check_random("invalid_this", random)

    assert (it.value.kind, it.value.value) == ("invalid_this", random)
    check_random("invalid_this", None)
    check_random("invalid_this", Random(1))


def test_outside_of_a_node_there_is_chance_as_well() -> None:
    assert random_of_node().random() != random_of_node().random()
