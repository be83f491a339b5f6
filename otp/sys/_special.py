"""Processes with a loop of their own that obey system messages."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Generic, TypeVar, cast, overload

from ..gen import Envelope
from ..kernel import Exit, Exited, current_process
from ._change import convert, exchange_class
from ._debug import Debug, handle_debug
from ._event import Event
from ._handle import handle_system_message
from ._messages import LayoutError, SystemRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..kernel import ExitReason
    from ..proc_lib import DebugOption
    from ._messages import ChangeCode

T = TypeVar("T")
StateT = TypeVar("StateT")


class SpecialProcess(Generic[StateT]):
    """A process that is of no behaviour and obeys system messages all the same.

    Derive from it, make the instance in the process itself, keep what the process
    knows in ``self.state``, and take messages with `receive`, which sees to all the
    rest::

        class Lamp(sys.SpecialProcess[bool]):
            async def run(self) -> None:
                proc_lib.init_ack(process.self())
                while True:
                    match await self.receive():
                        case "switch":
                            self.state = not self.state

        async def lamp() -> None:
            await Lamp(False).run()

        pid = await proc_lib.start_link(lamp)

    Args:
        state: what `get_state` shows and `replace_state` replaces.
        debug: the debug options that are set from the beginning.

    Raises:
        NotAProcessError: no process runs.
    """

    state: StateT

    def __init__(self, state: StateT, *, debug: Iterable[DebugOption] = ()) -> None:
        self.process = current_process(f"a {type(self).__name__}")
        self.state = state
        self.suspended = False
        options = tuple(debug)
        self.debug: Debug | None = Debug(options) if options else None

    @overload
    async def receive(self, *, timeout: float = inf) -> object: ...
    @overload
    async def receive(self, match: type[T], *, timeout: float = inf) -> T: ...
    @overload
    async def receive(
        self, match: Callable[[object], bool], *, timeout: float = inf
    ) -> object: ...
    async def receive(
        self,
        match: type[T] | Callable[[object], bool] | None = None,
        *,
        timeout: float = inf,
    ) -> object:
        """Take the oldest message that fits, as `otp.process.receive` does.

        System messages that come meanwhile are obeyed, and the time runs anew after
        each. A call that is taken, a `From`, has to be answered with
        `otp.gen.reply`; if the process dies first, its caller hears of that.

        Raises:
            Exit: the process is to end, as its parent has or somebody has asked for
                it. Clean up in a ``finally``.
            ReceiveTimeoutError: nothing came in time.
        """
        fits = None if match is None else self._or_system(match)
        while True:
            message = await self.process.receive(fits, timeout)
            reason: ExitReason | None = None
            if isinstance(message, SystemRequest):
                reason = await handle_system_message(message, self)
            elif self._is_from_parent(message):
                reason = cast("Exited", message).reason
            else:
                break
            if reason is not None:
                self.tell(Event("terminate", reason))
                raise Exit(reason)
        if isinstance(message, Envelope) and not message.settled:
            self.process.owe(message)
        self.tell(Event("in", message))
        return message

    def tell(self, event: Event) -> None:
        """Let the debug options see *event*; messages that come are told already."""
        if self.debug is not None:
            self.debug = handle_debug(self.debug, self.process.pid, event, self.state)

    def _or_system(
        self, match: type[object] | Callable[[object], bool]
    ) -> Callable[[object], bool]:
        def fits(message: object) -> bool:
            if isinstance(message, SystemRequest) or self._is_from_parent(message):
                return True
            if isinstance(match, type):
                return isinstance(message, match)
            return match(message)

        return fits

    def _is_from_parent(self, message: object) -> bool:
        return isinstance(message, Exited) and message.pid is self.process.guardian

    # ------------------------------------------------- what system messages find of it

    @property
    def module(self) -> type[object]:
        """The class that runs in the process."""
        return type(self)

    def get_state(self) -> object:
        """Return the state."""
        return self.state

    def replace_state(self, state: object) -> None:
        """Put *state* in the place of the state; may raise to refuse it."""
        self.state = cast("StateT", state)

    def format_state(self) -> object:
        """Return the state as it is to be shown; override it to keep secrets."""
        return self.state

    async def code_change(self, old_version: object, extra: object) -> None:
        """Convert the state after the class was changed."""

    async def change_code(self, change: ChangeCode) -> None:
        """Go on as another class. A loop that runs goes on as it was.

        Raises:
            LayoutError: it cannot be one of that class.
        """
        cls, state = type(self), self.state
        try:
            await convert(
                change,
                lambda: self._become(change.new),
                lambda: self.code_change(change.old_version, change.extra),
            )
        except BaseException:
            self._become(cls)
            self.state = state
            raise

    def _become(self, new: type[object] | None) -> None:
        if new is None:
            return
        if SpecialProcess not in new.__mro__:
            raise LayoutError(f"a special process cannot become {new!r}, which is none")
        exchange_class(self, new)
