"""Looking at a tree that is idle: what its supervisors show, and who else is there."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, cast

from ... import dynamic_supervisor, process, supervisor, sys
from ...application import Application
from ...dynamic_supervisor import DynamicSupervisor
from ...kernel import CallError, InvalidSpecError, Node, Pid, Process, Via, find
from ...proc_lib import ChildSpec, Start, as_startable
from ...supervisor import (
    AnySupervisor,
    Supervisor,
    SupervisorError,
    SupervisorSpec,
    SupervisorState,
)
from ._laws import ChildView, NameView, ProcessView, SupervisorView
from ._plan import Plan, plan_of
from ._watch import is_supervisor

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...kernel import Name
    from ._laws import Forest


def start_of(tree: object) -> Start | Application:
    """Return how *tree* is started.

    Raises:
        InvalidSpecError: it is no tree.
    """
    match tree:
        case Application():
            return tree
        case ChildSpec():
            return cast("ChildSpec", tree).start
        case SupervisorSpec():
            return Start(Supervisor, (tree,))
        case type() if issubclass(tree, Application):
            return tree()
        case type() if issubclass(tree, AnySupervisor):
            return Start(tree)
        case _:
            raise InvalidSpecError(
                "invalid_tree",
                tree,
                f"a tree is a class of supervisors, a SupervisorSpec, a ChildSpec of "
                f"a supervisor or an Application, not {tree!r}",
            )


def plan_for(start: Start) -> Plan | None:
    """Return what the supervisor that is started so is to do; None if it is none.

    Its class is asked, as it will be in the supervisor's own process.
    """
    cls = as_startable(start.target)
    if cls is None or not issubclass(cls, AnySupervisor) or start.args is None:
        return None
    make = cast("Callable[..., AnySupervisor]", start.target)
    try:
        spec: Any = make(*start.args, **start.kwargs).__specify__()
    except Exception:  # noqa: BLE001 - it may be possible only in the process itself
        return None
    return plan_of(spec) if hasattr(spec, "strategy") else None


async def look_at_all(forest: Forest, top: Pid[Any] | None) -> list[SupervisorView]:
    """Return what all supervisors below *top*, itself included, show of themselves."""
    found: list[SupervisorView] = []
    waiting = [] if top is None else [top]
    while waiting:
        pid = waiting.pop(0)
        try:
            view = await _look_at(forest, pid)
        except (CallError, SupervisorError):
            continue  # it has ended meanwhile
        if view is not None:
            found.append(view)
            pids = [child.pid for child in view.children if isinstance(child.pid, Pid)]
            waiting += [pid for pid in pids if _is_above(pid)]
    return found


def _is_above(pid: Pid[Any]) -> bool:
    inner = find(pid)
    return inner is not None and is_supervisor(inner)


async def _look_at(forest: Forest, pid: Pid[Any]) -> SupervisorView | None:
    state = await sys.get_state(pid, timeout=inf)
    inner = find(pid)
    if not isinstance(state, SupervisorState) or inner is None:
        return None
    model = forest.model(pid)
    is_known = model is not None and not model.is_free
    known = {kid.key: kid.spec for kid in model.kids} if model and is_known else {}
    children: list[ChildView] = []
    for info in state.children:
        key = info.pid if info.id is None else info.id
        spec = known.get(key) or await _spec_of(inner, pid, key)
        children.append(ChildView(info.id, info.pid, spec))
    plan = _plan_of_state(inner, state, None if model is None else model.plan)
    return SupervisorView(pid, inner.parent, plan, tuple(children), state.restarts)


def _is_dynamic(inner: Process) -> bool:
    origin = inner.origin
    return isinstance(origin, type) and issubclass(origin, DynamicSupervisor)


async def _spec_of(inner: Process, pid: Pid[Any], key: Any) -> ChildSpec:
    if _is_dynamic(inner):
        return await dynamic_supervisor.get_childspec(pid, key)
    return await supervisor.get_childspec(pid, key)


def _plan_of_state(inner: Process, state: SupervisorState, known: Plan | None) -> Plan:
    simple = state.strategy == "simple_one_for_one"
    return Plan(
        "dynamic" if _is_dynamic(inner) else "simple" if simple else "static",
        state.strategy,
        state.max_restarts,
        state.max_seconds,
        state.auto_shutdown,
        known.specs if known is not None else (),
        known.extra if known is not None else (),
    )


def process_views(node: Node) -> list[ProcessView]:
    """Return all processes that live on *node*, with their links."""
    return [
        ProcessView(
            inner.pid,
            tuple(peer.pid for peer in inner.links if isinstance(peer, Process)),
        )
        for inner in node.processes.values()
    ]


def name_view(
    node: Node, name: Name[Any] | Via[Any], owner: str, child: Pid[Any] | None
) -> NameView:
    """Return who has *name*, which is that of *child*, or is free."""
    if isinstance(name, Via):
        holder = name.registry.whereis_name(name.key)
    else:
        holder = node.whereis(name)
    alive = holder is not None and process.is_alive(holder)
    return NameView(str(name), owner, child, holder, alive)
