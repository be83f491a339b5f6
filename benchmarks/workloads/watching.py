"""Monitors and links, and the news of a death."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from ..tools import check, maybe, since
from .plain import run_inside

if TYPE_CHECKING:
    from ..adapter import Adapter
    from ..rows import Metrics, Sizes


async def watch(peer: Adapter, sizes: Sizes) -> Metrics:
    """Monitor a process and link to it; then see many end."""
    n = sizes["watches"]

    async def idle() -> None:
        await peer.recv()

    async def end() -> None:
        pass

    async def body() -> Metrics:
        other = await peer.spawn(idle)
        begin = perf_counter()
        for _ in range(n):
            peer.demonitor(peer.monitor(other))
        monitored = since(begin, n)
        begin = perf_counter()
        for _ in range(n):
            peer.link(other)
            peer.unlink(other)
        linked = since(begin, n)
        begin = perf_counter()
        for _ in range(n):
            peer.monitor(await peer.spawn(end))
        downs = [await peer.recv() for _ in range(n)]
        died = since(begin, n)
        check("deaths", len(downs), n)
        await maybe(peer.send(other, "go"))
        return {"monitor": monitored, "link": linked, "death": died}

    return await run_inside(peer, body)
