"""What tests of registries have in common: a registry, and others who register."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import trio
from trio.testing import wait_all_tasks_blocked

import otp
from otp import Name, Pid, Registry, process, registry, supervisor

if TYPE_CHECKING:
    from collections.abc import Callable

    from otp.registry import Keys

settled = wait_all_tasks_blocked

REG = Name[Registry[Any, Any]]("reg")


async def start(keys: Keys = "unique", **more: Any) -> Pid[Registry[Any, Any]]:
    """Start a registry that does not end the caller when it ends."""
    process.trap_exit(True)
    return await registry.start_link(REG, keys=keys, **more)


async def partitions() -> list[Pid[Any]]:
    """Return the pids of the partitions, by their numbers."""
    found: dict[Any, Any] = {c.id: c.pid for c in await supervisor.which_children(REG)}
    return [found[index] for index in range(len(found))]


def another(*acts: Callable[[], object], trap: bool = False) -> Pid:
    """Start a process that does *acts* and then nothing until it is told to end."""

    async def live() -> None:
        process.trap_exit(trap)
        for act in acts:
            act()
        await trio.sleep_forever()

    return process.spawn(live)


async def owner(*keys: object, value: object = None, trap: bool = False) -> Pid:
    """Start a process that registers *keys*, and wait until it has."""
    acts = [lambda key=key: registry.register(REG, key, value) for key in keys]
    pid = another(*acts, trap=trap)
    await settled()
    return pid


async def kill(*pids: Pid) -> None:
    """Kill *pids*, and let everybody hear of it."""
    for pid in pids:
        process.exit(pid, otp.Kill())
    await settled()


def is_linked(one: Pid, other: Pid) -> bool:
    """Tell whether two living processes are linked."""
    assert one.process is not None
    assert other.process is not None
    return one.process.is_linked(other.process)


def watchers(pid: Pid) -> int:
    """Return how many monitors there are of a living process."""
    assert pid.process is not None
    return len(pid.process.watched_by or ())
