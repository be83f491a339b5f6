"""A tree that runs in a guest run, is hurt and asked step by step, and looked at."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, final

import trio
from trio.testing import wait_all_tasks_blocked

from ... import application, process
from ...application import Application
from ...kernel import SHUTDOWN, InvalidSpecError, Node, Pid
from ._guest import LIMIT, Guest
from ._laws import Forest
from ._look import look_at_all, name_view, plan_for, process_views, start_of
from ._waits import BrokenLawError
from ._watch import Watch

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
    from typing import TypeVarTuple, Unpack

    from ...kernel import Name, Via
    from ._events import Event
    from ._laws import ChildView, NameView, SupervisorView
    from ._waits import Law

    Ts = TypeVarTuple("Ts")

T = TypeVar("T")

LOOKS: Final = 20
"""How often a tree is looked at anew if it changes while one looks."""

TOP: Final = "the top"
"""What the top supervisor is called."""


@final
class Tree:
    """One tree on a node of its own, from its start to its end."""

    def __init__(self, tree: object, forgiven: Collection[Law] = ()) -> None:
        self._start_by = start_of(tree)
        self._forgiven = forgiven
        self._watch = Watch()
        self.forest = Forest(plan_for, self._watch.describe, forgiven)
        self._guest: Guest[Node] = Guest(self._around)
        self.views: list[SupervisorView] = []
        self._top: Pid[Any] | None = None
        self._names: dict[Name[Any] | Via[Any], str] = {}
        self._last: list[Event] = []
        self._now = 0.0

    @asynccontextmanager
    async def _around(self) -> AsyncGenerator[Node]:
        node = Node(shutdown_timeout=LIMIT)
        self._watch.attach(node)
        async with node:
            yield node

    # -------------------------------------------------------------------- what is there

    @property
    def is_up(self) -> bool:
        """Whether the top supervisor lives."""
        return self._top is not None and process.is_alive(self._top)

    def supervisors(self) -> dict[str, SupervisorView]:
        """Return all supervisors, by their paths, from the top."""
        label = self.forest.label
        return {label(view.pid): view for view in self.views if self.is_up}

    def children(self) -> list[tuple[str, SupervisorView, ChildView]]:
        """Return all children with their paths, and who supervises them."""
        label, path = self.forest.label, self.forest.path
        found: list[tuple[str, SupervisorView, ChildView]] = []
        for view in self.views if self.is_up else ():
            for child in view.children:
                if isinstance(child.pid, Pid):
                    found.append((label(child.pid), view, child))
                elif child.key is not None:
                    found.append((path(view.pid, child.key), view, child))
        return found

    def child(self, path: str) -> tuple[SupervisorView, ChildView]:
        """Return a child, and who supervises it.

        Raises:
            LookupError: there is none.
        """
        for found, view, child in self.children():
            if found == path:
                return view, child
        raise LookupError(f"there is no child {path!r}: there are {self.processes()}")

    def processes(self) -> list[str]:
        """Return the paths of all children that run."""
        return [path for path, _, child in self.children() if _is_pid(child.pid)]

    def pid(self, path: str) -> Pid[Any]:
        """Return the pid of a child.

        Raises:
            LookupError: it does not run.
        """
        _, child = self.child(path)
        if isinstance(child.pid, Pid):
            return child.pid
        raise LookupError(f"child {path!r} does not run: it is {child.state}")

    # ------------------------------------------------------------------------ the steps

    def start(self) -> None:
        """Start the tree."""
        self._top = self._guest.go(self._start)
        start = None if isinstance(self._start_by, Application) else self._start_by
        self.forest.add_root(self._top, start, TOP)

    async def _start(self) -> Pid[Any]:
        if not isinstance(self._start_by, Application):
            return (await self._start_by()).pid
        await application.ensure_all_started(self._start_by)
        top = application.get_supervisor(self._start_by)
        if top is None:
            raise InvalidSpecError("invalid_tree", None, "the application has ended")
        return top

    def stop(self) -> None:
        """Stop the tree in order."""
        if self.is_up:
            self._guest.go(self._stop)

    async def _stop(self) -> None:
        if isinstance(self._start_by, Application):
            await application.stop(self._start_by)
        elif self._top is not None:
            process.exit(self._top, SHUTDOWN)
            await process.wait_exited(self._top)

    def go(
        self, fn: Callable[[Unpack[Ts]], Awaitable[T]], *args: *Ts, limit: float = LIMIT
    ) -> T:
        """Run a function beside the tree, and return what comes of it."""
        return self._guest.go(fn, *args, limit=limit)

    def advance(self, seconds: float) -> None:
        """Let time go by."""
        self._guest.go(trio.sleep, seconds, limit=seconds + LIMIT)

    def close(self) -> None:
        """End everything, without another look."""
        self._guest.close()

    # ----------------------------------------------------------------------- the checks

    def check(self) -> None:
        """Wait until all is idle, and compare what happened with the laws.

        Raises:
            BrokenLawError: it does not go by the laws.
        """
        self._last = []
        views = self._guest.go(self._observe)
        self._last = self._watch.take()
        self.forest.preview(views)
        self.forest.feed(self._last)
        self.views = views
        self.forest.look(views)
        node = self._guest.world
        checks: dict[Law, Callable[[Node], None]] = {
            "in_time": self._check_ghosts,
            "orphans": self._check_orphans,
            "names": self._check_names,
        }
        for law, check in checks.items():
            if law not in self._forgiven:
                check(node)

    def last_events(self) -> list[str]:
        """Return in words what happened in the last step."""
        events = [*self._last, *self._watch.take()]
        label = self.forest.label
        return [event.text(label) for event in events if self.forest.is_news(event)]

    async def _observe(self) -> list[SupervisorView]:
        await wait_all_tasks_blocked()
        views: list[SupervisorView] = []
        for _ in range(LOOKS):
            seen = self._watch.count
            views = await look_at_all(self.forest, self._top)
            await wait_all_tasks_blocked()
            if self._watch.count == seen:
                break
        self._now = trio.current_time()
        return views

    def _check_ghosts(self, node: Node) -> None:
        for pid in node.ghosts:
            raise BrokenLawError(
                "in_time",
                f"the code of {self.forest.label(pid)}, which is dead, is over",
                "it still runs: it is shielded, and does not end",
            )

    def _check_orphans(self, node: Node) -> None:
        tree: set[Pid[Any]] = set()
        for view in self.views if self.is_up else ():
            tree.add(view.pid)
            tree |= {child.pid for child in view.children if isinstance(child.pid, Pid)}
        self.forest.check_orphans(tree, process_views(node), self._now)

    def _check_names(self, node: Node) -> None:
        names: dict[Name[Any] | Via[Any], NameView] = {
            name: name_view(node, name, owner, None)
            for name, owner in self._names.items()
        }
        for path, _, child in self.children():
            name = child.spec.start.name
            if name is not None and child.key is not None:
                pid = cast("Pid[Any]", child.pid) if _is_pid(child.pid) else None
                names[name] = name_view(node, name, path, pid)
                self._names[name] = path
        self.forest.check_names(names.values())


def _is_pid(value: object) -> bool:
    return isinstance(value, Pid)
