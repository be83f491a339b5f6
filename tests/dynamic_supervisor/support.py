"""What the tests of dynamic supervisors have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otp import DynamicSupervisor, Pid, Reason, dynamic_supervisor, process, sys
from otp.supervisor import SupervisorReport
from tests.supervisor.support import settled

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from otp import ExitReason
    from otp.kernel import Report


async def start(**limits: Any) -> Pid[DynamicSupervisor]:
    """Start a dynamic supervisor, with the caller as a parent that survives it."""
    process.trap_exit(True)
    return await dynamic_supervisor.start_link(DynamicSupervisor, **limits)


async def shown(sup: Pid[DynamicSupervisor]) -> list[object]:
    """Return what is shown of each child: its pid, or that it is restarting."""
    children = await dynamic_supervisor.which_children(sup)
    assert all(child.id is None for child in children)
    return [child.pid for child in children]


async def ask_after(
    sup: Pid[DynamicSupervisor],
    first: Callable[[], object],
    ask: Callable[[], Awaitable[object]],
) -> object:
    """Let *first* happen and *ask* be asked before *sup* hears of either."""
    answers: list[object] = []

    async def client() -> None:
        answers.append(await ask())

    await sys.suspend(sup)
    first()
    process.spawn(client)
    await settled()
    await sys.resume(sup)
    await settled()
    return answers[0]


async def kill(pid: Pid, reason: ExitReason | None = None) -> None:
    """Let *pid* die by a signal, and settle."""
    process.exit(pid, reason or Reason("boom"))
    await settled()


def trouble(reports: list[Report]) -> list[tuple[object, object, object]]:
    """Return what was reported: what about, of whom, and why."""
    return [
        (report.context, report.offender.id, report.reason)
        for report in reports
        if isinstance(report, SupervisorReport)
    ]
