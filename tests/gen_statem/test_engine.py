"""Which event comes next, and what one event does to the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import pytest

from otp import BadReturnError, Ignore
from otp.gen import NO_KWARGS, From
from otp.gen_statem import (
    EVENT,
    STATE,
    Cast,
    ChangeModule,
    Enter,
    EnterCallError,
    EventTimeout,
    GenStatem,
    Hibernate,
    Info,
    Internal,
    Keep,
    NamedTimeout,
    NextEvent,
    NextState,
    PopModule,
    PopModuleError,
    Postpone,
    PushModule,
    Repeat,
    Reply,
    Result,
    SetTimeout,
    State,
    StateTimeout,
    UnknownStateError,
    state,
)
from otp.gen_statem._engine import Engine, SetModule, Step
from otp.gen_statem._states import Mode, mode_in
from tests.gen_statem.pure import Driver, Plain, table

if TYPE_CHECKING:
    from otp.gen_statem import Action

A, B, C, GO, BACK = Cast("a"), Cast("b"), Cast("c"), Cast("go"), Cast("back")
I1, I2 = Internal(1), Internal(2)

POSTPONE = Keep(Postpone())
MOVE = NextState("s2")


class Other(Plain):
    """Another class."""


class Entered(Plain):
    """A class that wants to see states being entered."""

    state_enter = True


class Door(GenStatem[State, Any]):
    """A class with a method for each state."""

    @state
    async def locked(self, event: Any) -> Result[State]:
        raise AssertionError(event)


def caller() -> From[Any]:
    return From("server", None, None, ("x",), NO_KWARGS, 0.0, None)


# ------------------------------------------------------------- which event comes next


def test_nothing_comes_from_a_machine_that_has_nothing() -> None:
    assert Engine(Plain, Mode(None, enter=False), "s1").take() is None


def test_inserted_events_come_in_the_order_of_their_actions() -> None:
    driver = Driver(table({A: Keep(NextEvent(I1), NextEvent(C), NextEvent(Info(3)))}))
    assert driver.feed(A, B).events == [A, I1, C, Info(3), B]


def test_what_an_inserted_event_inserts_comes_before_the_other_inserted_ones() -> None:
    code = table({A: Keep(NextEvent(I1), NextEvent(I2)), I1: Keep(NextEvent(C))})
    assert Driver(code).feed(A).events == [A, I1, C, I2]


def test_postponed_events_come_again_after_a_change_of_state() -> None:
    code = table({("s1", A): POSTPONE, ("s1", B): POSTPONE, GO: MOVE})
    driver = Driver(code).feed(A, B, C, GO)
    assert driver.seen[4:] == [("s2", A), ("s2", B)]
    assert driver.engine.postponed == []


def test_a_postponed_event_may_be_postponed_again() -> None:
    code = table({A: POSTPONE, GO: MOVE, BACK: NextState("s1")})
    driver = Driver(code).feed(A, GO, B, BACK)
    assert driver.seen == [
        ("s1", A),
        ("s1", GO),
        ("s2", A),
        ("s2", B),
        ("s2", BACK),
        ("s1", A),
    ]
    assert driver.engine.postponed == [A]


def test_one_that_is_postponed_again_stands_behind_those_that_were_not_tried() -> None:
    # A moves on at its second attempt, so that B is tried in the third state.
    code = table(
        {
            ("s1", A): POSTPONE,
            ("s1", B): POSTPONE,
            GO: MOVE,
            ("s2", A): NextState("s3", Postpone()),
        }
    )
    driver = Driver(code).feed(A, B, GO)
    assert driver.seen[3:] == [("s2", A), ("s3", A), ("s3", B)]


def test_inserted_events_come_before_postponed_ones_and_those_before_others() -> None:
    code = table(
        {
            ("s1", B): POSTPONE,
            A: Keep(NextEvent(GO), NextEvent(C)),
            GO: NextState("s2", NextEvent(I1)),
        }
    )
    assert Driver(code).feed(B, A).events == [B, A, GO, I1, B, C]


@pytest.mark.parametrize("result", [NextState("s1"), Keep(), Repeat(), None])
def test_without_a_change_of_state_postponed_events_stay(result: object) -> None:
    driver = Driver(table({A: POSTPONE, GO: result})).feed(A, GO)
    assert driver.events == [A, GO]
    assert driver.engine.postponed == [A]


def test_the_last_postpone_counts() -> None:
    code = table({A: Keep(Postpone(), Postpone(False)), B: Keep(Postpone(False))})
    assert Driver(code).feed(A, B).engine.postponed == []
    code = table({A: Keep(Postpone(False), Postpone())})
    assert Driver(code).feed(A).engine.postponed == [A]


def test_an_event_can_be_postponed_by_what_changes_the_state() -> None:
    driver = Driver(table({("s1", A): NextState("s2", Postpone())})).feed(A)
    assert driver.seen == [("s1", A), ("s2", A)]


def test_time_outs_of_nothing_come_last_and_in_the_order_of_their_actions() -> None:
    code = table(
        {
            A: Keep(
                SetTimeout("x", 0, 1),
                SetTimeout(STATE, 0, 2),
                NextEvent(I1),
                SetTimeout("y", 0, 3),
            )
        }
    )
    driver = Driver(code).feed(A, B)
    assert driver.events == [
        A,
        I1,
        NamedTimeout("x", 1),
        StateTimeout(2),
        NamedTimeout("y", 3),
        B,
    ]
    assert driver.done == [NextEvent(I1)]


# ----------------------------------------------------------- what a change of state is


@attrs.frozen
class Open:
    """A state that carries something."""

    by: str


@pytest.mark.parametrize(
    ("old", "new"),
    [("s1", "s2"), (1, True), (1, 1.0), ((1,), (True,)), (Open("a"), Open("b"))],
)
def test_another_state_is_a_change(old: object, new: object) -> None:
    driver = Driver(table({A: POSTPONE, GO: NextState(new)}), state=old).feed(A, GO)
    assert driver.events == [A, GO, A]
    assert driver.engine.state is new


@pytest.mark.parametrize("state", ["s1", 1, (1, "x"), Open("a"), frozenset({1})])
def test_an_equal_state_is_no_change(state: object) -> None:
    driver = Driver(table({A: POSTPONE, GO: NextState(state)}), state=state)
    assert driver.feed(A, GO).events == [A, GO]


def test_an_equal_state_is_the_state_from_then_on() -> None:
    one, other = Open("a"), Open("a")
    driver = Driver(table({GO: NextState(other)}), state=one).feed(GO)
    assert driver.engine.state is other


# --------------------------------------------------------------------- entering states


def test_the_first_state_is_entered_from_itself() -> None:
    assert Driver(table({}), enter=True).seen == [("s1", Enter("s1"))]


def test_a_state_is_entered_before_it_sees_anything() -> None:
    code = table({("s1", A): POSTPONE, GO: NextState("s2", NextEvent(I1))})
    driver = Driver(code, enter=True).feed(A, GO)
    assert driver.seen[2:] == [
        ("s1", GO),
        ("s2", Enter("s1")),
        ("s2", I1),
        ("s2", A),
    ]


@pytest.mark.parametrize("result", [NextState("s1"), Keep(), None])
def test_staying_enters_nothing(result: object) -> None:
    driver = Driver(table({GO: result}), enter=True).feed(GO)
    assert driver.events == [Enter("s1"), GO]


def test_repeating_enters_the_state_from_itself() -> None:
    driver = Driver(table({GO: Repeat()}), enter=True).feed(GO)
    assert driver.seen[1:] == [("s1", GO), ("s1", Enter("s1"))]


def test_a_machine_that_does_not_want_to_see_it_enters_unseen() -> None:
    driver = Driver(table({GO: MOVE, A: Repeat()})).feed(GO, A)
    assert driver.events == [GO, A]


def test_entering_may_be_repeated() -> None:
    results = iter([Repeat(), Repeat(), Keep()])
    driver = Driver(lambda *_: next(results, None), enter=True)
    assert driver.events == [Enter("s1")] * 3


def test_a_repeated_entering_is_still_from_the_old_state() -> None:
    results = iter([None, MOVE, Repeat(), None])
    driver = Driver(lambda *_: next(results), enter=True).feed(GO)
    assert driver.seen[2:] == [("s2", Enter("s1"))] * 2


def test_what_is_done_on_entering_is_done_after_what_led_there() -> None:
    first, second = Reply(caller(), 1), Reply(caller(), 2)
    code = table(
        {
            GO: NextState("s2", SetTimeout("x", 1, "old"), first, NextEvent(I1)),
            ("s2", Enter("s1")): Keep(SetTimeout("x", 2, "new"), second),
        }
    )
    driver = Driver(code, enter=True).feed(GO)
    started = driver.running[driver.alarm("x")]
    assert driver.done == [first, NextEvent(I1), second, started]
    assert started.seconds == 2
    assert started.alarm.content == "new"


def test_on_entering_the_same_state_may_be_named_and_what_was_postponed_forgotten() -> (
    None
):
    code = table(
        {
            A: NextState("s2", Postpone()),
            ("s2", Enter("s1")): NextState("s2", Postpone(False), Hibernate()),
        }
    )
    driver = Driver(code, enter=True).feed(A)
    assert driver.events == [Enter("s1"), A, Enter("s1")]
    assert driver.engine.state == "s2"


FORBIDDEN: list[Action] = [
    Postpone(),
    NextEvent(I1),
    ChangeModule(Other),
    PushModule(Other),
    PopModule(),
]


@pytest.mark.parametrize("action", FORBIDDEN, ids=lambda a: type(a).__name__)
def test_on_entering_some_things_cannot_be_done(action: Action) -> None:
    reply = Reply(caller(), 1)
    code = table({GO: MOVE, ("s2", Enter("s1")): Keep(reply, action)})
    driver = Driver(code, enter=True)
    with pytest.raises(EnterCallError, match=r"Plain.handle_event\(\) returned") as e:
        driver.feed(GO)

    assert e.value.value is action
    assert "cannot be done on Enter" in str(e.value)
    assert "a time-out of 0 seconds" in str(e.value)
    assert driver.done == [reply]
    assert driver.engine.state == "s2"
    assert driver.engine.modules == [(Plain, driver.engine.mode)]


def test_on_entering_the_state_cannot_be_changed() -> None:
    code = table({GO: MOVE, ("s2", Enter("s1")): NextState("s3")})
    driver = Driver(code, enter=True)
    with pytest.raises(EnterCallError) as e:
        driver.feed(GO)

    assert e.value.value == NextState("s3")
    assert driver.engine.state == "s2"


def test_after_entering_everything_can_be_done_again() -> None:
    code = table({GO: MOVE, ("s2", A): NextState("s1", NextEvent(I1))})
    assert Driver(code, enter=True).feed(GO, A).events == [
        Enter("s1"),
        GO,
        Enter("s1"),
        A,
        Enter("s2"),
        I1,
    ]


# ---------------------------------------------------------------------------- time-outs


def test_a_change_of_state_ends_its_time_out() -> None:
    code = table({GO: NextState("s2")})
    driver = Driver(code, SetTimeout(STATE, 5, "x"), SetTimeout("n", 5)).feed(GO)
    assert [alarm.key for alarm in driver.running] == ["n"]


@pytest.mark.parametrize("result", [NextState("s1"), Keep(), Repeat(), None])
def test_without_a_change_the_time_out_of_the_state_goes_on(result: object) -> None:
    driver = Driver(table({GO: result}), SetTimeout(STATE, 5, "x")).feed(GO)
    assert driver.ring(driver.alarm(STATE)).events == [GO, StateTimeout("x")]


@pytest.mark.parametrize("result", [NextState("s2"), NextState("s1"), Repeat(), None])
def test_any_event_ends_the_time_out_of_the_event(result: object) -> None:
    driver = Driver(table({GO: result}), SetTimeout(EVENT, 5, "x")).feed(GO)
    assert not driver.running


def test_an_inserted_event_ends_the_time_out_that_stands_beside_it() -> None:
    code = table({A: Keep(SetTimeout(EVENT, 5, "x"), NextEvent(I1))})
    assert not Driver(code).feed(A).running


def test_a_time_out_of_nothing_ends_that_of_the_event() -> None:
    code = table({A: Keep(SetTimeout("z", 0), SetTimeout(EVENT, 0), NextEvent(I1))})
    driver = Driver(code).feed(A)
    assert driver.events == [A, I1, NamedTimeout("z", None)]


def test_the_time_out_of_a_state_can_be_set_by_what_leads_to_it() -> None:
    code = table({GO: NextState("s2", SetTimeout(STATE, 1, "new"))})
    driver = Driver(code, SetTimeout(STATE, 5, "old")).feed(GO)
    assert driver.ring(driver.alarm(STATE)).events == [GO, StateTimeout("new")]


def test_the_time_out_of_the_event_can_be_set_anew_by_each() -> None:
    code = table({A: Keep(SetTimeout(EVENT, 1, "x"))})
    driver = Driver(code).feed(A, A)
    assert driver.ring(driver.alarm(EVENT)).events == [A, A, EventTimeout("x")]


def test_actions_of_the_start_are_done() -> None:
    reply = Reply(caller(), 1)
    actions = (reply, NextEvent(I1), SetTimeout(STATE, 0, "x"), Postpone())
    driver = Driver(table({}), *actions)
    assert driver.done == [reply, NextEvent(I1)]
    assert driver.events == [I1, StateTimeout("x")]
    assert driver.engine.postponed == []


# ------------------------------------------------------------------------ classes


def test_a_machine_can_go_on_as_another_class() -> None:
    code = table({A: Keep(ChangeModule(Other))})
    driver = Driver(code).feed(A)
    assert driver.done == [SetModule(Other)]
    assert driver.engine.modules == [(Other, mode_in(Other))]


def test_classes_can_be_stacked() -> None:
    code = table(
        {
            A: Keep(PushModule(Other), PushModule(Entered)),
            B: Keep(PopModule()),
            C: Keep(PushModule(Entered), ChangeModule(Plain), PopModule()),
        }
    )
    driver = Driver(code)
    first = driver.engine.modules[0]
    assert driver.feed(A).engine.modules == [
        first,
        (Other, mode_in(Other)),
        (Entered, mode_in(Entered)),
    ]
    assert driver.feed(B).engine.modules == [first, (Other, mode_in(Other))]
    assert driver.feed(B).engine.modules == [first]
    assert driver.feed(C).engine.modules == [first]
    assert [e.cls for e in driver.done if isinstance(e, SetModule)] == [
        Other,
        Entered,
        Other,
        Plain,
        Entered,
        Plain,
        Plain,
    ]


def test_the_last_class_cannot_be_popped() -> None:
    driver = Driver(table({A: NextState("s2", PopModule())}))
    with pytest.raises(PopModuleError, match="Plain cannot pop"):
        driver.feed(A)
    assert driver.engine.state == "s2"


def test_the_new_class_says_whether_it_sees_states_being_entered() -> None:
    code = table({A: NextState("s2", ChangeModule(Entered))})
    assert Driver(code).feed(A).events == [A, Enter("s1")]
    code = table({A: NextState("s2", ChangeModule(Other))})
    assert Driver(code, enter=True).feed(A).events == [Enter("s1"), A]


# ------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("result", [Ignore(), "keep", ("next_state", "s2"), A, False])
def test_what_is_no_result_is_refused(result: object) -> None:
    driver = Driver(table({A: result}))
    with pytest.raises(BadReturnError, match=r"Plain.handle_event\(\) returned") as e:
        driver.feed(A)
    assert type(e.value) is BadReturnError
    assert e.value.value is result
    assert e.value.callback == "handle_event"
    assert driver.engine.state == "s1"


def test_a_machine_with_methods_is_blamed_by_the_method() -> None:
    engine = Engine(Door, mode_in(Door), State("locked"))
    with pytest.raises(BadReturnError, match=r"Door.locked\(\) returned 1"):
        list(Step(engine, A).obey(1))


def test_a_step_that_is_given_up_ends_where_it_was_to_lead() -> None:
    engine = Engine(Plain, Mode(None, enter=True), "s1")
    step = Step(engine, A)
    list(step.obey(MOVE))
    assert step.entering
    assert engine.state == "s1"
    step.abandon()
    after: object = engine.state
    assert after == "s2"


def test_the_method_of_a_state_is_found() -> None:
    engine = Engine(Door, mode_in(Door), State("locked"))
    assert engine.function(State("locked")).__name__ == "locked"
    engine.check_state(Door.locked)


@pytest.mark.parametrize("unknown", [State("opne"), "locked", None, ("locked",)])
def test_a_state_without_a_method_is_refused(unknown: object) -> None:
    engine = Engine(Door, mode_in(Door), State("locked"))
    with pytest.raises(UnknownStateError) as e:
        engine.function(unknown)
    assert e.value.state is unknown
    assert str(e.value).startswith(f"Door has no state {unknown!r}: name one of its")
    with pytest.raises(UnknownStateError):
        engine.check_state(unknown)


def test_with_one_method_for_all_any_state_will_do() -> None:
    Driver(table({})).engine.check_state(object())
