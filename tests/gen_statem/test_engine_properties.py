"""Rules that hold for machines that do whatever they like."""

from __future__ import annotations

from collections import Counter
from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
from hypothesis import given, strategies as st

from otp.gen_statem import (
    EVENT,
    STATE,
    CancelTimeout,
    Cast,
    Enter,
    EventTimeout,
    Internal,
    Keep,
    NamedTimeout,
    NextEvent,
    NextState,
    Postpone,
    Repeat,
    SetTimeout,
    StateTimeout,
    UpdateTimeout,
)
from tests.gen_statem.pure import Driver

if TYPE_CHECKING:
    from collections.abc import Hashable

    from otp.gen_statem import Action

# What the code of a machine does at its first, second, ... event, and what comes from
# outside: messages, and the alarm with a key if there is one.
Script: TypeAlias = "list[Any]"
Outside: TypeAlias = "list[Hashable]"

KEYS: st.SearchStrategy[Hashable] = st.sampled_from([STATE, EVENT, "a", "b"])
STATES = st.sampled_from(["s1", "s2", "s3"])


def results(*, entering: bool = False) -> st.SearchStrategy[Any]:
    seconds = st.sampled_from([0, 0, 1, 2, inf])
    actions: list[st.SearchStrategy[Action]] = [
        st.builds(SetTimeout, KEYS, seconds, st.integers()),
        st.builds(UpdateTimeout, KEYS, st.integers()),
        st.builds(CancelTimeout, KEYS),
    ]
    if not entering:
        inserted = st.builds(lambda n: NextEvent(Internal(n)), st.integers())
        actions += [st.builds(Postpone, st.booleans()), inserted]
    some = st.lists(st.one_of(actions), max_size=3)
    keep = some.map(lambda a: Keep(*a))
    if entering:
        return st.one_of(st.none(), keep)
    move = st.builds(lambda s, a: NextState(s, *a), STATES, some)
    return st.one_of(st.none(), keep, move, move, some.map(lambda a: Repeat(*a)))


SCRIPTS = st.lists(results(), max_size=12)
ENTERINGS = st.lists(results(entering=True), max_size=6)
OUTSIDE = st.lists(st.one_of(st.just("message"), KEYS), max_size=10)


@attrs.define
class Told:
    """What a machine was told and what it has made of it."""

    driver: Driver
    sent: list[object] = attrs.Factory(list)
    inserted: list[object] = attrs.Factory(list)
    postponed: list[object] = attrs.Factory(list)


def play(script: Script, enterings: Script, outside: Outside, *, enter: bool) -> Told:
    """Let a machine follow its script, and check after each message what must hold."""
    # An endless machine ends with its script: then it keeps as it is.
    scripted, entered = iter(script), iter(enterings)
    told: Told

    def code(_state: object, event: object) -> object:
        if isinstance(event, Enter):
            return next(entered, None)
        result = next(scripted, None)
        actions = [] if result is None else result.actions
        told.inserted += [a.event for a in actions if isinstance(a, NextEvent)]
        if [a for a in actions if isinstance(a, Postpone)][-1:] == [Postpone()]:
            told.postponed.append(event)
        return result

    told = Told(Driver(code, enter=enter, start=False))
    for n, what in enumerate(outside):
        if what == "message":
            told.sent.append(Cast(n))
            told.driver.feed(Cast(n))
        else:
            for alarm in [a for a in told.driver.running if a.key == what]:
                told.driver.ring(alarm)
        check(told.driver)
    return told


def check(driver: Driver) -> None:
    """Check what must hold whenever a machine waits for a message."""
    engine = driver.engine
    assert engine.queue == []
    assert engine.timeouts.due == []
    assert set(engine.timeouts.alarms.values()) == set(driver.running)
    assert all(key is alarm.key for key, alarm in engine.timeouts.alarms.items())
    assert all(start.seconds > 0 for start in driver.running.values())


GIVEN = given(SCRIPTS, ENTERINGS, OUTSIDE, st.booleans())


@GIVEN
def test_no_event_is_lost_and_none_comes_twice(
    script: Script, enterings: Script, outside: Outside, enter: bool
) -> None:
    told = play(script, enterings, outside, enter=enter)
    driver = told.driver
    timeouts = (StateTimeout, EventTimeout, NamedTimeout)
    came = Counter(map(repr, driver.events))
    # Each time that an event was postponed it came once more, or waits.
    expected = Counter(map(repr, told.sent + told.inserted + told.postponed))
    expected -= Counter(map(repr, driver.engine.postponed))
    for event in driver.events:
        if isinstance(event, (Enter, *timeouts)):
            expected[repr(event)] = came[repr(event)]
    assert came == expected


@GIVEN
def test_what_is_postponed_waits_for_a_change_of_state(
    script: Script, enterings: Script, outside: Outside, enter: bool
) -> None:
    driver = play(script, enterings, outside, enter=enter).driver
    waiting = driver.engine.postponed
    # Whatever waits has come in this state, after the last change, in this order.
    last = [e for s, e in driver.seen if s == driver.engine.state]
    assert all(any(event is other for other in last) for event in waiting)


@GIVEN
def test_every_state_but_the_first_is_entered_by_those_that_want_to_see_it(
    script: Script, enterings: Script, outside: Outside, enter: bool
) -> None:
    driver = play(script, enterings, outside, enter=enter).driver
    previous: object = "s1"
    for state, event in driver.seen:
        if state != previous and enter:
            assert event == Enter(previous)
        if not enter:
            assert not isinstance(event, Enter)
        previous = state


@GIVEN
def test_the_same_events_have_the_same_consequences(
    script: Script, enterings: Script, outside: Outside, enter: bool
) -> None:
    one = play(script, enterings, outside, enter=enter).driver
    other = play(script, enterings, outside, enter=enter).driver
    assert one.seen == other.seen
    assert one.engine.state == other.engine.state
