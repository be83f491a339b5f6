"""A node in a program, and how it begins."""

from __future__ import annotations

from contextvars import ContextVar
from math import inf, nan

import pytest

from otp import (
    InvalidSpecError,
    Node,
    NoNodeError,
    process,
)
from otp.kernel import current_node, nodes

from .support import (
    on_node,
)


@on_node
async def test_code_inside_a_node_finds_it() -> None:
    node = current_node()

    assert nodes() == {node.name: node}
    assert repr(node) == f"<node {node.name!r}>"


async def test_outside_of_a_node_there_is_none() -> None:
    async with Node():
        pass
    with pytest.raises(NoNodeError, match="no node runs here"):
        current_node()
    assert nodes() == {}


async def test_a_node_without_a_name_is_given_one() -> None:
    async with Node() as first, Node() as second, Node() as third:
        assert [n.name for n in (first, second, third)] == [
            "nonode",
            "nonode2",
            "nonode3",
        ]


async def test_a_name_is_taken_as_long_as_its_node_runs() -> None:
    async with Node("east"):
        with pytest.raises(InvalidSpecError, match="a node 'east' runs already"):
            async with Node("east"):
                pytest.fail("entered")
    async with Node("east"):
        pass


async def test_a_node_is_entered_once() -> None:
    node = Node()
    async with node:
        pass
    with pytest.raises(InvalidSpecError, match="make a new one"):
        async with node:
            pytest.fail("entered")


@pytest.mark.parametrize("seconds", [-1, nan, -inf])
def test_the_time_for_the_end_is_not_negative(seconds: float) -> None:
    with pytest.raises(InvalidSpecError) as caught:
        Node(shutdown_timeout=seconds)

    assert caught.value.kind == "invalid_shutdown"


@pytest.mark.parametrize("name", ["", "undefined"])
def test_some_words_are_no_names_of_nodes(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        Node(name)


async def test_the_same_seed_gives_the_same_numbers() -> None:
    numbers: list[float] = []
    for seed in (1, 1, 2):
        async with Node(seed=seed) as node:
            numbers.append(node.random.random())

    assert numbers[0] == numbers[1] != numbers[2]


async def test_a_process_starts_with_an_empty_context() -> None:
    variable = ContextVar("variable", default="outside")

    async def body() -> None:
        seen.append(variable.get())

    seen: list[str] = []
    async with Node() as node:
        variable.set("inside")
        await process.wait_exited(node.spawn(body))

    assert seen == ["outside"]
