"""The framework as a peer of the benchmark: what its workloads need, in its words.

Everything here is used as the documentation says, with all defaults: the time-out of
five seconds, links, reports.
"""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import trio
from loguru import logger

import otp
from otp import gen_server, process, registry, supervisor, task, timer

from .adapter import Adapter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from loguru import Message

    from .adapter import Names

Scheduler = Literal["trio", "step"]

T = TypeVar("T")


class Counter(otp.GenServer):
    """Adds up."""

    def __init__(
        self,
        on_init: Callable[[], object] | None = None,
        on_exit: Callable[[], object] | None = None,
    ) -> None:
        self.count = 0
        self.on_exit = on_exit
        if on_init is not None:
            on_init()

    @otp.call
    async def add(self, n: int) -> int:
        self.count += n
        return self.count

    @otp.cast
    async def tell(self, n: int) -> None:
        self.count += n

    @otp.cast
    async def stop(self) -> otp.Stop:
        return otp.Stop()

    @otp.cast
    async def crash(self) -> None:
        raise RuntimeError("crash")

    async def terminate(self, reason: otp.ExitReason) -> None:
        del reason
        if self.on_exit is not None:
            self.on_exit()


class Worker(Counter):
    """A counter that says who it is when it is up."""

    def __init__(self, up: Callable[[otp.Pid], object]) -> None:
        super().__init__()
        up(process.self())


async def enter(
    on_init: Callable[[], object] | None, on_exit: Callable[[], object] | None
) -> None:
    """Become a counter, without anybody waiting for that."""
    await gen_server.enter_loop(Counter(on_init, on_exit))


class PlainNames:
    """The names of the node."""

    register = staticmethod(process.register)
    unregister = staticmethod(process.unregister)
    whereis = staticmethod(process.whereis)

    def address(self, key: str, /) -> otp.Name[Counter]:
        return otp.Name[Counter](key)


class RegistryKeys:
    """The keys of a registry, as via names."""

    def __init__(self, pid: otp.Pid[otp.Registry[Any, Any]]) -> None:
        self.pid = pid
        names = registry.via(pid, "any").registry
        self.register = names.register_name
        self.unregister = names.unregister_name

    def whereis(self, key: str, /) -> otp.Pid | None:
        return registry.whereis(self.pid, key)

    def address(self, key: str, /) -> otp.Via[Counter]:
        return registry.via(self.pid, key)


def has_schedulers() -> bool:
    """Tell whether a node can be told how its processes are scheduled."""
    return "scheduler" in signature(otp.Node).parameters


def check_scheduler(node: otp.Node, wanted: Scheduler | None) -> None:
    """Refuse a node that has got another scheduler than was wanted.

    Raises:
        RuntimeError: this Trio cannot be scheduled by steps.
    """
    if wanted and node.scheduler.name != wanted:
        raise RuntimeError(f"the node has the scheduler {node.scheduler.name!r}")


class Hooks(Adapter):
    """What the workloads need."""

    def __init__(self, scheduler: Scheduler | None = None) -> None:
        self.node: dict[str, Any] = {"scheduler": scheduler} if scheduler else {}
        self.call = Counter.add
        self.cast = Counter.tell
        self.stop_nowait = Counter.stop
        self.crash_nowait = Counter.crash
        self.self_pid = process.self
        self.send = process.send
        self.recv = process.receive

    def run(self, main: Callable[[], Awaitable[T]]) -> T:
        async def go() -> T:
            async with otp.Node(**self.node) as node:
                check_scheduler(node, self.node.get("scheduler"))
                return await main()

        return trio.run(go)

    async def start_counter(
        self,
        on_init: Callable[[], object] | None = None,
        on_exit: Callable[[], object] | None = None,
        wait: bool = True,
    ) -> otp.Pid:
        if not wait:
            return process.spawn_link(enter, on_init, on_exit)
        return await gen_server.start_link(Counter, on_init, on_exit)

    async def start_supervisor(
        self,
        siblings: int,
        on_sibling_init: Callable[[], object],
        on_worker_init: Callable[[otp.Pid], object],
    ) -> None:
        child = otp.child_spec(Counter, on_sibling_init)
        children: list[otp.ChildSpec[Counter]] = [
            child.override(id=f"sibling {n}") for n in range(siblings)
        ]
        children.append(otp.child_spec(Worker, on_worker_init))
        spec = otp.one_for_one(*children, max_restarts=1_000_000, max_seconds=5)
        await supervisor.start_link(otp.Supervisor, spec)

    async def spawn(
        self, fn: Callable[..., Awaitable[object]], *args: object
    ) -> otp.Pid:
        return process.spawn(fn, *args)

    async def run_task(self, fn: Callable[..., Awaitable[T]], *args: object) -> T:
        return await task.await_(task.async_(fn, *args))

    async def recv_match(self, fits: Callable[[object], bool]) -> object:
        return await process.receive(fits)

    def send_after(
        self, seconds: float, pid: otp.Pid, message: object
    ) -> timer.TimerRef:
        return timer.send_after(seconds, pid, message)

    def cancel_timer(self, ref: timer.TimerRef) -> float | None:
        return timer.cancel_timer(ref)

    def names(self) -> Names:
        return PlainNames()

    async def start_registry(self) -> Names:
        return RegistryKeys(await supervisor.start_link(otp.Registry, keys="unique"))

    def monitor(self, pid: otp.Pid) -> otp.Ref:
        return process.monitor(pid)

    def demonitor(self, ref: otp.Ref) -> bool:
        return process.demonitor(ref)

    def link(self, pid: otp.Pid) -> None:
        process.link(pid)

    def unlink(self, pid: otp.Pid) -> bool:
        return process.unlink(pid)

    def read_reports(self, reader: Callable[[object], object]) -> None:
        def read(line: Message) -> None:
            reader(line.record["extra"]["report"])

        logger.remove()
        logger.add(read)
        logger.enable("otp")


hooks = Hooks()
