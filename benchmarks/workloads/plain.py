"""Plain processes: messages between them, many of them, tasks and timers."""

from __future__ import annotations

import time
from inspect import iscoroutinefunction
from time import perf_counter
from typing import TYPE_CHECKING, Any

import trio
from trio.testing import wait_all_tasks_blocked

from ..adapter import lack
from ..tools import Countdown, check, maybe, since

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..adapter import Adapter
    from ..rows import Metrics, Sizes

BRANCHES = 10


async def ring(peer: Adapter, sizes: Sizes) -> Metrics:
    """Pass a number round a ring of processes, each of which takes one off."""
    many, laps = sizes["processes"], sizes["laps"]
    over = trio.Event()
    ends: list[int] = []

    def end(place: int) -> None:
        ends.append(place)
        over.set()

    member = _waiting_member if iscoroutinefunction(peer.send) else _member
    pids = [await peer.spawn(member, peer, place, end) for place in range(many)]
    for place, pid in enumerate(pids):
        await maybe(peer.send(pid, pids[(place + 1) % many]))
    await wait_all_tasks_blocked()
    # One hop more than whole laps, so that the place tells how many there were.
    hops = many * laps + 1
    begin = perf_counter()
    await maybe(peer.send(pids[0], hops))
    await over.wait()
    each = since(begin, hops)
    check("the last place", ends, [hops % many])
    return {"hop": each}


async def _member(peer: Adapter, place: int, end: Callable[[int], None]) -> None:
    send, receive = peer.send, peer.receiver()
    successor = await receive()
    while True:
        hops = await receive()
        if hops == 0:
            end(place)
        else:
            send(successor, hops - 1)


async def _waiting_member(
    peer: Adapter, place: int, end: Callable[[int], None]
) -> None:
    send, receive = peer.send, peer.receiver()
    successor = await receive()
    while True:
        hops = await receive()
        if hops == 0:
            end(place)
        else:
            await maybe(send(successor, hops - 1))


async def skynet(peer: Adapter, sizes: Sizes) -> Metrics:
    """Grow a tree of processes; each sends the sum of its branches to its parent."""
    leaves = sizes["leaves"]
    over = trio.Event()
    sums: list[object] = []

    async def root() -> None:
        me = await maybe(peer.self_pid())
        await peer.spawn(_branch, peer, me, 0, leaves)
        sums.append(await peer.recv())
        over.set()

    begin = perf_counter()
    await peer.spawn(root)
    await over.wait()
    each = since(begin, tree_size(leaves))
    check("the sum", sums, [leaves * (leaves - 1) // 2])
    return {"process": each}


def tree_size(leaves: int) -> int:
    """Return how many processes a tree with so many leaves has."""
    return leaves if leaves == 1 else leaves + tree_size(leaves // BRANCHES)


async def _branch(peer: Adapter, parent: Any, number: int, leaves: int) -> None:
    if leaves == 1:
        await maybe(peer.send(parent, number))
        return
    me = await maybe(peer.self_pid())
    each = leaves // BRANCHES
    for branch in range(BRANCHES):
        await peer.spawn(_branch, peer, me, number + branch * each, each)
    total = 0
    for _ in range(BRANCHES):
        total += await peer.recv()
    await maybe(peer.send(parent, total))


async def spawn(peer: Adapter, sizes: Sizes) -> Metrics:
    """Start processes that do nothing, and wait until the last of them has run."""
    n = sizes["processes"]
    over = trio.Event()
    ran = Countdown(n, over.set)

    async def body() -> None:
        ran.hit()

    begin = perf_counter()
    for _ in range(n):
        await peer.spawn(body)
    await over.wait()
    await wait_all_tasks_blocked()
    each = since(begin, n)
    check("processes", n - ran.left, n)
    return {"process": each}


async def task(peer: Adapter, sizes: Sizes) -> Metrics:
    """Start a task and await its result, one after the other."""
    n = sizes["tasks"]

    async def double(number: int) -> int:
        return 2 * number

    begin = perf_counter()
    results = [await peer.run_task(double, number) for number in range(n)]
    each = since(begin, n)
    check("results", results, [2 * number for number in range(n)])
    return {"task": each}


async def selective(peer: Adapter, sizes: Sizes) -> Metrics:
    """Receive what fits while much is waiting that does not."""
    waiting, n = sizes["waiting"], sizes["receives"]
    if iscoroutinefunction(peer.send):
        lack("a mailbox: who sends waits until it is received")

    async def body() -> Metrics:
        me = await maybe(peer.self_pid())
        for _ in range(waiting):
            await maybe(peer.send(me, "not this"))
        begin = perf_counter()
        got: list[object] = []
        for number in range(n):
            await maybe(peer.send(me, number))
            got.append(await peer.recv_match(_is_number))
        each = since(begin, n)
        check("messages", got, list(range(n)))
        left = [await peer.recv() for _ in range(waiting)]
        check("what is left", left, ["not this"] * waiting)
        return {"receive": each}

    return await run_inside(peer, body)


def _is_number(message: object) -> bool:
    return isinstance(message, int)


async def timers(peer: Adapter, sizes: Sizes) -> Metrics:
    """Start timers and cancel them; then let as many be due at one moment."""
    n = sizes["timers"]

    async def body() -> Metrics:
        me = await maybe(peer.self_pid())
        begin = perf_counter()
        for _ in range(n):
            peer.cancel_timer(peer.send_after(60, me, "never"))
        await trio.lowlevel.checkpoint()
        cancelled = since(begin, n)
        for number in range(n):
            peer.send_after(0.01, me, number)
        await trio.lowlevel.checkpoint()
        # All of them are due before any of them can fire.
        time.sleep(0.02)  # noqa: ASYNC251 - nothing else is to run
        begin = perf_counter()
        got = [await peer.recv() for _ in range(n)]
        fired = since(begin, n)
        check("timers", sorted(got), list(range(n)))
        return {"cancel": cancelled, "fire": fired}

    return await run_inside(peer, body)


async def run_inside(peer: Adapter, body: Callable[[], Any]) -> Metrics:
    """Run *body* as a process, and return or raise what comes of it."""
    over = trio.Event()
    results: list[Metrics] = []
    errors: list[Exception] = []

    async def process() -> None:
        try:
            results.append(await body())
        except Exception as error:  # noqa: BLE001 - it is raised where it is awaited
            errors.append(error)
        over.set()

    await peer.spawn(process)
    await over.wait()
    for error in errors:
        raise error
    return results[0]
