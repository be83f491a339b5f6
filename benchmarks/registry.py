"""What a registry costs, with few entries and with many.

Usage: python -m benchmarks.registry

Prints microseconds for each operation: they should not depend on the number of
entries, nor much on the kind of keys.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import trio

import otp
from otp import pg, process, registry, supervisor

if TYPE_CHECKING:
    from collections.abc import Callable

    from otp.registry import Keys

SIZES = (10, 100_000)
ROUNDS = 2_000


def measure(act: Callable[[int], object], rounds: int = ROUNDS) -> float:
    """Return how many microseconds ``act(n)`` takes, the best of five series."""
    best = float("inf")
    for series in range(5):
        begin = time.perf_counter()
        for n in range(series * rounds, (series + 1) * rounds):
            act(n)
        best = min(best, time.perf_counter() - begin)
    return best / rounds * 1e6


def show(what: str, costs: list[float]) -> None:
    cells = "".join(f"{cost:12.2f}" for cost in costs)
    print(f"{what:<44}{cells}", flush=True)


async def with_registry(
    keys: Keys, size: int, act: Callable[[otp.Name[otp.Registry[Any, Any]]], float]
) -> float:
    """Return what *act* costs in a registry with *size* entries of other owners."""
    reg = otp.Name[otp.Registry[Any, Any]]("reg")
    costs: list[float] = []

    async def run() -> None:
        costs.append(act(reg))

    async with otp.Node(shutdown_timeout=0) as node:
        await supervisor.start_named(reg, otp.Registry, keys=keys)
        owners = [node.spawn(trio.sleep_forever) for _ in range(min(size, 1000))]
        # The many are not what is measured: put them in on the short way.
        directory: Any = next(iter((node.names["reg"].dictionary or {}).values()))
        for n in range(size):
            owner = owners[n % len(owners)].process
            directory.register(owner, ("old", n if keys == "unique" else n % 100), n)
        await process.wait_exited(node.spawn(run))
    return costs[0]


def register(reg: otp.Name[otp.Registry[Any, Any]]) -> float:
    return measure(lambda n: registry.register(reg, ("new", n), n))


def lookup(reg: otp.Name[otp.Registry[Any, Any]]) -> float:
    registry.register(reg, "mine", 1)
    return measure(lambda _: registry.lookup(reg, "mine"))


def unregister(reg: otp.Name[otp.Registry[Any, Any]]) -> float:
    for n in range(5 * ROUNDS):
        registry.register(reg, ("new", n), n)
    return measure(lambda n: registry.unregister(reg, ("new", n)))


def resolve(reg: otp.Name[otp.Registry[Any, Any]]) -> float:
    registry.register(reg, "mine", 1)
    via = registry.via(reg, "mine")
    return measure(lambda _: process.whereis(via))


def die(reg: otp.Name[otp.Registry[Any, Any]]) -> float:
    names = registry.via(reg, 0).registry
    pids = [process.spawn(trio.sleep_forever) for _ in range(5 * 200)]
    for n, pid in enumerate(pids):
        names.register_name(("mortal", n), pid)
    return measure(lambda n: process.exit(pids[n], otp.Kill()), rounds=200)


async def groups(size: int) -> list[float]:
    """Return what joining, leaving and dying cost among *size* members."""
    costs: list[float] = []

    async def run() -> None:
        me = process.self()
        costs.append(measure(lambda _: pg.join("g", me)))
        costs.append(measure(lambda _: pg.leave("g", me)))
        pids = [process.spawn(trio.sleep_forever) for _ in range(5 * 200)]
        pg.join("g", pids)
        costs.append(measure(lambda n: process.exit(pids[n], otp.Kill()), rounds=200))

    async with otp.Node(shutdown_timeout=0) as node:
        await pg.start()
        many = [node.spawn(trio.sleep_forever) for _ in range(min(size, 1000))]
        for _ in range(size // len(many)):
            pg.join("g", many)
        await process.wait_exited(node.spawn(run))
    return costs


async def main() -> None:
    print(f"{'microseconds, by the number of other entries':<44}", end="")
    print("".join(f"{size:12,}" for size in SIZES))
    kinds: tuple[Keys, ...] = ("unique", "duplicate")
    for keys in kinds:
        for what, act in (
            ("register", register),
            ("lookup", lookup),
            ("unregister", unregister),
        ):
            costs = [await with_registry(keys, size, act) for size in SIZES]
            show(f"{keys}: {what}", costs)
    for what, act in (("whereis of a via name", resolve), ("death of an owner", die)):
        costs = [await with_registry("unique", size, act) for size in SIZES]
        show(f"unique: {what}", costs)
    by_size = [await groups(size) for size in SIZES]
    for n, what in enumerate(("join", "leave", "death of a member")):
        show(f"pg: {what}", [costs[n] for costs in by_size])


if __name__ == "__main__":
    trio.run(main)
