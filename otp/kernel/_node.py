"""The node: the process table, names, and where processes without a supervisor run.

A node is a value, not a place in a module: several may live in one Trio run, and
what runs inside ``async with otp.Node()`` finds it by a context variable. The
node is also a process, with serial 0: the parent of what is started from outside of
any process, which traps exits and ignores them.

Its processes run under a shield, so that a cancellation around the node does not
reach them all at once: it ends the body of the ``async with``, and the node then
shuts its processes down in order.
"""

from __future__ import annotations

from collections import deque
from contextvars import Context
from math import inf
from random import Random
from typing import TYPE_CHECKING, Self, final

import trio
from trio.lowlevel import checkpoint_if_cancelled, enable_ki_protection

from ._current import current, enter, leave
from ._errors import InvalidSpecError, NameTakenError
from ._ghosts import DEATHS_AT_ONCE
from ._ids import Name, check_name
from ._join_steps import join as join_steps
from ._late_scope import is_supported
from ._mailbox import Bounded, BoundedMailbox
from ._messages import DeadLetter
from ._nodes import make_up_name, nodes
from ._process import Process
from ._reasons import KILL, NORMAL, SHUTDOWN
from ._report import InstrumentReport, StuckReport, emit
from ._scheduler import BY_TRIO, Scheduler, SchedulerName, wanted_scheduler
from ._statistics import NodeStatistics
from ._timers import Timers
from ._watch_end import watch_end
from ._where import where

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from contextvars import Token
    from types import TracebackType
    from typing import Literal, TypeVarTuple, Unpack

    from ..abc import Instrument
    from ._ids import Pid

    Ts = TypeVarTuple("Ts")
    Hook = Literal["process_started", "process_exited", "dead_letter", "report_made"]


