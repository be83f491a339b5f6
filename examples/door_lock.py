"""A door lock: a state machine that opens for a code, and closes by itself.

Run it with ``python examples/door_lock.py``. The states::

                 a button                 the last button, and the code is right
      locked ──────────────►  typing  ──────────────────────────────────►  open
        ▲                       │ the code is wrong, or nobody goes on       │
        ├───────────────────────┘                                            │
        └────────────────────────────────────────────────────────────────────┘
                                                          it was open long enough
"""

from __future__ import annotations

from typing import assert_never

import attrs
import trio

import otp
from otp import gen_statem, supervisor
from otp.gen_statem import (
    STATE,
    Call,
    Cast,
    Enter,
    Keep,
    NextState,
    Postpone,
    Request,
    Result,
    SetTimeout,
    State,
    StateTimeout,
)

# Seconds for the next button, and for walking through.
PAUSE = 0.1
OPEN = 0.1


@attrs.frozen
class Button:
    """Somebody presses a button."""

    digit: str


@attrs.frozen
class Walk(Request[str]):
    """Somebody wants to walk through; answered when that has been possible."""


@attrs.frozen
class Rest(Request[int]):
    """Answered when the door is locked and left alone: how often it was opened."""


Event = Cast[Button] | Call[Walk | Rest] | StateTimeout[None] | Enter[State]


class DoorLock(otp.GenStatem[State, Event]):
    """One method for each state; what is the same in all of them is in the data."""

    state_enter = True

    def __init__(self, code: str) -> None:
        self._code = code
        self._typed = ""
        self._opened = 0

    async def init(self) -> NextState[State]:
        return NextState(self.locked)

    @gen_statem.state
    async def locked(self, event: Event) -> Result[State]:
        """Wait for the first button."""
        match event:
            case Enter():
                self._typed = ""
                print("  the door is locked")
                return None
            case Cast(Button(digit)):
                self._typed = digit
                return NextState(self.typing, SetTimeout(STATE, PAUSE))
            case Call(from_, request):
                match request:
                    case Rest() as rest:
                        return Keep(rest.reply(from_, self._opened))
                    case Walk():
                        # It is seen again when the state has changed.
                        return Keep(Postpone())
                    case _:
                        assert_never(request)
            case StateTimeout():
                return None
            case _:
                assert_never(event)

    @gen_statem.state
    async def typing(self, event: Event) -> Result[State]:
        """Wait for the other buttons."""
        match event:
            case Enter():
                return None
            case Cast(Button(digit)):
                self._typed += digit
                if len(self._typed) < len(self._code):
                    return Keep(SetTimeout(STATE, PAUSE))
                if self._typed == self._code:
                    return NextState(self.open)
                print("  wrong code")
                return NextState(self.locked)
            case Call():
                return Keep(Postpone())
            case StateTimeout():
                print("  nobody goes on")
                return NextState(self.locked)
            case _:
                assert_never(event)

    @gen_statem.state
    async def open(self, event: Event) -> Result[State]:
        """Let people through."""
        match event:
            case Enter():
                self._opened += 1
                print("  the door is open")
                return Keep(SetTimeout(STATE, OPEN))
            case Cast():
                return None
            case Call(from_, request):
                match request:
                    case Walk() as walk:
                        return Keep(walk.reply(from_, "through"))
                    case Rest():
                        return Keep(Postpone())
                    case _:
                        assert_never(request)
            case StateTimeout():
                return NextState(self.locked)
            case _:
                assert_never(event)


DOOR = otp.Name[DoorLock]("door")


def press(digits: str) -> None:
    """Press one button after the other."""
    for digit in digits:
        gen_statem.cast(DOOR, Button(digit))


async def main() -> None:
    """Try the door."""
    async with otp.Node():
        print("The door begins in its first state:")
        spec = otp.one_for_one(otp.child_spec(DoorLock, "42").named(DOOR))
        await supervisor.start_link(otp.Supervisor, spec)
        await gen_statem.call(DOOR, Rest())

        print("With a wrong code it stays where it is:")
        press("11")
        await gen_statem.call(DOOR, Rest())

        print("Half of a code is forgotten after a while:")
        press("4")
        await gen_statem.call(DOOR, Rest())

        print("Who comes early waits, because the call is postponed:")
        visitor = gen_statem.send_request(DOOR, Walk())
        press("42")
        print("  a visitor is", await gen_statem.receive_response(visitor))

        print("It is locked again after its time:")
        opened = await gen_statem.call(DOOR, Rest())
        print(f"  it was opened {opened} time")


if __name__ == "__main__":
    trio.run(main)
