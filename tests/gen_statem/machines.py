"""State machines that these tests have in common."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import attrs

from otp import GenStatem, process
from otp.gen_statem import (
    STATE,
    Call,
    Cast,
    Enter,
    Keep,
    NextState,
    Postpone,
    Reply,
    Request,
    Result,
    SetTimeout,
    State,
    StateTimeout,
    state,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from otp import ExitReason


class Scripted(GenStatem[Any, Any]):
    """Does what it is told: its messages are functions of it and of the event.

    Everything that happens to it is put into *log*: events with the state they come
    in, and its end.
    """

    def __init__(
        self,
        log: list[object] | None = None,
        *,
        first: object = None,
        trap: bool = False,
        at_end: Callable[[ExitReason], object] | None = None,
        on_enter: object = None,
    ) -> None:
        self.log: list[object] = [] if log is None else log
        self.first = NextState("s1") if first is None else first
        self.trap = trap
        self.at_end = at_end
        self.on_enter = on_enter

    async def init(self) -> Any:
        process.trap_exit(self.trap)
        return await outcome(self.first() if callable(self.first) else self.first)

    async def handle_event(self, state: Any, event: Any) -> Any:
        content = attrs.astuple(event, recurse=False)[-1]
        if isinstance(event, Enter):
            self.log.append((state, event))
            return self.on_enter
        if callable(content):
            self.log.append((state, type(event).__name__))
            return await outcome(content(self, event))
        self.log.append((state, event))
        return Keep(Reply(event.from_, state)) if isinstance(event, Call) else None

    async def terminate(self, reason: ExitReason, state: Any) -> None:
        self.log.append(("terminate", reason, state))
        if self.at_end is not None:
            await outcome(self.at_end(reason))


class Entered(Scripted):
    """The same, and it sees every state being entered."""

    state_enter = True


async def outcome(value: Any) -> Any:
    """Return *value*, or what comes of it if it can be waited for."""
    return await value if inspect.isawaitable(value) else value


def giving(value: object) -> Callable[..., object]:
    """Return a function that returns *value*, whatever it is given."""
    return lambda *_: value


def raising(error: BaseException) -> Callable[..., object]:
    """Return a function that raises *error*, whatever it is given."""

    def fail(*_: object) -> object:
        raise error

    return fail


@attrs.frozen
class Walk(Request[str]):
    """Answered when the door is open."""


@attrs.frozen
class Count(Request[int]):
    """Answered with how often the door was opened."""


@attrs.frozen
class Button:
    """One that was pressed."""

    digit: str


Event = Cast[Button] | Call[Walk | Count] | StateTimeout[str]


class Door(GenStatem[State, Event]):
    """Opens for three seconds when its code is typed."""

    def __init__(self, code: str = "42") -> None:
        self.code = code
        self.typed = ""
        self.opened = 0

    async def init(self) -> NextState[State]:
        return NextState(self.locked)

    @state
    async def locked(self, event: Event) -> Result[State]:
        match event:
            case Cast(Button(digit)):
                self.typed += digit
                if self.typed.endswith(self.code):
                    self.opened += 1
                    return NextState(self.open, SetTimeout(STATE, 3, "over"))
                return None
            case Call(from_, request):
                return self.answer(request, from_) or Keep(Postpone())
            case StateTimeout():
                raise AssertionError(event)

    @state
    async def open(self, event: Event) -> Result[State]:
        match event:
            case Call(from_, request):
                walked = Keep(Reply(from_, "walked"))
                return self.answer(request, from_) or walked
            case StateTimeout("over"):
                return NextState(self.locked)
            case _:
                return None

    def answer(self, request: Walk | Count, from_: Any) -> Keep | None:
        """Answer what is answered alike in both states."""
        if isinstance(request, Count):
            return Keep(request.reply(from_, self.opened))
        return None
