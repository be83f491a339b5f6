"""Actions and results are checked where they are made."""

from __future__ import annotations

from functools import partial
from math import inf, nan
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from otp import InvalidSpecError, Normal, Shutdown
from otp.gen import NO_KWARGS, From, Request as SentRequest
from otp.gen_statem import (
    EVENT,
    STATE,
    Call,
    CancelTimeout,
    Cast,
    ChangeModule,
    Enter,
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
    Postpone,
    PushModule,
    Repeat,
    Reply,
    Request,
    SetTimeout,
    StateTimeout,
    Stop,
    UpdateTimeout,
)
from tests.gen_statem.pure import Plain

if TYPE_CHECKING:
    from collections.abc import Callable

FROM: From[Any] = From("server", None, None, ("x",), NO_KWARGS, 0.0, None)


class Unhashable:
    __hash__ = None  # type: ignore[assignment]


def refusal(make: Callable[[], object]) -> InvalidSpecError:
    with pytest.raises(InvalidSpecError) as refused:
        make()
    return refused.value


# --------------------------------------------------------------------------- actions


def test_a_reply_goes_to_who_has_called() -> None:
    assert Reply(FROM, 1) == Reply(FROM, 1)
    sent: Any = SentRequest("server", None, None, ("x",), NO_KWARGS)
    assert Reply(sent, 1).from_ is sent
    error = refusal(lambda: Reply("me", 1))  # type: ignore[arg-type]
    assert (error.kind, error.value) == ("invalid_action", "me")
    assert str(error) == "a reply goes to the from_ of a Call, not to 'me'"


def test_a_request_makes_replies_of_its_type() -> None:
    @attrs.frozen
    class Count(Request[int]):
        by: int

    assert Count(1).reply(FROM, 2) == Reply(FROM, 2)
    assert Count(1) == Count(1)
    assert not hasattr(Count(1), "__dict__")


@pytest.mark.parametrize("cls", [Postpone, Hibernate])
def test_flags_are_flags(cls: type[Postpone | Hibernate]) -> None:
    assert cls() == cls(True)
    assert cls(False) != cls()
    error = refusal(lambda: cls(1))  # type: ignore[arg-type]
    assert (error.kind, error.value) == ("invalid_action", 1)
    assert str(error) == "'on' of an action is True or False, not 1"


@pytest.mark.parametrize(
    "event",
    [
        Call(FROM, 1),
        Cast(1),
        Info(1),
        Internal(1),
        StateTimeout(1),
        EventTimeout(1),
        NamedTimeout("n", 1),
    ],
)
def test_every_event_but_enter_can_be_inserted(event: Any) -> None:
    assert NextEvent(event).event is event


@pytest.mark.parametrize("event", [Enter("s1"), "x", None, Internal])
def test_what_is_no_event_cannot_be_inserted(event: Any) -> None:
    error = refusal(lambda: NextEvent(event))
    assert (error.kind, error.value) == ("invalid_action", event)
    assert str(error).endswith(f"NamedTimeout, not {event!r}: try Internal(...)")


@pytest.mark.parametrize("seconds", [0, 0.5, 3, inf])
def test_a_time_out_is_a_number_of_seconds(seconds: float) -> None:
    timeout = SetTimeout("n", seconds)
    assert (timeout.key, timeout.seconds, timeout.content) == ("n", seconds, None)
    assert timeout.absolute is False


@pytest.mark.parametrize("seconds", [-1, -inf, nan, True, "1", None])
def test_anything_else_is_no_time_out(seconds: Any) -> None:
    error = refusal(lambda: SetTimeout(STATE, seconds))
    assert error.kind == "invalid_timeout"
    assert error.value is seconds
    text = f"a time-out is 0 seconds or more, or math.inf, not {seconds!r}"
    assert str(error) == text


@pytest.mark.parametrize("time", [-5.5, 0, 7, inf])
def test_a_clock_may_show_any_number(time: float) -> None:
    assert SetTimeout("n", time, "x", absolute=True).seconds == time


@pytest.mark.parametrize("time", [-inf, nan, True, False, "1", None])
def test_a_clock_shows_a_number(time: Any) -> None:
    error = refusal(lambda: SetTimeout("n", time, absolute=True))
    assert error.kind == "invalid_timeout"
    text = f"a time-out is a time of trio's clock, or math.inf, not {time!r}"
    assert str(error) == text


