"""The types of state machines: events, states, results. Read, never run."""

from __future__ import annotations

from typing import Any, Literal, assert_never, assert_type

import attrs

from otp import GenStatem, Name, Pid, Via, child_spec, gen_statem
from otp.gen import Request as SentRequest
from otp.gen_statem import (
    STATE,
    BoundState,
    Call,
    Cast,
    Enter,
    From,
    Ignore,
    Info,
    InitResult,
    Internal,
    Keep,
    NextEvent,
    NextState,
    Postpone,
    Reply,
    Request,
    Result,
    SetTimeout,
    State,
    StateTimeout,
    Stop,
    state,
)
from otp.proc_lib import ChildSpec


@attrs.frozen
class Button:
    """A digit of the code."""

    digit: str


@attrs.frozen
class Lever:
    """Up or down."""

    up: bool


@attrs.frozen
class Count(Request[int]):
    """How often the door was opened."""

    since: float = 0.0


@attrs.frozen
class Owner:
    """Whose door it is, of no type in particular."""


@attrs.frozen
class Locked:
    """With what was typed so far."""

    typed: str = ""


@attrs.frozen
class Open:
    """For whom."""

    by: str


Where = Locked | Open
Event = (
    Cast[Button | Lever]
    | Call[Count | Owner]
    | StateTimeout[None]
    | Enter[Where]
    | Info[object]
)


class Door(GenStatem[Where, Event]):
    """Has states with fields, and one method for all of them."""

    def __init__(self, code: str) -> None:
        self.code = code

    async def init(self) -> InitResult[Where]:
        return NextState(Locked()) if self.code else Ignore()

    async def handle_event(self, state: Where, event: Event) -> Result[Where]:
        match state:
            case Locked(typed):
                return self.locked(typed, event)
            case Open():
                return Keep(Postpone()) if isinstance(event, Cast) else None
            case _:
                assert_never(state)

    def locked(self, typed: str, event: Event) -> Result[Where]:
        match event:
            case Cast(message):
                match message:
                    case Button(digit):
                        assert_type(digit, str)
                        return NextState(Locked(typed + digit))
                    case Lever():
                        return NextState(Open("lever"), SetTimeout(STATE, 1))
                    case _:
                        assert_never(message)
            case Call(from_, request):
                return self.answer(from_, request)
            case StateTimeout():
                return Keep()
            case Enter(old_state):
                assert_type(old_state, Where)
                return None
            case Info(message):
                assert_type(message, object)
                return Stop()
            case _:
                assert_never(event)

    def answer(self, from_: From[Any], request: Count | Owner) -> Keep:
        match request:
            case Count() as count:
                assert_type(count.reply(from_, 1), Reply[int])
                count.reply(from_, "1")  # type: ignore[arg-type]
                return Keep(count.reply(from_, 1))
            case Owner():
                return Keep(Reply(from_, self.code))
            case _:
                assert_never(request)

    async def terminate(self, reason: object, state: Where) -> None:
        assert_type(state, Where)
        del reason


class Forgetful(GenStatem[Where, Event]):
    """Forgets a message, an event and a state."""

    async def handle_event(self, state: Where, event: Event) -> Result[Where]:
        match event:
            case Cast(message):
                match message:
                    case Button():
                        pass
                    case _:
                        assert_never(message)  # type: ignore[arg-type]
            case Call() | StateTimeout() | Enter():
                pass
            case _:
                assert_never(event)  # type: ignore[arg-type]
        match state:
            case Locked():
                pass
            case _:
                assert_never(state)  # type: ignore[arg-type]
        return None


class Wrong(GenStatem[Where, Event]):
    """Goes where nobody can go."""

    async def init(self) -> InitResult[Where]:
        return NextState("locked")  # type: ignore[arg-type]

    async def handle_event(self, state: Where, event: Event) -> Result[Where]:
        del event
        if state == Locked():
            return NextState(Open)  # type: ignore[arg-type]
        return NextState(Locked(), "postpone")  # type: ignore[arg-type]


