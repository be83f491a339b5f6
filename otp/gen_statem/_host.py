"""The process of a state machine as the hands of its engine, and for `otp.sys`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeGuard, assert_never, cast, final

from ..gen import reply, set_state, shown, state_of
from ..kernel import Timeout, TimerRef
from ..sys import (
    Event as DebugEvent,
    LayoutError,
    convert,
    exchange_class,
    handle_debug,
    versioned,
)
from ._actions import NextEvent, Reply
from ._engine import SetModule
from ._states import mode_in, plain
from ._timeouts import Alarm, StartTimer, StopTimer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from ..kernel import ExitReason, Process
    from ..sys import ChangeCode, Debug, EventKind
    from ._engine import Effect, Engine
    from ._events import Event
    from ._statem import GenStatem


@final
class Host:
    """One machine: the instance, the engine that decides, the process that acts."""

    __slots__ = ("debug", "engine", "machine", "process", "suspended")

    def __init__(
        self, process: Process, machine: GenStatem[Any, Any], engine: Engine
    ) -> None:
        self.process = process
        self.machine = machine
        self.engine = engine
        self.suspended = False
        self.debug: Debug | None = None

    def call(self, state: object, event: object) -> Coroutine[Any, Any, object]:
        """Call the code of *state* with *event*; await the result of that."""
        functions = self.engine.mode.functions
        if functions is None:
            return self.machine.handle_event(state, event)
        return self.engine.function(state)(self.machine, event)

    # --------------------------------------------------------- what the engine wants

    def do(self, effect: Effect) -> None:
        """Do what the engine cannot do itself."""
        match effect:
            case Reply(from_, value):
                # Before the answer: afterwards nobody knows who has asked.
                self.note("out", value, from_)
                reply(from_, value)
            case NextEvent(event):
                self.note("in", event)
            case StartTimer():
                self._start_timer(effect)
            case StopTimer(alarm):
                self._stop_timer(alarm)
            case SetModule(cls):
                exchange_class(self.machine, cls)
                self.process.origin = cls
                self.note("module", cls)
            case _:
                assert_never(effect)

    def _start_timer(self, effect: StartTimer) -> None:
        alarm = effect.alarm
        timers = self.process.node.timers
        start = timers.start_at if effect.absolute else timers.start
        # Not by the way of ordinary messages: no full mailbox may refuse it.
        ring = partial(self.process.mailbox.put, Timeout(None, alarm))
        alarm.timer = start(effect.seconds, ring)
        self.note("start_timer", alarm.key, effect.seconds)

    def _stop_timer(self, alarm: Alarm) -> None:
        timer = alarm.timer
        if isinstance(timer, TimerRef):
            timer.timers.cancel(timer)
            alarm.timer = None

    def stop_timers(self) -> None:
        """Stop all timers: the process is over."""
        for alarm in self.engine.timeouts.alarms.values():
            self._stop_timer(alarm)

    def note(self, kind: EventKind, content: object, to: object = None) -> None:
        """Let the debug options, if there are any, see what happens."""
        if self.debug is not None:
            event = DebugEvent(kind, content, to)
            self.debug = handle_debug(
                self.debug, self.process.pid, event, self.get_state()
            )

    # ------------------------------------------------------------ what sys asks for

    @property
    def module(self) -> type[object]:
        """The machine's class."""
        return type(self.machine)

    def get_state(self) -> tuple[object, dict[str, Any]]:
        """Return the state, and a copy of the machine's attributes."""
        return self.engine.state, state_of(self.machine)

    def replace_state(self, state: object) -> None:
        """Give the machine a state and attributes, and no others.

        Raises:
            TypeError: *state* is not a pair of a state and a dict.
        """
        if not _is_pair(state):
            raise TypeError(
                f"the state of a gen_statem is a pair of its state and a dict of its "
                f"data, not {state!r}"
            )
        new, data = state
        self.engine.check_state(new)
        set_state(self.machine, data)
        self.engine.state = plain(new)

    def format_state(self) -> object:
        """Return what the machine is like, as it wants it seen."""
        status = self.formatted()
        del status["reason"], status["log"]
        return status

    def format_log(self, log: tuple[DebugEvent, ...]) -> object:
        """Return the kept events as the machine wants them seen."""
        del log  # which is the machine's own
        return self.formatted()["log"]

    def formatted(
        self, event: Event | None = None, reason: ExitReason | None = None
    ) -> dict[str, Any]:
        """Return what the machine is like, and why it ends, as it wants it seen."""
        engine = self.engine
        queue = [*reversed(engine.queue)]
        status: dict[str, Any] = {
            "state": engine.state,
            "data": state_of(self.machine),
            "queue": queue if event is None else [event, *queue],
            "postponed": list(engine.postponed),
            "timeouts": {a.key: a.content for a in engine.timeouts.alarms.values()},
            "reason": reason,
            "log": () if self.debug is None else self.debug.log,
        }
        return shown(self.machine, status)

    @property
    def modules(self) -> tuple[type[object], ...]:
        """The classes that the machine can come back to, the present one last."""
        return tuple(cls for cls, _ in self.engine.modules)

    async def change_code(self, change: ChangeCode) -> None:
        """Let the machine go on as an instance of another class.

        Raises:
            LayoutError: it cannot be one of that class.
        """
        change = versioned(change, change.old or self.module)
        restore = self.snapshot()
        try:
            if change.old not in (None, self.module):
                # A class that the machine may come back to, and that has no state.
                self._become(change)
                return
            state = await convert(
                change,
                lambda: self._become(change),
                lambda: self.machine.code_change(
                    change.old_version, self.engine.state, change.extra
                ),
            )
            self.engine.check_state(state)
        except BaseException:
            restore()
            raise
        self.engine.state = plain(state)

    def snapshot(self) -> Callable[[], None]:
        """Return a function that gives the machine class, state and data back."""
        engine, machine = self.engine, self.machine
        cls, state, data = type(machine), engine.state, state_of(machine)
        modules = list(engine.modules)

        def restore() -> None:
            engine.modules, engine.state = list(modules), state
            exchange_class(machine, cls)
            set_state(machine, data)

        return restore

    def _become(self, change: ChangeCode) -> None:
        new, old = change.new, change.old or self.module
        if new is None:
            return
        try:
            mode = mode_in(new)
        except TypeError as error:
            text = f"a state machine cannot become {new!r}, which is none"
            raise LayoutError(text) from error
        self.engine.modules = [
            (new, mode) if cls is old else (cls, cls_mode)
            for cls, cls_mode in self.engine.modules
        ]
        if old is self.module:
            exchange_class(self.machine, new)


def _is_pair(value: object) -> TypeGuard[tuple[object, dict[str, Any]]]:
    pair = cast("tuple[object, ...]", value) if isinstance(value, tuple) else ()
    return len(pair) == 2 and isinstance(pair[1], dict)  # noqa: PLR2004
