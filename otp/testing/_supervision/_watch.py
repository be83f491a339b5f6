"""Seeing from outside what supervisors do: an instrument that sees a little more.

An `otp.abc.Instrument` sees starts and ends. To see as well who tells whom to end, what
a supervisor is asked and answers, and when a child is up, the processes of the watched
node, their mailboxes, and what is waited for, are given classes of their own that say
what happens and else do the same. Nothing of that costs anything in a node that is not
watched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast, final

import trio

from ...abc import Instrument
from ...gen import Envelope, From
from ...kernel import Mailbox, Node, Process, StartIgnored, is_reason
from ...proc_lib import Ack, ChildSpec
from ...supervisor import AnySupervisor
from ...sys import SystemRequest
from ._events import Answered, Asked, Begun, Ended, Told, Up

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ...kernel import ExitReason, Pid
    from ._events import Event, Request, StartOutcome

# The requests of supervisors are no public classes; here they are known by their names.
_REQUESTS: Final[dict[str, Request]] = {
    "StartChild": "start_child",
    "StartDynamicChild": "start_dynamic_child",
    "TerminateChild": "terminate_child",
    "RestartChild": "restart_child",
    "DeleteChild": "delete_child",
}
_READERS: Final = {"GetChildSpec", "WhichChildren", "CountChildren"}


def is_supervisor(process: Process) -> bool:
    """Tell whether *process* is a supervisor, of whatever kind."""
    origin = process.origin
    return isinstance(origin, type) and issubclass(origin, AnySupervisor)


@final
class Watch(Instrument):
    """Keeps the events of one node in their order, until somebody takes them."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        # Kept alive, as long as it is told by its number who somebody is.
        self._owners: dict[int, Process] = {}
        self._acks: dict[int, tuple[Ack, Pid]] = {}
        self._asked: dict[int, tuple[Envelope, Pid]] = {}
        self._kinds: dict[Pid, Process] = {}
        self._launched: set[Pid] = set()
        self._classes = _make_classes(self)

    def take(self) -> list[Event]:
        """Return what happened since the last time."""
        events, self._events = self._events, []
        return events

    @property
    def count(self) -> int:
        """How many events there are that nobody has taken."""
        return len(self._events)

    def attach(self, node: Node) -> None:
        """Watch a node that has not been entered yet."""
        node.instruments.append(self)
        launch = node.launch

        def watched(
            process: Process,
            nursery: trio.Nursery | None,
            fn: Callable[..., Awaitable[object]],
            *args: object,
            host: bool = False,
        ) -> None:
            acks = [arg for arg in args if isinstance(arg, Ack)]
            for ack in acks:
                self._acks[id(ack)] = ack, process.pid
                ack.__class__ = self._classes.ack
            self._launched.add(process.pid)
            launch(process, nursery, fn, *args, host=host)
            if not acks:
                self._log(Up(trio.current_time(), process.pid))

        # For this one node; so it looks up its own before that of its class.
        vars(node)["launch"] = watched

    def describe(self, pid: Pid) -> str:
        """Say what a process is, or was."""
        process = self._kinds.get(pid)
        if process is None:
            return repr(pid)
        if process.name is not None:
            return f"{process.name} {pid!r}"
        what = process.label or process.origin
        return f"{getattr(what, '__qualname__', None) or what} {pid!r}"

    def process_started(self, pid: Pid, parent: Pid | None) -> None:
        """Give the new process its class, and its mailbox."""
        process = cast("Process", pid.process)
        self._log(Begun(trio.current_time(), pid, parent))
        self._kinds[pid] = process
        process.__class__ = self._classes.process
        if type(process.mailbox) is Mailbox:
            self._owners[id(process.mailbox)] = process
            process.mailbox.__class__ = self._classes.mailbox

    # ----------------------------------------------------------- what those classes say

    def told(
        self, process: Process, by: Process, reason: ExitReason, *, by_link: bool
    ) -> None:
        """Hear of an exit signal."""
        if process.reason is None and process.parent is not None:
            now = trio.current_time()
            self._log(Told(now, process.pid, by.pid, reason, by_link))

    def ended(self, process: Process, reason: ExitReason) -> None:
        """Hear of the end of a process."""
        if process.reason is not None:
            return
        start: StartOutcome = "up"
        ack = process.serving
        if isinstance(ack, Ack) and not ack.settled:
            ignored = isinstance(ack.failure, StartIgnored)
            start = "ignored" if ignored else "failed"
        elif process.pid not in self._launched:
            # It has got no name, and comes to nothing.
            start = "failed"
        self._log(Ended(trio.current_time(), process.pid, reason, start))

    def acknowledged(self, ack: Ack) -> None:
        """Hear that a process is up, or that its start has failed."""
        _, pid = self._acks.pop(id(ack))
        if ack.error is None:
            self._log(Up(trio.current_time(), pid))

    def answered(self, request: Envelope) -> None:
        """Hear that a request is answered."""
        _, pid = self._asked.pop(id(request))
        self._log(Answered(trio.current_time(), pid, request.error))

    def put(self, mailbox: Mailbox, message: object) -> None:
        """Hear of a message; only what supervisors are asked is of interest."""
        process = self._owners[id(mailbox)]
        if not is_supervisor(process) or process.reason is not None:
            return
        match message:
            case Envelope(clause=None, args=(request,)):
                self._heard(process, request, message)
            case SystemRequest(operation=operation):
                reason: object = getattr(operation, "reason", None)
                if is_reason(reason):
                    now = trio.current_time()
                    self._log(Asked(now, process.pid, "terminate", reason=reason))
            case _ if type(message).__name__ == "TryAgain":
                self._heard(process, message, None)
            case _:
                pass

    def _heard(self, process: Process, request: Any, slot: Envelope | None) -> None:
        kind = type(request).__name__
        if kind in _READERS:
            return
        spec: object = getattr(request, "spec", None)
        again = kind == "TryAgain"
        answered = slot is not None and type(cast("object", slot)) is From
        if slot is not None and answered:
            self._asked[id(slot)] = slot, process.pid
            slot.__class__ = self._classes.request
        asked = Asked(
            trio.current_time(),
            process.pid,
            "try_again" if again else _REQUESTS.get(kind, "other"),
            child=getattr(request, "id", getattr(request, "child", None)),
            spec=cast("ChildSpec", spec) if isinstance(spec, ChildSpec) else None,
            args=getattr(request, "args", ()),
            row=getattr(request, "row", 0),
            answered=answered,
        )
        self._log(asked)

    def _log(self, event: Event) -> None:
        self._events.append(event)


