"""Many names, many keys of a registry, many members of a group."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import trio
import trio.testing

import otp
from otp import pg, process, registry, supervisor

from ..tools import check
from .clock import ROUNDS, each_of, since, start_clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from otp.registry import Keys

    from ..rows import Metrics


def spawn_idle(size: int) -> list[otp.Pid]:
    """Start processes that do nothing."""
    return [process.spawn(process.receive) for _ in range(size)]


def _kill_each(pids: list[otp.Pid]) -> float:
    """Return what the death of one of *pids* costs."""
    return each_of(lambda n: process.exit(pids[n], otp.Kill()), min(ROUNDS, len(pids)))


async def plain(size: int) -> Metrics:
    """Register and look up plain names, and let who has one die."""
    pids = spawn_idle(size)
    await trio.testing.wait_all_tasks_blocked()
    begin = start_clock()
    for n, pid in enumerate(pids):
        process.register(f"name {n}", pid)
    registered = since(begin, size)

    def look_up(n: int) -> None:
        process.whereis(f"name {n % size}")

    looked_up = each_of(look_up)
    check("names", len(process.registered()), size)
    rounds = min(ROUNDS, size // 2)
    unregistered = each_of(lambda n: process.unregister(f"name {n}"), rounds)
    died = _kill_each(pids[rounds:])
    return {
        "register": registered,
        "look up": looked_up,
        "unregister": unregistered,
        "death of a named one": died,
    }


async def unique(size: int) -> Metrics:
    """Register and look up keys that belong to one process each."""
    return await _registry("unique", size, lambda n: f"key {n}")


async def duplicate(size: int) -> Metrics:
    """Register and look up keys that belong to about ten processes each."""
    return await _registry("duplicate", size, lambda n: f"key {n // 10}")


async def _registry(keys: Keys, size: int, key: Callable[[int], str]) -> Metrics:
    top = await supervisor.start_link(otp.Registry, keys=keys)
    ready = trio.Event()
    missing, spent = size, 0.0

    async def own(n: int) -> None:
        nonlocal missing, spent
        begin = perf_counter()
        registry.register(top, key(n), n)
        spent += perf_counter() - begin
        missing -= 1
        if not missing:
            ready.set()
        await process.receive()

    pids = [process.spawn(own, n) for n in range(size)]
    await ready.wait()
    registered = spent / size * 1e6
    check("entries", registry.count(top), size)
    looked_up = each_of(lambda n: registry.lookup(top, key(n % size)))
    died = _kill_each(pids)
    return {
        "register": registered,
        "look up": looked_up,
        "register and unregister one more": await _in_process(top),
        "death of an owner": died,
    }


async def _in_process(top: otp.Pid[otp.Registry[Any, Any]]) -> float:
    costs: list[float] = []

    async def body() -> None:
        def once(n: int) -> None:
            registry.register(top, ("one more", n))
            registry.unregister(top, ("one more", n))

        costs.append(each_of(once))

    await process.wait_exited(process.spawn(body))
    return costs[0]


async def group(size: int) -> Metrics:
    """Join and leave a process group."""
    await pg.start()
    pids = spawn_idle(size)
    await trio.testing.wait_all_tasks_blocked()
    begin = start_clock()
    for pid in pids:
        pg.join("group", pid)
    joined = since(begin, size)
    check("members", len(pg.get_members("group")), size)
    rounds = min(ROUNDS, size // 2)
    left = each_of(lambda n: pg.leave("group", pids[n]), rounds)
    died = _kill_each(pids[rounds:])
    return {"join": joined, "leave": left, "death of a member": died}
