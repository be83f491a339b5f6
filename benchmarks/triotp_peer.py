"""triotp, as its documentation says it is used.

Its servers are reached by name only, so each has one. Its mailboxes hold nothing: who
sends waits until the message is taken. A start that waits for the init is not there,
so it is an init that sets an event.
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import partial
from importlib import import_module
from itertools import count
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, TypeVar

import trio

from .adapter import Adapter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

application: Any = import_module("triotp.application")
gen_server: Any = import_module("triotp.gen_server")
mailbox: Any = import_module("triotp.mailbox")
node: Any = import_module("triotp.node")
supervisor: Any = import_module("triotp.supervisor")

me: ContextVar[str] = ContextVar("me")
numbers: Final = count()


class CrashError(Exception):
    """What a counter is made to raise."""


class State:
    """What a counter knows."""

    def __init__(self, on_exit: Callable[[], object] | None) -> None:
        self.count = 0
        self.on_exit = on_exit


async def init(arguments: tuple[Any, Any]) -> State:
    on_init, on_exit = arguments
    if on_init is not None:
        on_init()
    return State(on_exit)


async def terminate(_reason: object, state: State) -> None:
    if state.on_exit is not None:
        state.on_exit()


async def handle_call(message: int, _caller: object, state: State) -> tuple[Any, State]:
    state.count += message
    return gen_server.Reply(state.count), state


async def handle_cast(message: object, state: State) -> tuple[Any, State]:
    if isinstance(message, int):
        state.count += message
        return gen_server.NoReply(), state
    if message == "stop":
        return gen_server.Stop(), state
    raise CrashError


CALLBACKS: Final = SimpleNamespace(
    init=init, terminate=terminate, handle_call=handle_call, handle_cast=handle_cast
)


def a_name() -> str:
    """Return a name that nobody has."""
    return f"server {next(numbers)}"


class Triotp(Adapter):
    """triotp in the words of the workloads."""

    nursery: trio.Nursery

    def __init__(self) -> None:
        self.call = gen_server.call
        self.cast = gen_server.cast
        self.stop_nowait = partial(_cast, "stop")
        self.crash_nowait = partial(_cast, "crash")
        self.self_pid = me.get
        self.send = mailbox.send
        self.recv = _recv

    def run(self, main: Callable[[], Awaitable[T]]) -> T:
        results: list[T] = []

        async def start(_: object) -> None:
            async with trio.open_nursery() as self.nursery:
                results.append(await main())
                self.nursery.cancel_scope.cancel()

        app = SimpleNamespace(start=start, __name__="benchmark")
        once = supervisor.options(max_restarts=0)
        node.run([application.app_spec(app, None, permanent=False, opts=once)])
        return results[0]

    async def start_counter(
        self,
        on_init: Callable[[], object] | None = None,
        on_exit: Callable[[], object] | None = None,
        wait: bool = True,
    ) -> str:
        name = a_name()
        ready = trio.Event()

        def up() -> None:
            if on_init is not None:
                on_init()
            ready.set()

        arguments = (up if wait else on_init, on_exit)
        self.nursery.start_soon(gen_server.start, CALLBACKS, arguments, name)
        if wait:
            await ready.wait()
        return name

    async def start_supervisor(
        self,
        siblings: int,
        on_sibling_init: Callable[[], object],
        on_worker_init: Callable[[str], object],
    ) -> None:
        specs = [_child(a_name(), on_sibling_init) for _ in range(siblings)]
        name = a_name()
        specs.append(_child(name, partial(on_worker_init, name)))
        options = supervisor.options(max_restarts=1_000_000, max_seconds=5)
        self.nursery.start_soon(supervisor.start, specs, options)

    async def spawn(self, fn: Callable[..., Awaitable[object]], *args: object) -> str:
        pid: str = mailbox.create()
        self.nursery.start_soon(_live, pid, fn, args)
        return pid


def _child(name: str, on_init: Callable[[], object]) -> Any:
    arguments = [CALLBACKS, (on_init, None), name]
    return supervisor.child_spec(name, gen_server.start, arguments)


async def _live(
    pid: str, fn: Callable[..., Awaitable[object]], args: tuple[object, ...]
) -> None:
    me.set(pid)
    try:
        await fn(*args)
    finally:
        await mailbox.destroy(pid)


async def _recv() -> Any:
    return await mailbox.receive(me.get())


async def _cast(message: object, server: str) -> None:
    await gen_server.cast(server, message)