@final
class _Classes:
    """The classes that tell one watch."""

    def __init__(
        self,
        process: type[Process],
        mailbox: type[Mailbox],
        ack: type[Ack],
        request: type[From[Any]],
    ) -> None:
        self.process = process
        self.mailbox = mailbox
        self.ack = ack
        self.request = request


def _make_classes(watch: Watch) -> _Classes:
    # None has a slot of its own, so that what is there already can become one of them.
    class Watched(Process):
        __slots__ = ()

        def end(self, reason: ExitReason) -> None:
            watch.ended(self, reason)
            super().end(reason)

        def exit_signal(
            self, sender: Process, reason: ExitReason, *, by_link: bool
        ) -> None:
            watch.told(self, sender, reason, by_link=by_link)
            super().exit_signal(sender, reason, by_link=by_link)

    class WatchedMailbox(Mailbox):
        __slots__ = ()

        def put(self, message: object) -> None:
            watch.put(self, message)
            super().put(message)

        deliver = put

    class WatchedAck(Ack):
        __slots__ = ()

        def settle(self, value: object) -> bool:
            if not self.settled:
                watch.acknowledged(self)
            return super().settle(value)

    class WatchedFrom(From[Any]):
        __slots__ = ()

        def settle(self, value: object) -> bool:
            if not self.settled:
                watch.answered(self)
            return super().settle(value)

    return _Classes(Watched, WatchedMailbox, WatchedAck, WatchedFrom)
