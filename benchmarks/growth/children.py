"""Supervisors with many children."""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

import otp
from otp import dynamic_supervisor, process, supervisor

from ..tools import check
from .clock import ROUNDS, each, since, start_clock

if TYPE_CHECKING:
    from otp.supervisor import AnySupervisor

    from ..rows import Metrics

OFTEN = 10 * ROUNDS


class Child(otp.GenServer):
    """Says that it is there, and then does nothing, as most of very many do."""

    born: ClassVar[deque[otp.Pid]] = deque(maxlen=1)

    async def init(self) -> None:
        self.born.append(process.self())


async def dynamic(size: int) -> Metrics:
    """Start children of a dynamic supervisor, one by one, and end them."""
    spec = otp.child_spec(Child)
    top = await dynamic_supervisor.start_link(otp.DynamicSupervisor, max_restarts=OFTEN)
    begin = start_clock()
    pids = [await dynamic_supervisor.start_child(top, spec) for _ in range(size)]
    started = since(begin, size)
    one: otp.Pid = pids.pop(size // 2)

    async def stop() -> None:
        await dynamic_supervisor.terminate_child(top, pids.pop())

    async def restart() -> None:
        nonlocal one
        process.exit(one, otp.Kill())
        # The answer comes after the restart.
        with suppress(dynamic_supervisor.NotFoundError):
            await dynamic_supervisor.get_childspec(top, one)
        (one,) = Child.born

    restarted = await each(restart)
    stopped = await each(stop, min(ROUNDS, size // 2))
    return {
        "start one": started,
        "stop one": stopped,
        "restart one": restarted,
        **await _look(top, len(pids) + 1),
        **await _end(top, len(pids) + 1),
    }


async def static(size: int) -> Metrics:
    """Start children of a supervisor all at once, and one by one after that."""
    child = otp.child_spec(Child)
    specs = [child.override(id=n) for n in range(size)]
    begin = start_clock()
    top = await supervisor.start_link(
        otp.Supervisor, otp.one_for_one(*specs, max_restarts=OFTEN)
    )
    started = since(begin, size)
    middle = size // 2
    one: Any = (await supervisor.which_children(top))[size - 1 - middle].pid

    async def restart() -> None:
        nonlocal one
        process.exit(one, otp.Kill())
        await supervisor.get_childspec(top, middle)
        (one,) = Child.born

    async def add_and_remove() -> None:
        await supervisor.start_child(top, child)
        await supervisor.terminate_child(top, child.id)
        await supervisor.delete_child(top, child.id)

    return {
        "start all, each": started,
        "restart one": await each(restart),
        "start, stop and delete one": await each(add_and_remove),
        **await _look(top, size),
        **await _end(top, size),
    }


async def _look(top: otp.Pid[AnySupervisor], size: int) -> Metrics:
    begin = start_clock()
    counts = await supervisor.count_children(top)
    counted = since(begin, size)
    check("the count", counts.active, size)
    begin = start_clock()
    infos = await supervisor.which_children(top)
    listed = since(begin, size)
    check("the list", len(infos), size)
    return {"count_children, each": counted, "which_children, each": listed}


async def _end(top: otp.Pid[AnySupervisor], size: int) -> Metrics:
    begin = start_clock()
    await supervisor.stop(top)
    stopped = since(begin, size)
    check("processes left", len(process.processes()), 0)
    return {"stop all, each": stopped}
