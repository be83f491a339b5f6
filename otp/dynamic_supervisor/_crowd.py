"""The children of one dynamic supervisor, and what is asked of it.

How a child is restarted, reported and stopped is what `otp.supervisor` does with
children without ids. Whatever is done for one child costs the same however many there
are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import attrs

from ..kernel import InvalidSpecError
from ..proc_lib import ChildSpec
from ..supervisor import AnonymousFamily, Child, StrategyError
from ._errors import MaxChildrenError
from ._spec import DynamicSpec

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from ..kernel import ExitReason, Pid, Waiter
    from ..proc_lib import Started
    from ..supervisor import AnySpec, Family, Reporter, SupervisorSpec


@final
class Crowd(AnonymousFamily):
    """Children with a specification each and without ids."""

    kind = "dynamic"

    spec: DynamicSpec

    def __init__(self, spec: DynamicSpec, reporter: Reporter) -> None:
        super().__init__(spec, reporter)
        # Those who wait until there is room for another child.
        self._in_line: set[Waiter] = set()

    def __repr__(self) -> str:
        return f"<{len(self.children)} children under {self.spec!r}>"

    # ------------------------------------------------------------- other specifications

    def with_limits(self, limits: SupervisorSpec) -> DynamicSpec:
        """Return what is specified now, but for the limits those of *limits*."""
        if (limits.strategy, limits.auto_shutdown) != ("one_for_one", "never"):
            text = (
                f"the children of a dynamic supervisor are one_for_one and never end "
                f"it: it cannot be {limits.strategy} with {limits.auto_shutdown!r}"
            )
            raise StrategyError(None, text)
        return attrs.evolve(
            self.spec, max_restarts=limits.max_restarts, max_seconds=limits.max_seconds
        )

    def check_kind(self, spec: AnySpec) -> None:
        """Refuse what is not for a dynamic supervisor."""
        if not isinstance(spec, DynamicSpec):
            text = (
                f"a dynamic supervisor cannot become {spec.strategy}: change its "
                f"limits with dynamic_supervisor.change_specs()"
            )
            raise StrategyError(None, text)

    # ------------------------------------------------------------ on somebody's request

    async def start_child(self, spec: ChildSpec) -> Started:
        """Start a child, unless there are too many."""
        _check(spec)
        limit = self.spec.max_children
        if limit is not None and not self._has_room():
            raise MaxChildrenError(spec.id, limit)
        child = Child(spec, None)
        started = await self._start_as_asked(child)
        if child.restart == "temporary":
            # It is not started again, so there may be millions of them in time.
            child.spec = attrs.evolve(spec, start=spec.start.without_arguments())
            child.args = None
        return started

    async def start_dynamic_child(self, args: tuple[object, ...]) -> Started:
        """Refuse: every child here has its own specification."""
        raise StrategyError(
            None,
            f"a dynamic supervisor has no kind of children to start another of with "
            f"{args!r}: use dynamic_supervisor.start_child() with a specification",
        )

    # --------------------------------------------------------------------------- room

    def wait_room(self, waiter: Waiter) -> None:
        """Settle *waiter* as soon as there is room for another child."""
        self._in_line.add(waiter)
        self._offer_room()

    def leave_room(self, waiter: Waiter) -> None:
        """Forget *waiter*."""
        self._in_line.discard(waiter)

    def _has_room(self) -> bool:
        limit = self.spec.max_children
        return limit is None or len(self.children) < limit

    def _offer_room(self) -> None:
        if self._in_line and self._has_room():
            in_line, self._in_line = self._in_line, set()
            for waiter in in_line:
                waiter.settle(None)

    # Whatever strikes a child off the list, or changes the limit, is one of these.

    async def exited(self, pid: Pid, reason: ExitReason) -> bool:
        ends = await super().exited(pid, reason)
        self._offer_room()
        return ends

    def keep_down(self, child: Child) -> None:
        super().keep_down(child)
        self._offer_room()

    async def terminate_child(self, id_: Hashable) -> None:
        await super().terminate_child(id_)
        self._offer_room()

    def set_spec(self, spec: AnySpec, stamps: Iterable[int] | None = None) -> None:
        super().set_spec(spec, stamps)
        self._offer_room()

    # --------------------------------------------------------------- what it is made of

    async def start_one(self, child: Child, *, requested: bool = False) -> Started:
        extra, own = self.spec.extra_arguments, child.spec.start.args
        child.args = extra + own if extra and own is not None else None
        return await super().start_one(child, requested=requested)


def _check(spec: object) -> None:
    if not isinstance(spec, ChildSpec):
        text = f"a child is specified by child_spec(...), not by {spec!r}"
        raise InvalidSpecError("invalid_child_spec", spec, text)
    if spec.significant:
        text = (
            f"child {spec.id!r} cannot be significant: a dynamic supervisor never "
            f"shuts down because a child has ended; use .override(significant=False)"
        )
        raise InvalidSpecError("invalid_significant", value=True, text=text)


def as_crowd(family: Family, child: Hashable) -> Crowd:
    """Return the children of a dynamic supervisor, with what only they can do.

    Raises:
        StrategyError: the supervisor is of another kind.
    """
    if isinstance(family, Crowd):
        return family
    text = (
        "this is no dynamic supervisor: ask it with the functions of otp.supervisor "
        "instead of those of otp.dynamic_supervisor"
    )
    raise StrategyError(child, text)
