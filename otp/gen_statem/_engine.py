"""The rules of a state machine: which event comes next, and what follows from it.

Nothing here waits, sends or measures time. The process around it does, in these
steps, for each event::

    event = engine.take(), or made of the next message if that is None
    step = Step(engine, event)
    result = what the code of engine.state makes of event
    do what step.obey(result) yields, one by one
    while step.entering:
        result = what the code of step.target makes of Enter(engine.state)
        do what step.obey(result) yields, one by one
    do what step.finish() yields, one by one

Which event comes next
----------------------

1. events inserted by the last one, in the order of its actions;
2. if the state has changed, all postponed events, the oldest first;
3. events that were waiting already;
4. time-outs of 0 seconds, in the order in which they were set;
5. the next message.

What the end of an event does to others
---------------------------------------

=================  ==================  ===========  ===========
what ends with it  another state       same state   `Repeat`
=================  ==================  ===========  ===========
postponed events   come again          stay         stay
time-out STATE     cancelled           stays        stays
time-out EVENT     cancelled           cancelled    cancelled
other time-outs    stay                stay         stay
`Enter`            is called           is not       is called
=================  ==================  ===========  ===========
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never, cast, final

import attrs

from ..gen import BadReturnError
from ..kernel import OTPError
from ._actions import (
    EVENT,
    STATE,
    CancelTimeout,
    ChangeModule,
    Hibernate,
    NextEvent,
    PopModule,
    Postpone,
    PushModule,
    Reply,
    SetTimeout,
    UpdateTimeout,
)
from ._errors import EnterCallError, PopModuleError, UnknownStateError
from ._results import Keep, NextState, Repeat
from ._states import State, same_state
from ._timeouts import Timeouts, TimerEffect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._actions import Action, TimeoutAction
    from ._events import Event
    from ._states import Mode, StateFunction


@final
@attrs.frozen
class SetModule:
    """To be done: go on as an instance of *cls*."""

    cls: type[object]


Effect = TimerEffect | SetModule | Reply[Any] | NextEvent
"""What is to be done for a machine; a `NextEvent` is done already."""


@final
class Engine:
    """One machine: its state, the events that it has, and its time-outs.

    *queue* has the next event at its end; *postponed* has the oldest one first.
    *modules* are the classes of the machine, the present one last.
    """

    __slots__ = ("modules", "postponed", "queue", "state", "timeouts")

    def __init__(self, cls: type[object], mode: Mode, state: object) -> None:
        self.state = state
        self.modules = [(cls, mode)]
        self.queue: list[Event] = []
        self.postponed: list[Event] = []
        self.timeouts = Timeouts()

    @property
    def mode(self) -> Mode:
        """How events reach the code of the present class."""
        return self.modules[-1][1]

    def function(self, state: object) -> StateFunction:
        """Return the method for events in *state*, in a class that has such methods.

        Raises:
            UnknownStateError: there is none.
        """
        cls, mode = self.modules[-1]
        functions = mode.functions or {}
        fn = functions.get(state.name) if isinstance(state, State) else None
        if fn is None:
            raise UnknownStateError(cls, state)
        return fn

    def check_state(self, state: object) -> None:
        """Make sure that the machine has code for *state*.

        Raises:
            UnknownStateError: it has none.
        """
        if self.mode.functions is not None:
            self.function(state)

    def take(self) -> Event | None:
        """Return the next event that is no message, if there is one."""
        return self.queue.pop() if self.queue else self.timeouts.take_due()


@final
class Step:
    """One event on its way through a machine; the start, if there is none.

    *target* is the state that it leads to, as far as is known, and *entering* tells
    whether that is to be told of being entered.
    """

    __slots__ = (
        "_engine",
        "_event",
        "_inserted",
        "_timeouts",
        "entering",
        "postponing",
        "target",
    )

    def __init__(self, engine: Engine, event: Event | None) -> None:
        self._engine = engine
        self._event = event
        self._inserted: list[Event] = []
        self._timeouts: list[TimeoutAction] = []
        self.target = engine.state
        self.entering = False
        self.postponing = False

    def obey(self, result: object) -> Iterator[Effect]:
        """Do what the result of a callback says, in its order.

        Raises:
            BadReturnError: it says nothing that a machine knows.
            EnterCallError: it is the result of `Enter`, and wants too much.
            PopModuleError: no class is left to go back to.
        """
        try:
            again, actions = self._move(result)
            for action in actions:
                effect = self._do(action)
                if effect is not None:
                    yield effect
        except OTPError:
            self.abandon()
            raise
        self.entering = again and self._engine.mode.enter

    def abandon(self) -> None:
        """Go no further: the machine ends in the state that it was to go to."""
        self._engine.state = self.target

    def _move(self, result: object) -> tuple[bool, tuple[Action, ...]]:
        """Tell whether a state is entered, and what is to be done before that."""
        match result:
            case None:
                return False, ()
            case Keep(actions):
                return False, actions
            case NextState():
                move = cast("NextState[object]", result)
                changes = not same_state(move.state, self.target)
                if changes and self.entering:
                    raise self._error(EnterCallError, move)
                self.target = move.state
                return changes, move.actions
            case Repeat(actions):
                return True, actions
            case _:
                raise self._error(BadReturnError, result)

    def _do(self, action: Action) -> Effect | None:
        """Do *action*, and return what the process has to do for it."""
        match action:
            case Reply():
                return action
            case Hibernate():
                pass
            case SetTimeout() | UpdateTimeout() | CancelTimeout():
                self._timeouts.append(action)
            case Postpone(False):
                self.postponing = False
            case _ if self.entering:
                raise self._error(EnterCallError, action)
            case Postpone():
                self.postponing = True
            case NextEvent(event):
                self._inserted.append(event)
                return action
            case ChangeModule() | PushModule() | PopModule():
                return self._change_module(action)
            case _:
                assert_never(action)
        return None

    def _change_module(
        self, action: ChangeModule | PushModule | PopModule
    ) -> SetModule:
        modules = self._engine.modules
        match action:
            case PushModule(cls):
                modules.append((cls, cls.__mode__))
            case ChangeModule(cls):
                modules[-1] = (cls, cls.__mode__)
            case PopModule():
                if len(modules) == 1:
                    raise PopModuleError(modules[0][0])
                modules.pop()
            case _:
                assert_never(action)
        return SetModule(modules[-1][0])

    def _error(self, error: type[BadReturnError], value: object) -> BadReturnError:
        cls, mode = self._engine.modules[-1]
        return error(cls, mode.callback(self.target), value)

    def finish(self) -> Iterator[TimerEffect]:
        """Go to the target, and see to the other events and to the time-outs."""
        engine, timeouts = self._engine, self._engine.timeouts
        if self.postponing and self._event is not None:
            engine.postponed.append(self._event)
        changes = not same_state(self.target, engine.state)
        if changes:
            engine.queue += reversed(engine.postponed)
            engine.postponed.clear()
        if timeouts.alarms:  # most often there are none, and it is not worth asking
            if changes:
                yield from timeouts.cancel(STATE)
            yield from timeouts.cancel(EVENT)
        if self._timeouts:
            yield from timeouts.apply(self._timeouts)
        engine.state = self.target
        engine.queue += reversed(self._inserted)
