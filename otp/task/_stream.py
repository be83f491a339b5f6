"""Streams: a function applied to many items, several at a time.

A stream belongs to the process that enters it. It starts a task for an item when its
consumer waits for a result and fewer tasks than are allowed run: so nothing is done
that nobody asked for. Results that have to be given in the order of the items are kept
until it is their turn, others are given at once.

It is no generator but a context manager, because only that is left in every case: when
it is left, what still runs is killed, and nothing of it is in anybody's mailbox.
"""

from __future__ import annotations

from math import inf
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    Literal,
    Self,
    TypeVar,
    cast,
    final,
    get_args,
    overload,
)

import attrs
import trio

from ..gen import CALL_TIMEOUT, check_timeout
from ..kernel import (
    KILLED,
    MISSING,
    SHUTDOWN,
    NoProcessError,
    Process,
    Reason,
    current,
    wait_gone,
)
from ._errors import NotOwnerError, TaskTimeoutError
from ._outcome import Done, Failed, FailedItem
from ._slot import Hub, Slot
from ._source import source_of
from ._task import async_

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
    from types import TracebackType

    from ..kernel import ExitReason, TimerRef
    from ._task import Task

T = TypeVar("T")
ItemT = TypeVar("ItemT")
ResultT_co = TypeVar("ResultT_co", covariant=True)

StreamTimeout = Literal["exit", "kill_task"]
"""What the time-out of one task does: it ends the stream, or is a result."""

TIMED_OUT = Failed(Reason("timeout"))


def _check_concurrency(_: object, __: object, value: int) -> None:
    if type(value) is not int or value < 1:
        raise ValueError(
            f"max_concurrency is how many tasks may run at once, not {value!r}"
        )


def _check_timeout(_: object, __: object, value: float) -> None:
    check_timeout(value)


def _check_on_timeout(_: object, __: object, value: object) -> None:
    if value not in get_args(StreamTimeout):
        words = " or ".join(map(repr, get_args(StreamTimeout)))
        raise ValueError(f"on_timeout is {words}, not {value!r}")


@final
@attrs.frozen(kw_only=True)
class StreamOptions:
    """How a stream goes about it; see `async_stream`."""

    max_concurrency: int = attrs.field(validator=_check_concurrency)
    ordered: bool = True
    timeout: float = attrs.field(default=CALL_TIMEOUT, validator=_check_timeout)
    on_timeout: StreamTimeout = attrs.field(default="exit", validator=_check_on_timeout)
    zip_input_on_exit: bool = False


@attrs.frozen(eq=False)
class _Running:
    """A task that runs: for which item, that is at which place, and its timer."""

    item: object
    position: int
    timer: TimerRef | None


