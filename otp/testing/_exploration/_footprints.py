"""What a step touches: the processes that it looks at, and the names.

Whatever one process does to another, and whatever it learns of it, goes through the
other's `Process`: its mailbox, its links and monitors, whether it is alive. So the
processes of the nodes that are watched get a class that notices when it is looked at,
and so do their pids, and the tables, the timers and the chance of a node. What else
code can have in common is not seen, and has to be told by `touch`.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, Final, final

import trio

from ...abc import Instrument
from ...kernel import Pid, Process, Timers, Waiter, nodes, process_of
from ._depth_first import EVERYTHING
from ._schedule import OWN

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from trio.lowlevel import Task

    from ...kernel import ExitReason, Node, TimerRef
    from ._depth_first import Footprint

OUTSIDE: Final = "outside"
"""What all tasks have in common that belong to no process."""

TIMERS: Final = f"{OWN}timers"
"""What the task that fires the timers of a node touches."""

CHANCE: Final = "chance"
"""What everybody touches who draws a random number of a node."""

# What the step that is being made has touched so far.
_touched: set[Any] = set()


def touch(*things: Hashable) -> None:
    """Say that the step which is being made has to do with *things*.

    For `DepthFirst` with ``reduce=True``: steps that touch the same thing are tried in
    both orders. Call it beside each use of what processes share without sending
    messages, such as a file or a global variable. It does nothing otherwise.
    """
    _touched.update(("touched", thing) for thing in things)


# The class of those that are watched, for each class that they were of before.
_watched: dict[type[Process], type[_WatchedProcess]] = {}


class _WatchedProcess(Process):
    """A process that notices when somebody has to do with it."""

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        _touched.add(self)
        return super().__getattribute__(name)

    def __setattr__(self, name: str, value: object) -> None:
        _touched.add(self)
        super().__setattr__(name, value)


def _look_behind(pid: Pid, name: str) -> Any:
    found = object.__getattribute__(pid, name)
    if name == "process" and found is not None:
        # Whoever asks no more than whether it lives has learned something, too. That
        # somebody is dead needs no notice, as nothing can come before it any more.
        _touched.add(found)
    return found


# Nobody else is to derive from Pid, so a type checker may not see it.
_WatchedPid: Final[Any] = type(
    "_WatchedPid", (Pid,), {"__slots__": (), "__getattribute__": _look_behind}
)


@final
class _WatchedTable(dict[Any, Process]):
    """Processes by name or number, which notices who is asked for.

    Who looks at all of it touches whatever comes in later, too; what is in it already
    is touched one by one.
    """

    def __init__(self, kind: str, table: dict[Any, Process]) -> None:
        super().__init__(table)
        self._kind = kind

    def _touch(self, *keys: object) -> None:
        _touched.update((self._kind, key) for key in keys)

    def _touch_all(self) -> None:
        self._touch(None, *super().__iter__())

    def get(self, key: object, default: Any = None) -> Any:
        self._touch(key)
        return super().get(key, default)

    def __getitem__(self, key: object) -> Process:
        self._touch(key)
        return super().__getitem__(key)

    def __setitem__(self, key: object, value: Process) -> None:
        self._touch(key, None)
        super().__setitem__(key, value)

    def __delitem__(self, key: object) -> None:
        self._touch(key)
        super().__delitem__(key)

    def pop(self, key: object, default: Any = None) -> Any:
        self._touch(key)
        return super().pop(key, default)

    def __contains__(self, key: object) -> bool:
        self._touch(key)
        return super().__contains__(key)

    def __iter__(self) -> Any:
        self._touch_all()
        return super().__iter__()

    def values(self) -> Any:
        self._touch_all()
        return super().values()


def _cancel(timers: Timers, timer: TimerRef) -> float | None:
    _note_due(timer)
    return Timers.cancel(timers, timer)


def _read(timers: Timers, timer: TimerRef) -> float | None:
    _note_due(timer)
    return Timers.read(timers, timer)


def _note_due(timer: TimerRef) -> None:
    # Before it is due, only time can make it fire, and that commutes with nothing.
    if timer.entry is not None and timer.entry.deadline <= trio.current_time():
        _touched.add(TIMERS)


_WatchedTimers: Final[Any] = type(
    "_WatchedTimers", (Timers,), {"cancel": _cancel, "read": _read}
)


class _WatchedRandom(Random):
    """The chance of a node, where it matters who is the first to draw."""

    def random(self) -> float:
        _touched.add(CHANCE)
        return super().random()

    def getrandbits(self, k: int, /) -> int:
        _touched.add(CHANCE)
        return super().getrandbits(k)


@final
class Footprints(Instrument):
    """Watches the nodes of one run, and says after each step what it touched."""

    def __init__(self) -> None:
        self._nodes: set[Node] = set()
        # Requests that wait for an answer, and whose they are. Who answers touches who
        # asked, even if that one does not wait for it yet.
        self._requests: dict[Waiter, object] = {}
        self._processes: dict[Pid, Process] = {}

    def process_started(self, pid: Pid, parent: Pid | None) -> None:
        del parent
        if pid.process is not None:
            self._watch(pid.process)

    def process_exited(self, pid: Pid, reason: ExitReason) -> None:
        del reason
        for monitor in (self._processes[pid].watched_by or {}).values():
            watcher = monitor.watcher
            if isinstance(watcher, Waiter) and type(watcher).died is not Waiter.died:
                # It does within the end whatever it has to, such as to clear a table.
                _touched.add(EVERYTHING)

    def begin(self) -> None:
        """Hear that a step begins."""
        _touched.clear()

    def end(self, task: Task, woken: Iterable[Task]) -> Footprint:
        """Return what the step of *task* touched, which woke *woken*."""
        found: set[object] = set()
        own = process_of(task)
        mine = owner_of(task)
        found.add(mine)
        found.update(owner_of(each) for each in woken)
        for thing in list(_touched):
            if isinstance(thing, Process):
                found.add(key_of(thing))
                if thing is not own:
                    self._note_requests(thing, mine)
            else:
                found.add(thing)
        for request in [r for r in self._requests if r.settled]:
            found.add(self._requests.pop(request))
        if self._find_nodes() or EVERYTHING in found:
            return EVERYTHING
        return frozenset(found)

    def _note_requests(self, receiver: Process, sender: object) -> None:
        for message in receiver.mailbox:
            if isinstance(message, Waiter) and message not in self._requests:
                self._requests[message] = sender

    def _find_nodes(self) -> bool:
        """Watch the nodes that are new, and tell whether there are any."""
        found = False
        for node in nodes().values():
            if node not in self._nodes:
                found = True
                self._nodes.add(node)
                node.instruments.append(self)
                for process in (node.root, *node.processes.values()):
                    self._watch(process)
                node.names = _WatchedTable("name", node.names)
                node.processes = _WatchedTable("serial", node.processes)
                node.timers.__class__ = _WatchedTimers
                node.random.__class__ = _WatchedRandom
        return found

    def _watch(self, process: Process) -> None:
        self._processes[process.pid] = process
        process.pid.__class__ = _WatchedPid
        # On top of whatever it is, which may be a class of another tool.
        kind = type(process)
        if not issubclass(kind, _WatchedProcess):
            made = type("WatchedProcess", (_WatchedProcess, kind), {"__slots__": ()})
            process.__class__ = _watched.setdefault(kind, made)


def owner_of(task: Task) -> object:
    """Return what the steps of *task* always touch."""
    process = process_of(task)
    if process is not None and process.parent is not None:
        return key_of(process)
    # The tasks of a node have nothing in common but what they do to processes.
    return task.name if task.name.startswith(OWN) else OUTSIDE


def key_of(process: Process) -> object:
    """Return what stands for *process* in a footprint, in each run the same."""
    return (process.node.name, process.pid.serial)
