"""Children without ids: of a simple_one_for_one or a dynamic supervisor.

There may be very many, and they come and go. Each is known by the first pid that it
had and named by the pid that it has, and is forgotten when it has ended for good. All
are stopped at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeGuard

import trio

from ..kernel import Pid
from ._children import ChildInfo
from ._decide import is_expected_end
from ._errors import NotFoundError, StrategyError
from ._family import Family
from ._shutdown import stop_children
from ._swap_result import SwapResult, all_kept

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from ..kernel import ExitReason
    from ..proc_lib import ChildSpec, Started
    from ._children import Child
    from ._spec import AnySpec
    from ._swapping import Terms


class AnonymousFamily(Family):
    """Children that are known by their pids."""

    #: What kind of supervisor has them, for texts.
    kind: ClassVar[str]

    def _at_first(self, spec: AnySpec) -> Iterable[ChildSpec]:
        del spec
        return ()

    # -------------------------------------------------------------- all of them at once

    async def stop_all(self) -> None:
        """Stop all children at once; report those that ended wrongly."""
        up = {c.pid: c for c in self.children if c.pid is not None and not c.restarting}
        ends = await stop_children(
            {pid: self._spec_of(child).shutdown for pid, child in up.items()}
        )
        wrong: list[tuple[Child, ExitReason]] = []
        for pid, reason in ends.items():
            spec = self._spec_of(up[pid])
            brutal = spec.shutdown == "brutal_kill"
            if not is_expected_end(reason, spec.restart, brutal=brutal):
                wrong.append((up[pid], reason))
        self._report_ends(wrong)

    def _spec_of(self, child: Child) -> ChildSpec:
        """Return the specification that counts for *child* at this moment."""
        return child.spec

    def _report_ends(self, wrong: list[tuple[Child, ExitReason]]) -> None:
        for child, reason in wrong:
            self.reporter.trouble("shutdown_error", reason, child)

    # ------------------------------------------------------------- other specifications

    def take_over(self, spec: AnySpec) -> None:
        """Let the children be; what *spec* says is for those that come."""

    async def swap(self, spec: AnySpec, terms: Terms) -> SwapResult:
        """Go on with *spec*; the children go on as they are."""
        del terms
        self.check_kind(spec)
        self.set_spec(spec)
        return all_kept(self.children)

    # ------------------------------------------------------------ on somebody's request

    async def restart_child(self, id_: Hashable) -> Started:
        """Refuse: who does not run is not known here."""
        raise self._no_ids(id_, "restarted")

    async def terminate_child(self, id_: Hashable) -> None:
        """Stop the child that has this pid, and forget it."""
        if not is_pid(id_):
            raise self._no_ids(id_, "terminated")
        child = self.children.find_pid(id_)
        if child is None:
            raise NotFoundError(id_)
        await self.stop_one(child)
        self.children.remove(child)

    def get_childspec(self, id_: Hashable) -> ChildSpec:
        """Return the specification of the child that has this pid."""
        child = self.children.find_pid(id_) if is_pid(id_) else None
        if child is None:
            raise NotFoundError(id_)
        return self._spec_of(child)

    def delete_child(self, id_: Hashable) -> None:
        """Refuse: who does not run is not known here."""
        raise self._no_ids(id_, "deleted")

    def which_children(self) -> list[ChildInfo]:
        """Return all children, oldest first, those that wait to be restarted last."""
        waiting_last = sorted(self.children, key=lambda child: child.restarting)
        return [self.info_of(child) for child in waiting_last]

    def info_of(self, child: Child) -> ChildInfo:
        """Return what is shown of a child, which has no id."""
        spec = self._spec_of(child)
        return ChildInfo(None, child.state, spec.type, spec.modules)

    def _no_ids(self, id_: Hashable, what: str) -> StrategyError:
        text = (
            f"{id_!r} cannot be {what}: the children of a {self.kind} "
            f"supervisor have no ids, and are terminated by their pids"
        )
        return StrategyError(id_, text)

    # --------------------------------------------------------------- what it is made of

    async def start_one(self, child: Child, *, requested: bool = False) -> Started:
        # Among so many, one more is no news: there are no progress reports.
        del requested
        started = await child.start()
        self.children.set_up(child, started.pid, trio.current_time())
        if child.id is None:
            child.id = started.pid
        self.children.add(child)
        return started

    def keep_down(self, child: Child) -> None:
        self.children.remove(child)


def is_pid(value: object) -> TypeGuard[Pid]:
    """Tell whether *value* can name a child."""
    return isinstance(value, Pid)
