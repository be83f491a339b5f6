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
from ._spec import check_childspec

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from ..kernel import ExitReason, Pid
    from ..proc_lib import ChildSpec, ShutdownLimit, Started
    from ._children import ChildCounts
    from ._reports import Reporter
    from ._spec import SupervisorSpec


class Family:
    """Children with a specification each; `DynamicFamily` is the other kind."""

    def __init__(self, spec: SupervisorSpec, reporter: Reporter) -> None:
        self.spec = spec
        self.reporter = reporter
        self.children = Children(self._listed(spec))
        self.window = Window(spec.max_restarts, spec.max_seconds)

    def _listed(self, spec: SupervisorSpec) -> Iterable[ChildSpec]:
        """Return the children that are there from the beginning."""
        return spec.children

    # -------------------------------------------------------------- all of them at once

    async def start_all(self) -> FailedToStartChild | None:
        """Start every child in order; stop at the first that fails, and return why."""
        return await self._start_each(self.children)

    async def stop_all(self) -> None:
        """Stop every child, newest first, one after the other."""
        for child in list(reversed(self.children)):
            await self._stop(child)

    def limits(self) -> dict[Pid, ShutdownLimit]:
        """Return how long each child may take to end."""
        return {c.pid: c.spec.shutdown for c in self.children if c.pid is not None}

    def change_spec(self, spec: SupervisorSpec) -> None:
        """Go on with *spec*; nothing starts or stops.

        Raises:
            StrategyError: the strategy is of another kind.
        """
        self._check_kind(spec)
        self.window = Window(spec.max_restarts, spec.max_seconds, self.window.stamps)
        self._take_over(spec)
        self.spec = spec

    def _take_over(self, spec: SupervisorSpec) -> None:
        self.children.update(spec.children)

    def _check_kind(self, spec: SupervisorSpec) -> None:
        simple = "simple_one_for_one"
        if (spec.strategy == simple) != (self.spec.strategy == simple):
            text = f"a {self.spec.strategy} supervisor cannot become {spec.strategy}"
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
                self._keep(child)
            case Forget():
                self.children.remove(child)
            case RestartChild() | RestartChildren():
                if child.spec.backoff is None:
                    return await self._restart(child, decision)
                self._try_later(child, child.pid, trio.current_time() - child.since)
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
        if self.window.add(trio.current_time()):
            self.reporter.trouble("shutdown", TOO_MANY_RESTARTS, child)
            self._drop(child)
            return True
        if child.pid is not None:
            await wait_gone(child.pid)
        match plan:
            case RestartChild():
                await self._restart_one(child)
            case RestartChildren():
                await self._restart_group(child, plan)
            case _:
                assert_never(plan)
        return False

    async def _restart_one(self, child: Child) -> None:
        try:
            await self._start(child)
        except StartIgnored:
            self._keep(child)
        except StartError as error:
            self._report_start_error(child, error)
            self._try_later(child, child.pid)

    async def _restart_group(self, failed: Child, plan: RestartChildren) -> None:
        last = failed.pid
        self.children.set_down(failed)
        for child in self._named(plan.stop):
            await self._stop(child)
            self.children.set_down(child)
        for child in self._named(plan.forget):
            self.children.remove(child)
        failure = await self._start_each(self._named(plan.start))
        if failure is not None:
            child = self._require(failure.id)
            self._try_later(child, last if child is failed else None)

    def _try_later(self, child: Child, last: Pid | None, lasted: float = 0.0) -> None:
        """Let *child* wait, and come back to it.

        It is a message to the supervisor itself that comes back, and no loop waits
        for it, so that whatever has come before has its turn: a request to stop the
        child, for example, or the supervisor.
        """
        pause = child.next_pause(lasted)
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
        child = self._require(id_)
        self._check_down(child)
        return await self._start_as_asked(child)

    async def terminate_child(self, id_: Hashable) -> None:
        """Stop a child, and keep its specification unless it is temporary."""
        child = self._require(id_)
        await self._stop(child)
        self._drop(child)

    def delete_child(self, id_: Hashable) -> None:
        """Strike off a child that is down."""
        child = self._require(id_)
        self._check_down(child)
        self.children.remove(child)

    def get_childspec(self, id_: Hashable) -> ChildSpec:
        """Return the specification of a child."""
        return self._require(id_).spec

    def which_children(self) -> list[ChildInfo]:
        """Return all children, newest first."""
        return [
            ChildInfo(c.id, c.state, c.spec.type, c.spec.modules)
            for c in reversed(self.children)
        ]

    def count_children(self) -> ChildCounts:
        """Count the children; those that died unnoticed are not active."""
        return self.children.count(process.is_alive)

    def _require(self, id_: Hashable) -> Child:
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

    async def _start(self, child: Child, *, requested: bool = False) -> Started:
        started = await child.start()
        self.children.set_up(child, started.pid, trio.current_time())
        self.reporter.progress(child, requested=requested)
        return started

    async def _start_as_asked(self, child: Child) -> Started:
        try:
            return await self._start(child, requested=True)
        except (StartIgnored, AlreadyStartedError):
            raise
        except StartError as error:
            raise StartChildError(child.spec.id, error.reason) from error

    async def _start_each(self, children: Iterable[Child]) -> FailedToStartChild | None:
        for child in list(children):
            try:
                await self._start(child)
            except StartIgnored:
                if child.restart == "temporary":
                    self.children.remove(child)
            except StartError as error:
                self._report_start_error(child, error)
                return FailedToStartChild(child.id, error.reason)
        return None

    def _report_start_error(self, child: Child, error: StartError) -> None:
        # What failed in a process of its own has been reported by that.
        in_here = error.__cause__ if isinstance(error.what, Start) else None
        self.reporter.trouble("start_error", error.reason, child, exception=in_here)

    async def _stop(self, child: Child) -> None:
        if child.pid is None or child.restarting:
            return
        limit = child.spec.shutdown
        reason = await stop_child(child.pid, limit)
        if not is_expected_end(reason, child.restart, brutal=limit == "brutal_kill"):
            self.reporter.trouble("shutdown_error", reason, child)

    def _keep(self, child: Child) -> None:
        self.children.set_down(child)

    def _drop(self, child: Child) -> None:
        if child.restart == "temporary":
            self.children.remove(child)
        else:
            self._keep(child)

    def _named(self, ids: Iterable[Hashable]) -> list[Child]:
        return [self._require(id_) for id_ in ids]


def _already_there(child: Child) -> Exception:
    if child.pid is None or child.restarting:
        return ChildPresentError(child.id)
    reason = Reason(("already_started", child.pid))
    return AlreadyStartedError(child.id, child.pid, reason)
