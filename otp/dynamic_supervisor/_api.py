"""What can be asked of a running dynamic supervisor.

All of these wait as long as it takes, as those of `otp.supervisor` do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from ..supervisor import ask
from ._requests import ChangeSpec, GetChildSpec, StartChild, TerminateChild

if TYPE_CHECKING:
    from ..kernel import Pid, ServerRef
    from ..proc_lib import ChildSpec, Started
    from ._dynamic import DynamicSupervisor
    from ._spec import DynamicSpec

T = TypeVar("T")


async def start_child(
    supervisor: ServerRef[DynamicSupervisor], spec: ChildSpec[T]
) -> Pid[T]:
    """Start a child.

    Its id is for reports only: many may have the same.

    Raises:
        StartChildError: it could not start, and is not kept.
        StartIgnored: it did not want to start, and is not kept.
        MaxChildrenError: there are *max_children* already.
        AlreadyStartedError: it is to have a name, and somebody has that.
        InvalidSpecError: it is no specification, or a significant child.
        StrategyError: the supervisor is not a dynamic one.
    """
    return (await start_child_with_info(supervisor, spec)).pid


async def start_child_with_info(
    supervisor: ServerRef[DynamicSupervisor], spec: ChildSpec[T]
) -> Started[T]:
    """Do the same as `start_child`; return also what the start function told."""
    return await ask(supervisor, StartChild(spec))


async def terminate_child(
    supervisor: ServerRef[DynamicSupervisor], pid: Pid[Any]
) -> None:
    """Stop a child, and forget it; also one that waits to be restarted.

    Raises:
        NotFoundError: it is no child of this supervisor, or not any more.
        StrategyError: *pid* is no pid, or the supervisor is not a dynamic one.
    """
    await ask(supervisor, TerminateChild(pid))


async def get_childspec(
    supervisor: ServerRef[DynamicSupervisor], pid: Pid[Any]
) -> ChildSpec[Any]:
    """Return the specification of a child.

    That of a temporary child has lost its arguments.

    Raises:
        NotFoundError: it is no child of this supervisor, or not any more.
        StrategyError: the supervisor is not a dynamic one.
    """
    return await ask(supervisor, GetChildSpec(pid))


async def change_specs(
    supervisor: ServerRef[DynamicSupervisor], spec: DynamicSpec
) -> None:
    """Let a running supervisor go on with other limits.

    Nothing is started and nothing stopped, even if there are more children than the
    new limit says. Restarts that have been counted go on counting, and new extra
    arguments are for starts and restarts from now on.

    Raises:
        InvalidSpecError: *spec* is no `DynamicSpec`.
        StrategyError: the supervisor is not a dynamic one.
    """
    await ask(supervisor, ChangeSpec(spec))
