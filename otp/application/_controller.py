"""The application controller: the process that starts and stops applications.

There is one on each node that has applications, registered as
``application_controller``. It comes to be when it is first needed, as a child of
the node, so that a node that ends stops its applications, the last one first.

It never waits for an application: masters do, and tell it. While one is stopped, a
request that is about that one waits; all others are served.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NoReturn, assert_never, cast, final

from .. import process as processes
from ..kernel import (
    NORMAL,
    Exit,
    Exited,
    InvalidSpecError,
    ServerExitedError,
    Waiter,
    current_node,
    emit,
    publish,
    published,
)
from ..sys import SystemRequest, handle_system_message
from ._errors import (
    ApplicationAlreadyStartedError,
    ApplicationError,
    ApplicationStartError,
    ApplicationTerminatedError,
    BadStartError,
    NotStartedError,
)
from ._host import CONTROLLER, Host
from ._master import Master, StartFailed, StopOrder, Up
from ._order import with_included
from ._report import ApplicationExited, ApplicationStarted, ApplicationStopped
from ._rules import END_NODE, after_end, after_failed_start
from ._spec import describe
from ._table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..kernel import ExitReason, Node, Pid, Process
    from ..supervisor import Supervisor
    from ._rules import StartType
    from ._table import Entry


class Request(Waiter):
    """Asks the controller for something about the application called *name*."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def died(self, reason: ExitReason) -> None:
        self.fail(ServerExitedError(CONTROLLER, reason))


@final
class StartRequest(Request):
    """Asks for a start as *type*."""

    __slots__ = ("type",)

    def __init__(self, name: str, type_: StartType) -> None:
        super().__init__(name)
        self.type: StartType = type_


@final
class StopRequest(Request):
    """Asks for a stop."""

    __slots__ = ()


