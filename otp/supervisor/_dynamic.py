"""The children of a simple_one_for_one supervisor: many of one kind.

They share one specification, and each has arguments of its own behind those that
stand there. A child that has ended for good is forgotten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

import attrs
import trio

from .. import process
from ..kernel import Pid
from ._children import Child, ChildCounts, ChildInfo
from ._decide import is_expected_end
from ._errors import NotFoundError, StrategyError
from ._family import Family
from ._shutdown import stop_children

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from ..kernel import ExitReason
    from ..proc_lib import ChildSpec, Started
    from ._spec import SupervisorSpec


class DynamicFamily(Family):
    """Children of one kind. Each is known by the first pid that it had."""

    @property
    def template(self) -> ChildSpec:
        """The specification of them all."""
        return self.spec.children[0]

    def _listed(self, spec: SupervisorSpec) -> Iterable[ChildSpec]:
        del spec
        return ()

    # -------------------------------------------------------------- all of them at once

    async def stop_all(self) -> None:
        """Stop all children at once; report those that ended wrongly, by reasons."""
        limit = self.template.shutdown
        up = [c.pid for c in self.children if c.pid is not None and not c.restarting]
        ends = await stop_children(up, limit)
        groups: dict[str, list[ExitReason]] = {}
        for reason in ends.values():
            if not is_expected_end(
                reason, self.template.restart, brutal=limit == "brutal_kill"
            ):
                # A reason may hold what cannot be a key; what looks the same is.
                groups.setdefault(repr(reason), []).append(reason)
        anyone = Child(self.template, self.template.id)
        for reasons in groups.values():
            self.reporter.trouble(
                "shutdown_error", reasons[0], anyone, count=len(reasons)
            )

    def _take_over(self, spec: SupervisorSpec) -> None:
        # The arguments of temporary children were not kept, so they stay temporary.
        if self.template.restart != "temporary":
            for child in self.children:
                child.spec = spec.children[0]

    # ------------------------------------------------------------ on somebody's request

    async def start_child(self, spec: ChildSpec) -> Started:
        """Refuse: the children here have one specification."""
        text = (
            f"a simple_one_for_one supervisor takes no specification but its own: "
            f"use start_dynamic_child() instead of start_child() with {spec.id!r}"
        )
        raise StrategyError(spec.id, text)

    async def start_dynamic_child(self, args: tuple[object, ...]) -> Started:
        """Start another child, with *args* behind the arguments of all."""
        start = self.template.start
        child = Child(self.template, None, (*(start.args or ()), *args))
        started = await self._start_as_asked(child)
        if child.restart == "temporary":
            child.args = None
        return started

    async def restart_child(self, id_: Hashable) -> Started:
        """Refuse: who does not run is not known here."""
        raise self._no_ids(id_, "restarted")

    async def terminate_child(self, id_: Hashable) -> None:
        """Stop the child that is called by its pid; who is dead already is no error."""
        if not _is_pid(id_):
            raise self._no_ids(id_, "terminated")
        child = self.children.find_pid(id_)
        if child is not None:
            await self._stop(child)
            self.children.remove(child)
        elif process.is_alive(id_):
            raise NotFoundError(id_)

    def delete_child(self, id_: Hashable) -> None:
        """Refuse: who does not run is not known here."""
        raise self._no_ids(id_, "deleted")

    def get_childspec(self, id_: Hashable) -> ChildSpec:
        """Return the specification of them all, for its id or for any child's pid."""
        if _is_pid(id_):
            known = self.children.find_pid(id_) is not None or not process.is_alive(id_)
        else:
            known = id_ == self.template.id
        if not known:
            raise NotFoundError(id_)
        return self.template

    def which_children(self) -> list[ChildInfo]:
        """Return all children, oldest first, those that wait to be restarted last."""
        spec = self.template
        return [
            ChildInfo(None, child.state, spec.type, spec.modules)
            for child in sorted(self.children, key=lambda child: child.restarting)
        ]

    def count_children(self) -> ChildCounts:
        """Count the children; there is one specification."""
        return attrs.evolve(super().count_children(), specs=1)

    def _no_ids(self, id_: Hashable, what: str) -> StrategyError:
        text = (
            f"{id_!r} cannot be {what}: the children of a simple_one_for_one "
            f"supervisor have no ids, and are terminated by their pids"
        )
        return StrategyError(id_, text)

    # --------------------------------------------------------------- what it is made of

    async def _start(self, child: Child, *, requested: bool = False) -> Started:
        # Among so many, one more is no news: there are no progress reports.
        del requested
        started = await child.start()
        self.children.set_up(child, started.pid, trio.current_time())
        if child.id is None:
            child.id = started.pid
        self.children.add(child)
        return started

    def _keep(self, child: Child) -> None:
        self.children.remove(child)


def _is_pid(value: object) -> TypeGuard[Pid]:
    return isinstance(value, Pid)