class Narrow(GenStatem[Where, Event]):
    """Takes less than it says."""

    async def handle_event(  # type: ignore[override]
        self, state: Where, event: Cast[Button]
    ) -> Result[Where]:
        del state, event
        return None


Lamp = Literal["on", "off"]


class Switch(GenStatem[Lamp, Cast[None] | Internal[str]]):
    """Has literals for states."""

    async def init(self) -> NextState[Lamp]:
        return NextState("off")

    async def handle_event(
        self, state: Lamp, event: Cast[None] | Internal[str]
    ) -> Result[Lamp]:
        match state, event:
            case "off", Cast():
                return NextState("on", NextEvent(Internal("lit")))
            case "on", Cast():
                return NextState("of")  # type: ignore[arg-type]
            case _, Internal(content):
                assert_type(content, str)
                return Keep(NextEvent(Enter("on")))  # type: ignore[arg-type]
            case _:
                return None


# ------------------------------------------------------------- a method for each state

Simple = Cast[Button] | StateTimeout[None]


class Gate(GenStatem[State, Simple]):
    """Has a method for each state."""

    async def init(self) -> NextState[State]:
        return NextState(self.locked)

    @state
    async def locked(self, event: Simple) -> Result[State]:
        match event:
            case Cast(Button(digit)):  # complete: there is one class of messages
                assert_type(digit, str)
                return NextState(self.open, SetTimeout(STATE, 10))
            case StateTimeout():
                return NextState(self.opne)  # type: ignore[attr-defined]
            case _:
                assert_never(event)

    @state
    async def open(self, event: Simple) -> Result[State]:
        match event:
            case StateTimeout():
                return NextState(self.locked)
            case _:
                assert_never(event)  # type: ignore[arg-type]

    @state
    async def other(self, event: Cast[Lever]) -> Result[State]:
        del event
        # The events are those of another machine.
        return NextState(self.other)  # type: ignore[arg-type]

    @state  # type: ignore[arg-type]
    async def answer(self, event: Simple) -> int:
        del event
        return 1


async def states(gate: Gate) -> None:
    assert_type(Gate.locked, State)
    assert_type(gate.locked, BoundState[Simple])
    assert_type(await gate.locked(Cast(Button("1"))), Result[State])
    await gate.locked(Cast(Lever(True)))  # type: ignore[arg-type]
    await gate.locked()  # type: ignore[call-arg]


# -------------------------------------------------------------------------- clients


async def clients(name: Name[Door], via: Via[Door]) -> None:
    pid = await gen_statem.start_link(Door, "1234")
    assert_type(pid, Pid[Door])
    assert_type(await gen_statem.start_named(name, Door, code="1"), Pid[Door])
    assert_type(await gen_statem.start_named(via, Door, code="1"), Pid[Door])
    await gen_statem.start_link(Door, 1234)  # type: ignore[arg-type]
    await gen_statem.start_link(Door)  # type: ignore[call-arg]
    assert_type(child_spec(Door, "1234"), ChildSpec[Door])
    assert_type(await gen_statem.call(pid, Count()), int)
    assert_type(await gen_statem.call(name, Owner(), timeout=1), object)
    assert_type(gen_statem.send_request(pid, Count()), SentRequest[int])
    assert_type(gen_statem.send_request(pid, Owner()), SentRequest[object])
    assert_type(
        await gen_statem.receive_response(gen_statem.send_request(pid, Count())), int
    )
    gen_statem.cast(pid, Button("1"))
    await gen_statem.cast(pid, Button("1"))  # type: ignore[misc,func-returns-value]
    answer: str = await gen_statem.call(pid, Count())  # type: ignore[assignment]
    del answer


def covariance(move: NextState[Open], keep: Cast[Button]) -> None:
    result: Result[Where] = move
    event: Cast[Button | Lever] = keep
    back: NextState[Open] = NextState(Locked())  # type: ignore[arg-type]
    del result, event, back
    SetTimeout(STATE, "10")  # type: ignore[arg-type]
    Reply("nobody", 1)  # type: ignore[arg-type]
    Keep([Postpone()])  # type: ignore[arg-type]
