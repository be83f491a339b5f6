"""The children of a simple_one_for_one supervisor: many of one kind.

They share one specification, and each has arguments of its own behind those that
stand there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from .. import process
from ._anonymous import AnonymousFamily, is_pid
from ._children import Child, ChildCounts
from ._errors import NotFoundError, StrategyError
from ._swapping import swap_dynamic

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..kernel import ExitReason
    from ..proc_lib import ChildSpec, Started
    from ._spec import AnySpec, SupervisorSpec
    from ._swap_result import SwapResult
    from ._swapping import Terms


class DynamicFamily(AnonymousFamily):
    """Children of one kind."""

    kind = "simple_one_for_one"

    @property
    def template(self) -> ChildSpec:
        """The specification of them all."""
        return self.spec.specs()[0]

    def _spec_of(self, child: Child) -> ChildSpec:
        del child
        return self.template

    def _report_ends(self, wrong: list[tuple[Child, ExitReason]]) -> None:
        groups: dict[str, list[ExitReason]] = {}
        for _, reason in wrong:
            # A reason may hold what cannot be a key; what looks the same is.
            groups.setdefault(repr(reason), []).append(reason)
        anyone = Child(self.template, self.template.id)
        for reasons in groups.values():
            self.reporter.trouble(
                "shutdown_error", reasons[0], anyone, count=len(reasons)
            )

    # ------------------------------------------------------------- other specifications

    def take_over(self, spec: AnySpec) -> None:
        """Let the children be of the kind in *spec*; nothing starts or stops."""
        for child in self.children:
            child.spec = self._kind_of(child, spec.specs()[0])

    def template_for(self, child: Child) -> ChildSpec:
        """Return of which kind a child is from now on."""
        return self._kind_of(child, self.template)

    def _kind_of(self, child: Child, template: ChildSpec) -> ChildSpec:
        # The arguments of temporary children were not kept, so they stay temporary.
        if child.restart == "temporary" != template.restart:
            return template.override(restart="temporary")
        return template

    async def swap(self, spec: AnySpec, terms: Terms) -> SwapResult:
        """Go on with *spec*; children become of its kind where they can."""
        self.check_kind(spec)
        return await swap_dynamic(self, spec, terms)

    def with_limits(self, limits: SupervisorSpec) -> AnySpec:
        """Return what is specified now, but for the limits those of *limits*."""
        self.check_kind(limits)
        return attrs.evolve(limits, children=self.spec.specs())

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

    async def terminate_child(self, id_: Hashable) -> None:
        """Stop the child that is called by its pid; who is dead already is no error."""
        try:
            await super().terminate_child(id_)
        except NotFoundError:
            if is_pid(id_) and process.is_alive(id_):
                raise

    def get_childspec(self, id_: Hashable) -> ChildSpec:
        """Return the specification of them all, for its id or for any child's pid."""
        if is_pid(id_):
            known = self.children.find_pid(id_) is not None or not process.is_alive(id_)
        else:
            known = id_ == self.template.id
        if not known:
            raise NotFoundError(id_)
        return self.template

    def count_children(self) -> ChildCounts:
        """Count the children; there is one specification."""
        return attrs.evolve(super().count_children(), specs=1)
