"""`Task`: the handle of a task, and what starts one."""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    Generic,
    ParamSpec,
    TypeVar,
    cast,
    final,
)

import attrs

from ..kernel import Pid, Ref, current
from ._outcome import Done
from ._slot import Slot
from ._work import Work, spawn_alone, spawn_for_owner, start_work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from ..kernel import Name, Via
    from ..proc_lib import Restart

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@final
@attrs.frozen(init=False)
class Task(Generic[T_co]):
    """A function that runs in a process of its own, and whose result somebody wants.

    A handle is what `async_` returns. *owner* is who started the task and may wait for
    it, *pid* its process, None for one that `completed` made, and *ref* stands in the
    messages about it. *slot* is for those who wait.

    The class itself is what a supervisor starts a task by, ``child_spec(otp.Task,
    function, ...)``: nobody waits for the result of such a one, and it is temporary,
    that is, never restarted, unless ``override(restart=...)`` says otherwise.
    """

    __restart__: ClassVar[Restart] = "temporary"

    owner: Pid
    pid: Pid | None
    ref: Ref
    slot: Slot = attrs.field(repr=False, eq=False)

    def __init__(
        self,
        fn: Callable[P, Awaitable[T_co]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        work = Work(fn, args, kwargs, ())
        raise TypeError(
            f"nothing starts {work!r} this way: use task.async_() to have its result, "
            f"or give child_spec(otp.Task, ...) to a supervisor"
        )

    @classmethod
    async def __start_link__(
        cls,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        name: Name | Via | None,
        /,
    ) -> Pid[Any]:
        if not args:
            raise TypeError("a task needs an async function: child_spec(otp.Task, fn)")
        return await start_work(Work.of_caller(args[0], args[1:], kwargs), name)


def handle(slot: Slot) -> Task[Any]:
    """Return the handle of the task whose outcome comes to *slot*."""
    task = object.__new__(cast("type[Task[Any]]", Task))
    values = {"owner": slot.owner, "pid": slot.pid, "ref": slot.ref, "slot": slot}
    for name, value in values.items():
        object.__setattr__(task, name, value)
    return task


def async_(
    fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
) -> Task[T]:
    """Start a task that runs ``await fn(*args, **kwargs)``, linked to the caller.

    The result is for `await_` and its like. If the task crashes, so does the caller,
    unless it traps exits; and if the caller ends abnormally, so does the task.

    Raises:
        TypeError: *fn* cannot be called.
        NoNodeError: no node runs here.
    """
    return handle(spawn_for_owner(Work.of_caller(fn, args, kwargs)))


def completed(value: T) -> Task[T]:
    """Return a task that has its result already, and no process.

    It can be waited for like any other, but not be shut down.
    """
    slot = Slot(current().pid, None)
    slot.fill(Done(value))
    return cast("Task[T]", handle(slot))


def start(
    fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
) -> Pid[Task[T]]:
    """Start a task whose result nobody wants, without a tie to the caller.

    It is like `process.spawn`, but knows on whose behalf it runs, and is reported as a
    task if it crashes.
    """
    work = Work.of_caller(fn, args, kwargs)
    return cast("Pid[Task[T]]", spawn_alone(work, link=False).pid)


def start_link(
    fn: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
) -> Pid[Task[T]]:
    """Start a task like `start`, linked to the caller."""
    work = Work.of_caller(fn, args, kwargs)
    return cast("Pid[Task[T]]", spawn_alone(work, link=True).pid)
