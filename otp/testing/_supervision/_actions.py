"""What a test can do to a tree in one step, and how it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeVar, final

import attrs

from ... import dynamic_supervisor, process, supervisor, sys
from ...gen import Behaviour
from ...kernel import KILL, CallError, Crash, Pid, StartError, find
from ...proc_lib import ChildSpec, as_startable
from ...supervisor import AnySupervisor, SupervisorError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from ...kernel import ExitReason
    from ._laws import ChildView
    from ._tree import Tree

T = TypeVar("T")

Fault = Literal["crash", "kill", "exit"]
"""What is done to a process: it crashes, is killed, or ends with one of the reasons."""

Request = Literal["terminate_child", "restart_child", "delete_child", "start_child"]
"""What supervisors are asked for.

``start_child`` is about children that have been deleted, and about new ones where
children come and go.
"""

ActionKind = Fault | Request | Literal["advance", "start_new_child"]
"""What a step can be."""

NewChild = ChildSpec | tuple[object, ...] | None
"""Another child for a supervisor whose children come and go."""

# A crash is what most is about.
_FAULTS: Final[tuple[Fault, ...]] = ("crash", "crash", "kill", "exit")
_REQUESTS: Final[tuple[ActionKind, ...]] = (
    "terminate_child",
    "restart_child",
    "delete_child",
    "start_new_child",
    "start_child",
)


class InjectedCrash(RuntimeError):  # noqa: N818 - it is what happens, no mistake
    """What a process crashes of when a test makes it crash."""


class Pick(Protocol):
    """Picks one of several things; which one is for a test to say."""

    def __call__(self, options: Sequence[T], /) -> T:
        """Return one of *options*, the first of which is the simplest."""
        ...


@final
@attrs.frozen
class Action:
    """One step of a story: what is done, to whom, and how."""

    kind: ActionKind
    who: str = ""
    how: Any = None

    def __str__(self) -> str:
        match self.kind:
            case "advance":
                return f"advance {self.how} s"
            case "start_new_child":
                return f"start another child of {self.who}"
            case "exit":
                return f"exit {self.who} {self.how!r}"
            case _:
                return f"{self.kind.replace('_', ' ')} {self.who}"


@final
@attrs.frozen
class Options:
    """What may be done: see `otp.testing.stateful.SupervisionMachine`."""

    faults: Collection[Fault]
    requests: Collection[Request]
    reasons: Sequence[ExitReason]
    max_clock_step: int
    spared: Collection[str]


@final
class Actions:
    """All that can be done to one tree, within some limits."""

    def __init__(
        self, tree: Tree, options: Options, new_child: Callable[[str], NewChild]
    ) -> None:
        self._tree = tree
        self._faults = options.faults
        self._requests = options.requests
        self._reasons = options.reasons
        self._max_clock_step = options.max_clock_step
        self._spared = options.spared
        self._new_child = new_child
        # The children that were deleted, by path: under whom, and how specified.
        self._deleted: dict[str, tuple[str, ChildSpec]] = {}

    # ---------------------------------------------------------------------- the choice

    def choose(self, pick: Pick) -> Action:
        """Choose what to do now, by *pick*; what is always possible comes first.

        So the same choices mean the same when a story becomes shorter.
        """
        kinds: list[ActionKind] = []
        victims = self._victims()
        if victims:
            kinds.extend(kind for kind in _FAULTS if kind in self._faults)
        if self._max_clock_step > 0 or not kinds:
            kinds.extend(("advance", "advance"))
        kinds.extend(kind for kind in _REQUESTS if self._subjects(kind))
        kind = pick(kinds)
        match kind:
            case "advance":
                return Action(kind, how=pick(self._clock_steps()))
            case "crash" | "kill":
                return Action(kind, pick(victims))
            case "exit":
                return Action(kind, pick(victims), pick(self._reasons))
            case _:
                return Action(kind, pick(self._subjects(kind)))

    def _victims(self) -> list[str]:
        return [path for path in self._tree.processes() if path not in self._spared]

    def _clock_steps(self) -> list[int]:
        most = max(1, self._max_clock_step)
        # Where something changes: the windows of the supervisors.
        periods = {view.plan.max_seconds for view in self._tree.views}
        edges = sorted({1, *periods, *(seconds + 1 for seconds in periods)})
        few = [seconds for seconds in edges if seconds <= most]
        return [*few, *few, *few, *range(1, most + 1)]

    def _subjects(self, kind: ActionKind) -> list[str]:
        """Return whom a request of that kind can be about."""
        if kind == "start_new_child":
            return self._open() if "start_child" in self._requests else []
        if kind not in self._requests:
            return []
        if kind == "start_child":
            there = self._tree.supervisors()
            lost = self._deleted.items()
            return [path for path, (above, _) in lost if above in there]
        static = kind != "terminate_child"
        return [
            path
            for path, _, child in self._tree.children()
            if path not in self._spared and (child.key is not None or not static)
        ]

    def _open(self) -> list[str]:
        """Return the supervisors whose children come and go."""
        return [
            path
            for path, view in self._tree.supervisors().items()
            if view.plan.kind != "static" and self._new_child(path) is not None
        ]

    # ----------------------------------------------------------------------- the deed

    def perform(self, action: Action) -> str | None:
        """Do it, and return the name of the error with which a request was refused."""
        tree = self._tree
        match action.kind:
            case "advance":
                tree.advance(action.how)
            case "crash":
                reason = Crash(InjectedCrash("injected by the test"))
                tree.go(end_process, tree.pid(action.who), reason)
            case "kill":
                tree.go(_kill, tree.pid(action.who))
            case "exit":
                tree.go(end_process, tree.pid(action.who), action.how)
            case _:
                return tree.go(_outcome, self._request(action))
        return None

    def _request(self, action: Action) -> Awaitable[object]:
        if action.kind == "start_child":
            path, spec = self._deleted[action.who]
            above = self._tree.supervisors()[path].pid
            return supervisor.start_child(above, spec)
        if action.kind == "start_new_child":
            above = self._tree.supervisors()[action.who].pid
            new = self._new_child(action.who)
            if isinstance(new, ChildSpec):
                return dynamic_supervisor.start_child(above, new)
            return supervisor.start_dynamic_child(above, *(new or ()))
        return self._request_about(action)

    def _request_about(self, action: Action) -> Awaitable[object]:
        view, child = self._tree.child(action.who)
        key = _address(child)
        if action.kind == "restart_child":
            return supervisor.restart_child(view.pid, key)
        if action.kind == "delete_child":
            self._deleted[action.who] = self._tree.forest.label(view.pid), child.spec
            return supervisor.delete_child(view.pid, key)
        if view.plan.kind == "dynamic":
            return dynamic_supervisor.terminate_child(view.pid, key)
        return supervisor.terminate_child(view.pid, key)


def _address(child: ChildView) -> Any:
    return child.pid if child.key is None else child.key


async def _outcome(request: Awaitable[object]) -> str | None:
    try:
        await request
    except (SupervisorError, StartError, CallError) as error:
        # Whether that is right is for the laws to say.
        return type(error).__name__
    return None


async def _kill(pid: Pid[Any]) -> None:
    process.exit(pid, KILL)


async def end_process(pid: Pid[Any], reason: ExitReason) -> None:
    """Let a process end by itself with *reason*, in order if it can.

    A behaviour calls its ``terminate``; whatever else runs in a process is stopped.
    """
    inner = find(pid)
    if inner is None:
        return
    cls = as_startable(inner.origin)
    if cls is not None and issubclass(cls, (Behaviour, AnySupervisor)):
        try:
            await sys.terminate(pid, reason)
        except CallError:
            # It is busy, or stuck: what crashes then is not the server's own code.
            inner.kill(reason)
    else:
        inner.kill(reason)
