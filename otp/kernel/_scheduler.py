"""How a task waits and is woken: by Trio's own means.

Whoever waits parks with the scheduler of a node, and leaves that scheduler in its task,
so that whoever wakes it, from whichever node, need not know how: it calls
``task.custom_sleep_data.wake(task)``. The other scheduler, which is faster, is in
``_steps``.
"""

from __future__ import annotations

import os
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Final,
    Literal,
    Protocol,
    cast,
    get_args,
)

from trio.lowlevel import Abort, reschedule, wait_task_rescheduled

from ._errors import InvalidSpecError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from contextvars import Context
    from typing import TypeVarTuple, Unpack

    import trio
    from outcome import Outcome
    from trio.lowlevel import Task

    Ts = TypeVarTuple("Ts")
    AbortFunc = Callable[[Callable[[], object]], Abort]

SchedulerName = Literal["trio", "step"]
"""The schedulers that a node may have."""


def wanted_scheduler(name: str | None) -> SchedulerName:
    """Return *name*, or what the environment says, or the default.

    Raises:
        InvalidSpecError: there is no such scheduler.
    """
    wanted = name or os.environ.get("OTP_SCHEDULER") or "step"
    for known in get_args(SchedulerName):
        if wanted == known:
            return cast("SchedulerName", known)
    raise InvalidSpecError(
        "invalid_scheduler",
        wanted,
        f"a scheduler is one of {', '.join(get_args(SchedulerName))}, not {wanted!r}",
    )


class _Wake:
    """An outcome that says nothing and, unlike Trio's own, may be used again."""

    __slots__ = ()

    def unwrap(self) -> None:
        return None


WAKE: Final = cast("Outcome[None]", _Wake())


class Box(Protocol):
    """The part of a mailbox that a scheduler knows."""

    parked: Task | None

    def deliver(self, message: object) -> None: ...


class Scheduler:
    """Trio's own scheduler: who is woken goes on in Trio's next batch."""

    __slots__ = ()

    name: ClassVar[SchedulerName] = "trio"

    def park(self, task: Task, abort: AbortFunc) -> Awaitable[object]:
        """Let *task*, the one that runs, wait until `wake`.

        *abort* is what Trio calls when it is cancelled meanwhile.
        """
        task.custom_sleep_data = self
        return wait_task_rescheduled(abort)  # noqa: ASYNC105 - the caller awaits it

    def wake(self, task: Task) -> None:
        """Let *task*, which parked with this scheduler, go on."""
        reschedule(task, WAKE)

    def start(
        self,
        nursery: trio.Nursery,
        context: Context,
        name: str,
        fn: Callable[[Unpack[Ts]], Coroutine[Any, Any, object]],
        *args: *Ts,
    ) -> None:
        """Start a task in *nursery*, with a copy of *context*."""
        start_soon: Callable[..., None] = nursery.start_soon
        context.run(start_soon, fn, *args, name=name)

    def ask(self, box: Box, request: object, task: Task) -> bool:
        """Put *request*, of *task*, into *box*, and tell whether *task* has to park.

        It need not if it has been woken by the answer already. If it has been woken and
        has to park all the same, as it is the turn of others, it parks with `stay`;
        then there is no scheduler left in it.
        """
        task.custom_sleep_data = AWAKE
        box.deliver(request)
        return task.custom_sleep_data is AWAKE


class _Awake(Scheduler):
    """Stands in a task that has not parked yet: it sees by itself what there is."""

    __slots__ = ()

    def wake(self, task: Task) -> None:
        task.custom_sleep_data = None


AWAKE: Final = _Awake()
BY_TRIO: Final = Scheduler()


def stay(_raise_cancel: Callable[[], object]) -> Abort:
    """Be the abort function of who is woken already and only waits for its turn."""
    return Abort.FAILED
