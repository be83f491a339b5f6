"""The time-outs of one machine, without the timers that measure them.

There is at most one for each key. Setting one that is there replaces it, so what is
left of the old one can be told from the new one by its identity: it never becomes an
event, even if its time was over before.

A time-out of 0 seconds has no timer. It becomes an event when the machine has
nothing else to do, before it takes a message; several do so in the order in which
they were set.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, assert_never, final

import attrs

from ._actions import EVENT, STATE, CancelTimeout, SetTimeout, UpdateTimeout
from ._events import EventTimeout, NamedTimeout, StateTimeout

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from ._actions import TimeoutAction

    TimeoutEvent = StateTimeout[object] | EventTimeout[object] | NamedTimeout[object]


@final
class Alarm:
    """One time-out that has been set; *timer* belongs to whoever measures it."""

    __slots__ = ("content", "key", "timer")

    def __init__(self, key: Hashable, content: object) -> None:
        self.key = key
        self.content = content
        self.timer: object = None

    def __repr__(self) -> str:
        return f"<alarm {self.key!r}>"

    def event(self) -> TimeoutEvent:
        """Return what the machine handles when the time is over."""
        if self.key is STATE:
            return StateTimeout(self.content)
        if self.key is EVENT:
            return EventTimeout(self.content)
        return NamedTimeout(self.key, self.content)


@final
@attrs.frozen
class StartTimer:
    """To be done: have *alarm* ring in *seconds*, or when the clock says so."""

    alarm: Alarm
    seconds: float
    absolute: bool


@final
@attrs.frozen
class StopTimer:
    """To be done: stop the timer of *alarm*, whose time may be over."""

    alarm: Alarm


TimerEffect = StartTimer | StopTimer


@final
class Timeouts:
    """What is set, by key, and what of it is due at once.

    Invariant: all alarms in *due* are set.
    """

    __slots__ = ("alarms", "due")

    def __init__(self) -> None:
        self.alarms: dict[Hashable, Alarm] = {}
        self.due: list[Alarm] = []

    def apply(self, actions: list[TimeoutAction]) -> Iterator[TimerEffect]:
        """Do *actions*; of those with one key only the last one."""
        last: dict[Hashable, TimeoutAction] = {}
        # The last one first: so it is in Erlang, and shows where two end together.
        for action in reversed(actions):
            last.setdefault(action.key, action)
        due: list[Alarm] = []
        for key, action in last.items():
            match action:
                case CancelTimeout():
                    yield from self.cancel(key)
                case UpdateTimeout(_, content):
                    alarm = self.alarms.get(key)
                    if alarm is None:
                        due.append(self._set(key, content))
                    else:
                        alarm.content = content
                case SetTimeout(_, seconds, content):
                    yield from self.cancel(key)
                    if seconds == inf:
                        continue
                    alarm = self._set(key, content)
                    if seconds == 0 and not action.absolute:
                        due.append(alarm)
                    else:
                        yield StartTimer(alarm, seconds, action.absolute)
                case _:
                    assert_never(action)
        self.due += reversed(due)

    def cancel(self, key: Hashable) -> Iterator[TimerEffect]:
        """Forget the time-out with *key*, if there is one."""
        alarm = self.alarms.pop(key, None)
        if alarm is None:
            return
        if alarm in self.due:
            self.due.remove(alarm)
        else:
            yield StopTimer(alarm)

    def _set(self, key: Hashable, content: object) -> Alarm:
        alarm = self.alarms[key] = Alarm(key, content)
        return alarm

    def take_due(self) -> TimeoutEvent | None:
        """Return the event of the first time-out of 0 seconds, if there is one."""
        if not self.due:
            return None
        alarm = self.due.pop(0)
        del self.alarms[alarm.key]
        return alarm.event()

    def ring(self, alarm: Alarm) -> TimeoutEvent | None:
        """Return the event of *alarm*, whose time is over, unless it is not set now."""
        alarm.timer = None  # over, and it leads back to the alarm
        if self.alarms.get(alarm.key) is not alarm:
            return None
        del self.alarms[alarm.key]
        return alarm.event()
