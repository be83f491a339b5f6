"""One process: a Trio task with a mailbox, relations and an end.

How a process ends
------------------

A process is *dead* from the moment at which `Process.end` is called, which is when
its code is over, or when an exit signal that it does not trap reaches it. In one go,
with no checkpoint in between:

1. its name is free and its pid leads nowhere;
2. whoever waits for something it owes (the answer to a call, the acknowledgement of
   its start) hears of it;
3. links are told, then monitors.

So whoever hears of a death can use the name again at once. If its code still runs,
it runs on as a ghost: its scope is cancelled, so that it goes at its next checkpoint,
and what it sends meanwhile is ignored.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import trio
from trio.lowlevel import current_task, enable_ki_protection

from ._alias import drop_alias
from ._current import enter, send_ghost_away
from ._errors import ReceiveTimeoutError
from ._exit_rules import DELIVER, IGNORE, receive_exit
from ._ghosts import GHOST_TIME
from ._ids import Alias, Pid, Ref
from ._late_scope import cancel_task, release_task
from ._mailbox import MISSING, SLICE, Mailbox
from ._messages import Down, Exited
from ._outcome import Ended, untie, without_cancellation
from ._reasons import KILLED, NORMAL, Crash, is_own_end, reason_of
from ._relations import Relations
from ._report import ProcessReport, emit, is_heard
from ._waiter import Waiter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from typing import TypeVarTuple, Unpack

    from trio.lowlevel import Task

    from ._node import Node
    from ._reasons import ExitReason
    from ._relations import Monitor

    Ts = TypeVarTuple("Ts")
    Reporter = Callable[["Process", ExitReason, BaseException | None], None]


class Process(Relations):
    """One process. Users hold its `Pid`."""

    __slots__ = (
        "aliases",
        "ancestors",
        "dictionary",
        "finished",
        "gone",
        "guardian",
        "heritage",
        "label",
        "leader",
        "mailbox",
        "name",
        "node",
        "nursery",
        "origin",
        "owed",
        "parent",
        "pid",
        "reaper",
        "reason",
        "reporter",
        "scope",
        "serving",
        "task",
        "trap_exit",
    )

    # What cancels its code, where that cannot be made when it is needed.
    scope: trio.CancelScope | None
    # Where its own children run; only a supervisor has one.
    nursery: trio.Nursery | None
    # Called in a supervisor's task when it is dead and children may be left.
    reaper: Callable[[], Awaitable[None]] | None
    # Reports the end of its code, before anybody else hears of it.
    reporter: Reporter
    # Whose exit, when it is trapped, a behaviour takes as the order to terminate: its
    # starter if they were linked at the start, else nobody.
    guardian: Pid | None
    # Invariant: None exactly as long as the process is alive.
    reason: ExitReason | None
    # Invariant: node.names[name] is this process, or name is None.
    name: str | None
    # Who it descends from, its parent first, by name if that had one; and what all of
    # its children have for that, made with the first of them.
    ancestors: tuple[Pid | str, ...]
    heritage: tuple[Pid | str, ...] | None
    parent: Pid | None
    leader: Pid | None
    # What reports call it, and what it runs.
    label: object
    origin: object
    # Set when its code is over; made by whoever waits for that after its death.
    gone: trio.Event | None
    # Its Trio task, once it runs.
    task: Task | None
    # The request it works on just now, for a quick way into and out of *owed*.
    serving: Waiter | None
    # What others wait for and only this process can give.
    owed: dict[Waiter, None] | None
    # Invariant: all of them lead here.
    aliases: set[Alias] | None
    dictionary: dict[object, object] | None

    def __init__(self, node: Node, serial: int, parent: Process | None) -> None:
        # Not by super(): this is most of what a start costs here.
        self._peers = self.watching = self.watched_by = None
        self.node = node
        self.pid: Pid[Any] = Pid(node.name, serial, self)
        self.mailbox = Mailbox()
        self.reporter = report_crash
        self.trap_exit = self.finished = False
        self.scope = self.nursery = self.reaper = self.task = self.gone = None
        self.reason = self.name = self.guardian = self.heritage = None
        self.serving = self.owed = self.aliases = self.dictionary = None
        self.label = self.origin = None
        if parent is None:
            self.parent = self.leader = None
            self.ancestors = ()
        else:
            self.parent = parent.pid
            self.leader = parent.leader
            line = parent.heritage
            if line is None:
                line = (parent.name or parent.pid, *parent.ancestors)
                parent.heritage = line
            self.ancestors = line

    def __repr__(self) -> str:
        return f"<process {self.pid!r}>"

    # ------------------------------------------------------------------ its life

    async def run(
        self, fn: Callable[[Unpack[Ts]], Awaitable[object]], *args: *Ts
    ) -> None:
        """Live, as the body of the process's Trio task."""
        enter(self)
        self.task = task = current_task()
        reason: ExitReason = NORMAL
        ended: object = None
        try:
            if self.reason is None:  # not killed before it ran
                body = fn(*args)
                # Nothing of the start is kept for life.
                del fn, args
                if self.scope is None:
                    ended = await body
                else:
                    with self.scope:
                        ended = await body
                if type(ended) is Ended:
                    reason = self._ended_with(ended)
        except BaseException as error:
            reason, own = KILLED, without_cancellation(error)
            if own is not None:
                reason = self._ended_by(own)
                del own
            elif self.reason is None or self.scope is not None:
                # It was not killed: the node is being torn down around it.
                raise
        finally:
            self.finished = True
            # The task's context leads back here: let neither keep the other.
            self.task = None
            if self.reason is None:
                self.end(reason)
            else:
                if self.scope is None:
                    release_task(task)
                self.node.ghosts.pop(self.pid, None)
                if self.gone is not None:
                    self.gone.set()
            # A traceback leads back to this frame, which is to keep nobody.
            del self, task, reason, ended

    async def host(
        self, fn: Callable[[Unpack[Ts]], Awaitable[object]], *args: *Ts
    ) -> None:
        """Live like `run`, with a nursery for the children.

        The nursery is outside of the process's own scope: when the process is
        killed, its children are not cancelled but hear of it by their links, and
        the task stays until the last of them is gone.
        """
        async with trio.open_nursery() as self.nursery:
            await self.run(fn, *args)
            if self.reaper is not None:
                await self.reaper()

    def _ended_by(self, error: BaseException) -> ExitReason:
        reason = reason_of(error)
        if self.reason is None:
            self.reporter(self, reason, error)
        if not is_own_end(error):
            self.node.fatal(error)
        if isinstance(reason, Crash):
            # A plain process runs what is not ours, and what does not know it.
            untie(error, own_loop=self.reporter is not report_crash)
        return reason

    def _ended_with(self, ended: Ended) -> ExitReason:
        if self.reason is None:
            self.reporter(self, ended.reason, None)
        ended.untie()
        return ended.reason

    # ------------------------------------------------------------------- its end

    @enable_ki_protection
    def end(self, reason: ExitReason) -> None:
        """Be dead of *reason*, if it is not already; see the head of this file."""
        if self.reason is not None:
            return
        node = self.node
        self.reason = reason
        node.forget(self)
        self.pid.process = None
        if self.aliases is not None:
            for alias in self.aliases:
                alias.process = None
            self.aliases = None
        left = self.mailbox.close()
        owed = self.owed
        serving = self.serving
        self.owed = self.serving = None
        if not self.finished:
            node.ghosts[self.pid] = self, trio.current_time() + GHOST_TIME
        if node.instruments:
            node.instrument("process_exited", self.pid, reason)
        if serving is not None:
            serving.died(reason)
        if owed is not None or left:
            _disappoint((*(owed or ()), *left), reason)
        if self._peers or self.watched_by or self.watching:
            node.bid_farewell(self)

    @enable_ki_protection
    def kill(self, reason: ExitReason) -> None:
        """End from outside, and let the code that still runs go."""
        if self.reason is not None:
            return
        self.end(reason)
        if not self.finished:
            if self.scope is not None:
                self.scope.cancel()
            elif self.task is not None:
                cancel_task(self.task)
            self.node.watch_ghosts()

    def farewell(self) -> None:
        """Tell links and monitors of the end."""
        reason = self.reason
        if reason is None:
            raise AssertionError("a living process says no farewell")
        downs, exits = self.end_relations()
        for peer in exits:
            if isinstance(peer, Process):
                peer.exit_signal(self, reason, by_link=True)
        for monitor in downs:
            tell_down(monitor, reason)

    def exit_signal(
        self, sender: Process, reason: ExitReason, *, by_link: bool
    ) -> None:
        """Receive an exit signal."""
        if self.reason is not None or self.parent is None:
            return  # nothing kills the dead, or the node
        verdict = receive_exit(
            reason,
            by_link=by_link,
            trapping=self.trap_exit,
            from_self=sender is self,
        )
        if verdict == DELIVER:
            self.mailbox.put(Exited(sender.pid, reason))
        elif verdict != IGNORE:
            self.kill(verdict)

    def unwatch_own(self, ref: Ref) -> bool:
        """Take back a monitor of this process, and tell whether it was active."""
        target = (self.watching or {}).get(ref)
        return target is not None and target.unwatch(ref)

    # ----------------------------------------------------------------- its debts

    def owe(self, waiter: Waiter) -> None:
        """Remember that *waiter* waits for something only this process can give."""
        if self.owed is None:
            self.owed = {}
        self.owed[waiter] = None

    def quit(self, waiter: Waiter) -> None:
        """Forget what was owed to *waiter*."""
        if self.owed is not None:
            self.owed.pop(waiter, None)
            if not self.owed:
                self.owed = None

    # --------------------------------------------------------------- its mailbox

    @enable_ki_protection
    async def receive(
        self, fits: Callable[[object], bool] | None, timeout: float
    ) -> object:
        """Take the oldest message that fits, and wait for it up to *timeout* seconds.

        Raises:
            ReceiveTimeoutError: none came in time.
        """
        box = self.mailbox
        box.credit -= 1
        if self.reason is not None:
            await send_ghost_away()
        if box.credit <= 0:
            box.credit = SLICE
            if box.turn_is_over():
                await trio.lowlevel.checkpoint()
        found = box.take() if fits is None else box.find(fits)
        if found is not MISSING:
            return found
        if timeout <= 0:
            box.heard = len(box.inbox)
            raise ReceiveTimeoutError(timeout)
        if timeout != inf:
            return await self._receive_until(fits, timeout)
        park = self.node.scheduler.park
        while True:
            seen = len(box.inbox)
            # Mailbox.park(), without a frame of its own.
            await park(box.begin_to_park(), box.abort)
            # What another task of this process took out meanwhile moved the others.
            seen = min(seen, box.heard)
            found = box.take() if fits is None else box.find(fits, seen)
            if found is not MISSING:
                return found

    async def _receive_until(
        self, fits: Callable[[object], bool] | None, timeout: float
    ) -> object:
        box = self.mailbox
        timers = self.node.timers
        timer = timers.start(timeout, box.interrupt)
        try:
            while True:
                seen = len(box.inbox)
                await box.park(self.node.scheduler)
                seen = min(seen, box.heard)
                found = box.take() if fits is None else box.find(fits, seen)
                if found is not MISSING:
                    return found
                if timer.entry is None:
                    raise ReceiveTimeoutError(timeout)
        finally:
            timers.cancel(timer)


def _disappoint(waiting: Iterable[object], reason: ExitReason) -> None:
    for each in waiting:
        if isinstance(each, Waiter):
            each.died(reason)


def report_crash(
    process: Process, reason: ExitReason, error: BaseException | None
) -> None:
    """Report the end of a plain process, if it crashed."""
    if isinstance(reason, Crash) and is_heard(ProcessReport.level):
        label = process.label or process.origin
        emit(ProcessReport(process.pid, label, reason, error))


def tell_down(monitor: Monitor, reason: ExitReason) -> None:
    """Tell the watcher of *monitor* that the process ended with *reason*."""
    ref = monitor.ref
    if isinstance(ref, Alias) and ref.until in ("demonitor", "reply_demonitor"):
        drop_alias(ref)
    watcher = monitor.watcher
    if isinstance(watcher, Process):
        watcher.mailbox.put(Down(ref, monitor.shown, reason, monitor.tag))
    elif isinstance(watcher, Waiter):
        watcher.died(reason)
