"""What is left over: of a test, or of anything that should leave nothing behind."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Literal, final

import attrs
from trio.lowlevel import current_root_task

from .._util import title
from ..kernel import Node, Process, current, nodes, process_of, where
from ._check import check_kind
from ._find import place_of
from ._idle import wait_until_idle
from ._tasks import tasks_below
from ._timer_text import is_over, receiver, timer_text

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Hashable, Iterable, Iterator

    from trio.lowlevel import Task

    from ..kernel import Alias, Ref, TimerRef

LeakKind = Literal[
    "node", "process", "ghost", "task", "name", "timer", "monitor", "link", "alias"
]
"""What can be left over. A *ghost* is code of a dead process that still runs."""

_MANY: Final = 30


@final
@attrs.frozen
class Leak:
    """One thing that is left over."""

    kind: LeakKind
    #: The thing itself: a `Pid`, a name, a `TimerRef`, a `Ref`, a task.
    what: object
    #: What it is, in words.
    text: str

    def __str__(self) -> str:
        return f"{self.kind} {self.text}"


class LeakError(AssertionError):
    """Something is left over; *leaks* says what."""

    def __init__(self, leaks: Iterable[Leak]) -> None:
        self.leaks = tuple(leaks)
        lines = [f"\n  {leak}" for leak in self.leaks[:_MANY]]
        if len(self.leaks) > _MANY:
            lines.append(f"\n  and {len(self.leaks) - _MANY} more")
        super().__init__("left over:" + "".join(lines))


@final
@attrs.frozen(eq=False)
class Snapshot:
    """What there was on a node at one moment; made by `snapshot`."""

    node: Node
    nodes: frozenset[Node]
    processes: frozenset[Process]
    places: frozenset[tuple[Hashable, ...]]
    tasks: frozenset[Task]
    names: frozenset[tuple[str, Process]]
    timers: frozenset[TimerRef]
    monitors: frozenset[Ref]
    links: frozenset[frozenset[Process]]
    aliases: frozenset[Alias]


def snapshot(node: Node | None = None) -> Snapshot:
    """Return what there is on *node*, by default that of the caller, at this moment.

    Raises:
        NoNodeError: no node runs here.
        TypeError: *node* is no node.
    """
    node = current().node if node is None else check_kind(node, Node, "a node")
    living = (node.root, *node.processes.values())
    return Snapshot(
        node=node,
        nodes=frozenset(nodes().values()),
        processes=frozenset(living),
        places=frozenset(map(place_of, living)),
        tasks=frozenset(_tasks()),
        names=frozenset(node.names.items()),
        timers=frozenset(node.timers.running()),
        monitors=frozenset(ref for p in living for ref in p.watching or ()),
        links=frozenset(pair for p in living for pair in _links(p)),
        aliases=frozenset(alias for p in living for alias in p.aliases or ()),
    )


def leaks(since: Snapshot) -> list[Leak]:
    """Return what has come to be since *since* and is still there.

    Of a process that is left over, its names, links, monitors and tasks go without
    saying. Who was restarted in the place of a child that was there is not left over,
    nor are its timers. A timer that will find nobody is not, either.

    The code of a process that has been killed just now is still there: wait for
    `wait_until_idle` first.

    Raises:
        TypeError: *since* is not what `snapshot` returned.
    """
    now = snapshot(check_kind(since, Snapshot, "what snapshot() returned").node)
    old = since.processes
    fresh = {p for p in now.processes - old if place_of(p) not in since.places}
    heirs = now.processes - old - fresh
    return [
        *(Leak("node", node, repr(node.name)) for node in _new(now.nodes, since.nodes)),
        *(Leak("process", p.pid, _process_text(p)) for p in _in_order(fresh)),
        *_ghosts(now.node),
        *_tasks_left(now, since),
        *(
            Leak("name", name, f"{name!r} of {process.pid}")
            for name, process in sorted(now.names - since.names, key=lambda n: n[0])
            if process in old
        ),
        *(
            Leak("timer", timer, timer_text(timer))
            for timer in sorted(now.timers - since.timers, key=_due)
            if not is_over(timer) and receiver(timer) not in {p.pid for p in heirs}
        ),
        *_monitors(now, since),
        *(
            Leak("link", tuple(p.pid for p in pair), _pair_text(pair))
            for pair in now.links - since.links
            if pair <= old
        ),
        *(
            Leak("alias", alias, f"of {process.pid}")
            for process in _in_order(old)
            for alias in process.aliases or ()
            if alias not in since.aliases
        ),
    ]


@asynccontextmanager
async def no_leaks(node: Node | None = None) -> AsyncGenerator[Snapshot]:
    """Check that a block leaves nothing behind on *node*, by default the caller's.

    ::

        async with no_leaks():
            await Shop.sell(SHOP, "book")

    At its end, if it does not raise, it waits until everybody is idle.

    Raises:
        LeakError: something is left over.
    """
    before = snapshot(node)
    yield before
    await wait_until_idle()
    found = leaks(before)
    if found:
        raise LeakError(found)


# ------------------------------------------------------------------ what is looked at


def _tasks() -> Iterator[Task]:
    root = current_root_task()
    return iter(()) if root is None else tasks_below(root)


def _links(process: Process) -> Iterator[frozenset[Process]]:
    for peer in process.links:
        if isinstance(peer, Process):
            yield frozenset((process, peer))


def _new(now: frozenset[Node], before: frozenset[Node]) -> list[Node]:
    return sorted(now - before, key=lambda node: node.name)


def _in_order(processes: Iterable[Process]) -> list[Process]:
    return sorted(processes, key=lambda process: process.pid.serial)


def _due(timer: TimerRef) -> float:
    return timer.entry.deadline if timer.entry is not None else 0.0


def _ghosts(node: Node) -> Iterator[Leak]:
    for process, _ in node.ghosts.values():
        if process.task is not None:
            text = f"{_name(process)}, which is dead, in {where(process.task)}"
            yield Leak("ghost", process.pid, text)


def _tasks_left(now: Snapshot, since: Snapshot) -> Iterator[Leak]:
    """Give the tasks that a process has started beside its own."""
    ghosts = {process for process, _ in now.node.ghosts.values()}
    spoken_for = ghosts | (now.processes - since.processes)
    for task in now.tasks - since.tasks:
        process = process_of(task)
        if (
            process is not None
            and process.node is now.node
            and process.parent is not None
            and process.task is not task
            and process not in spoken_for
        ):
            dead = "" if process.reason is None else ", which is dead"
            text = f"{task.name} of {_name(process)}{dead}, in {where(task)}"
            yield Leak("task", task, text)


def _monitors(now: Snapshot, since: Snapshot) -> Iterator[Leak]:
    for watcher in _in_order(since.processes):
        for ref, target in (watcher.watching or {}).items():
            if ref in since.monitors or not isinstance(target, Process):
                continue
            if target in since.processes or target.node is not now.node:
                text = f"of {target.pid}, held by {_name(watcher)}"
                yield Leak("monitor", ref, text)


def _process_text(process: Process) -> str:
    place = "" if process.task is None else f", in {where(process.task)}"
    return f"{_name(process)}, started by {_parent_text(process)}{place}"


def _parent_text(process: Process) -> str:
    pid = process.parent
    if pid is None or pid is process.node.root.pid:
        return "the node"
    return f"{pid}, which is dead" if pid.process is None else _name(pid.process)


def _name(process: Process) -> str:
    called = title(process.name, process.label, process.origin)
    return f"{process.pid} ({called})"


def _pair_text(pair: frozenset[Process]) -> str:
    return " and ".join(_name(process) for process in _in_order(pair))
