from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from trio.lowlevel import checkpoint

import otp
from otp import PartitionSupervisor, child_spec, partition_supervisor, process
from otp.partition_supervisor import via
from otp.testing import Cancelling, cancel_everywhere, explore
from tests.testing.worlds import all_exited, cancelled_world, rest, together, world

if TYPE_CHECKING:
    from otp import Pid

PARTS = 3


class Shelf(otp.GenServer):
    """Knows its number, and who else is there."""

    def __init__(self, there: list[int], number: int = 0) -> None:
        self.there = there
        self.number = number

    async def init(self) -> None:
        process.trap_exit(True)
        assert self.number not in self.there
        self.there.append(self.number)
        await checkpoint()

    @otp.call
    async def which(self) -> int:
        await checkpoint()
        return self.number

    @otp.cast
    async def crash(self) -> None:
        raise RuntimeError("asked to")

    async def terminate(self, reason: otp.ExitReason) -> None:
        del reason
        await checkpoint()
        self.there.remove(self.number)


def numbered(arguments: tuple[Any, ...], number: int) -> tuple[Any, ...]:
    return *arguments, number


async def start(there: list[int]) -> Pid[PartitionSupervisor[Shelf]]:
    """Start a supervisor that the caller is not linked to."""
    shelf = child_spec(Shelf, there)
    made = await otp.supervisor.start_link(
        PartitionSupervisor, shelf, partitions=PARTS, with_arguments=numbered
    )
    process.unlink(made)
    return made


async def stop(shelves: Pid[PartitionSupervisor[Shelf]]) -> None:
    process.exit(shelves, otp.Shutdown())
    await all_exited(shelves)


def test_a_key_leads_to_its_partition_or_to_nobody_while_one_is_restarted() -> None:
    seen: set[object] = set()

    async def body() -> None:
        there: list[int] = []
        shelves = await start(there)

        async def ask(key: int) -> None:
            try:
                assert await Shelf.which(via(shelves, key)) == key
                seen.add("answered")
            except otp.CallError as error:
                assert key == 1
                seen.add(type(error))

        async def crash() -> None:
            Shelf.crash(via(shelves, 1))
            await checkpoint()

        await together(partial(ask, 0), partial(ask, 1), crash, partial(ask, 1))
        await rest()
        assert sorted(there) == [0, 1, 2]
        assert await Shelf.which(via(shelves, 1)) == 1
        await stop(shelves)
        assert there == []

    explore(world(body), runs=50)

    assert seen == {"answered", otp.ServerExitedError, otp.NoProcessError}


def test_keys_lead_to_partitions_that_run_while_their_number_changes() -> None:
    sizes: set[int] = set()

    async def body() -> None:
        there: list[int] = []
        shelves = await start(there)

        async def ask() -> None:
            for _ in range(3):
                before = partition_supervisor.partitions(shelves)
                for key in range(before):
                    # What keys lead to is up, at any moment.
                    assert process.whereis(via(shelves, key)) is not None
                    assert key in there
                try:
                    assert await Shelf.which(via(shelves, 2)) in range(PARTS)
                except otp.ServerExitedError:
                    # It is one that there is not any more.
                    assert partition_supervisor.partitions(shelves) < PARTS
                sizes.add(before)

        async def resize(size: int) -> None:
            await partition_supervisor.resize(shelves, size)

        await together(ask, partial(resize, 1), partial(resize, 2))
        size = partition_supervisor.partitions(shelves)
        assert sorted(there) == list(range(size))
        assert size in (1, 2)
        await partition_supervisor.resize(shelves, PARTS)
        assert sorted(there) == list(range(PARTS))
        await stop(shelves)

    explore(world(body), runs=60)

    assert sizes == {1, 2, 3}


def test_a_partition_that_crashes_while_their_number_changes_is_there_once() -> None:
    async def body() -> None:
        there: list[int] = []
        shelves = await start(there)

        async def crash() -> None:
            pid = process.whereis(via(shelves, 2))
            if pid is not None:
                Shelf.crash(pid)
            await checkpoint()

        async def resize() -> None:
            await partition_supervisor.resize(shelves, 2)
            await partition_supervisor.resize(shelves, PARTS)

        await together(crash, resize, crash)
        await rest()
        assert sorted(there) == [0, 1, 2]
        await stop(shelves)
        assert there == []

    explore(world(body), runs=60)


def test_a_resize_that_is_cancelled_is_done_or_not_begun() -> None:
    async def resize(cancelling: Cancelling) -> None:
        there: list[int] = []
        shelves = await start(there)
        with cancelling:
            await partition_supervisor.resize(shelves, 1)
            await partition_supervisor.resize(shelves, 2)
        await rest()
        size = partition_supervisor.partitions(shelves)
        assert sorted(there) == list(range(size))
        assert size == 2 or cancelling.cancelled
        await stop(shelves)

    assert cancel_everywhere(cancelled_world(resize), schedules=5) > 10


def test_there_are_all_partitions_or_none_if_the_start_is_cancelled() -> None:
    async def begin(cancelling: Cancelling) -> None:
        there: list[int] = []
        shelves = None
        with cancelling:
            shelves = await start(there)
        if shelves is not None:
            assert sorted(there) == [0, 1, 2]
            await stop(shelves)
            assert there == []

    assert cancel_everywhere(cancelled_world(begin), schedules=5) > 10
