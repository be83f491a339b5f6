"""pykka: an actor is a thread. Its workloads are its own, since nothing here awaits."""

from __future__ import annotations

import logging
from functools import partial
from importlib import import_module
from queue import SimpleQueue
from threading import Event, Lock, Thread
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from .tools import check, memory, percentile, since
from .workloads.plain import BRANCHES, tree_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from .rows import Metrics, Sizes

pykka: Any = import_module("pykka")
Actor: Any = pykka.ThreadingActor
logging.getLogger("pykka").setLevel(logging.CRITICAL)


class Countdown:
    """Sets an event when it has been hit so many times, by any thread."""

    def __init__(self, hits: int) -> None:
        self.left = hits
        self.lock = Lock()
        self.over = Event()

    def hit(self) -> None:
        with self.lock:
            self.left -= 1
            if self.left == 0:
                self.over.set()


class Counter(Actor):
    """Adds up."""

    def __init__(
        self,
        on_init: Callable[[], object] | None = None,
        on_exit: Callable[[], object] | None = None,
    ) -> None:
        Actor.__init__(self)
        self.count = 0
        self.on_init = on_init
        self.on_exit = on_exit

    def on_start(self) -> None:
        if self.on_init is not None:
            self.on_init()

    def on_stop(self) -> None:
        if self.on_exit is not None:
            self.on_exit()

    def on_receive(self, message: int) -> int:
        self.count += message
        return self.count


def call(sizes: Sizes) -> Metrics:
    n = sizes["calls"]
    server = Counter.start()
    for _ in range(n):
        server.ask(1)
    begin = perf_counter()
    for _ in range(n):
        server.ask(1)
    mean = since(begin, n)
    times: list[float] = []
    for _ in range(n):
        begin = perf_counter()
        server.ask(1)
        times.append(perf_counter() - begin)
    check("calls", server.ask(0), 3 * n)
    p50, p99 = percentile(times, 0.5), percentile(times, 0.99)
    return {"mean": mean, "p50": p50, "p99": p99}


def cast(sizes: Sizes) -> Metrics:
    n = sizes["casts"]
    server = Counter.start()
    server.ask(0)
    begin = perf_counter()
    for _ in range(n):
        server.tell(1)
    check("casts", server.ask(0), n)
    return {"cast": since(begin, n)}


class Member(Actor):
    """One of a ring."""

    def __init__(self, place: int, end: Callable[[int], object]) -> None:
        Actor.__init__(self)
        self.place = place
        self.end = end
        self.successor: Any = None

    def on_receive(self, message: Any) -> None:
        if not isinstance(message, int):
            self.successor = message
        elif message == 0:
            self.end(self.place)
        else:
            self.successor.tell(message - 1)


def ring(sizes: Sizes) -> Metrics:
    many = sizes["processes"]
    ends: SimpleQueue[int] = SimpleQueue()
    members = [Member.start(place, ends.put) for place in range(many)]
    for place, member in enumerate(members):
        member.ask(members[(place + 1) % many])
    hops = many * sizes["laps"] + 1
    begin = perf_counter()
    members[0].tell(hops)
    place = ends.get()
    each = since(begin, hops)
    check("the last place", place, hops % many)
    return {"hop": each}


class Branch(Actor):
    """A part of the tree."""

    def __init__(self, parent: Any, number: int, leaves: int) -> None:
        Actor.__init__(self)
        self.parent = parent
        self.number = number
        self.leaves = leaves
        self.missing = BRANCHES
        self.total = 0

    def on_start(self) -> None:
        if self.leaves == 1:
            self.end(self.number)
            return
        each = self.leaves // BRANCHES
        for branch in range(BRANCHES):
            Branch.start(self.actor_ref, self.number + branch * each, each)

    def on_receive(self, message: int) -> None:
        self.total += message
        self.missing -= 1
        if self.missing == 0:
            self.end(self.total)

    def end(self, total: int) -> None:
        self.parent.tell(total)
        self.stop()


class Root(Actor):
    """Hands on what it is sent."""

    def __init__(self, put: Callable[[Any], object]) -> None:
        Actor.__init__(self)
        self.put = put

    def on_receive(self, message: Any) -> None:
        self.put(message)


def skynet(sizes: Sizes) -> Metrics:
    leaves = sizes["leaves"]
    sums: SimpleQueue[int] = SimpleQueue()
    root = Root.start(sums.put)
    begin = perf_counter()
    Branch.start(root, 0, leaves)
    total = sums.get()
    each = since(begin, tree_size(leaves))
    check("the sum", total, leaves * (leaves - 1) // 2)
    return {"process": each}


def start(sizes: Sizes) -> Metrics:
    n = sizes["servers"]
    Counter.start().stop()
    up, down = Countdown(n), Countdown(n)
    before = memory()
    begin = perf_counter()
    servers = [Counter.start(up.hit, down.hit) for _ in range(n)]
    up.over.wait()
    started = since(begin, n)
    each = (memory() - before) / n
    begin = perf_counter()
    for server in servers:
        server.stop(block=False)
    down.over.wait()
    stopped = since(begin, n)
    check("inits and ends", (up.left, down.left), (0, 0))
    return {"start": started, "stop": stopped, "memory": each}


def clients(sizes: Sizes, *, many: bool) -> Metrics:
    n, calls = sizes["clients"], sizes["calls"]
    servers = [Counter.start() for _ in range(n if many else 1)]
    go, done = Event(), Countdown(n)

    def client(server: Any) -> None:
        go.wait()
        for _ in range(calls):
            server.ask(1)
        done.hit()

    for number in range(n):
        target = servers[number % len(servers)]
        Thread(target=client, args=(target,), daemon=True).start()
    begin = perf_counter()
    go.set()
    done.over.wait()
    each = since(begin, n * calls)
    check("calls", sum(server.ask(0) for server in servers), n * calls)
    return {"call": each}


WORKLOADS: Final[dict[str, Callable[[Sizes], Metrics]]] = {
    "call": call,
    "cast": cast,
    "ring": ring,
    "skynet": skynet,
    "start": start,
    "one_server": partial(clients, many=False),
    "many_servers": partial(clients, many=True),
}


def stop_all() -> None:
    """End all threads."""
    pykka.ActorRegistry.stop_all()
