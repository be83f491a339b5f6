"""Loading modules again under processes that run: all of them move, or none does.

1. The sources are compiled. What is wrong with one of them is found here.
2. Every process with a class of these modules is suspended, and every supervisor, as
   it could start something old meanwhile. Those that were started last come first:
   they are the ones that call others, which must still answer then.
3. The modules are run, and specifications get the new classes.
4. Each process goes on as an instance of its new class, those that were started
   first before the others.
5. All are resumed.

From the third step on nothing is cancelled from outside, and if anything fails, it
is taken back in the reverse order.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final, TypeGuard, cast, final

import attrs
import trio
from trio.lowlevel import RunVar

from ..gen import CALL_TIMEOUT, check_timeout
from ..gen_event import EventManager
from ..kernel import (
    CallError,
    CallTimeoutError,
    NoProcessError,
    ServerExitedError,
    nodes,
)
from ..proc_lib import as_startable
from ..supervisor import Supervisor, swap
from ..sys import (
    ChangeCode,
    Changed,
    GetModules,
    Inside,
    RenewSpecs,
    Resume,
    Suspend,
    SysError,
    SystemRequest,
    Undo,
    ask,
)
from ._errors import ReloadError
from ._modules import Loading, find_module, with_derived
from ._result import Move, ReloadResult

if TYPE_CHECKING:
    from types import ModuleType

    from ..kernel import Pid, Process
    from ..sys import Operation
    from ._renewal import Renewal

_lock: RunVar[trio.Lock] = RunVar("otp_reload")

GONE: Final = (NoProcessError, ServerExitedError)

NOTHING_INSIDE: Final = Inside((), keeps_specs=False)

FRAMEWORK: Final = __name__.partition(".")[0]


async def reload(
    *modules: ModuleType | str,
    extra: object = None,
    timeout: float = CALL_TIMEOUT,
    swap_children: bool = False,
) -> ReloadResult:
    """Load changed modules again, and let every process go on with their code.

    Processes of all behaviours move whose class stands in one of the modules, on
    every node of this Trio run. Each is suspended meanwhile and goes on as an
    instance of the class that has the same name now, as by `change`. Supervisors start
    the new classes from now on.

    It is all or nothing. If a module does not compile or raises, if a process does
    not suspend in time, or if one ``code_change`` raises, then modules, classes and
    states are what they were, and all processes go on.

    A module is run once more in place. Modules with classes that are derived from
    those of others are run after these, also if they were not asked for. Names that
    other modules have taken from it, as in ``from shop import Till``, are exchanged.
    What is not named in the new source stays in the module, as with
    `importlib.reload`.

    Args:
        modules: modules, or their names.
        extra: for ``code_change``.
        timeout: seconds for each step of each process.
        swap_children: afterwards, let the children of each supervisor whose class
            has moved become what its ``children()`` now says, as `supervisor.swap`
            does. If not, nothing is started or stopped.

    Raises:
        ReloadError: it was not possible; nothing has changed.
        TypeError: one of *modules* is neither a module nor a name.
        CallingSelfError: the caller is one of the processes that would move.
    """
    check_timeout(timeout)
    async with _only_one():
        loading = Loading(with_derived(map(find_module, modules)))
        work = Reloading(loading, extra, timeout, swapping=swap_children)
        result = await work.run()
    return await _swapped(result, timeout) if swap_children else result


def _only_one() -> trio.Lock:
    try:
        return _lock.get()
    except LookupError:
        lock = trio.Lock()
        _lock.set(lock)
        return lock


async def _swapped(result: ReloadResult, timeout: float) -> ReloadResult:
    """Let the supervisors that have moved swap their children, oldest first."""
    swaps = dict(result.swaps)
    for move in result.moved:
        new = move.new
        if _is_supervisor(new):
            pid = cast("Pid[Supervisor]", move.pid)
            try:
                swaps[pid] = await swap(pid, new, timeout=timeout)
            except GONE:
                continue
    return attrs.evolve(result, swaps=swaps)


@final
class Reloading:
    """One reload."""

    def __init__(
        self, loading: Loading, extra: object, timeout: float, *, swapping: bool
    ) -> None:
        self._loading = loading
        self._extra = extra
        self._timeout = timeout
        self._swapping = swapping
        # Who is held, and which classes run in it.
        self._held: dict[Process, Inside] = {}
        # Who was suspended before, and is to stay so.
        self._suspended: set[Process] = set()
        self._changes: list[tuple[Process, Changed]] = []
        self._moved: list[Move] = []
        self._left: list[Pid] = []

    async def run(self) -> ReloadResult:
        """Do all of it, and leave no process suspended."""
        try:
            await self._hold_all()
            with trio.CancelScope(shield=True):
                await self._exchange()
        finally:
            self._release()
        return ReloadResult(self._loading.names, tuple(self._moved), tuple(self._left))

    async def _ask(self, process: Process, operation: Operation) -> object:
        return await ask(process.pid, operation, self._timeout)

    # ------------------------------------------------------------- suspend and resume

    async def _hold_all(self) -> None:
        """Suspend who is to move, and supervisors, until there is nobody new."""
        seen: set[Process] = set()
        while fresh := [process for process in _behaviours() if process not in seen]:
            seen.update(fresh)
            for process in reversed(fresh):
                try:
                    await self._hold(process)
                except GONE:
                    continue
                except CallTimeoutError as error:
                    text = f"{process.pid!r} was not ready after {self._timeout:g} s"
                    raise ReloadError(self._loading.names[0], text) from error

    async def _hold(self, process: Process) -> None:
        if not await self._is_concerned(process):
            return
        was_suspended = await self._ask(process, Suspend())
        # From here on it is known, so that it is resumed whatever happens.
        self._held[process] = NOTHING_INSIDE
        if was_suspended:
            self._suspended.add(process)
        self._held[process] = await self._inside(process)

    async def _is_concerned(self, process: Process) -> bool:
        cls = cast("type[object]", process.origin)
        if process.nursery is not None or self._loading.defines(cls):
            return True
        mine = process.task is trio.lowlevel.current_task()
        if mine or not _may_hold_others(cls):
            return False
        inside = await self._inside(process)
        return any(map(self._loading.defines, inside.modules))

    async def _inside(self, process: Process) -> Inside:
        return cast("Inside", await self._ask(process, GetModules()))

    def _release(self) -> None:
        for process in self._oldest_first():
            if process.reason is None and process not in self._suspended:
                process.mailbox.put(SystemRequest(process.pid, Resume(), inf))

    def _oldest_first(self) -> list[Process]:
        places = {node: place for place, node in enumerate(nodes().values())}
        return sorted(self._held, key=lambda p: (places[p.node], p.pid.serial))

    # ----------------------------------------------------------------- all or nothing

    async def _exchange(self) -> None:
        renewal = self._loading.run()
        try:
            await self._change_all(renewal)
        except BaseException as error:
            await self._take_back(self._changes)
            self._loading.take_back()
            if isinstance(error, Exception):
                raise self._refused(error) from error
            raise

    async def _change_all(self, renewal: Renewal) -> None:
        processes = self._oldest_first()
        for process in processes:
            if self._held[process].keeps_specs:
                await self._change(process, RenewSpecs(renewal))
        before = len(self._changes)
        for process in processes:
            await self._move(process, renewal)
        if self._swapping:
            # It was a test only; the children are swapped when all are resumed.
            asked = [
                c for c in self._changes[before:] if issubclass(c[1].new, Supervisor)
            ]
            await self._take_back(asked)

    async def _move(self, process: Process, renewal: Renewal) -> None:
        for cls in self._held[process].modules:
            if not self._loading.defines(cls):
                continue
            new = renewal.find(cls)
            if new is None:
                self._left.append(process.pid)
                continue
            change = ChangeCode(new, None, self._extra, old=cls)
            if await self._change(process, change):
                self._moved.append(Move(process.pid, cls, new))

    async def _change(self, process: Process, operation: Operation) -> bool:
        """Let a process change something; tell whether it is still there."""
        try:
            answer = await self._ask(process, operation)
        except GONE:
            return False
        if isinstance(answer, Changed):
            self._changes.append((process, answer))
        return True

    async def _take_back(self, changes: list[tuple[Process, Changed]]) -> None:
        for process, changed in reversed(changes):
            try:
                await self._ask(process, Undo(changed))
            except (CallError, SysError):
                # It is dead, or not able to go back; the others have to, all the same.
                continue

    def _refused(self, error: Exception) -> ReloadError:
        cause = error.__cause__ or error
        text = f"a process could not take the new code over: {cause!r}"
        return ReloadError(self._loading.names[0], " ".join(text.split()))


def _is_supervisor(cls: type[object]) -> TypeGuard[type[Supervisor]]:
    return issubclass(cls, Supervisor)


def _may_hold_others(cls: type[object]) -> bool:
    """Tell whether classes of users may run in a process of *cls*, as handlers do."""
    is_ours = cls.__module__.partition(".")[0] == FRAMEWORK
    return is_ours or issubclass(cls, EventManager)


def _behaviours() -> list[Process]:
    """Return the processes of behaviours on all nodes, oldest first on each."""
    return [
        process
        for node in nodes().values()
        for process in node.processes.values()
        if as_startable(process.origin) is process.origin is not None
    ]