@final
class Controller:
    """The code of the application controller of one node."""

    def __init__(self, process: Process) -> None:
        process.trap_exit = True
        process.label = "application controller"
        process.reaper = self._reap
        self.table = Table()
        # What ends the program, with an exit status, if the node was made to run one.
        self.stop_program: Callable[[int], None] | None = None
        self._process = process
        self._parent = process.node.root.pid
        # Each application that is not down, by the pid of its master.
        self._charges: dict[Pid, tuple[Entry, Master]] = {}
        # Whether it has ended, or is about to, because it was told to.
        self._dismissed = False
        self._host = Host(process, self._parent, self.table)

    async def ask(self, request: Request) -> None:
        """Hand in *request* and wait until it is done.

        Raises:
            ApplicationError: it cannot be done, or went wrong.
            ServerExitedError: the node ends.
        """
        self._process.mailbox.put(request)
        await request.wait()

    async def run(self) -> NoReturn:
        """Be the process."""
        while True:
            message = await self._process.receive(None, inf)
            if isinstance(message, Exited) and message.pid is self._parent:
                await self._stop_all()
                raise Exit(message.reason)
            if isinstance(message, SystemRequest):
                reason = await handle_system_message(message, self._host)
                if reason is not None:
                    await self._stop_all()
                    raise Exit(reason)
            else:
                self._handle(message)

    def _handle(self, message: object) -> None:
        match message:
            case Waiter() if self._dismissed:
                message.died(NORMAL)
            case StartRequest():
                self._try(message, lambda: self._start(message))
            case StopRequest():
                self._try(message, lambda: self._stop(message))
            case Up(master, top):
                self._up(self._charges[master][0], top)
            case StartFailed(master, failure):
                self._charges[master][0].failure = failure
            case Exited(pid, reason) if pid in self._charges:
                self._down(self._charges.pop(pid)[0], reason)
            case _:
                node = self._process.node
                node.dead_letter(self._process.pid, message, "unexpected")

    # ---------------------------------------------------------------- the requests

    def _try(self, request: Request, act: Callable[[], None]) -> None:
        try:
            act()
        except (ApplicationError, InvalidSpecError) as error:
            self._process.quit(request)
            request.fail(error)
        else:
            if not request.settled:
                self._process.owe(request)

    def _start(self, request: StartRequest) -> None:
        entry = self.table.entry(request.name)
        match entry.status:
            case "loaded":
                self.table.check_dependencies(entry)
                self._launch(entry, request.type)
                entry.callers.append(request)
            case "starting":
                entry.callers.append(request)
            case "running":
                raise ApplicationAlreadyStartedError(request.name)
            case "stopping":
                entry.queued.append(request)
            case _:
                assert_never(entry.status)

    def _stop(self, request: StopRequest) -> None:
        entry = self.table.entries.get(request.name)
        if entry is None or entry.status in ("loaded", "starting"):
            raise NotStartedError(request.name)
        if entry.status == "stopping":
            entry.queued.append(request)
            return
        self._order_stop(entry)
        entry.callers.append(request)

    def _launch(self, entry: Entry, type_: StartType) -> None:
        """Start a master, linked, among the children of this process."""
        everything = with_included(entry.app, loaded=self.table.apps)
        included = [(one, describe(one)) for one in everything[1:]]
        me = self._process
        process = me.node.create(me)
        process.link(me)
        master = Master(process, entry.app, entry.spec, included, me.pid)
        self._charges[process.pid] = (entry, master)
        self.table.mark_starting(entry, type_, process.pid)
        me.node.launch(process, me.nursery, master.run, host=True)

    def _order_stop(self, entry: Entry) -> None:
        self.table.mark_stopping(entry)
        # What runs has a master, by the invariant of its entry.
        processes.send(cast("Pid", entry.master), StopOrder())

    # ------------------------------------------------------------ what masters tell

    def _up(self, entry: Entry, top: Pid[Supervisor]) -> None:
        self.table.mark_running(entry, top)
        emit(ApplicationStarted(entry.spec.name, entry.type, self._process.node.name))
        self._answer(entry, None)

    def _down(self, entry: Entry, reason: ExitReason) -> None:
        status, failure = entry.status, entry.failure
        self.table.mark_down(entry)
        match status:
            case "loaded" | "starting":
                if failure is None:
                    failure = ApplicationStartError(entry.spec.name, reason)
                self._answer(entry, failure)
                self._start_failed(entry, failure)
            case "running":
                self._ended(entry, reason)
            case "stopping":
                emit(ApplicationStopped(entry.spec.name, entry.type))
                self._answer(entry, None)
            case _:
                assert_never(status)
        queued, entry.queued = entry.queued, []
        for request in queued:
            self._handle(request)

    def _start_failed(self, entry: Entry, failure: ApplicationStartError) -> None:
        name, type_ = entry.spec.name, entry.type
        shown = failure.__cause__ if isinstance(failure, BadStartError) else None
        emit(ApplicationExited(name, type_, failure.reason, False, shown))
        if after_failed_start(type_, declined=failure.declined) == END_NODE:
            self._end_node(entry, failure.reason, "could not start", failure)

    def _ended(self, entry: Entry, reason: ExitReason) -> None:
        emit(ApplicationExited(entry.spec.name, entry.type, reason, True))
        if after_end(entry.type, reason) == END_NODE:
            self._end_node(entry, reason, "ended", None)

    def _end_node(
        self,
        entry: Entry,
        reason: ExitReason,
        what: str,
        cause: BaseException | None,
    ) -> None:
        if self._dismissed:  # the node ends already, or goes on without applications
            return
        error = ApplicationTerminatedError(entry.spec.name, entry.type, reason, what)
        error.__cause__ = cause
        self._process.node.fatal(error)

    def _answer(self, entry: Entry, error: ApplicationError | None) -> None:
        callers, entry.callers = entry.callers, []
        for caller in callers:
            self._process.quit(caller)
            if error is None:
                caller.settle(None)
            else:
                caller.fail(error)

    # ----------------------------------------------------------------- the own end

    async def _stop_all(self) -> None:
        """Stop what is being started, then what runs, the last one first."""
        self._dismissed = True
        for _, master in reversed(self._charges.values()):
            master.abandon_start()
        await self._await_status("starting", "stopping")
        while self.table.running:
            self._order_stop(self.table.entry(self.table.running[-1]))
            await self._await_status("stopping")

    async def _await_status(self, *busy: str) -> None:
        """Serve the masters until no application is busy so; refuse requests."""
        while any(entry.status in busy for entry, _ in self._charges.values()):
            self._handle(await self._process.receive(None, inf))

    async def _reap(self) -> None:
        """End the node if applications run and this process was not told to end.

        Nobody would know any more what runs, and a permanent application could end
        without anything coming of it.
        """
        if self._dismissed or not self._charges:
            return
        for _, master in self._charges.values():
            # It traps exits, and would look at its mailbox only after the start.
            master.abandon_start()
        for pid in list(self._charges):
            await processes.wait_exited(pid)
        text = f"the {CONTROLLER} died, and with it its node: {self._process.reason!r}"
        self._process.node.fatal(ApplicationError(CONTROLLER, text))


# ------------------------------------------------------------------ where to find it


def find_controller(node: Node) -> Controller | None:
    """Return the controller of *node*, if there is one."""
    return published(node.names.get(CONTROLLER), Controller)


def controller() -> Controller:
    """Return the controller of the node that the caller is on; start it if need be."""
    node = current_node()
    found = find_controller(node)
    if found is not None:
        return found
    process = node.create(node.root)
    node.register(CONTROLLER, process)
    made = Controller(process)
    publish(process, made)
    node.launch(process, None, made.run, host=True)
    return made
