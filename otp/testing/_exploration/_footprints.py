"""What a step touches: the processes that it looks at, and the names.

Whatever one process does to another, and whatever it learns of it, goes through the
other's `Process`: its mailbox, its links and monitors, whether it is alive. So the
processes of the nodes that are watched get a class that notices when it is looked at,
and the names of a node a dictionary that does. What else code can have in common is
not seen, and has to be told by `touch`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, final

from ...abc import Instrument
from ...kernel import Process, Waiter, nodes, process_of
from ._schedule import OWN

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from trio.lowlevel import Task

    from ...kernel import Node, Pid
    from ._depth_first import Footprint

OUTSIDE: Final = "outside"
"""What all tasks have in common that belong to no process."""

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


def _watch(process: Process) -> None:
    # On top of whatever it is, which may be a class of another tool.
    kind = type(process)
    if not issubclass(kind, _WatchedProcess):
        made = type("WatchedProcess", (_WatchedProcess, kind), {"__slots__": ()})
        process.__class__ = _watched.setdefault(kind, made)


@final
class _WatchedNames(dict[str, Process]):
    """The names of a node, which notices who is asked for."""

    def get(self, key: str, default: Any = None) -> Any:
        _touched.add(("name", key))
        return super().get(key, default)

    def __getitem__(self, key: str) -> Process:
        _touched.add(("name", key))
        return super().__getitem__(key)

    def __setitem__(self, key: str, value: Process) -> None:
        _touched.add(("name", key))
        super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        _touched.add(("name", key))
        super().__delitem__(key)

    def pop(self, key: str, default: Any = None) -> Any:
        _touched.add(("name", key))
        return super().pop(key, default)

    def __contains__(self, key: object) -> bool:
        _touched.add(("name", key))
        return super().__contains__(key)

    def __iter__(self) -> Any:
        _touched.update(("name", key) for key in super().__iter__())
        return super().__iter__()


@final
class Footprints(Instrument):
    """Watches the nodes of one run, and says after each step what it touched."""

    def __init__(self) -> None:
        self._nodes: set[Node] = set()
        # Requests that wait for an answer, and whose they are. Who answers touches who
        # asked, even if that one does not wait for it yet.
        self._requests: dict[Waiter, object] = {}

    def process_started(self, pid: Pid, parent: Pid | None) -> None:
        del parent
        if pid.process is not None:
            _watch(pid.process)

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
        return None if self._find_nodes() else frozenset(found)

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
                _watch(node.root)
                for process in node.processes.values():
                    _watch(process)
                node.names = _WatchedNames(node.names)
        return found


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
