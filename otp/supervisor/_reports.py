"""What a supervisor reports of its children."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, final

import attrs

from .._util import short
from ..kernel import Level, Reason, Report, emit, is_heard

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..kernel import ExitReason, Pid, Process
    from ..proc_lib import ChildType, Restart, ShutdownLimit, Start
    from ._children import Child

Context = Literal["child_terminated", "start_error", "shutdown_error", "shutdown"]
"""What the supervisor was about when something went wrong.

A child has ended, could not be started, or did not end as told; or one restart was
too many and the supervisor itself shuts down.
"""

TOO_MANY_RESTARTS = Reason("reached_max_restart_intensity")
"""Why a supervisor gives up."""


@final
@attrs.frozen
class FailedToStartChild:
    """Why a supervisor did not start: the detail of its reason, a `Shutdown`."""

    id: Hashable
    reason: ExitReason


@final
@attrs.frozen
class Offender:
    """The child that a report is about, as it was at that moment.

    *pid* is that of the dead process, where there was one. Of children that are
    reported together, which are *count* dynamic ones, there is none.
    """

    pid: Pid | None
    id: Hashable
    start: Start
    restart: Restart
    significant: bool
    shutdown: ShutdownLimit
    type: ChildType
    restarting: bool = False
    count: int | None = None

    def __str__(self) -> str:
        who = f"child {short(self.id)}"
        if self.count is not None:
            return f"{self.count} children {short(self.id)}"
        return who if self.pid is None else f"{who} {self.pid!r}"


def offender(child: Child, count: int | None = None) -> Offender:
    """Describe *child*, or *count* children like it, for a report."""
    spec = child.spec
    return Offender(
        pid=child.pid if count is None else None,
        id=spec.id,
        start=child.start,
        restart=spec.restart,
        significant=spec.significant,
        shutdown=spec.shutdown,
        type=spec.type,
        restarting=child.restarting,
        count=count,
    )


_TEXTS: dict[Context, str] = {
    "child_terminated": "{} ended: {}",
    "start_error": "{} could not be started: {}",
    "shutdown_error": "{} did not end as told: {}",
    "shutdown": "gives up, as {} was restarted too often",
}


@final
@attrs.frozen
class SupervisorReport(Report):
    """Something went wrong with a child.

    *exception* is what a start function raised, which nobody else reports.
    """

    context: Context
    supervisor: Pid
    name: str | None
    behaviour: type[object]
    reason: ExitReason
    offender: Offender
    exception: BaseException | None = None

    def text(self) -> str:
        what = _TEXTS[self.context].format(self.offender, short(self.reason))
        who = self.name or self.behaviour.__name__
        return (
            f"supervisor {who} {self.supervisor!r}: {what}\n"
            f"    started by: {self.offender.start}"
        )

    def error(self) -> BaseException | None:
        return self.exception


@attrs.frozen
class ProgressReport(Report):
    """A supervisor has started a child, of its own accord."""

    level: ClassVar[Level] = "INFO"

    supervisor: Pid
    name: str | None
    behaviour: type[object]
    started: Offender

    def text(self) -> str:
        who = self.name or self.behaviour.__name__
        return f"supervisor {who} {self.supervisor!r} started {self.started}"


@final
@attrs.frozen
class RequestedProgressReport(ProgressReport):
    """A supervisor has started a child because it was asked to."""

    level: ClassVar[Level] = "DEBUG"


@final
@attrs.frozen
class Reporter:
    """Reports in the name of one supervisor."""

    process: Process
    behaviour: type[object]

    def trouble(
        self,
        context: Context,
        reason: ExitReason,
        child: Child,
        *,
        count: int | None = None,
        exception: BaseException | None = None,
    ) -> None:
        """Report that something went wrong with *child*."""
        if is_heard(SupervisorReport.level):
            me, what = self.process, offender(child, count)
            emit(
                SupervisorReport(
                    context, me.pid, me.name, self.behaviour, reason, what, exception
                )
            )

    def progress(self, child: Child, *, requested: bool) -> None:
        """Report that *child* has been started."""
        kind = RequestedProgressReport if requested else ProgressReport
        if is_heard(kind.level):
            me = self.process
            emit(kind(me.pid, me.name, self.behaviour, offender(child)))
