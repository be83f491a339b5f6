"""Where the faults of one node are: an instrument that sees processes come to be.

It is there as long as there is a fault, and touches only what the faults are about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast, final

from ..abc import Instrument
from ..kernel import Process, enter
from ._mail import interpose, withdraw

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Self, TypeVarTuple, Unpack

    from ..kernel import Node, Pid
    from ._mail import MailFault

    Ts = TypeVarTuple("Ts")


class StartFault(Protocol):
    """What may happen to a process when it begins to run."""

    def begins(self, process: Process) -> Callable[[], Awaitable[object]] | None:
        """Return what *process* is to run instead, None if it is to be left alone."""
        ...


@final
class Injector(Instrument):
    """The faults of *node*."""

    def __init__(self, node: Node) -> None:
        self.node = node
        # Invariant: the mailboxes of all processes have this list, if it is not empty.
        self.mail: list[MailFault] = []
        self.starts: list[StartFault] = []

    @classmethod
    def on(cls, node: Node) -> Self | None:
        """Return the one of *node*, None if there are no faults."""
        return next((i for i in node.instruments if isinstance(i, cls)), None)

    @classmethod
    def of(cls, node: Node) -> Self:
        """Return the one of *node*, which is made if need be."""
        found = cls.on(node)
        if found is None:
            found = cls(node)
            node.instruments.append(found)
        return found

    def process_started(self, pid: Pid, parent: Pid | None) -> None:
        del parent
        process = pid.process
        if process is None:
            return
        if self.mail:
            interpose(process, self.mail)
        if self.starts:
            let_start(process)

    def add_mail(self, fault: MailFault) -> None:
        """Let messages come by *fault*."""
        self.mail.append(fault)
        for process in self.node.processes.values():
            interpose(process, self.mail)

    def remove_mail(self, fault: MailFault) -> None:
        """Let messages come by *fault* no longer."""
        # It may be out already, and others may be in force in its place.
        if fault in self.mail:
            self.mail.remove(fault)
            if not self.mail:
                withdraw(self.node.processes.values())
            self._leave()

    def add_start(self, fault: StartFault) -> None:
        """Let processes that begin to run come by *fault*."""
        self.starts.append(fault)

    def remove_start(self, fault: StartFault) -> None:
        """Let them come by *fault* no longer."""
        if fault in self.starts:
            self.starts.remove(fault)
        self._leave()

    def _leave(self) -> None:
        if not self.mail and not self.starts and self in self.node.instruments:
            self.node.instruments.remove(self)

    def body_of(self, process: Process) -> Callable[[], Awaitable[object]] | None:
        """Return what *process* is to run instead of its own code, if anything."""
        for fault in list(self.starts):
            body = fault.begins(process)
            if body is not None:
                return body
        return None


class _StartingProcess(Process):
    """A process that has not begun to run; then it is *before*, as without faults."""

    __slots__ = ()

    before: ClassVar[type[Process]]

    async def run(
        self, fn: Callable[[Unpack[Ts]], Awaitable[object]], *args: *Ts
    ) -> None:
        """Live, unless something is to go wrong."""
        before = type(self).before
        if type(self).__bases__[0] is _StartingProcess:
            # Else another tool has made it a class of its own in the meantime.
            cast("Any", self).__class__ = before
        injector = Injector.on(self.node)
        body = None
        if injector is not None and self.reason is None:
            # A registry, which is asked for a name, may be meant by its own.
            enter(self)
            body = injector.body_of(self)
        if body is None:
            await before.run(self, fn, *args)
        else:
            await before.run(self, body)


def let_start(process: Process) -> None:
    """Let *process* come by the faults of starts when it begins to run."""
    # On top of whatever it is, which may be a class of another tool.
    own = {"__slots__": (), "before": type(process)}
    made = type("StartingProcess", (_StartingProcess, type(process)), own)
    cast("Any", process).__class__ = made
