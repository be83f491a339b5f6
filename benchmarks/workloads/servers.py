"""Servers: called, told, by one client and by many, started and stopped."""

from __future__ import annotations

from inspect import iscoroutinefunction
from time import perf_counter
from typing import TYPE_CHECKING, Any

import trio
from trio.testing import wait_all_tasks_blocked

from ..tools import Countdown, check, maybe, memory, percentile, since

if TYPE_CHECKING:
    from ..adapter import Adapter
    from ..rows import Metrics, Sizes


async def call(peer: Adapter, sizes: Sizes) -> Metrics:
    """One client calls one server, again and again."""
    n = sizes["calls"]
    server = await peer.start_counter()
    add = peer.call
    for _ in range(n):
        await add(server, 1)
    begin = perf_counter()
    for _ in range(n):
        await add(server, 1)
    mean = since(begin, n)
    times: list[float] = []
    for _ in range(n):
        begin = perf_counter()
        await add(server, 1)
        times.append(perf_counter() - begin)
    check("calls", await add(server, 0), 3 * n)
    p50, p99 = percentile(times, 0.5), percentile(times, 0.99)
    return {"mean": mean, "p50": p50, "p99": p99}


async def cast(peer: Adapter, sizes: Sizes) -> Metrics:
    """One client tells one server, and asks in the end what has arrived."""
    n = sizes["casts"]
    server = await peer.start_counter()
    tell = peer.cast
    await peer.call(server, 0)
    begin = perf_counter()
    if iscoroutinefunction(tell):
        for _ in range(n):
            await tell(server, 1)
    else:
        for _ in range(n):
            tell(server, 1)
    check("casts", await peer.call(server, 0), n)
    return {"cast": since(begin, n)}


async def one_server(peer: Adapter, sizes: Sizes) -> Metrics:
    """Many clients call one server."""
    return await _clients(peer, sizes, 1)


async def many_servers(peer: Adapter, sizes: Sizes) -> Metrics:
    """Many clients call a server each."""
    return await _clients(peer, sizes, sizes["clients"])


async def _clients(peer: Adapter, sizes: Sizes, many: int) -> Metrics:
    clients, calls = sizes["clients"], sizes["calls"]
    servers = [await peer.start_counter() for _ in range(many)]
    go, over = trio.Event(), trio.Event()
    done = Countdown(clients, over.set)

    async def client(server: Any) -> None:
        add = peer.call
        await go.wait()
        for _ in range(calls):
            await add(server, 1)
        done.hit()

    for n in range(clients):
        await peer.spawn(client, servers[n % many])
    await wait_all_tasks_blocked()
    begin = perf_counter()
    go.set()
    await over.wait()
    each = since(begin, clients * calls)
    total = sum([await peer.call(server, 0) for server in servers])
    check("calls", total, clients * calls)
    return {"call": each}


async def start(peer: Adapter, sizes: Sizes) -> Metrics:
    """Start many idle servers, see what memory they take, stop them.

    Then start some one after the other, each when the init of the last has returned.
    """
    n = sizes["servers"]
    await maybe(peer.stop_nowait(await peer.start_counter()))
    all_up, all_down = trio.Event(), trio.Event()
    up, down = Countdown(n, all_up.set), Countdown(n, all_down.set)
    before = memory()
    begin = perf_counter()
    servers = [await peer.start_counter(up.hit, down.hit, wait=False) for _ in range(n)]
    await all_up.wait()
    started = since(begin, n)
    check("a server", await peer.call(servers[-1], 1), 1)
    each = (memory() - before) / n
    begin = perf_counter()
    for server in servers:
        await maybe(peer.stop_nowait(server))
    await all_down.wait()
    stopped = since(begin, n)
    await wait_all_tasks_blocked()
    check("inits and ends", (up.left, down.left), (0, 0))
    begin = perf_counter()
    servers = [await peer.start_counter(up.hit) for _ in range(n)]
    waited = since(begin, n)
    check("inits", up.left, -n)
    return {
        "start": started,
        "start_waiting": waited,
        "stop": stopped,
        "memory": each,
    }
