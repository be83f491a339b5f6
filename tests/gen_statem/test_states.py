"""States that are methods, what makes two states one, and the mode of a class."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from otp import InvalidSpecError
from otp.gen_statem import (
    Cast,
    ChangeModule,
    GenStatem,
    Keep,
    NextState,
    Result,
    State,
    state,
)
from otp.gen_statem._states import Mode, StateMethod, mode_in, plain, same_state


class Door(GenStatem[State, Any]):
    """Has two states."""

    async def init(self) -> NextState[State]:
        return NextState(self.locked)

    @state
    async def locked(self, event: Any) -> Result[State]:
        """Wait for the code."""
        return NextState(self.open) if event == Cast("go") else None

    @state
    async def open(self, event: Any) -> Result[State]:
        del event
        return Keep()


# ------------------------------------------------------------------ states as values


def test_a_state_is_the_same_on_the_class_and_on_an_instance() -> None:
    door = Door()
    assert Door.locked == door.locked == State("locked")
    assert hash(Door.locked) == hash(door.locked) == hash(State("locked"))
    assert hash(Door.locked) != hash(Door.open)
    assert Door.locked != Door.open
    assert door.locked != door.open
    assert Door.locked != "locked"


def test_a_state_shows_its_name() -> None:
    door = Door()
    assert [repr(Door.locked), repr(door.locked), str(door.open)] == [
        "locked",
        "locked",
        "open",
    ]


def test_a_state_cannot_be_changed() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Door.locked.name = "open"  # type: ignore[misc]


async def test_on_an_instance_a_state_can_be_called() -> None:
    door = Door()
    assert await door.locked(Cast("go")) == NextState(Door.open)
    assert await door.locked(Cast("x")) is None
    assert await door.open(Cast("x")) == Keep()


def test_in_a_result_a_state_has_lost_its_instance() -> None:
    assert type(NextState(Door().locked).state) is State
    assert type(plain(Door().locked)) is State
    assert plain("x") == "x"


def test_the_mark_keeps_the_docstring() -> None:
    method = vars(Door)["locked"]
    assert isinstance(method, StateMethod)
    assert method.__doc__ == "Wait for the code."
    assert repr(method) == "<state Door.locked>"
    again = state(method.fn)
    assert again.state == Door.locked
    assert (again.__doc__, again.__wrapped__) == (method.__doc__, method.fn)


def test_a_state_is_an_async_method() -> None:
    def locked(_self: object, _event: object) -> None: ...

    with pytest.raises(TypeError, match=r"write 'async def .*locked'"):
        state(locked)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"a state is an async method: .*async def 3"):
        state(3)  # type: ignore[arg-type]


# ------------------------------------------------------------------- when they are one


class Odd:
    """Equal to everything, and that is told by something that is not a bool."""

    def __eq__(self, other: object) -> Any:
        return [other]

    def __hash__(self) -> int:
        return 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a", "a", True),
        ("a", "b", False),
        (1, 1, True),
        (1, 1.0, False),
        (1, True, False),
        (0, False, False),
        (None, None, True),
        ((1, "a"), (1, "a"), True),
        ((1,), (1.0,), False),
        ((1, (2,)), (1, (True,)), False),
        ((1,), (1, 2), False),
        ((1, 2), (1,), False),
        ((), (), True),
        ([1], [1], True),
        (State("a"), State("a"), True),
        (State("a"), State("b"), False),
        (State("a"), "a", False),
        (float("nan"), float("nan"), False),
        (Odd(), Odd(), True),
    ],
)
def test_two_states_are_one_if_erlang_says_so(
    one: object, other: object, same: bool
) -> None:
    assert same_state(one, other) is same
    assert same_state(other, one) is same


def test_a_state_is_the_same_as_itself_whatever_it_says() -> None:
    nan = float("nan")
    assert same_state(nan, nan)
    assert same_state((nan,), (nan,))


# ---------------------------------------------------------------------------- modes


class Base(GenStatem[Any, Any]):
    """A base for others."""


class Single(Base):
    """Has one method for all states."""

    state_enter = True

    async def handle_event(self, state: Any, event: Any) -> None:
        del state, event


class Gate(Door):
    """Overrides a state and has one more."""

    @state
    async def locked(self, event: Any) -> Result[State]:
        del event
        return NextState(self.ajar)

    @state
    async def ajar(self, event: Any) -> Result[State]:
        return await self.open(event)


def functions(cls: type[GenStatem[Any, Any]]) -> dict[str, str]:
    return {n: f.__qualname__ for n, f in (mode_in(cls).functions or {}).items()}


def test_a_class_with_marked_methods_has_these_states() -> None:
    assert functions(Door) == {"locked": "Door.locked", "open": "Door.open"}
    assert not mode_in(Door).enter
    assert mode_in(Door).callback(Door.open) == "open"


class Bell(Door):
    """Sees states being entered."""

    state_enter = True


def test_a_class_says_whether_it_sees_states_being_entered() -> None:
    assert mode_in(Bell).enter is True
    assert mode_in(Door).enter is False


def test_states_are_inherited_and_overridden() -> None:
    assert functions(Gate) == {
        "ajar": "Gate.ajar",
        "locked": "Gate.locked",
        "open": "Door.open",
    }


async def test_an_overriding_state_can_use_the_overridden_one() -> None:
    class Loud(Door):
        @state
        async def locked(self, event: Any) -> Result[State]:
            return await super().locked(event)

    assert await Loud().locked(Cast("go")) == NextState(Door.open)


def test_a_class_with_handle_event_has_one_method_for_all() -> None:
    assert mode_in(Single).functions is None
    assert mode_in(Single).enter
    assert mode_in(Single).callback("any") == "handle_event"


def test_a_class_without_either_has_no_mode() -> None:
    assert Base.__mode__ is None
    assert GenStatem.__mode__ is None
    with pytest.raises(TypeError, match=r"Base has neither a handle_event\(\) nor"):
        mode_in(Base)
    with pytest.raises(TypeError, match="int has neither"):
        mode_in(int)


async def handle_event(_self: object, _state: object, _event: object) -> None: ...


def test_a_class_cannot_have_both() -> None:
    text = r"Both has handle_event\(\) and the states locked, open: a class has one or"
    with pytest.raises(TypeError, match=text):
        type("Both", (Door,), {"handle_event": handle_event})


def test_an_unmarked_method_in_the_place_of_a_state_is_refused() -> None:
    text = r"Bad.locked stands in the place of a state: mark it with @gen_statem.state"
    with pytest.raises(TypeError, match=text):
        type("Bad", (Door,), {"locked": handle_event})


def test_a_mixin_may_bring_the_states() -> None:
    class Mixin:
        @state
        async def idle(self, event: Any) -> Result[State]:
            del event
            return None

    class Mixed(Mixin, GenStatem[State, Any]):
        pass

    assert functions(Mixed)["idle"].endswith("Mixin.idle")


def test_a_machine_can_be_changed_to_a_class_with_either_mode() -> None:
    assert isinstance(mode_in(ChangeModule(Single).cls), Mode)
    assert isinstance(mode_in(ChangeModule(Door).cls), Mode)
    with pytest.raises(InvalidSpecError):
        ChangeModule(Base)


def test_events_are_values() -> None:
    assert Cast(1) == Cast(1)
    assert Cast(1) != Cast(2)
    assert repr(Cast(1)) == "Cast(message=1)"