def test_whether_it_is_a_time_of_the_clock_is_a_flag() -> None:
    error = refusal(lambda: SetTimeout("n", 1, absolute="no"))  # type: ignore[arg-type]
    assert str(error) == "'absolute' of an action is True or False, not 'no'"


@pytest.mark.parametrize("key", [[], ([],), Unhashable()])
@pytest.mark.parametrize(
    "make", [lambda k: SetTimeout(k, 1), UpdateTimeout, CancelTimeout]
)
def test_the_key_of_a_time_out_is_hashable(make: Any, key: Any) -> None:
    error = refusal(lambda: make(key))
    assert error.kind == "invalid_timeout"
    assert error.value is key
    assert str(error).endswith(f"STATE, EVENT or a hashable name, not {key!r}")


def test_the_two_keys_show_their_names() -> None:
    assert [repr(STATE), repr(EVENT)] == ["STATE", "EVENT"]
    assert STATE != EVENT


class Nothing(GenStatem[Any, Any]):
    """A base for others."""


@pytest.mark.parametrize("action", [ChangeModule, PushModule])
def test_a_machine_goes_on_as_a_machine(action: Any) -> None:
    assert action(Plain).cls is Plain
    for wrong in (int, Plain(), Nothing, GenStatem, Plain.__mode__, "Plain", None):
        error = refusal(partial(action, wrong))
        assert (error.kind, error.value) == ("invalid_module", wrong)
        assert str(error).endswith(f"or a handle_event(), not as {wrong!r}")


# --------------------------------------------------------------------------- results


ACTIONS = (
    Reply(FROM, 1),
    Postpone(),
    NextEvent(Internal(1)),
    Hibernate(),
    SetTimeout(STATE, 1),
    UpdateTimeout("n", 1),
    CancelTimeout("n"),
    ChangeModule(Plain),
    PushModule(Plain),
    PopModule(),
)


def test_results_carry_all_kinds_of_actions() -> None:
    assert NextState("s1", *ACTIONS).actions == ACTIONS
    assert Keep(*ACTIONS).actions == ACTIONS
    assert Repeat(*ACTIONS).actions == ACTIONS


def test_results_are_values() -> None:
    assert NextState("s1", Postpone()) == NextState("s1", Postpone())
    assert NextState("s1") != NextState("s2")
    assert {Keep(), Repeat(), Keep()} == {Keep(), Repeat()}
    assert repr(Keep(Postpone())) == "Keep(actions=(Postpone(on=True),))"
    match NextState("s1", Postpone()):
        case NextState(state, actions):
            assert (state, actions) == ("s1", (Postpone(),))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        NextState("s1").state = "s2"


MAKERS: list[Any] = [lambda *a: NextState("s1", *a), Keep, Repeat]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("wrong", [1, "postpone", Postpone, None, Cast(1), Keep()])
def test_what_is_no_action_is_refused(make: Any, wrong: object) -> None:
    error = refusal(lambda: make(Postpone(), wrong))
    assert (error.kind, error.value) == ("invalid_action", wrong)
    assert str(error).endswith(f"or another of their kind, not {wrong!r}")


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("many", [[Postpone()], ()])
def test_a_list_of_actions_is_refused_with_advice(make: Any, many: object) -> None:
    error = refusal(lambda: make(many))
    assert str(error).endswith(f"not {many!r}: give them one by one")


def test_a_state_cannot_be_left_out() -> None:
    error = refusal(lambda: NextState(Postpone()))
    assert (error.kind, error.value) == ("invalid_state", Postpone())
    assert str(error).endswith(
        "is an action: write NextState(state, ...), or Keep(...)"
    )


def test_a_stop_has_a_reason_and_may_answer() -> None:
    assert Stop() == Stop(Normal())
    stop = Stop(Shutdown(), Reply(FROM, 1), Reply(FROM, 2))
    assert stop.reason == Shutdown()
    assert stop.replies == (Reply(FROM, 1), Reply(FROM, 2))


@pytest.mark.parametrize("wrong", [Postpone(), FROM, [Reply(FROM, 1)], None])
def test_whoever_stops_can_only_answer(wrong: Any) -> None:
    error = refusal(lambda: Stop(Normal(), Reply(FROM, 1), wrong))
    assert (error.kind, error.value) == ("invalid_action", wrong)
    assert str(error).endswith(f"still reply and nothing else, not {wrong!r}")


def test_the_reason_of_a_stop_is_an_exit_reason() -> None:
    with pytest.raises(TypeError, match="'boom' is not an exit reason"):
        Stop("boom")  # type: ignore[arg-type]
