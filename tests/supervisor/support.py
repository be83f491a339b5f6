"""A stage for supervisors: children that do as they are told, and a record of it."""

from __future__ import annotations

from collections import defaultdict
from math import inf
from typing import TYPE_CHECKING, Any

import trio
from trio.testing import wait_all_tasks_blocked

import otp
from otp import (
    ChildSpec,
    Exit,
    GenServer,
    Pid,
    Reason,
    child_spec,
    gen_server,
    process,
    supervisor,
)
from otp.supervisor import Supervisor, SupervisorSpec

if TYPE_CHECKING:
    from otp import ExitReason

settled = wait_all_tasks_blocked
"""Wait until nobody has anything left to do; the clock stands still meanwhile."""


class Stage:
    """What the children of a test do, and what has become of them.

    *log* is what happened, in order: ``("start", "a")`` when a child's ``init`` runs,
    ``("stop", "a", reason)`` when its ``terminate`` runs.
    """

    def __init__(self) -> None:
        self.log: list[tuple[object, ...]] = []
        self.pids: dict[str, list[Pid[Any]]] = defaultdict(list)
        self._inits: dict[str, list[object]] = defaultdict(list)
        self._news = trio.Event()

    def child(
        self,
        id_: str,
        *inits: object,
        trap: bool = False,
        end: object = None,
        **more: Any,
    ) -> ChildSpec[Actor]:
        """Return a child that starts as told.

        Args:
            id_: its id.
            inits: what its ``init`` does each time, and then always None: return a
                value, raise an exception, or sleep for so many seconds.
            trap: whether it traps exits.
            end: what its ``terminate`` does: raise an exception, or sleep.
            more: overrides of the specification.
        """
        self._inits[id_] = list(inits)
        return child_spec(Actor, self, id_, trap=trap, end=end).override(id=id_, **more)

    def next_init(self, id_: str) -> object:
        """Return what the next start of *id_* does."""
        inits = self._inits[id_]
        return inits.pop(0) if inits else None

    def pid(self, id_: str) -> Pid[Any]:
        """Return the newest pid of *id_*."""
        return self.pids[id_][-1]

    def enter(self, id_: str) -> None:
        """Note that the calling process is *id_* now."""
        self.pids[id_].append(process.self())
        self.log.append(("start", id_))
        self._news.set()
        self._news = trio.Event()

    async def next_start(self, id_: str) -> float:
        """Wait until *id_* is started once more, and return when that was."""
        before = len(self.pids[id_])
        while len(self.pids[id_]) == before:
            await self._news.wait()
        return trio.current_time()

    @property
    def starts(self) -> list[object]:
        """The ids of the children whose ``init`` has run, in order."""
        return [entry[1] for entry in self.log if entry[0] == "start"]

    @property
    def stops(self) -> list[object]:
        """The ids of the children whose ``terminate`` has run, in order."""
        return [entry[1] for entry in self.log if entry[0] == "stop"]

    def forget(self) -> None:
        """Forget what has happened so far."""
        self.log.clear()

    async def kill(self, *ids: str, reason: ExitReason | None = None) -> None:
        """Let each of *ids* die by a signal, one right after the other; then settle."""
        for id_ in ids:
            process.exit(self.pid(id_), reason or Reason("boom"))
        await settled()

    async def crash(self, id_: str, error: BaseException | None = None) -> None:
        """Let *id_* die of what its code raises, and settle."""
        gen_server.cast(self.pid(id_), error or Exit(Reason("boom")))
        await settled()


class Actor(GenServer):
    """A child that does as its stage tells."""

    def __init__(self, stage: Stage, id_: str, *, trap: bool, end: object) -> None:
        self.stage = stage
        self.id = id_
        self.trap = trap
        self.end = end

    async def init(self) -> Any:
        process.trap_exit(self.trap)
        self.stage.enter(self.id)
        return await act(self.stage.next_init(self.id))

    async def handle_cast(self, request: Any) -> Any:
        return await act(request)

    async def handle_call(self, request: Any, from_: otp.From[Any]) -> object:
        del from_
        return await act(request)

    async def handle_info(self, message: Any) -> None:
        self.stage.log.append(("info", self.id, message))

    async def terminate(self, reason: ExitReason) -> None:
        self.stage.log.append(("stop", self.id, reason))
        await act(self.end)


async def act(what: object) -> object:
    """Raise what can be raised, sleep for numbers, do nothing else and return."""
    if isinstance(what, BaseException):
        raise what
    if isinstance(what, (int, float)):
        await trio.sleep(what)
        return None
    return what


STUCK = inf
"""What a child does that never comes back."""


async def start(spec: SupervisorSpec) -> Pid[Supervisor]:
    """Start a supervisor, with the caller as a parent that survives it."""
    process.trap_exit(True)
    return await supervisor.start_link(Supervisor, spec)


async def states(sup: Pid[Supervisor]) -> dict[object, object]:
    """Return what each child of *sup* looks like, oldest first."""
    children = await supervisor.which_children(sup)
    return {child.id: child.pid for child in reversed(children)}


def alive(*pids: Pid) -> list[bool]:
    """Tell of each of *pids* whether it lives."""
    return [process.is_alive(pid) for pid in pids]
