"""The children of one supervisor, and what is done with them.

What `_decide` decides is carried out here. Everything happens in the supervisor's own
process, one thing after the other: while a child starts or stops, nobody is served
and no other death is noticed. The order of reports, stops and starts is Erlang's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import attrs
import trio

from .. import process, timer
from .._util import Window
from ..kernel import (
    AlreadyStartedError,
    Reason,
    StartError,
    StartIgnored,
    current_node,
    wait_gone,
)
from ..proc_lib import Start
from ._auto_shutdown import shuts_down
from ._children import Child, ChildInfo, Children
from ._decide import (
    Forget,
    Keep,
    RestartChild,
    RestartChildren,
    after_exit,
    is_expected_end,
    is_reported,
    plan_restart,
)
from ._errors import (
    ChildPresentError,
    NotFoundError,
    RestartingError,
    RunningError,
    StartChildError,
    StrategyError,
)
from ._reports import TOO_MANY_RESTARTS, FailedToStartChild
from ._requests import TryAgain
from ._shutdown import stop_child
from ._spec import SupervisorSpec, check_childspec
from ._swapping import swap_family

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from ..kernel import ExitReason, Pid
    from ..proc_lib import ChildSpec, ShutdownLimit, Started
    from ._children import ChildCounts
    from ._reports import Reporter
    from ._spec import AnySpec
    from ._swap_result import SwapResult
    from ._swapping import Terms


class Family:
    """Children with a specification each; `DynamicFamily` is the other kind."""

    def __init__(self, spec: AnySpec, reporter: Reporter) -> None:
        self.spec = spec
        self.reporter = reporter
        self.children = Children(self._at_first(spec))
        self.window = Window(spec.max_restarts, spec.max_seconds)
        # The one that is being started, for tools that look.
        self.starting: Child | None = None
        # Half of what trio.current_time() costs is to find the clock.
        self.now = trio.lowlevel.current_clock().current_time

    def _at_first(self, spec: AnySpec) -> Iterable[ChildSpec]:
        """Return the children that are there from the beginning."""
        return spec.specs()

    # -------------------------------------------------------------- all of them at once

    async def start_all(self) -> FailedToStartChild | None:
        """Start every child in order; stop at the first that fails, and return why."""
        return await self._start_each(self.children)

    async def stop_all(self) -> None:
        """Stop every child, newest first, one after the other."""
        for child in list(reversed(self.children)):
            await self.stop_one(child)

    def limits(self) -> dict[Pid, ShutdownLimit]:
        """Return how long each child may take to end."""
        return {c.pid: c.spec.shutdown for c in self.children if c.pid is not None}

    # ------------------------------------------------------------- other specifications

    def set_spec(self, spec: AnySpec, stamps: Iterable[int] | None = None) -> None:
        """Let strategy and limits be those of *spec*, and *stamps* be what counts."""
        before = self.window.stamps if stamps is None else stamps
        self.window = Window(spec.max_restarts, spec.max_seconds, before)
        self.spec = spec

    def take_over(self, spec: AnySpec) -> None:
        """Let the children be those of *spec*; nothing starts or stops."""
        self.children.update(spec.specs())

    async def swap(self, spec: AnySpec, terms: Terms) -> SwapResult:
        """Go on with *spec*, and let the children become what it says.

        Raises:
            StrategyError: the strategy is of another kind.
        """
        self.check_kind(spec)
        return await swap_family(self, spec, terms)

    def with_limits(self, limits: SupervisorSpec) -> AnySpec:
        """Return what is specified now, but for strategy and limits those of *limits*.

        Raises:
            InvalidSpecError: the children do not go together with them.
            StrategyError: the strategy is of another kind.
        """
        self.check_kind(limits)
        return attrs.evolve(limits, children=[child.spec for child in self.children])

    def check_kind(self, spec: AnySpec) -> None:
        """Say whether *spec* is of the same kind.

        Raises:
            StrategyError: only one of the two is a simple_one_for_one, or it is for
                another kind of supervisor altogether.
        """
        simple = "simple_one_for_one"
        both = spec.strategy, self.spec.strategy
        if not isinstance(spec, SupervisorSpec) or both.count(simple) == 1:
            what = spec.strategy if isinstance(spec, SupervisorSpec) else repr(spec)
            text = f"a {self.spec.strategy} supervisor cannot become {what}"
            raise StrategyError(None, text)

    # --------------------------------------------------------------- when one has ended

    async def exited(self, pid: Pid, reason: ExitReason) -> bool:
        """Deal with the end of *pid* if it is a child; tell whether to shut down."""
        child = self.children.find_pid(pid)
        if child is None or child.restarting:
            return False
        if is_reported(child.restart, reason):
            self.reporter.trouble("child_terminated", reason, child)
        decision = after_exit(self.spec.strategy, child, reason, self.children)
        match decision:
            case Keep():
                self.keep_down(child)
            case Forget():
                self.children.remove(child)
            case RestartChild() | RestartChildren():
                if child.spec.backoff is None:
                    return await self._restart(child, decision)
                self.try_later(child, child.pid, self.now() - child.since)
                return False
            case _:
                assert_never(decision)
        return shuts_down(self.spec.auto_shutdown, child, self.children)

    async def try_again(self, message: TryAgain) -> bool:
        """Restart a child if it still waits for that; tell whether to shut down."""
        child = self.children.find(message.id)
        if child is None or not child.restarting or child.row != message.row:
            return False
        plan = plan_restart(self.spec.strategy, child, self.children)
        return await self._restart(child, plan)

    async def _restart(
        self, child: Child, plan: RestartChild | RestartChildren
    ) -> bool:
        if self.window.add(self.now()):
            self.reporter.trouble("shutdown", TOO_MANY_RESTARTS, child)
            self.drop(child)
            return True
        if child.pid is not None:
            await wait_gone(child.pid)
        match plan:
            case RestartChild():
                try:
                    await self.start_one(child)
                except StartIgnored:
                    self.keep_down(child)
                except StartError as error:
                    self.report_start_error(child, error)
                    self.try_later(child, child.pid)
            case RestartChildren():
                await self._restart_group(child, plan)
            case _:
                assert_never(plan)
        return False

    async def _restart_group(self, failed: Child, plan: RestartChildren) -> None:
        last = failed.pid
        self.children.set_down(failed)
        for child in self._named(plan.stop):
            await self.stop_one(child)
            self.children.set_down(child)
        for child in self._named(plan.forget):
            self.children.remove(child)
        failure = await self._start_each(self._named(plan.start))
        if failure is not None:
            child = self.child(failure.id)
            self.try_later(child, last if child is failed else None)

    def try_later(self, child: Child, last: Pid | None, lasted: float = 0.0) -> None:
        """Let *child* wait, and come back to it.

        It is a message to the supervisor itself that comes back, and no loop waits
        for it, so that whatever has come before has its turn: a request to stop the
        child, for example, or the supervisor.
        """
        pause = child.next_pause(lasted, _chance(child.spec))
        self.children.set_restarting(child, last)
        message = TryAgain(child.id, child.row)
        if pause > 0:
            timer.send_after(pause, process.self(), message)
        else:
            process.send(process.self(), message)

    # ------------------------------------------------------------ on somebody's request

    async def start_child(self, spec: ChildSpec) -> Started:
        """Add a child, and start it."""
        check_childspec(spec, self.spec.auto_shutdown)
        old = self.children.find(spec.id)
        if old is not None:
            raise _already_there(old)
        child = Child(spec, spec.id)
        try:
            started = await self._start_as_asked(child)
        except StartIgnored:
            if child.restart != "temporary":
                self.children.add(child)
            raise
        if child.restart == "temporary":
            # It is not started again, so there may be millions of them in time.
            child.spec = attrs.evolve(spec, start=spec.start.without_arguments())
        self.children.add(child)
        return started

    async def start_dynamic_child(self, args: tuple[object, ...]) -> Started:
        """Refuse: every child here has its own specification."""
        raise StrategyError(
            None,
            f"a {self.spec.strategy} supervisor has no kind of children to start "
            f"another of with {args!r}: use start_child() with a specification",
        )

    async def restart_child(self, id_: Hashable) -> Started:
        """Start a child that is down."""
        child = self.child(id_)
        self._check_down(child)
        return await self._start_as_asked(child)

    async def terminate_child(self, id_: Hashable) -> None:
        """Stop a child, and keep its specification unless it is temporary."""
        child = self.child(id_)
        await self.stop_one(child)
        self.drop(child)

    def delete_child(self, id_: Hashable) -> None:
        """Strike off a child that is down."""
        child = self.child(id_)
        self._check_down(child)
        self.children.remove(child)

    def get_childspec(self, id_: Hashable) -> ChildSpec:
        """Return the specification of a child."""
        return self.child(id_).spec

    def which_children(self) -> list[ChildInfo]:
        """Return all children, newest first."""
        return [self.info_of(child) for child in reversed(self.children)]

    def info_of(self, child: Child) -> ChildInfo:
        """Return what is shown of a child."""
        return ChildInfo(child.id, child.state, child.spec.type, child.spec.modules)

    def count_children(self) -> ChildCounts:
        """Count the children; those that died unnoticed are not active."""
        return self.children.count(process.is_alive)

    def child(self, id_: Hashable) -> Child:
        """Return the child of that id.

        Raises:
            NotFoundError: there is none.
        """
        child = self.children.find(id_)
        if child is None:
            raise NotFoundError(id_)
        return child

    def _check_down(self, child: Child) -> None:
        if child.restarting:
            raise RestartingError(child.id)
        if child.pid is not None:
            raise RunningError(child.id)

    # --------------------------------------------------------------- what it is made of

    async def start_one(self, child: Child, *, requested: bool = False) -> Started:
        """Start a child that is in the table or is about to be put there."""
        self.starting = child
        try:
            started = await child.start()
        finally:
            self.starting = None
        self.children.set_up(child, started.pid, self.now())
        self.reporter.progress(child, requested=requested)
        return started

    async def _start_as_asked(self, child: Child) -> Started:
        try:
            return await self.start_one(child, requested=True)
        except (StartIgnored, AlreadyStartedError):
            raise
        except StartError as error:
            raise StartChildError(child.spec.id, error.reason) from error

    async def _start_each(self, children: Iterable[Child]) -> FailedToStartChild | None:
        for child in list(children):
            try:
                await self.start_one(child)
            except StartIgnored:
                if child.restart == "temporary":
                    self.children.remove(child)
            except StartError as error:
                self.report_start_error(child, error)
                return FailedToStartChild(child.id, error.reason)
        return None

    def report_start_error(self, child: Child, error: StartError) -> None:
        """Report that a child could not be started."""
        # What failed in a process of its own has been reported by that.
        in_here = error.__cause__ if isinstance(error.what, Start) else None
        self.reporter.trouble("start_error", error.reason, child, exception=in_here)

    async def stop_one(self, child: Child) -> None:
        """Stop a child if it runs; the table stays."""
        if child.pid is None or child.restarting:
            return
        limit = child.spec.shutdown
        reason = await stop_child(child.pid, limit)
        if not is_expected_end(reason, child.restart, brutal=limit == "brutal_kill"):
            self.reporter.trouble("shutdown_error", reason, child)

    def keep_down(self, child: Child) -> None:
        """Note that a child does not run, and may be started some day."""
        self.children.set_down(child)

    def drop(self, child: Child) -> None:
        """Note that a child does not run, and is not to be restarted."""
        if child.restart == "temporary":
            self.children.remove(child)
        else:
            self.keep_down(child)

    def _named(self, ids: Iterable[Hashable]) -> list[Child]:
        return [self.child(id_) for id_ in ids]


def _already_there(child: Child) -> Exception:
    if child.pid is None or child.restarting:
        return ChildPresentError(child.id)
    reason = Reason(("already_started", child.pid))
    return AlreadyStartedError(child.id, child.pid, reason)


def _chance(spec: ChildSpec) -> float:
    """Draw what the jitter of the next pause depends on, if it has any."""
    if spec.backoff is None or not spec.backoff.jitter:
        return 0.0
    return current_node().random.random()