@final
class Node:
    """A node: enter it with ``async with``, and processes can run.

    Leaving the block, by its end, an exception or a cancellation from outside, ends
    the processes in the reverse order of their starts: each is asked to shut down
    and waited for, all of them together for *shutdown_timeout* seconds at most; what
    is left then is killed. A cancellation goes on afterwards.

    Args:
        name: what other nodes of the same Trio run call it; one is made up if there
            is none.
        shutdown_timeout: seconds that an orderly end may take; ``math.inf`` for no
            limit.
        seed: for `random`, the one source of randomness of everything on the node.
        instruments: what watches the node from inside.
        scheduler: what runs who is woken by a message: ``"step"``, a queue of the
            node's own, or ``"trio"``, which is slower and uses nothing but what Trio
            promises. By default what the environment variable ``OTP_SCHEDULER`` says,
            else ``"step"``. Afterwards, ``scheduler.name`` says which it has got.

    Raises:
        InvalidSpecError: a node of that name runs already, the time is negative, or
            there is no such scheduler.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        shutdown_timeout: float = 30.0,
        seed: int = 0,
        instruments: Iterable[Instrument] = (),
        scheduler: SchedulerName | None = None,
    ) -> None:
        if name is not None:
            check_name(name)
        if not shutdown_timeout >= 0:
            raise InvalidSpecError(
                "invalid_shutdown",
                shutdown_timeout,
                f"a time-out is a number of seconds, not {shutdown_timeout!r}",
            )
        self._steps = wanted_scheduler(scheduler) == "step"
        self.scheduler: Scheduler = BY_TRIO
        self.name = name or ""
        self.shutdown_timeout = shutdown_timeout
        self.random = Random(seed)  # noqa: S311 - for spread, not for secrets
        self.timers = Timers()
        self.instruments: list[Instrument] = list(instruments)
        self.names: dict[str, Process] = {}
        self.processes: dict[int, Process] = {}
        # The dead whose code still runs, and when that is to be reported.
        self.ghosts: dict[Pid, tuple[Process, float]] = {}
        self._farewells: deque[Process] = deque()
        self._bidding = False
        self._started = 0
        self._dead_letters = 0
        self._fatal: BaseException | None = None
        self._watching = False
        self._entered = False
        # Every process starts from an empty context: it outlives its starter, so it
        # must not carry its tracing span or its logging context for life.
        self._context = Context()
        # Whether a process gets its scope only when it is killed; None: if the node
        # may use more than Trio promises, and it works.
        self._late_scopes: bool | None = None
        self._stop = trio.Event()
        self._stopped = trio.Event()
        # In which the end has to be orderly; what is left afterwards is killed.
        self._orderly = trio.CancelScope()
        self._outer: trio.Nursery
        self._inner: trio.Nursery
        self._token: Token[Process]
        self.root: Process

    def __repr__(self) -> str:
        return f"<node {self.name!r}>"

    # ---------------------------------------------------------------- its life

    async def __aenter__(self) -> Self:
        known = nodes()
        if self._entered:
            raise InvalidSpecError(
                "invalid_node", self.name, "a node is entered once: make a new one"
            )
        self._entered = True
        if not self.name:
            self.name = make_up_name(known)
        if self.name in known:
            raise InvalidSpecError(
                "invalid_node", self.name, f"a node {self.name!r} runs already"
            )
        self._manager = trio.open_nursery(strict_exception_groups=True)
        self._outer = await self._manager.__aenter__()
        try:
            await self._outer.start(self._run, name="otp node")
        except BaseException as error:
            self._stop.set()
            await self._manager.__aexit__(type(error), error, error.__traceback__)
            raise
        known[self.name] = self
        self._token = enter(self.root)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        leave(self._token)
        self._stop.set()
        try:
            with trio.CancelScope(shield=True):
                await self._stopped.wait()
        except KeyboardInterrupt as again:
            # Somebody does not want to wait for an orderly end.
            self._orderly.cancel()
            kind, error, traceback = type(again), again, again.__traceback__
        return await self._manager.__aexit__(kind, error, traceback)

    async def _run(self, task_status: trio.TaskStatus[None]) -> None:
        # Else it would be under its shield before Trio can tell it: `started` does
        # nothing for who is cancelled.
        await checkpoint_if_cancelled()
        steps = join_steps() if self._steps else None
        self.scheduler = steps or BY_TRIO
        if self._late_scopes is None:
            self._late_scopes = steps is not None and is_supported()
        try:
            async with trio.open_nursery() as self._inner:
                self._inner.cancel_scope.shield = True
                self.root = Process(self, 0, None)
                self.root.trap_exit = True
                self.root.label = "node"
                # What timers do is done by the node, too.
                enter(self.root)
                self._inner.start_soon(self.timers.run, name="otp timers")
                self._inner.start_soon(self._ignore_mail, name="otp mail")
                task_status.started()
                await self._stop.wait()
                await self._shut_down()
                self._inner.cancel_scope.cancel()
        finally:
            self.root.finished = True
            self.root.end(NORMAL)
            nodes().pop(self.name, None)
            if steps is not None:
                steps.leave()
            self._stopped.set()
        if self._fatal is not None:
            raise self._fatal

    async def _ignore_mail(self) -> None:
        box = self.root.mailbox
        while True:
            box.close()
            await box.park(self.scheduler)

    async def _shut_down(self) -> None:
        """End every process, those that the node started in reverse order first."""
        self._orderly.deadline = trio.current_time() + self.shutdown_timeout
        with self._orderly:
            await self.stop_started()
        for process in reversed(list(self.processes.values())):
            process.exit_signal(self.root, KILL, by_link=False)

    async def stop_started(self) -> None:
        """Stop what the node itself has started, newest first, until there is none."""
        while mine := [p for p in self.processes.values() if p.parent is self.root.pid]:
            for ended, process in enumerate(reversed(mine), 1):
                await self._shut_one_down(process)
                if ended % DEATHS_AT_ONCE == 0:
                    await trio.lowlevel.cancel_shielded_checkpoint()

    async def _shut_one_down(self, process: Process) -> None:
        # A worker gets five seconds, as in a supervisor; a supervisor what it needs.
        limit = 5.0 if process.nursery is None else inf
        process.exit_signal(self.root, SHUTDOWN, by_link=False)
        if process.reason is not None:
            return
        gone = watch_end(process)
        with trio.move_on_after(limit):
            await gone.wait()
        process.exit_signal(self.root, KILL, by_link=False)

    def fatal(self, error: BaseException) -> None:
        """End the node because *error*, which is no `Exception`, came out of a task."""
        if self._fatal is None:
            self._fatal = error
        self._stop.set()
        self._outer.cancel_scope.cancel()

    # ------------------------------------------------------------ its processes

    def spawn(self, fn: Callable[[Unpack[Ts]], Awaitable[object]], *args: *Ts) -> Pid:
        """Start a process that runs ``await fn(*args)``, as a child of the node.

        `otp.process.spawn` does the same for the caller's own node, with options.
        """
        process = self.create(self.root)
        process.origin = fn
        self.launch(process, None, fn, *args)
        return process.pid

    def create(self, parent: Process, mailbox: Bounded | None = None) -> Process:
        """Make a process that does not run yet."""
        self._started = serial = self._started + 1
        process = Process(self, serial, parent)
        if mailbox is not None:
            process.mailbox = BoundedMailbox(mailbox, process.pid, self._overflowed)
        self.processes[serial] = process
        if self.instruments:
            self.instrument("process_started", process.pid, parent.pid)
        return process

    @enable_ki_protection
    def launch(
        self,
        process: Process,
        nursery: trio.Nursery | None,
        fn: Callable[[Unpack[Ts]], Awaitable[object]],
        *args: *Ts,
        host: bool = False,
    ) -> None:
        """Let *process* run ``fn(*args)``, in *nursery* or else in the node's own."""
        body = process.host if host else process.run
        if host or not self._late_scopes:
            process.scope = trio.CancelScope()
        nursery = nursery or self._inner
        name = getattr(process.origin, "__qualname__", "process")
        self.scheduler.start(nursery, self._context, name, body, fn, *args)

    def register(self, name: str, process: Process) -> None:
        """Give *process* the name.

        Raises:
            NameTakenError: somebody has the name, or the process has another.
            ValueError: it is no name, or the process lives on another node.
        """
        check_name(name)
        if process.node is not self:
            raise ValueError(
                f"{process.pid!r} lives on another node than {self.name!r}, "
                f"and can have a name only there"
            )
        holder = self.names.get(name)
        if holder is not None:
            raise NameTakenError(name, holder.pid)
        if process.name is not None:
            why = f"cannot be given beside {process.name!r}"
            raise NameTakenError(name, process.pid, why)
        self.names[name] = process
        process.name = name
        process.heritage = None

    def whereis(self, name: Name | str) -> Pid | None:
        """Return who has the name on this node."""
        process = self.names.get(name if isinstance(name, str) else name.name)
        return None if process is None else process.pid

    def forget(self, process: Process) -> None:
        """Take a dead process out of the tables."""
        self.processes.pop(process.pid.serial, None)
        if process.name is not None:
            del self.names[process.name]

    def bid_farewell(self, process: Process) -> None:
        """Tell who has to be told that *process* is dead.

        One death may cause many. They are worked off in order, not within each
        other, so that a chain of links can be as long as it likes.
        """
        if self._bidding:
            self._farewells.append(process)
            return
        self._bidding = True
        try:
            process.farewell()
            while self._farewells:
                self._farewells.popleft().farewell()
        finally:
            self._bidding = False

    # ----------------------------------------------------------- its instruments

    def instrument(self, hook: Hook, *args: object) -> None:
        """Call *hook* of every instrument; one that raises is taken out."""
        for instrument in list(self.instruments):
            try:
                getattr(instrument, hook)(*args)
            except Exception as error:  # noqa: BLE001 - it may be anybody's code
                # It may have failed in what it set off itself, and be out already.
                if instrument in self.instruments:
                    self.instruments.remove(instrument)
                    emit(InstrumentReport(instrument, hook, error))

    def dead_letter(self, to: object, message: object, why: str) -> None:
        """Count, and show to the instruments, a message that reached nobody."""
        self._dead_letters += 1
        if self.instruments:
            self.instrument("dead_letter", DeadLetter(to, message, why))

    def _overflowed(self, pid: Pid, message: object) -> None:
        self.dead_letter(pid, message, "mailbox full")

    def watch_ghosts(self) -> None:
        """Report each killed process once, if its code still runs after a while."""
        if self._watching:
            return
        due = min((due for _, due in self.ghosts.values()), default=inf)
        if due != inf:
            self._watching = True
            self.timers.start_at(due, self._report_ghosts)

    def _report_ghosts(self) -> None:
        self._watching = False
        now = trio.current_time()
        for pid, (ghost, due) in self.ghosts.items():
            if due <= now:
                self.ghosts[pid] = ghost, inf
                if ghost.task is not None:  # else it ends with its first step
                    label = ghost.label or ghost.origin
                    emit(StuckReport(ghost.pid, label, where(ghost.task)))
        self.watch_ghosts()

    def statistics(self) -> NodeStatistics:
        """Return numbers about the node at this moment."""
        return NodeStatistics(
            processes=len(self.processes),
            names=len(self.names),
            started=self._started,
            dead_letters=self._dead_letters,
            ghosts=len(self.ghosts),
        )


def current_node() -> Node:
    """Return the node of the running code.

    Raises:
        NoNodeError: no node runs here.
    """
    return current().node
