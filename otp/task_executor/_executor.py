"""`TaskExecutor`: the process that jobs are submitted to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from .. import process as processes, task_supervisor
from ..gen_server import GenServer, Stop
from ..kernel import (
    SHUTDOWN,
    Exited,
    NoProcessError,
    current_process,
    find,
    publish,
    published,
)
from ..task_supervisor import TaskSupervisor
from ._desk import Desk, StartJobs
from ._spec import ExecutorSpec

if TYPE_CHECKING:
    from ..gen_server import InfoResult
    from ..kernel import ExitReason, ServerRef
    from ..protection import AnyListeners
    from ._events import JobEvent


@final
class TaskExecutor(GenServer):
    """A process that does jobs: so many at once, the important ones first.

    ::

        JOBS = otp.Name[otp.TaskExecutor]("jobs")
        otp.child_spec(otp.TaskExecutor, otp.ExecutorSpec(queue=100)).named(JOBS)

    What can be asked of it are the functions of `otp.task_executor`. Each job has a
    process of its own, under a `TaskSupervisor` that belongs to the executor. When that
    ends, what waits is given up, and what runs is cancelled and then killed.

    Args:
        spec: how many, how long, in which order.
        listeners: functions that are told each `JobEvent`.

    Raises:
        TypeError: *spec* is something else.
    """

    # For the task supervisor.
    __hosts__ = True

    def __init__(
        self,
        spec: ExecutorSpec | None = None,
        *,
        listeners: AnyListeners[JobEvent] = (),
    ) -> None:
        spec = ExecutorSpec() if spec is None else spec
        if not _is_spec(spec):
            raise TypeError(f"a task executor takes an ExecutorSpec, not {spec!r}")
        # So that it is told to end, and has the time to.
        processes.trap_exit(True)
        self.desk = Desk(current_process("a task executor"), spec, listeners)

    async def init(self) -> None:
        self.desk.tasks = await task_supervisor.start_link(TaskSupervisor)
        publish(self.desk.process, self.desk)

    async def handle_info(self, message: object) -> InfoResult:
        """Start what is to be started."""
        match message:
            case StartJobs():
                await self.desk.start_jobs()
            case Exited(pid, reason) if pid is self.desk.tasks:
                return Stop(reason)
            case Exited():
                pass
            case _:
                return await super().handle_info(message)
        return None

    async def terminate(self, reason: ExitReason) -> None:
        self.desk.stop(reason)
        await self.desk.wait_idle()
        if processes.is_alive(self.desk.tasks):
            await task_supervisor.stop(self.desk.tasks, SHUTDOWN)

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        """Show the numbers."""
        return status | {"state": self.desk.statistics()}


def desk_of(executor: ServerRef[TaskExecutor]) -> Desk:
    """Return where jobs are submitted to *executor*.

    Raises:
        NoProcessError: there is no such executor, or it is not up yet.
        TypeError: it is a process of another kind.
    """
    process = find(executor)
    if process is None:
        raise NoProcessError(executor)
    desk = published(process, Desk)
    if desk is not None and desk.process is process:
        return desk
    if process.origin is TaskExecutor:
        raise NoProcessError(executor)
    raise TypeError(f"{executor} is no task executor")


def _is_spec(value: object) -> bool:
    return isinstance(value, ExecutorSpec)
