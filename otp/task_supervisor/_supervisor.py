"""`TaskSupervisor`: what tasks run under, and how they get there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import dynamic_supervisor, process
from ..dynamic_supervisor import DynamicSupervisor
from ..kernel import Pid
from ..proc_lib import ChildSpec
from ..task import Order, Task, Work, handle, start_work

if TYPE_CHECKING:
    from ..kernel import ServerRef
    from ..proc_lib import Restart, ShutdownLimit


class TaskSupervisor(DynamicSupervisor):
    """A supervisor of tasks, which are started one by one, on request.

    Use it as it is: ``child_spec(otp.TaskSupervisor, max_children=100).named(TASKS)``.
    What can be asked of it are the functions of `otp.task_supervisor`.

    Args:
        max_children: how many tasks there may be at once, None for no limit.
        max_restarts: how many restarts within *max_seconds* seconds are not too many;
            only tasks that are not temporary are restarted.
        max_seconds: see there.

    Raises:
        InvalidSpecError: a limit is wrong.
    """

    def __init__(
        self,
        *,
        max_children: int | None = None,
        max_restarts: int = 3,
        max_seconds: int = 5,
    ) -> None:
        super().__init__(
            max_children=max_children,
            max_restarts=max_restarts,
            max_seconds=max_seconds,
        )


async def start(
    supervisor: ServerRef[TaskSupervisor],
    work: Work | Order,
    restart: Restart,
    shutdown: ShutdownLimit,
) -> Pid[Any]:
    """Start a process under *supervisor* that does *work*."""
    spec = ChildSpec.of(Task.__name__, start_work, work)
    spec = spec.override(restart=restart, shutdown=shutdown, modules=(Task,))
    return await dynamic_supervisor.start_child(supervisor, spec)


async def start_for_owner(
    supervisor: ServerRef[TaskSupervisor],
    work: Work,
    shutdown: ShutdownLimit,
    *,
    link: bool,
) -> Task[Any]:
    """Start a task that the calling process may wait for.

    It does nothing before the caller has its pid: so if the caller is cancelled or
    dies meanwhile, nothing is done that nobody knows of.
    """
    order = Order(work)
    try:
        pid = await start(supervisor, order, "temporary", shutdown)
        if link:
            process.link(pid)
    except BaseException:
        order.withdraw()
        raise
    return handle(order.give(pid))


async def children(supervisor: ServerRef[TaskSupervisor]) -> list[Pid[Any]]:
    """Return the tasks that run under *supervisor*, oldest first."""
    found = await dynamic_supervisor.which_children(supervisor)
    return [child.pid for child in found if isinstance(child.pid, Pid)]
