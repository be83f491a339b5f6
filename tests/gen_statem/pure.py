"""A machine without a process: what drives an engine in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, final

from otp import gen_statem
from otp.gen_statem import Enter, NextEvent, Repeat, Reply
from otp.gen_statem._engine import Engine, SetModule, Step
from otp.gen_statem._states import Mode
from otp.gen_statem._timeouts import Alarm, StartTimer, StopTimer

if TYPE_CHECKING:
    from collections.abc import Callable

    from otp.gen_statem import Action, Event
    from otp.gen_statem._engine import Effect

Code: TypeAlias = "Callable[[Any, Any], object]"


class Plain(gen_statem.GenStatem[Any, Any]):
    """A class with one method for all states."""

    async def handle_event(self, state: Any, event: Any) -> None:
        raise AssertionError(state, event)


@final
class Driver:
    """Feeds an engine with events, and keeps a record of what it does.

    *seen* are the events that the code has got, each with the state it was in; what
    the engine wants done is in *done*, and *running* are the timers.
    """

    def __init__(
        self,
        code: Code,
        *actions: Action,
        state: object = "s1",
        enter: bool = False,
        start: bool = True,
    ) -> None:
        self.code = code
        self.engine = Engine(Plain, Mode(None, enter=enter), state)
        self.seen: list[tuple[object, object]] = []
        self.done: list[Effect] = []
        self.running: dict[Alarm, StartTimer] = {}
        if start:
            self._follow(Step(self.engine, None), Repeat(*actions))
            self._run()

    def feed(self, *events: Event) -> Driver:
        """Let *events* come in as messages, one after the other."""
        for event in events:
            self._handle(event)
            self._run()
        return self

    def ring(self, alarm: Alarm) -> Driver:
        """Let the time of *alarm* be over, as a message that is taken now."""
        self.running.pop(alarm, None)
        event = self.engine.timeouts.ring(alarm)
        return self if event is None else self.feed(event)

    def alarm(self, key: object) -> Alarm:
        """Return the alarm with *key* whose timer runs."""
        (found,) = [alarm for alarm in self.running if alarm.key == key]
        return found

    @property
    def events(self) -> list[object]:
        """What the code has got, without states."""
        return [event for _, event in self.seen]

    def _run(self) -> None:
        while (event := self.engine.take()) is not None:
            self._handle(event)

    def _handle(self, event: Event) -> None:
        result = self._call(self.engine.state, event)
        self._follow(Step(self.engine, event), result)

    def _call(self, state: object, event: object) -> object:
        self.seen.append((state, event))
        return self.code(state, event)

    def _follow(self, step: Step, result: object) -> None:
        self._do(step.obey(result))
        while step.entering:
            result = self._call(step.target, Enter(self.engine.state))
            self._do(step.obey(result))
        self._do(step.finish())

    def _do(self, effects: Any) -> None:
        for effect in effects:
            self.done.append(effect)
            match effect:
                case StartTimer(alarm):
                    assert alarm not in self.running
                    self.running[alarm] = effect
                case StopTimer(alarm):
                    del self.running[alarm]
                case Reply() | NextEvent() | SetModule():
                    pass
                case _:
                    raise AssertionError(effect)


def table(rows: dict[object, object], default: object = None) -> Code:
    """Return code that looks up its result by state and event, or by event."""

    def code(state: object, event: object) -> object:
        return rows.get((state, event), rows.get(event, default))

    return code
