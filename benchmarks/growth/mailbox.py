"""Many messages in one mailbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

import otp
from otp import gen_server, process

from ..tools import check
from .clock import ROUNDS, since, start_clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..rows import Metrics


class Sink(otp.GenServer):
    """Counts what it is told."""

    def __init__(self) -> None:
        self.told = 0

    @otp.cast
    async def tell(self) -> None:
        self.told += 1

    @otp.call
    async def count(self) -> int:
        return self.told


async def mailbox(size: int) -> Metrics:
    """Fill a mailbox, empty it, look for one message in it, end with it."""
    return {
        **await _casts(size),
        **await _in_process(_receive_all, size),
        **await _in_process(_receive_newest, size),
        **await _in_process(_receive_from_the_back, size),
        **await _in_process(_call_past, size),
        **await _die(size),
    }


async def _casts(size: int) -> Metrics:
    server = await gen_server.start_link(Sink)
    begin = start_clock()
    for _ in range(size):
        Sink.tell(server)
    sent = since(begin, size)
    count = await Sink.count.within(float("inf"))(server)
    handled = since(begin, size) - sent
    check("casts", count, size)
    await gen_server.stop(server)
    return {"cast": sent, "handle a cast": handled}


async def _in_process(body: Callable[[int], Awaitable[Metrics]], size: int) -> Metrics:
    metrics: Metrics = {}
    done = trio.Event()

    async def run() -> None:
        metrics.update(await body(size))
        done.set()

    process.spawn(run)
    await done.wait()
    return metrics


def _fill(size: int) -> otp.Pid:
    me = process.self()
    for n in range(size):
        process.send(me, n)
    return me


async def _receive_all(size: int) -> Metrics:
    _fill(size)
    begin = start_clock()
    got = [await process.receive() for _ in range(size)]
    drained = since(begin, size)
    check("messages", got, list(range(size)))
    return {"receive": drained}


async def _receive_newest(size: int) -> Metrics:
    """Receive selectively what is the oldest, again and again."""
    _fill(size)
    begin = start_clock()
    got = [await process.receive(int) for _ in range(size)]
    taken = since(begin, size)
    check("messages", got, list(range(size)))
    return {"receive what fits, all do": taken}


async def _receive_from_the_back(size: int) -> Metrics:
    """Receive selectively what is behind all others, a look at each of them."""
    me = _fill(size)
    rounds = max(1, min(ROUNDS, 1_000_000 // size))
    begin = start_clock()
    for _ in range(rounds):
        process.send(me, "this")
        check("the message", await process.receive(str), "this")
    return {"receive past all, each looked at": since(begin, rounds) / size}


async def _call_past(size: int) -> Metrics:
    """Call a server with all of this in the own mailbox."""
    server = await gen_server.start_link(Sink)
    _fill(size)
    begin = start_clock()
    for _ in range(ROUNDS):
        await Sink.count(server)
    return {"call, with all waiting": since(begin, ROUNDS)}


async def _die(size: int) -> Metrics:
    async def body() -> None:
        _fill(size)
        full.set()
        await trio.sleep_forever()

    full = trio.Event()
    pid = process.spawn(body)
    await full.wait()
    begin = start_clock()
    process.exit(pid, otp.Kill())
    killed = since(begin, size)
    check("the dead", process.is_alive(pid), expected=False)
    return {"kill, each message": killed}
