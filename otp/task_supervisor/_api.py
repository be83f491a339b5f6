"""What is asked of a task supervisor."""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    Any,
    Literal,
    ParamSpec,
    TypeVar,
    cast,
    final,
    overload,
)

import attrs

from ..gen import CALL_TIMEOUT
from ..kernel import InvalidSpecError
from ..proc_lib import ChildSpec
from ..task import Stream, StreamOptions, Work, start_work
from ._supervisor import start, start_for_owner

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Iterable

    from ..kernel import Pid, ServerRef
    from ..proc_lib import Restart, ShutdownLimit
    from ..task import Done, Failed, FailedItem, StreamTimeout, Task
    from ._supervisor import TaskSupervisor

P = ParamSpec("P")
T = TypeVar("T")
ItemT = TypeVar("ItemT")


@final
@attrs.frozen
class Options:
    """How a task is supervised, where that is more than its function and arguments.

    ::

        options = task_supervisor.Options(restart="transient", shutdown=1.0)
        pid = await options.start_child(TASKS, poll, url)

    The options stand before the function because the arguments behind it are the
    function's own.

    Args:
        restart: when the task is started again: never, if nothing is said. It is for
            tasks that nobody waits for.
        shutdown: seconds that the task has to end when its supervisor does, or
            ``"brutal_kill"``.

    Raises:
        InvalidSpecError: a value is wrong.
    """

    restart: Restart = "temporary"
    shutdown: ShutdownLimit = 5.0

    def __attrs_post_init__(self) -> None:
        spec = ChildSpec.of("Task", start_work, Work(start_work, (), {}, ()))
        spec.override(restart=self.restart, shutdown=self.shutdown)

    async def async_(
        self,
        supervisor: ServerRef[TaskSupervisor],
        fn: Callable[P, Awaitable[T]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Task[T]:
        """Start a task that the caller may wait for, and is linked to."""
        work = self._to_wait_for(Work.of_caller(fn, args, kwargs))
        return await start_for_owner(supervisor, work, self.shutdown, link=True)

    async def async_nolink(
        self,
        supervisor: ServerRef[TaskSupervisor],
        fn: Callable[P, Awaitable[T]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Task[T]:
        """Start a task that the caller may wait for, and is not linked to."""
        work = self._to_wait_for(Work.of_caller(fn, args, kwargs))
        return await start_for_owner(supervisor, work, self.shutdown, link=False)

    async def start_child(
        self,
        supervisor: ServerRef[TaskSupervisor],
        fn: Callable[P, Awaitable[T]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Pid[Task[T]]:
        """Start a task that nobody waits for."""
        work = Work.of_caller(fn, args, kwargs)
        pid = await start(supervisor, work, self.restart, self.shutdown)
        return cast("Pid[Task[T]]", pid)

    def _to_wait_for(self, work: Work) -> Work:
        if self.restart == "temporary":
            return work
        raise InvalidSpecError(
            "bad_combination",
            self.restart,
            f"{work!r} cannot be {self.restart}: whoever waits for a task waits for "
            f"one process; use start_child() for a task that is restarted",
        )


_PLAIN = Options()


async def async_(
    supervisor: ServerRef[TaskSupervisor],
    fn: Callable[P, Awaitable[T]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Task[T]:
    """Start a task under *supervisor*, linked to the caller, like `otp.task.async_`.

    The result is for `otp.task.await_` and its like. If the caller is cancelled
    meanwhile, or dies, the task does nothing.

    Raises:
        MaxChildrenError: the supervisor has as many tasks as it may have.
        NoProcessError: there is no such supervisor.
        TypeError: *fn* cannot be called.
    """
    return await _PLAIN.async_(supervisor, fn, *args, **kwargs)


async def async_nolink(
    supervisor: ServerRef[TaskSupervisor],
    fn: Callable[P, Awaitable[T]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Task[T]:
    """Start a task like `async_`, without a link to the caller.

    If it crashes, the caller does not: whoever waits gets `TaskExitedError` or
    `Failed`, and an owner that does not wait a `Down`. It outlives its owner.
    """
    return await _PLAIN.async_nolink(supervisor, fn, *args, **kwargs)


async def start_child(
    supervisor: ServerRef[TaskSupervisor],
    fn: Callable[P, Awaitable[T]],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> Pid[Task[T]]:
    """Start a task under *supervisor* that nobody waits for.

    It is temporary; `Options` has other ways.

    Raises:
        MaxChildrenError: the supervisor has as many tasks as it may have.
        NoProcessError: there is no such supervisor.
        TypeError: *fn* cannot be called.
    """
    return await _PLAIN.start_child(supervisor, fn, *args, **kwargs)


@overload
def async_stream(
    supervisor: ServerRef[TaskSupervisor],
    fn: Callable[[ItemT], Awaitable[T]],
    items: Iterable[ItemT] | AsyncIterable[ItemT],
    *,
    max_concurrency: int,
    ordered: bool = True,
    timeout: float = CALL_TIMEOUT,
    on_timeout: StreamTimeout = "exit",
    zip_input_on_exit: Literal[False] = False,
    shutdown: ShutdownLimit = 5.0,
) -> Stream[Done[T] | Failed]: ...
@overload
def async_stream(
    supervisor: ServerRef[TaskSupervisor],
    fn: Callable[[ItemT], Awaitable[T]],
    items: Iterable[ItemT] | AsyncIterable[ItemT],
    *,
    max_concurrency: int,
    ordered: bool = True,
    timeout: float = CALL_TIMEOUT,
    on_timeout: StreamTimeout = "exit",
    zip_input_on_exit: Literal[True],
    shutdown: ShutdownLimit = 5.0,
) -> Stream[Done[T] | FailedItem[ItemT]]: ...
def async_stream(
    supervisor: ServerRef[TaskSupervisor],
    fn: Callable[[Any], Awaitable[Any]],
    items: Iterable[Any] | AsyncIterable[Any],
    *,
    max_concurrency: int,
    ordered: bool = True,
    timeout: float = CALL_TIMEOUT,
    on_timeout: StreamTimeout = "exit",
    zip_input_on_exit: bool = False,
    shutdown: ShutdownLimit = 5.0,
) -> Stream[Any]:
    """Return a stream like `otp.task.async_stream`, with its tasks under *supervisor*.

    If the supervisor has too many tasks, `MaxChildrenError` comes out of the stream.
    """
    options = StreamOptions(
        max_concurrency=max_concurrency,
        ordered=ordered,
        timeout=timeout,
        on_timeout=on_timeout,
        zip_input_on_exit=zip_input_on_exit,
    )
    begin = Options(shutdown=shutdown).async_
    return Stream(lambda item: begin(supervisor, fn, item), items, options)


@overload
def async_stream_nolink(
    supervisor: ServerRef[TaskSupervisor],
    fn: Callable[[ItemT], Awaitable[T]],
    items: Iterable[ItemT] | AsyncIterable[ItemT],
    *,
    max_concurrency: int,
    ordered: bool = True,
    timeout: float = CALL_TIMEOUT,
    on_timeout: StreamTimeout = "exit",
    zip_input_on_exit: Literal[False] = False,
    shutdown: ShutdownLimit = 5.0,
) -> Stream[Done[T] | Failed]: ...
@overload
def async_stream_nolink(
    supervisor: ServerRef[TaskSupervisor],
    fn: Callable[[ItemT], Awaitable[T]],
    items: Iterable[ItemT] | AsyncIterable[ItemT],
    *,
    max_concurrency: int,
    ordered: bool = True,
    timeout: float = CALL_TIMEOUT,
    on_timeout: StreamTimeout = "exit",
    zip_input_on_exit: Literal[True],
    shutdown: ShutdownLimit = 5.0,
) -> Stream[Done[T] | FailedItem[ItemT]]: ...
def async_stream_nolink(
    supervisor: ServerRef[TaskSupervisor],
    fn: Callable[[Any], Awaitable[Any]],
    items: Iterable[Any] | AsyncIterable[Any],
    *,
    max_concurrency: int,
    ordered: bool = True,
    timeout: float = CALL_TIMEOUT,
    on_timeout: StreamTimeout = "exit",
    zip_input_on_exit: bool = False,
    shutdown: ShutdownLimit = 5.0,
) -> Stream[Any]:
    """Return a stream like `async_stream`, whose tasks are not linked to the caller.

    So a failure is always a result, whether or not the caller traps exits.
    """
    options = StreamOptions(
        max_concurrency=max_concurrency,
        ordered=ordered,
        timeout=timeout,
        on_timeout=on_timeout,
        zip_input_on_exit=zip_input_on_exit,
    )
    begin = Options(shutdown=shutdown).async_nolink
    return Stream(lambda item: begin(supervisor, fn, item), items, options)
