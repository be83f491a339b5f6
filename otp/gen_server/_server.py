"""`GenServer`: the class that servers derive from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..gen import Behaviour, UnexpectedMessage
from ..kernel import current, emit
from ..proc_lib import start_process
from ._begin import init_server
from ._host import Host
from ._loop import serve
from ._table import Table, left_out

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from ..gen import From
    from ..kernel import ExitReason, Process
    from ..proc_lib import StartOptions
    from ..sys import SystemHost
    from ._results import InfoResult, InitResult


class GenServer(Behaviour):
    """A process that keeps a state and answers requests, one at a time.

    The state lives on the instance, and the instance never leaves its process: what
    others hold is a `Pid`. When a supervisor restarts the server it builds a new
    instance. Requests are methods marked with `call`, `cast` and `call_noreply`; the
    callbacks below are for everything else, and all of them may be left out.

    ``__init__`` runs in the new process, before `init`; an exception in either makes
    the start fail.
    """

    __clauses__: ClassVar[Table]
    #: The attribute that is the state, for `otp.sys` and reports; None for all of them.
    __state__: ClassVar[str | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__clauses__ = Table(cls)

    @classmethod
    def __start__(
        cls,
        options: StartOptions,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
    ) -> Awaitable[tuple[Process, object]]:
        return start_process(options, serve, init_server, cls, args, kwargs)

    def __host__(self, process: Process) -> SystemHost:
        """Return what obeys system messages for this server."""
        return Host(process, self)

    async def init(self) -> InitResult:
        """Get ready; the starter waits until this has returned.

        Returns:
            None, or `NoReply` with a *timeout* or *continue_*; `Ignore`, `Stop` or
            `Fail` to end the start.
        """
        return None

    @left_out
    async def handle_call(self, request: Any, from_: From[Any]) -> object:
        """Answer a request that is a message: one sent by `gen_server.call`.

        Returns:
            the answer, or `Reply`, `NoReply` or `Stop`.
        """
        raise NotImplementedError

    @left_out
    async def handle_cast(self, request: Any) -> InfoResult:
        """Handle a message sent by `gen_server.cast`."""
        raise NotImplementedError

    async def handle_info(self, message: Any) -> InfoResult:
        """Handle any other message: plain ones, `Down`, `Exited`, `Timeout`.

        Without this method an unexpected message is reported and dropped.
        """
        process = current()
        emit(UnexpectedMessage(process.pid, process.name, type(self), message))
        return None

    async def handle_continue(self, argument: Any) -> InfoResult:
        """Go on with what ``continue_=`` announced, before the next message."""
        raise NotImplementedError

    @left_out
    async def terminate(self, reason: ExitReason) -> None:
        """Clean up; called last, when the server ends of its own accord.

        That is after `Stop`, after an exception in a callback, after
        `gen_server.stop`, and, if it traps exits, when its parent tells it to end. An
        exit signal that is not trapped ends the server without it.
        """

    async def code_change(self, old_version: object, extra: object) -> None:
        """Convert the state when the class is exchanged; see `otp.code.change`.

        A class that has this method says by it that its instances can take over from
        an older one while they run. If it raises, all attributes are what they were.

        Args:
            old_version: the ``__version__`` of the older class. A `Downgrade` if this
                class is the one that is left: then the state is to become what one
                of that version can go on with.
            extra: whatever the one who changes the code has to say.
        """

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        """Return *status* as reports and tools may see it.

        Override it to keep secrets and large things out of logs. *status* has the
        keys ``"state"``, a copy of the attributes, ``"message"``, the last one, and
        ``"reason"``; the result has the same.
        """
        return status


GenServer.__clauses__ = Table(GenServer)
