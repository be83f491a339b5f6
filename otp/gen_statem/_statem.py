"""`GenStatem`: the class that state machines derive from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from ..gen import Behaviour
from ..proc_lib import start_process
from ._begin import init_machine
from ._loop import serve
from ._states import mode_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from ..kernel import ExitReason, Process
    from ..proc_lib import StartOptions
    from ._results import InitResult, Result
    from ._states import Mode

S = TypeVar("S")
E = TypeVar("E")


class GenStatem(Behaviour, Generic[S, E]):
    """A process that is in one of several states *S* and handles events *E*.

    A class has one of two modes: it overrides `handle_event`, and a state is any
    value; or it has a method for each state, marked with `state`. What a machine
    knows besides its state, its data, lives on the instance, which never leaves its
    process. When a supervisor restarts the machine it builds a new instance.

    ``__init__`` runs in the new process, before `init`; an exception in either makes
    the start fail.

    Raises:
        TypeError: the class has both modes.
    """

    #: Whether the code of a state is given `Enter` when the state is entered.
    state_enter: ClassVar[bool] = False

    #: None for a class with neither mode: it is a base for others.
    __mode__: ClassVar[Mode | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.__mode__ = mode_of(cls, GenStatem)

    @classmethod
    def __start__(
        cls,
        options: StartOptions,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
    ) -> Awaitable[tuple[Process, object]]:
        return start_process(options, serve, init_machine, cls, args, kwargs)

    async def init(self) -> InitResult[S]:
        """Return the first state; the starter waits until this has returned.

        Its actions are done, and it is entered, when the starter goes on already.

        Returns:
            `NextState`; or `Ignore`, `Stop` or `Fail` to end the start.
        """
        raise NotImplementedError(f"{type(self).__name__} needs an init()")

    async def handle_event(self, state: S, event: E) -> Result[S]:
        """Handle an event, if the class has no method for each state.

        Returns:
            `NextState`, `Keep`, `Repeat`, `Stop`, or None to go on as before.
        """
        raise NotImplementedError

    async def terminate(self, reason: ExitReason, state: S) -> None:
        """Clean up; called last, when the machine ends of its own accord.

        That is after `Stop`, after an exception in a callback, after
        `gen_statem.stop`, and, if it traps exits, when its parent tells it to end. An
        exit signal that is not trapped ends the machine without it.
        """

    async def code_change(self, old_version: object, state: Any, extra: object) -> S:
        """Convert the data, and return the state, when the class is exchanged.

        A class that has this method says by it that it can take over from an older
        one; see `otp.code.change`. If *old_version* is a `Downgrade`, the state is to
        become one of that version.
        """
        del old_version, extra
        converted: S = state
        return converted

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        """Return *status* as reports and tools may see it.

        Override it to keep secrets and large things out of logs. *status* has the
        keys ``"state"``, ``"data"``, a copy of the attributes, ``"queue"``, the event
        that is handled and those after it, ``"postponed"``, ``"timeouts"`` with their
        contents, ``"reason"`` and ``"log"``, what `otp.sys.log` has kept; the result
        has the same, and may leave out the log.
        """
        return status
