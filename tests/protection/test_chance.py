"""Chance comes from the node, whose seed makes it repeatable."""

from __future__ import annotations

from random import Random

import otp
from otp.protection import random_of_node


async def test_in_a_node_chance_is_that_of_the_node() -> None:
    async with otp.Node(seed=7) as node:
        assert random_of_node() is node.random
        assert random_of_node().random() == Random(7).random()


def test_outside_of_a_node_there_is_chance_as_well() -> None:
    assert random_of_node().random() != random_of_node().random()
