"""Time-outs: one for each key, and none that was cancelled ever comes."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import pytest

from otp.gen_statem import (
    EVENT,
    STATE,
    CancelTimeout,
    Cast,
    EventTimeout,
    Internal,
    Keep,
    NamedTimeout,
    NextEvent,
    NextState,
    SetTimeout,
    StateTimeout,
    UpdateTimeout,
)
from otp.gen_statem._timeouts import StartTimer, StopTimer, Timeouts
from tests.gen_statem.pure import Driver, table

if TYPE_CHECKING:
    from collections.abc import Hashable

    from otp.gen_statem import Action
    from otp.gen_statem._actions import TimeoutAction
    from otp.gen_statem._timeouts import Alarm, TimerEffect

A, B = Cast("a"), Cast("b")


def apply(timeouts: Timeouts, *actions: TimeoutAction) -> list[TimerEffect]:
    return list(timeouts.apply(list(actions)))


def started(timeouts: Timeouts, *actions: TimeoutAction) -> list[Alarm]:
    """Do *actions*, which start timers and do nothing else."""
    alarms: list[Alarm] = []
    for effect in apply(timeouts, *actions):
        assert isinstance(effect, StartTimer)
        alarms.append(effect.alarm)
    return alarms


def test_a_time_out_that_is_set_has_a_timer() -> None:
    timeouts = Timeouts()
    (effect,) = apply(timeouts, SetTimeout("n", 2.5, "x"))
    (alarm,) = timeouts.alarms.values()
    assert effect == StartTimer(alarm, 2.5, absolute=False)
    assert (alarm.key, alarm.content) == ("n", "x")
    assert repr(alarm) == "<alarm 'n'>"
    assert timeouts.due == []


def test_a_time_of_the_clock_is_handed_on_as_one() -> None:
    (effect,) = apply(Timeouts(), SetTimeout("n", 0, absolute=True))
    assert isinstance(effect, StartTimer)
    assert (effect.seconds, effect.absolute) == (0, True)


@pytest.mark.parametrize(
    ("key", "event"),
    [
        (STATE, StateTimeout("x")),
        (EVENT, EventTimeout("x")),
        ("n", NamedTimeout("n", "x")),
        (("n", 1), NamedTimeout(("n", 1), "x")),
        (None, NamedTimeout(None, "x")),
    ],
)
def test_the_key_says_which_event_it_is(key: Hashable, event: object) -> None:
    timeouts = Timeouts()
    (alarm,) = started(timeouts, SetTimeout(key, 1, "x"))
    assert timeouts.ring(alarm) == event
    apply(timeouts, SetTimeout(key, 0, "x"))
    assert timeouts.take_due() == event


def test_an_alarm_rings_once() -> None:
    timeouts = Timeouts()
    (alarm,) = started(timeouts, SetTimeout("n", 1))
    assert alarm.timer is None
    alarm.timer = "whatever measures it"
    assert timeouts.ring(alarm) is not None
    assert alarm.timer is None
    assert timeouts.alarms == {}
    assert timeouts.ring(alarm) is None


def test_a_cancelled_alarm_does_not_ring() -> None:
    timeouts = Timeouts()
    (alarm,) = started(timeouts, SetTimeout("n", 1))
    assert apply(timeouts, CancelTimeout("n")) == [StopTimer(alarm)]
    assert timeouts.ring(alarm) is None


def test_cancelling_what_is_not_set_does_nothing() -> None:
    timeouts = Timeouts()
    apply(timeouts, SetTimeout("n", 1))
    assert apply(timeouts, CancelTimeout("m")) == []
    assert list(timeouts.alarms) == ["n"]


def test_no_end_is_a_cancellation() -> None:
    timeouts = Timeouts()
    (alarm,) = started(timeouts, SetTimeout("n", 1))
    assert apply(timeouts, SetTimeout("n", inf)) == [StopTimer(alarm)]
    assert timeouts.alarms == {}
    assert apply(timeouts, SetTimeout("n", inf, absolute=True)) == []


def test_what_stands_before_a_time_without_end_is_done() -> None:
    timeouts = Timeouts()
    apply(timeouts, SetTimeout("a", 1), SetTimeout("b", inf), SetTimeout("c", 0))
    assert set(timeouts.alarms) == {"a", "c"}
    assert [alarm.key for alarm in timeouts.due] == ["c"]


def test_setting_a_time_out_again_replaces_it() -> None:
    timeouts = Timeouts()
    (old,) = started(timeouts, SetTimeout("n", 1, "old"))
    stop, start = apply(timeouts, SetTimeout("n", 2, "new"))
    assert stop == StopTimer(old)
    assert isinstance(start, StartTimer)
    assert timeouts.ring(old) is None
    assert timeouts.ring(start.alarm) == NamedTimeout("n", "new")


def test_of_several_with_one_key_only_the_last_counts() -> None:
    timeouts = Timeouts()
    (alarm,) = started(
        timeouts, SetTimeout("n", 0, 1), CancelTimeout("n"), SetTimeout("n", 3, 2)
    )
    assert alarm.content == 2
    assert apply(timeouts, SetTimeout("n", 1), CancelTimeout("n")) == [StopTimer(alarm)]
    assert timeouts.alarms == {}


def test_timers_are_started_from_the_last_to_the_first() -> None:
    keys = [a.key for a in started(Timeouts(), *(SetTimeout(n, 1) for n in range(3)))]
    assert keys == [2, 1, 0]


def test_an_update_changes_the_content_and_nothing_else() -> None:
    timeouts = Timeouts()
    (alarm,) = started(timeouts, SetTimeout("n", 1, "old"))
    assert apply(timeouts, UpdateTimeout("n", "new")) == []
    assert timeouts.ring(alarm) == NamedTimeout("n", "new")


def test_an_update_of_what_is_not_set_is_due_at_once() -> None:
    timeouts = Timeouts()
    assert apply(timeouts, UpdateTimeout("n", "new")) == []
    assert timeouts.take_due() == NamedTimeout("n", "new")
    assert timeouts.take_due() is None
    assert timeouts.alarms == {}


def test_what_is_due_comes_in_the_order_in_which_it_was_set() -> None:
    timeouts = Timeouts()
    apply(timeouts, SetTimeout("a", 0), UpdateTimeout("b"))
    apply(timeouts, SetTimeout("c", 0), SetTimeout("d", 0))
    assert [alarm.key for alarm in timeouts.due] == ["a", "b", "c", "d"]


def test_what_is_due_and_set_again_goes_to_the_end() -> None:
    timeouts = Timeouts()
    apply(timeouts, SetTimeout("a", 0, 1), SetTimeout("b", 0))
    assert apply(timeouts, SetTimeout("a", 0, 2)) == []
    assert [alarm.key for alarm in timeouts.due] == ["b", "a"]
    timeouts.take_due()
    assert timeouts.take_due() == NamedTimeout("a", 2)


def test_what_is_due_and_updated_stays_where_it_is() -> None:
    timeouts = Timeouts()
    apply(timeouts, SetTimeout("a", 0, 1), SetTimeout("b", 0))
    apply(timeouts, UpdateTimeout("a", 2))
    assert timeouts.take_due() == NamedTimeout("a", 2)


def test_what_is_due_can_be_cancelled() -> None:
    timeouts = Timeouts()
    apply(timeouts, SetTimeout("a", 0), SetTimeout("b", 0))
    assert apply(timeouts, CancelTimeout("a")) == []
    assert timeouts.take_due() == NamedTimeout("b", None)
    assert timeouts.take_due() is None


def test_what_runs_may_become_due() -> None:
    timeouts = Timeouts()
    (alarm,) = started(timeouts, SetTimeout("a", 1))
    assert apply(timeouts, SetTimeout("a", 0)) == [StopTimer(alarm)]
    assert timeouts.ring(alarm) is None
    assert timeouts.take_due() == NamedTimeout("a", None)


def test_a_pending_time_out_of_nothing_can_be_given_time() -> None:
    """Erlang's machine loses it then, and gets a stray message later."""
    code = table(
        {
            A: Keep(SetTimeout("n", 0, "zero"), NextEvent(Internal(1))),
            Internal(1): Keep(SetTimeout("n", 40, "forty")),
        }
    )
    driver = Driver(code).feed(A, B)
    assert driver.events == [A, Internal(1), B]
    driver.ring(driver.alarm("n"))
    assert driver.events[3:] == [NamedTimeout("n", "forty")]
    assert driver.engine.timeouts.due == []


def test_an_alarm_that_has_been_replaced_meanwhile_is_no_event() -> None:
    driver = Driver(table({A: Keep(SetTimeout("n", 1))})).feed(A)
    old = driver.alarm("n")
    driver.feed(A).ring(old)
    assert driver.events == [A, A]
    assert driver.engine.timeouts.alarms.keys() == {"n"}


CHANGES: list[tuple[Action, list[object]]] = [
    (UpdateTimeout(EVENT, "x"), [EventTimeout("x")]),
    (UpdateTimeout(STATE, "x"), [StateTimeout("x")]),
]


@pytest.mark.parametrize(("action", "events"), CHANGES)
def test_an_update_comes_after_what_the_event_has_ended(
    action: Action, events: list[object]
) -> None:
    code = table({A: NextState("s2", action)})
    first = SetTimeout(STATE, 9), SetTimeout(EVENT, 9)
    assert Driver(code, *first).feed(A).events == [A, *events]
