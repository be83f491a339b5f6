"""Each task leaves the blocks that it is in, the last one first."""

from __future__ import annotations

import trio
from trio.testing import Sequencer

from otp.protection import Blocks


async def test_blocks_are_left_in_the_reverse_order() -> None:
    blocks = Blocks[int]()
    blocks.enter(1)
    blocks.enter(2)

    assert [blocks.leave(), blocks.leave()] == [2, 1]


async def test_tasks_have_blocks_of_their_own() -> None:
    blocks, turn = Blocks[str](), Sequencer()
    left: list[str] = []

    async def first() -> None:
        async with turn(0):
            blocks.enter("first")
        async with turn(2):
            left.append(blocks.leave())

    async def second() -> None:
        async with turn(1):
            blocks.enter("second")
        async with turn(3):
            left.append(blocks.leave())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(first)
        nursery.start_soon(second)

    assert left == ["first", "second"]
