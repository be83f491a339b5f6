"""What can be asked of a running supervisor.

All of these wait as long as it takes: a supervisor that is busy, with a child that
starts or stops slowly, answers when it is done with that. If it dies first, or does
not live at all, a `CallError` says so.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar, cast

from .. import gen_server
from ..gen import CALL_TIMEOUT, check_timeout
from ..proc_lib import as_class_of
from ._requests import (
    ChangeSpecs,
    CountChildren,
    DeleteChild,
    GetChildSpec,
    RestartChild,
    StartChild,
    StartDynamicChild,
    Swap,
    TerminateChild,
    WhichChildren,
)
from ._spec import SupervisorSpec
from ._supervisor import AnySupervisor

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ..kernel import Pid, ServerRef
    from ..proc_lib import ChildSpec, Started
    from ._children import ChildCounts, ChildInfo
    from ._requests import Request
    from ._supervisor import Supervisor
    from ._swap_result import SwapResult

T = TypeVar("T")


async def ask(supervisor: ServerRef[AnySupervisor], request: Request[T]) -> T:
    """Return what *supervisor* answers to *request*."""
    return cast("T", await gen_server.call(supervisor, request, timeout=inf))


async def start_child(supervisor: ServerRef[Supervisor], spec: ChildSpec[T]) -> Pid[T]:
    """Add a child behind the others, and start it.

    Raises:
        StartChildError: it could not start; it is not added.
        StartIgnored: it did not want to start; it is added all the same, down,
            unless it is temporary.
        AlreadyStartedError: a child of that id runs.
        ChildPresentError: there is a child of that id, which does not run.
        InvalidSpecError: the child does not go together with the supervisor.
        StrategyError: the supervisor is a simple_one_for_one.
    """
    return (await start_child_with_info(supervisor, spec)).pid


async def start_child_with_info(
    supervisor: ServerRef[Supervisor], spec: ChildSpec[T]
) -> Started[T]:
    """Do the same as `start_child`; return also what the start function told."""
    return await ask(supervisor, StartChild(spec))


async def start_dynamic_child(
    supervisor: ServerRef[Supervisor], /, *args: object
) -> Pid[Any]:
    """Start another child of a simple_one_for_one supervisor.

    *args* go behind the arguments in its specification.

    Raises:
        StartChildError: it could not start.
        StartIgnored: it did not want to start.
        StrategyError: the supervisor is no simple_one_for_one.
    """
    return (await start_dynamic_child_with_info(supervisor, *args)).pid


async def start_dynamic_child_with_info(
    supervisor: ServerRef[Supervisor], /, *args: object
) -> Started[Any]:
    """Do the same as `start_dynamic_child`; return also what the start told."""
    return await ask(supervisor, StartDynamicChild(args))


async def terminate_child(supervisor: ServerRef[Supervisor], child: Hashable) -> None:
    """Stop a child; it is no error if it does not run.

    Its specification is kept, unless it is temporary: `restart_child` starts it
    again. A child that waits to be restarted waits no longer.

    Args:
        supervisor: whose child it is.
        child: its id; under a simple_one_for_one supervisor its pid.

    Raises:
        NotFoundError: there is no such child.
        StrategyError: an id was given to a simple_one_for_one supervisor.
    """
    await ask(supervisor, TerminateChild(child))


async def restart_child(supervisor: ServerRef[Supervisor], id_: Hashable) -> Pid[Any]:
    """Start a child that is there and does not run.

    Raises:
        StartChildError: it could not start; it stays, and is not tried again.
        StartIgnored: it did not want to start.
        RunningError: it runs.
        RestartingError: it is about to be restarted.
        NotFoundError: there is no such child.
        StrategyError: the supervisor is a simple_one_for_one.
    """
    return (await restart_child_with_info(supervisor, id_)).pid


async def restart_child_with_info(
    supervisor: ServerRef[Supervisor], id_: Hashable
) -> Started[Any]:
    """Do the same as `restart_child`; return also what the start function told."""
    return await ask(supervisor, RestartChild(id_))


async def delete_child(supervisor: ServerRef[Supervisor], id_: Hashable) -> None:
    """Strike a child that does not run off the list.

    Raises:
        RunningError: it runs.
        RestartingError: it is about to be restarted.
        NotFoundError: there is no such child.
        StrategyError: the supervisor is a simple_one_for_one.
    """
    await ask(supervisor, DeleteChild(id_))


async def which_children(supervisor: ServerRef[AnySupervisor]) -> list[ChildInfo]:
    """Return the children, newest first.

    Those of a simple_one_for_one or a dynamic supervisor come oldest first and without
    ids.
    """
    return await ask(supervisor, WhichChildren())


async def count_children(supervisor: ServerRef[AnySupervisor]) -> ChildCounts:
    """Return how many children there are, alive or not."""
    return await ask(supervisor, CountChildren())


async def get_childspec(
    supervisor: ServerRef[Supervisor], child: Hashable
) -> ChildSpec[Any]:
    """Return the specification of a child, by its id.

    A temporary child that was added by `start_child` has lost its arguments. A
    simple_one_for_one supervisor has one specification, which the pid of any child
    gives as well.

    Raises:
        NotFoundError: there is no such child.
    """
    return await ask(supervisor, GetChildSpec(child))


async def change_specs(supervisor: ServerRef[Supervisor], spec: SupervisorSpec) -> None:
    """Let a running supervisor go on with another specification.

    Nothing is started and nothing stopped. Limits and strategy count from now on. A
    child whose id is in the new specification goes on running, and is what the new
    one says when it is restarted; one that is new is down until `restart_child`. Those
    that are not there any more stay, behind the others, until they are terminated
    and deleted. `swap` does all this at once.

    Raises:
        StrategyError: it would become or cease to be a simple_one_for_one.
        TypeError: *spec* is no specification.
    """
    if not _is_spec(spec):
        raise TypeError(f"{spec!r} is no SupervisorSpec, as one_for_one() returns it")
    await ask(supervisor, ChangeSpecs(spec))


async def swap(
    supervisor: ServerRef[AnySupervisor],
    new: SupervisorSpec | type[AnySupervisor],
    *,
    timeout: float = CALL_TIMEOUT,
    extra: object = None,
) -> SwapResult:
    """Let a running supervisor and its children become what *new* says.

    Afterwards it has exactly the children that are specified, in their order. Those
    that are the same are not touched. Where only the rules for a child are others,
    such as its restart or its shutdown, it goes on under the new ones. Where only
    its class is another, which has a ``code_change``, the process goes on as one of
    that class, with its state, its mailbox and its links; so does a child that is a
    supervisor, whose own children are swapped in turn. Every other child that is
    started in another way is stopped and started. One that cannot start comes back
    as it was, and the swap goes on.

    The children of a simple_one_for_one supervisor go on in any case, as the new class
    if it takes over, and are of the new kind when they are restarted.

    While this goes on the supervisor serves nobody; it goes on even if the caller is
    cancelled. Restarts of this kind are not counted.

    Args:
        supervisor: the supervisor.
        new: a specification; or a class, which is given the arguments of the one
            that runs, and is asked for its children.
        timeout: seconds that one child may take to go on as another class; after
            that it is stopped and started.
        extra: for the ``code_change`` of the children.

    Returns:
        What has become of each child.

    Raises:
        StrategyError: it would become or cease to be a simple_one_for_one.
        InvalidSpecError: the class gives a specification that is wrong.
        SwapError: the class could not say what its children are.
        TypeError: *new* is neither a specification nor a class of supervisors.
        ValueError: the time-out is negative or no number.
    """
    check_timeout(timeout)
    return await ask(supervisor, Swap(_as_wanted(new), timeout, extra))


def _as_wanted(new: object) -> SupervisorSpec | type[AnySupervisor]:
    if _is_spec(new):
        return new
    try:
        return as_class_of(AnySupervisor, new)
    except TypeError:
        text = f"{new!r} is neither a SupervisorSpec nor a class of supervisors"
        raise TypeError(text) from None


def _is_spec(value: object) -> TypeGuard[SupervisorSpec]:
    return isinstance(value, SupervisorSpec)
