"""The floor: about the cheapest processes that Trio's public functions allow.

A process is a task, a deque and a flag that says whether the task is parked. There are
no names but those of a dict, no time-outs, links, monitors or reports, and a crash
tells nobody but the supervisor. Everything that a framework does beyond this is what
it costs.
"""

from __future__ import annotations

from collections import deque
from contextvars import ContextVar
from functools import partial
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, Final, TypeVar, final

import outcome
import trio
from trio.lowlevel import (
    Abort,
    checkpoint,
    current_task,
    reschedule,
    wait_task_rescheduled,
)

from .adapter import Adapter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio.lowlevel import Task

T = TypeVar("T")

TURN: Final = 1000
"""How many messages a process takes before others have their turn."""

me: ContextVar[Proc] = ContextVar("me")


class Proc:
    """A mailbox, and the task that is parked at it, if it is."""

    __slots__ = ("left", "mail", "parked")

    def __init__(self) -> None:
        self.mail: deque[Any] = deque()
        self.parked: Task | None = None
        self.left = TURN

    def send(self, message: object) -> None:
        self.mail.append(message)
        task = self.parked
        if task is not None:
            self.parked = None
            reschedule(task)

    def abort(self, _: object) -> Abort:
        self.parked = None
        return Abort.SUCCEEDED

    async def park(self) -> None:
        self.parked = current_task()
        await wait_task_rescheduled(self.abort)

    async def recv(self) -> Any:
        mail = self.mail
        if not mail:
            self.left = TURN
            self.parked = current_task()
            await wait_task_rescheduled(self.abort)
        elif self.left:
            self.left -= 1
        else:
            self.left = TURN
            await checkpoint()
        return mail.popleft()

    async def recv_match(self, fits: Callable[[object], bool]) -> Any:
        while True:
            for place, message in enumerate(self.mail):
                if fits(message):
                    del self.mail[place]
                    return message
            await self.park()


class Call:
    """A request that waits for its answer."""

    __slots__ = ("n", "task")

    def __init__(self, n: int) -> None:
        self.n = n
        self.task = current_task()

    def abort(self, _: object) -> Abort:
        return Abort.SUCCEEDED


async def call(server: Proc, n: int) -> Any:
    request = Call(n)
    server.send(request)
    return await wait_task_rescheduled(request.abort)


class CrashError(Exception):
    """What a counter is made to raise."""


STOP: Final = "stop"
CRASH: Final = "crash"


async def counter(
    server: Proc,
    on_init: Callable[[], object] | None = None,
    on_exit: Callable[[], object] | None = None,
) -> None:
    """Add up, until it is enough."""
    if on_init is not None:
        on_init()
    try:
        await _count(server)
    finally:
        if on_exit is not None:
            on_exit()


async def _count(server: Proc) -> None:
    mail, count = server.mail, 0
    while True:
        if not mail:
            await server.park()
        for _ in range(min(len(mail), TURN)):
            message = mail.popleft()
            if type(message) is int:
                count += message
            elif type(message) is Call:
                count += message.n
                reschedule(message.task, outcome.Value(count))
            elif message == STOP:
                return
            else:
                raise CrashError
        if mail:
            await checkpoint()


@final
class Supervisor:
    """Starts what ends again, one for one, if that is not too often."""

    def __init__(self, nursery: trio.Nursery, limit: int, seconds: float) -> None:
        self.nursery = nursery
        self.limit = limit
        self.seconds = seconds
        self.proc = Proc()
        self.restarts: deque[float] = deque()

    async def child(self, start: Callable[[], Awaitable[object]]) -> None:
        try:
            await start()
        except CrashError:
            self.proc.send(start)

    async def run(self) -> None:
        while True:
            start = await self.proc.recv()
            now = trio.current_time()
            self.restarts.append(now)
            while self.restarts[0] < now - self.seconds:
                self.restarts.popleft()
            if len(self.restarts) > self.limit:
                raise RuntimeError("too many restarts")
            self.nursery.start_soon(self.child, start)


class DictNames:
    """Names in a dict."""

    def __init__(self) -> None:
        self.known: dict[str, Proc] = {}
        self.register = self.known.__setitem__
        self.unregister = self.known.__delitem__
        self.whereis = self.known.get
        self.address = self.known.__getitem__


class Floor(Adapter):
    """The floor in the words of the workloads."""

    nursery: trio.Nursery

    def __init__(self) -> None:
        self.call = call
        self.cast = Proc.send
        self.stop_nowait = partial(_send, STOP)
        self.crash_nowait = partial(_send, CRASH)
        self.self_pid = me.get
        self.send = Proc.send
        self.recv = _recv

    def run(self, main: Callable[[], Awaitable[T]]) -> T:
        async def go() -> T:
            async with trio.open_nursery() as self.nursery:
                result = await main()
                self.nursery.cancel_scope.cancel()
            return result

        return trio.run(go)

    async def start_counter(
        self,
        on_init: Callable[[], object] | None = None,
        on_exit: Callable[[], object] | None = None,
        wait: bool = True,
    ) -> Proc:
        server = Proc()
        if not wait:
            self.nursery.start_soon(counter, server, on_init, on_exit)
            return server
        ready = trio.Event()

        def init() -> None:
            if on_init is not None:
                on_init()
            ready.set()

        self.nursery.start_soon(counter, server, init, on_exit)
        await ready.wait()
        return server

    async def start_supervisor(
        self,
        siblings: int,
        on_sibling_init: Callable[[], object],
        on_worker_init: Callable[[Proc], object],
    ) -> None:
        def sibling() -> Awaitable[None]:
            return counter(Proc(), on_sibling_init)

        def worker() -> Awaitable[None]:
            server = Proc()
            return counter(server, partial(on_worker_init, server))

        top = Supervisor(self.nursery, 1_000_000, 5)
        for start in chain(repeat(sibling, siblings), [worker]):
            self.nursery.start_soon(top.child, start)
        self.nursery.start_soon(top.run)

    async def spawn(self, fn: Callable[..., Awaitable[object]], *args: object) -> Proc:
        pid = Proc()
        self.nursery.start_soon(_live, pid, fn, args)
        return pid

    async def run_task(self, fn: Callable[..., Awaitable[T]], *args: object) -> T:
        results: list[T] = []
        done = trio.Event()

        async def body() -> None:
            results.append(await fn(*args))
            done.set()

        self.nursery.start_soon(body)
        await done.wait()
        return results[0]

    def receiver(self) -> Callable[[], Awaitable[Any]]:
        return me.get().recv

    async def recv_match(self, fits: Callable[[object], bool]) -> Any:
        return await me.get().recv_match(fits)

    def send_after(
        self, seconds: float, pid: Proc, message: object
    ) -> trio.CancelScope:
        scope = trio.CancelScope()
        self.nursery.start_soon(_send_at, scope, seconds, pid, message)
        return scope

    def cancel_timer(self, ref: trio.CancelScope) -> None:
        ref.cancel()

    def names(self) -> DictNames:
        return DictNames()

    async def start_registry(self) -> DictNames:
        return DictNames()


async def _live(
    pid: Proc, fn: Callable[..., Awaitable[object]], args: tuple[object, ...]
) -> None:
    me.set(pid)
    await fn(*args)


async def _recv() -> Any:
    return await me.get().recv()


def _send(message: object, server: Proc) -> None:
    server.send(message)


async def _send_at(
    scope: trio.CancelScope, seconds: float, pid: Proc, message: object
) -> None:
    with scope:
        await trio.sleep(seconds)
        pid.send(message)
