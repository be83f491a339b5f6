"""Trees for the state machine: random ones that are right, and their children."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import trio

import otp
from otp import proc_lib, process, supervisor
from otp.proc_lib import Restart
from otp.supervisor import AutoShutdown

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from otp import ChildSpec


class Worker(otp.GenServer):
    """Does nothing."""


class Mortal(otp.GenServer):
    """Ends when it has had nothing to do for a while, in order or not."""

    def __init__(self, seconds: float, *, quietly: bool) -> None:
        self.seconds = seconds
        self.quietly = quietly

    async def init(self) -> otp.NoReply:
        return otp.NoReply(timeout=self.seconds)

    async def handle_info(self, message: object) -> otp.Stop:
        if not self.quietly:
            raise ValueError(message)
        return otp.Stop()


class Slow(otp.GenServer):
    """Takes its time to start and to end."""

    def __init__(self, start: float, end: float) -> None:
        self.start = start
        self.end = end

    async def init(self) -> None:
        process.trap_exit(True)
        await trio.sleep(self.start)

    async def handle_info(self, message: object) -> None:
        pass

    async def terminate(self, reason: otp.ExitReason) -> None:
        del reason
        await trio.sleep(self.end)


class Flaky(otp.GenServer):
    """Fails, or declines, at every third start; *starts* counts them."""

    def __init__(self, starts: list[None], *, declines: bool) -> None:
        self.starts = starts
        self.declines = declines

    async def init(self) -> otp.Ignore | None:
        self.starts.append(None)
        if len(self.starts) % 3:
            return None
        if self.declines:
            return otp.Ignore()
        raise ValueError("not now")


class Hasty(otp.GenServer):
    """Crashes after every third start, when it is up already."""

    def __init__(self, starts: list[None]) -> None:
        self.starts = starts

    async def init(self) -> otp.NoReply:
        return otp.NoReply(continue_=None)

    async def handle_continue(self, arg: object) -> None:
        self.starts.append(None)
        if len(self.starts) % 3 == 0:
            raise ValueError(arg)


async def plain() -> otp.Pid:
    """Start a plain process."""
    return process.spawn_link(trio.sleep_forever)


async def special() -> Any:
    """Start a process that says by itself that it is up."""

    async def body() -> None:
        proc_lib.init_ack(process.self())
        await trio.sleep_forever()

    return await proc_lib.start_link(body)


def worker(id_: str, **options: Any) -> ChildSpec:
    """Return a child that does nothing."""
    return otp.child_spec(Worker).override(id=id_, **options)


def leaves(random: Random, id_: str, starts: list[None]) -> list[ChildSpec]:
    """Return children of all kinds that are no supervisors."""
    seconds = random.choice((0.5, 3.0, 7.0))
    pauses = otp.Backoff(random.choice((0.5, 2.0)), maximum=10)
    return [
        *[otp.child_spec(Worker)] * 4,
        otp.child_spec(Worker).override(shutdown="brutal_kill"),
        otp.child_spec(Worker).override(backoff=pauses),
        otp.child_spec(Worker).named(otp.Name(f"{id_} {random.random()}")),
        otp.child_spec(Mortal, seconds, quietly=random.random() < 0.5),
        otp.child_spec(Slow, random.choice((0.0, 3.0)), random.choice((0.0, 4.5))),
        otp.child_spec(Flaky, starts, declines=random.random() < 0.5),
        otp.child_spec(Hasty, starts),
        otp.child_spec(otp.Agent[int], lambda: 0),
        otp.ChildSpec.of("plain", plain),
        otp.ChildSpec.of("special", special),
    ]


def supervisors(random: Random, depth: int, starts: list[None]) -> list[ChildSpec]:
    """Return supervisors of all kinds."""
    some = random.choice(leaves(random, "one of many", starts))
    simple = supervisor.simple_one_for_one(some, max_restarts=random.choice((0, 1, 3)))
    kinds: list[ChildSpec] = [
        otp.child_spec(otp.DynamicSupervisor, max_children=random.choice((None, 2))),
        otp.child_spec(otp.Supervisor, simple),
        otp.child_spec(otp.TaskSupervisor),
        otp.child_spec(otp.PartitionSupervisor, worker("part"), partitions=2),
    ]
    if depth < 3:
        for _ in range(4):
            inner = make_tree(random, starts, depth + 1)
            kinds.append(otp.child_spec(otp.Supervisor, inner))
    return kinds


def make_tree(random: Random, starts: list[None], depth: int = 0) -> otp.SupervisorSpec:
    """Return a tree with children of all kinds; its names are its own."""
    auto: AutoShutdown = random.choice(get_args(AutoShutdown))
    strategy: Callable[..., otp.SupervisorSpec] = random.choice(
        (otp.one_for_one, otp.one_for_all, otp.rest_for_one)
    )
    children: list[ChildSpec] = []
    for id_ in "abcd"[: random.randint(1, 4)]:
        restart: Restart = random.choice(get_args(Restart))
        significant = auto != "never" and restart != "permanent"
        inner = random.random() < 0.3
        kinds = (
            supervisors(random, depth, starts) if inner else leaves(random, id_, starts)
        )
        child = random.choice(kinds).override(id=id_, restart=restart)
        children.append(
            child.override(significant=significant and random.random() < 0.5)
        )
    return strategy(
        *children,
        max_restarts=random.choice((0, 1, 3, 5)),
        max_seconds=random.choice((1, 5, 30)),
        auto_shutdown=auto,
    )
