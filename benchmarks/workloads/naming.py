"""Names: plain ones, and the keys of a registry."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

from ..tools import check, since

if TYPE_CHECKING:
    from ..adapter import Adapter, Names
    from ..rows import Metrics, Sizes


async def names(peer: Adapter, sizes: Sizes) -> Metrics:
    """Give servers plain names."""
    return await _measure(peer, peer.names(), sizes["names"])


async def registry(peer: Adapter, sizes: Sizes) -> Metrics:
    """Give servers keys of a registry."""
    return await _measure(peer, await peer.start_registry(), sizes["names"])


async def _measure(peer: Adapter, known: Names, n: int) -> Metrics:
    servers = [await peer.start_counter() for _ in range(n)]
    keys = [f"server {number}" for number in range(n)]
    begin = perf_counter()
    for key, server in zip(keys, servers, strict=True):
        known.register(key, server)
    registered = since(begin, n)
    begin = perf_counter()
    found: list[Any] = [known.whereis(key) for key in keys]
    looked_up = since(begin, n)
    check("who was found", found == servers, expected=True)
    begin = perf_counter()
    for key in keys:
        await peer.call(known.address(key), 1)
    called = since(begin, n)
    counts = [await peer.call(server, 0) for server in servers]
    check("calls", sum(counts), n)
    begin = perf_counter()
    for key in keys:
        known.unregister(key)
    unregistered = since(begin, n)
    check("who is left", [key for key in keys if known.whereis(key)], [])
    return {
        "register": registered,
        "whereis": looked_up,
        "call": called,
        "unregister": unregistered,
    }
