"""How a swap is carried out: one child after the other, in the supervisor's process.

A child whose new specification fails has its old one back, and the swap goes on with
the others; nothing that is not in the plan is touched. Deaths that happen meanwhile
lie in the supervisor's mailbox and are dealt with afterwards, by the new rules.

A migration that takes too long is given up by the child itself, which is then what
it was; but a child that does not answer may be stuck, and is stopped and started.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Literal, assert_never, cast, final

import attrs

from .. import gen_server
from ..gen import StartWith
from ..kernel import (
    CallError,
    InvalidSpecError,
    NoProcessError,
    ServerExitedError,
    StartError,
    StartIgnored,
)
from ..proc_lib import as_startable
from ..sys import LayoutError, SysError, can_convert, migrate
from ._errors import StrategyError, SupervisorError
from ._requests import Swap
from ._source import kind_of
from ._swap import (
    Add,
    Keep,
    Migrate,
    Remove,
    Restart,
    Update,
    has_same_arguments,
    is_same,
    is_same_start,
    plan_swap,
)
from ._swap_result import ChildSwap, SwapResult, all_kept

if TYPE_CHECKING:
    from ..gen import Options
    from ..kernel import OTPError, Pid
    from ..proc_lib import ChildSpec, Start
    from ._children import Child
    from ._dynamic import DynamicFamily
    from ._family import Family
    from ._spec import AnySpec
    from ._swap import Step


@final
@attrs.frozen
class Terms:
    """On which terms children are swapped.

    A migration may take *limit* seconds, and ``code_change`` is given *extra*.
    """

    limit: float
    extra: object


def takes_over(old: Start, new: Start) -> bool:
    """Tell whether a process that was started as *old* can go on as *new*.

    A supervisor can if it stays of its kind: its own children are swapped then.
    """
    kinds = kind_of(old), kind_of(new)
    if kinds != (None, None):
        return kinds[0] is kinds[1]
    before, after = _class_in(old), _class_in(new)
    if before is None or after is None or not has_same_arguments(old, new):
        return False
    return _options_in(old) == _options_in(new) and can_convert(before, after)


def _class_in(start: Start) -> type[object] | None:
    """Return the class of the process that is started so, if that can be known."""
    target = start.target
    return target.cls if isinstance(target, StartWith) else as_startable(target)


def _options_in(start: Start) -> Options | None:
    return start.target.options if isinstance(start.target, StartWith) else None


class CannotMigrateError(Exception):
    """A child cannot go on as it is, and has to be started again."""


async def swap_family(family: Family, spec: AnySpec, terms: Terms) -> SwapResult:
    """Let the children of *family* become those of *spec*."""
    plan = plan_swap(family.children, spec.specs(), takes_over)
    family.set_spec(spec)
    family.children.arrange(spec.specs())
    work = Swapping(family, terms)
    return SwapResult(tuple([await work.do(step) for step in plan]))


@final
@attrs.frozen
class Swapping:
    """One swap of a family whose children have a specification each."""

    family: Family
    terms: Terms

    async def do(self, step: Step) -> ChildSwap:
        """Do one step of the plan."""
        child = self.family.child(step.id)
        match step:
            case Keep():
                return ChildSwap(step.id, "kept", child.state)
            case Update(spec=spec):
                child.spec = spec
                return ChildSwap(step.id, "updated", child.state)
            case Remove():
                await self.family.stop_one(child)
                self.family.children.remove(child)
                return ChildSwap(step.id, "stopped")
            case Add():
                return await self.add(child)
            case Migrate(spec=spec):
                return await self.migrate(child, spec)
            case Restart(spec=spec):
                return await self.restart(child, spec)
            case _:
                assert_never(step)

    async def add(self, child: Child) -> ChildSwap:
        """Start a child that is new; if it fails it is not there."""
        try:
            return await self.start(child, "started")
        except StartError as error:
            self.family.report_start_error(child, error)
            self.family.children.remove(child)
            return ChildSwap(child.id, "failed", error=error)

    async def migrate(self, child: Child, spec: ChildSpec) -> ChildSwap:
        """Let a child go on as another class, or start it again if it cannot."""
        try:
            return await migrate_child(child, spec, self.terms)
        except CannotMigrateError as error:
            done = await self.restart(child, spec)
            return attrs.evolve(done, error=done.error or error.__cause__)

    async def restart(self, child: Child, spec: ChildSpec) -> ChildSwap:
        """Stop a child and start it; the old one comes back if the new one fails."""
        old = child.spec
        await self.family.stop_one(child)
        self.family.children.set_down(child)
        child.spec = spec
        try:
            return await self.start(child, "restarted")
        except StartError as error:
            self.family.report_start_error(child, error)
            child.spec = old
            return await self.bring_back(child, error)

    async def start(
        self, child: Child, outcome: Literal["started", "restarted"]
    ) -> ChildSwap:
        """Start a child that does not run; it may decline."""
        try:
            await self.family.start_one(child, requested=True)
        except StartIgnored:
            self.family.drop(child)
            return ChildSwap(child.id, "ignored")
        return ChildSwap(child.id, outcome, child.state)

    async def bring_back(self, child: Child, error: StartError) -> ChildSwap:
        """Start a child by its old specification, which is tried again if it fails."""
        try:
            await self.family.start_one(child, requested=True)
        except StartIgnored:
            self.family.drop(child)
        except StartError as again:
            self.family.report_start_error(child, again)
            if child.restart == "temporary":
                self.family.children.remove(child)
                return ChildSwap(child.id, "failed", error=error)
            self.family.try_later(child, None)
        return ChildSwap(child.id, "restored", child.state, error)


async def migrate_child(child: Child, spec: ChildSpec, terms: Terms) -> ChildSwap:
    """Let the process of a child go on by another specification.

    Raises:
        CannotMigrateError: it cannot, or did not do so in time.
    """
    pid = cast("Pid", child.pid)
    old, child.spec = child.spec, spec
    if kind_of(spec.start) is None and _class_of(pid) is _class_in(spec.start):
        # Somebody has changed it before.
        return ChildSwap(child.id, "updated", child.state)
    try:
        inside = await _go_over(pid, child.start, terms)
    except (NoProcessError, ServerExitedError) as error:
        return ChildSwap(child.id, "died", child.state, error)
    except (CallError, SysError, SupervisorError, InvalidSpecError) as error:
        child.spec = old
        obstacle = _obstacle(error)
        if obstacle is not None:
            raise CannotMigrateError from obstacle
        return ChildSwap(child.id, "restored", child.state, error)
    return ChildSwap(child.id, "migrated", child.state, inside=inside)


def _class_of(pid: Pid) -> object:
    return None if pid.process is None else pid.process.origin


async def _go_over(pid: Pid, start: Start, terms: Terms) -> SwapResult | None:
    if kind_of(start) is not None:
        request = Swap(start, terms.limit, terms.extra)
        return cast("SwapResult", await gen_server.call(pid, request, timeout=inf))
    new = cast("type[object]", _class_in(start))
    await migrate(pid, new, extra=terms.extra, timeout=terms.limit)
    return None


def _obstacle(error: OTPError) -> BaseException | None:
    """Return why a process that is well cannot go on as what it was to become.

    None if something is wrong with the new code; then the old one is kept.
    """
    if isinstance(error, (CallError, StrategyError)):
        return error
    return error.__cause__ if isinstance(error.__cause__, LayoutError) else None


async def swap_dynamic(
    family: DynamicFamily, spec: AnySpec, terms: Terms
) -> SwapResult:
    """Let the children of *family* become of the kind that *spec* says.

    None is stopped: one that cannot go on as a new class does so as the old one.
    """
    old, new = family.template, spec.specs()[0]
    family.set_spec(spec)
    if is_same(old, new):
        return all_kept(family.children)
    exchanges = not is_same_start(old.start, new.start)
    exchanges = exchanges and takes_over(old.start, new.start)
    # Of a temporary supervisor nobody knows what its class was given.
    needs_args = kind_of(new.start) is not None
    done: list[ChildSwap] = []
    for child in list(family.children):
        template = family.template_for(child)
        known = child.args is not None or not needs_args
        if exchanges and child.runs and known:
            done.append(await _migrate_dynamic(child, template, terms))
        else:
            child.spec = template
            done.append(ChildSwap(child.id, "updated", child.state))
    return SwapResult(tuple(done))


async def _migrate_dynamic(
    child: Child, template: ChildSpec, terms: Terms
) -> ChildSwap:
    try:
        return await migrate_child(child, template, terms)
    except CannotMigrateError as error:
        child.spec = template
        return ChildSwap(child.id, "updated", child.state, error.__cause__)