@final
class Stream(Generic[ResultT_co]):
    """The results of a function for many items, as they are asked for.

    ::

        async with task.async_stream(fetch, urls, max_concurrency=4) as results:
            async for result in results:
                ...

    *start* starts the task for an item. Leaving the context, at the end or before,
    kills the tasks that still run and waits until their code is over.
    """

    def __init__(
        self,
        start: Callable[[Any], Awaitable[Task[Any]]],
        items: Iterable[Any] | AsyncIterable[Any],
        options: StreamOptions,
    ) -> None:
        self._start = start
        self._options = options
        self._hub = Hub()
        self._source = source_of(items, self._hub.wake)
        self._owner: Process | None = None
        self._running: dict[Slot, _Running] = {}
        # Those that were killed and whose code is not over yet.
        self._killed: list[Process] = []
        # What is taken from the source and not begun, as a cancellation may leave it.
        self._item: object = MISSING
        self._begun = 0
        # Results by their positions, and which positions are next; without order, the
        # results are numbered as they come.
        self._results: dict[int, object] = {}
        self._came = 0
        self._given = 0
        self._over = False
        self._busy = False

    async def __aenter__(self) -> Self:
        if self._owner is not None:
            raise RuntimeError("a stream is entered once: make a new one")
        owner = current()
        if owner.reason is not None:
            raise NoProcessError(owner.pid)
        await self._source.start()
        self._owner = owner
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._halt()
        try:
            await self._source.close()
        finally:
            for process in self._killed:
                await wait_gone(process.pid)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ResultT_co:
        """Return the next result.

        Raises:
            TaskTimeoutError: a task took too long, and *on_timeout* is ``"exit"``.
            NotOwnerError: another process has entered the stream.
            RuntimeError: the stream is not entered, or another task waits here.
        """
        owner = self._entered()
        if self._busy:
            raise trio.BusyResourceError("another task takes from this stream")
        self._busy = True
        try:
            await trio.lowlevel.checkpoint()
            result = await self._next(owner)
        except trio.Cancelled:
            raise
        except BaseException:
            self._halt()
            raise
        finally:
            self._busy = False
        if result is MISSING:
            self._halt()
            raise StopAsyncIteration
        return cast("ResultT_co", result)

    def _entered(self) -> Process:
        owner = self._owner
        if owner is None:
            text = "use 'async with' around 'async for': a stream is entered first"
            raise RuntimeError(text)
        caller = current()
        if caller is not owner:
            raise NotOwnerError("the stream", owner.pid, caller.pid)
        return owner

    # ------------------------------------------------------------------- one result

    async def _next(self, owner: Process) -> object:
        """Return the next result, `MISSING` if there are no more."""
        while True:
            if self._given in self._results:
                self._given += 1
                return self._results.pop(self._given - 1)
            if not self._over and len(self._running) < self._options.max_concurrency:
                if self._item is MISSING:
                    self._item = self._source.poke()
                if self._item is not MISSING:
                    await self._begin(owner, self._item)
                    continue
            if not self._running and (self._over or not self._source.open):
                return MISSING
            slot = await self._hub.next(inf)
            if slot is not None:
                self._finish(slot)

    async def _begin(self, owner: Process, item: object) -> None:
        """Start the task for *item* when the code of those killed before is over."""
        for process in list(self._killed):
            await wait_gone(process.pid)
        task = await self._start(item)
        self._item = MISSING
        slot = task.slot
        slot.silence()
        timer = None
        if self._options.timeout != inf:
            timer = owner.node.timers.start(
                self._options.timeout, lambda: self._time_out(slot)
            )
        self._running[slot] = _Running(item, self._begun, timer)
        self._begun += 1
        self._hub.listen(slot)

    def _finish(self, slot: Slot) -> None:
        """Take the outcome of a task that is over, as a result."""
        task = self._forget(slot)
        outcome = slot.take()
        if outcome is TIMED_OUT and self._options.on_timeout == "exit":
            raise TaskTimeoutError([slot.pid], self._options.timeout)
        result: object = outcome
        if isinstance(outcome, Failed) and self._options.zip_input_on_exit:
            result = FailedItem(task.item, outcome.reason)
        place = task.position if self._options.ordered else self._came
        self._came += 1
        self._results[place] = result

    def _forget(self, slot: Slot) -> _Running:
        task = self._running.pop(slot)
        self._hub.forget(slot)
        if task.timer is not None:
            task.timer.timers.cancel(task.timer)
        return task

    # ------------------------------------------------------------------ before the end

    def _time_out(self, slot: Slot) -> None:
        slot.fill(TIMED_OUT)
        self._end(slot, KILLED)

    def _halt(self) -> None:
        """Kill what runs, and give no more results."""
        self._over = True
        self._results.clear()
        for slot in list(self._running):
            slot.close()
            # It did nothing wrong, so its supervisor, if it has one, is not alarmed.
            self._end(slot, SHUTDOWN)
            self._forget(slot)

    def _end(self, slot: Slot, reason: ExitReason) -> None:
        pid, owner = slot.pid, self._owner
        if pid is None or pid.process is None or owner is None:
            return
        process = pid.process
        owner.unlink(process)
        process.kill(reason)
        self._killed = [p for p in self._killed if not p.finished]
        self._killed.append(process)


@overload
def async_stream(
    fn: Callable[[ItemT], Awaitable[T]],
    items: Iterable[ItemT] | AsyncIterable[ItemT],
    *,
    max_concurrency: int,
    ordered: bool = True,
    timeout: float = CALL_TIMEOUT,
    on_timeout: StreamTimeout = "exit",
    zip_input_on_exit: Literal[False] = False,
) -> Stream[Done[T] | Failed]: ...
@overload
def async_stream(
    fn: Callable[[ItemT], Awaitable[T]],
    items: Iterable[ItemT] | AsyncIterable[ItemT],
    *,
    max_concurrency: int,
    ordered: bool = True,
    timeout: float = CALL_TIMEOUT,
    on_timeout: StreamTimeout = "exit",
    zip_input_on_exit: Literal[True],
) -> Stream[Done[T] | FailedItem[ItemT]]: ...
def async_stream(
    fn: Callable[[Any], Awaitable[Any]],
    items: Iterable[Any] | AsyncIterable[Any],
    *,
    max_concurrency: int,
    ordered: bool = True,
    timeout: float = CALL_TIMEOUT,
    on_timeout: StreamTimeout = "exit",
    zip_input_on_exit: bool = False,
) -> Stream[Any]:
    """Return a stream of ``await fn(item)`` for each of *items*, a task for each.

    To be entered with ``async with`` and taken from with ``async for``; nothing is done
    before. The tasks are linked to the process that enters it: if one of them crashes,
    so does that, unless it traps exits or is no process, in which case the failure is
    a result like any other.

    Args:
        fn: an async function of one item.
        items: an iterable or async iterable, as long as it likes; the next item is
            taken when there is room for its task. A generator is closed at the end.
        max_concurrency: how many tasks may run at once.
        ordered: give the results in the order of the items; else as they come. While
            one takes long, those behind it are kept, without a limit.
        timeout: seconds for each task, from its start.
        on_timeout: what happens if a task takes longer. It is killed, and with
            ``"exit"`` the stream ends with `TaskTimeoutError`, with ``"kill_task"`` it
            goes on, and the result is ``Failed(Reason("timeout"))``.
        zip_input_on_exit: let the result of a failure be a `FailedItem`.

    Raises:
        ValueError: an option has a wrong value.
        TypeError: *items* cannot be iterated over.
    """

    async def start(item: object) -> Task[Any]:
        return async_(fn, item)

    options = StreamOptions(
        max_concurrency=max_concurrency,
        ordered=ordered,
        timeout=timeout,
        on_timeout=on_timeout,
        zip_input_on_exit=zip_input_on_exit,
    )
    return Stream(start, items, options)
