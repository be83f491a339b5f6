"""Small programs with one bug each, and one without: what an explorer has to find."""

from __future__ import annotations

import trio
from trio.lowlevel import checkpoint

import otp
from otp import process
from otp.testing import touch


async def lost_update() -> None:
    """Two tasks read, wait and write: one of the two additions gets lost."""
    total = 0

    async def add() -> None:
        nonlocal total
        seen = total
        await checkpoint()
        total = seen + 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(add, name="one")
        nursery.start_soon(add, name="two")

    assert total == 2


async def pool_over_limit() -> None:
    """A pool of two looks for room, waits, and then takes what others have taken."""
    busy = most = 0

    async def work() -> None:
        nonlocal busy, most
        while busy >= 2:  # noqa: ASYNC110 - that is the bug
            await trio.sleep(1)
        await checkpoint()
        busy += 1
        most = max(most, busy)
        await trio.sleep(1)
        busy -= 1

    async def later() -> None:
        for _ in range(2):
            await checkpoint()
        await work()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(work, name="one")
        nursery.start_soon(work, name="two")
        nursery.start_soon(later, name="three")

    assert most <= 2


async def lock_order() -> None:
    """Two tasks take two locks in different orders."""
    first, second = trio.Lock(), trio.Lock()

    async def take(one: trio.Lock, other: trio.Lock) -> None:
        async with one:
            await checkpoint()
            async with other:
                await checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take, first, second, name="one")
        nursery.start_soon(take, second, first, name="two")


async def starvation() -> None:
    """One step of one task comes after twelve of the other."""
    steps = 0
    seen = 0

    async def run() -> None:
        nonlocal steps
        for _ in range(12):
            steps += 1
            await checkpoint()

    async def look() -> None:
        nonlocal seen
        await checkpoint()
        seen = steps

    async with trio.open_nursery() as nursery:
        nursery.start_soon(look, name="looks")
        nursery.start_soon(run, name="runs")

    assert seen < 12


async def stale_pid() -> None:
    """A pid is looked up, its process is replaced, and then the pid is used."""
    answered = False

    async def serve() -> None:
        nonlocal answered
        await process.receive()
        answered = True

    async def client() -> None:
        server: otp.Pid | None = process.whereis("server")
        for _ in range(3):
            await checkpoint()
        if server is not None:
            process.send(server, "hello")

    async def replace(old: otp.Pid) -> None:
        for _ in range(3):
            await checkpoint()
        process.exit(old, otp.Kill())
        process.register("server", process.spawn(serve, label="new server"))

    async with otp.Node():
        server = process.spawn(serve)
        process.register("server", server)
        asking = process.spawn(client)
        await process.wait_exited(process.spawn(replace, server))
        await process.wait_exited(asking)
        await trio.testing.wait_all_tasks_blocked()

        assert answered


async def offset_race() -> None:
    """A reader takes the end of a log for what it has read, if it is slow once."""
    log: list[int] = []
    read: list[int] = []
    offset = 0

    async def write() -> None:
        for n in range(7):
            log.append(n)
            await checkpoint()

    async def follow() -> None:
        nonlocal offset
        for _ in range(3):
            new = log[offset:]
            if len(new) == 5:
                # Only here something may come in between.
                await checkpoint()
            read.extend(new)
            offset = len(log)
            await checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(write, name="writer")
        nursery.start_soon(follow, name="reader")

    assert read == log[:offset]


async def correct() -> None:
    """Three tasks add under a lock."""
    total = 0
    lock = trio.Lock()

    async def add() -> None:
        nonlocal total
        async with lock:
            seen = total
            await checkpoint()
            total = seen + 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(add, name="one")
        nursery.start_soon(add, name="two")
        nursery.start_soon(add, name="three")

    assert total == 3


class Orders:
    """Clients that send to servers, and in which orders the messages came."""

    def __init__(self, clients: int, servers: int) -> None:
        self.clients = clients
        self.servers = servers
        self.seen: set[tuple[tuple[object, ...], ...]] = set()

    async def __call__(self) -> None:
        mail: list[list[object]] = [[] for _ in range(self.servers)]
        expected = self.clients

        async def serve(got: list[object]) -> None:
            while len(got) < expected:
                got.append(await process.receive())

        async def send(n: int, to: list[otp.Pid]) -> None:
            for server in to:
                process.send(server, n)
                await checkpoint()

        async with otp.Node():
            servers = [process.spawn(serve, got) for got in mail]
            for n in range(self.clients):
                process.spawn(send, n, servers)
            for server in servers:
                await process.wait_exited(server)
        self.seen.add(tuple(map(tuple, mail)))


async def shared_counter() -> None:
    """Two processes have a variable in common, and say so."""
    total = 0

    async def add() -> None:
        nonlocal total
        touch("total")
        seen = total
        await checkpoint()
        touch("total")
        total = seen + 1

    async with otp.Node():
        one, other = process.spawn(add), process.spawn(add)
        await process.wait_exited(one)
        await process.wait_exited(other)

    assert total == 2
