"""What a task does, and the processes that do it."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from inspect import iscoroutine
from typing import TYPE_CHECKING, Any, Final, TypeGuard, cast, final

import attrs

from .._util import short
from ..kernel import (
    NO_PROC,
    NORMAL,
    Exit,
    NoProcessError,
    Shutdown,
    Waiter,
    current,
    emit,
    is_quiet,
    is_reason,
)
from ..proc_lib import StartOptions, start_process
from ._outcome import Done, Failed
from ._reports import TaskReport
from ._slot import Slot

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..kernel import ExitReason, Name, Pid, Process, Via
    from ..proc_lib import Ack

CALLERS: Final = "$callers"
"""Where a task keeps, in its dictionary, on whose behalf it runs."""


def callers() -> tuple[Pid, ...]:
    """Return on whose behalf the calling task runs.

    First who started it, then on whose behalf that one runs, and so on; nobody if the
    caller is no task. Under a supervisor that is not the same as `process.ancestors`.
    """
    return _callers_of(current())


def _callers_of(process: Process) -> tuple[Pid, ...]:
    found = (process.dictionary or {}).get(CALLERS, ())
    return cast("tuple[Pid, ...]", found)


@final
@attrs.frozen(repr=False)
class Work:
    """A function with its arguments, and on whose behalf it is called."""

    fn: Callable[..., object]
    args: tuple[object, ...]
    kwargs: Mapping[str, object]
    callers: tuple[Pid, ...]

    @classmethod
    def of_caller(
        cls, fn: object, args: tuple[object, ...], kwargs: Mapping[str, object]
    ) -> Work:
        """Return what the calling process wants done.

        Raises:
            TypeError: *fn* cannot be called.
            NoProcessError: the caller is dead.
        """
        if not callable(fn):
            if iscoroutine(fn):
                fn.close()
            text = f"a task is an async function and its arguments, not {fn!r}"
            raise TypeError(f"{text}: write fetch, url and not fetch(url)")
        caller = current()
        if caller.reason is not None:
            raise NoProcessError(caller.pid)
        return cls(fn, args, kwargs, (caller.pid, *_callers_of(caller)))

    def __repr__(self) -> str:
        given = [short(arg) for arg in self.args]
        given += [f"{key}={short(value)}" for key, value in self.kwargs.items()]
        name = getattr(self.fn, "__qualname__", None) or repr(self.fn)
        return f"{name}({', '.join(given)})"

    async def do(self) -> Any:
        """Do it, in the process that calls."""
        result = self.fn(*self.args, **self.kwargs)
        if not _is_awaitable(result):
            raise TypeError(f"the function of a task is async, {self!r} is not")
        return await result

    def adopt(self, process: Process) -> None:
        """Make *process* one that does this."""
        process.origin = self.fn
        process.reporter = self._report
        process.dictionary = {CALLERS: self.callers}

    def _report(
        self, process: Process, reason: ExitReason, _error: BaseException | None
    ) -> None:
        if not is_quiet(reason):
            starter = self.callers[0]
            emit(TaskReport(process.pid, process.name, starter, self, reason))


def _is_awaitable(value: object) -> TypeGuard[Awaitable[Any]]:
    return isinstance(value, Awaitable)


def spawn_alone(work: Work, *, link: bool) -> Process:
    """Start a process that does *work* for its own sake."""
    return _launch(work, None, link=link)


def spawn_for_owner(work: Work) -> Slot:
    """Start a process that does *work* for its owner, to which it is linked."""
    owner = current()
    slot = Slot(owner.pid, None)
    process = _launch(work, slot, link=True)
    slot.pid = process.pid
    slot.watch(process)
    return slot


def _launch(work: Work, slot: Slot | None, *, link: bool) -> Process:
    parent = current()
    process = parent.node.create(parent)
    work.adopt(process)
    nursery = None
    if link:
        process.link(parent)
        nursery = parent.nursery
    parent.node.launch(process, nursery, _do, work, slot)
    return process


async def _do(work: Work, slot: Slot | None) -> None:
    value = await work.do()
    if slot is not None:
        # If the process was killed meanwhile, its slot is filled already.
        slot.fill(Done(value))


# ---------------------------------------------------------------- under a supervisor


@final
class Order(Waiter):
    """Work that waits for the word of its owner, in a process that others start.

    The owner asks for the process, and gives the word when it has its pid. If the owner
    dies meanwhile, or does not want it any more, nothing is done; after the word the
    task is on its own.
    """

    __slots__ = ("owner", "work")

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.work = work
        self.owner = current()
        self.owner.owe(self)

    def __repr__(self) -> str:
        return repr(self.work)

    def died(self, reason: ExitReason) -> None:
        self.settle(Shutdown(reason))

    def withdraw(self) -> None:
        """Let nothing be done."""
        self.owner.quit(self)
        self.settle(NORMAL)

    def give(self, pid: Pid) -> Slot:
        """Give the word to the process *pid*, which may be dead; return its slot."""
        self.owner.quit(self)
        slot = Slot(self.owner.pid, pid)
        process = pid.process
        if process is None:
            slot.fill(Failed(NO_PROC))
        else:
            slot.watch(process)
        self.settle(slot)
        return slot


async def start_work(work: Work | Order, name: Name | Via | None = None) -> Pid[Any]:
    """Start a process that does *work*, linked to the caller: for supervisors.

    Raises:
        AlreadyStartedError: the name is taken.
    """
    what = work.work if isinstance(work, Order) else work
    options = StartOptions(what, link=True, name=name)
    process, _ = await start_process(options, _do_supervised, work)
    return process.pid


async def _do_supervised(process: Process, ack: Ack, given: Work | Order) -> None:
    work = given.work if isinstance(given, Order) else given
    work.adopt(process)
    process.serving = None
    ack.settle(None)
    slot = None
    if isinstance(given, Order):
        word = await given.wait()
        if is_reason(word):
            raise Exit(word)
        slot = cast("Slot", word)
    await _do(work, slot)
