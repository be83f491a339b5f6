"""Alarms: many parts of a program set them, and whoever likes hears of them.

Run it with ``python examples/alarms.py``. It is Erlang's ``alarm_handler`` in small.
The tree::

    Alarms           rest_for_one: the guard is of no use without the manager
    ├── alarms       the event manager
    └── Guard        owns the handlers, and brings them back when they fail
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import attrs
import trio

import otp
from otp import gen_event, process, supervisor

if TYPE_CHECKING:
    from otp.gen_event import Ending, Predecessor


@attrs.frozen
class Raised:
    """An alarm is set."""

    id: str
    text: str


@attrs.frozen
class Cleared:
    """An alarm is over."""

    id: str


Alarm = Raised | Cleared
ALARMS = otp.Name[otp.EventManager[Alarm]]("alarms")


def set_alarm(id: str, text: str) -> None:
    """Set an alarm. Never waits, whoever listens."""
    gen_event.notify(ALARMS, Raised(id, text))


def clear_alarm(id: str) -> None:
    """Clear an alarm."""
    gen_event.notify(ALARMS, Cleared(id))


async def get_alarms() -> dict[str, str]:
    """Return the alarms that are set."""
    return await gen_event.call(ALARMS, Board, Pending())


@attrs.frozen
class Pending(gen_event.Query[dict[str, str]]):
    """Asks for the alarms that are set."""


class Board(otp.EventHandler[Alarm]):
    """Keeps the alarms that are set."""

    def __init__(self) -> None:
        self.alarms: dict[str, str] = {}

    async def handle_event(self, event: Alarm) -> None:
        match event:
            case Raised(id, text):
                self.alarms[id] = text
            case Cleared(id):
                del self.alarms[id]  # crashes if there is no such alarm
            case _:
                assert_never(event)

    async def handle_call(self, request: Pending) -> dict[str, str]:
        del request
        return dict(self.alarms)


class Lamp(otp.EventHandler[Alarm]):
    """Is on as long as anything is wrong."""

    def __init__(self, colour: str) -> None:
        self.colour = colour
        self.ids: set[str] = set()

    async def init_swapped(self, predecessor: Predecessor) -> None:
        match predecessor:
            case gen_event.Terminated(set() as ids):
                self.ids = ids
            case _:
                pass

    async def handle_event(self, event: Alarm) -> None:
        was_on = bool(self.ids)
        if isinstance(event, Raised):
            self.ids.add(event.id)
        else:
            self.ids.discard(event.id)
        if was_on != bool(self.ids):
            print(f"  the {self.colour} lamp is {'on' if self.ids else 'off'}")

    async def terminate(self, ending: Ending) -> set[str]:
        print(f"  the {self.colour} lamp goes: {type(ending).__name__}")
        return self.ids


class Guard(otp.GenServer):
    """Owns the board. When that is gone it ends, and its supervisor starts afresh."""

    async def init(self) -> None:
        await gen_event.add_sup_handler(ALARMS, Board)

    async def handle_info(self, message: object) -> otp.Stop | None:
        match message:
            case gen_event.HandlerExit(handler, gen_event.Failed(otp.Crash(error))):
                print(f"  {handler} failed: {error!r}")
                return otp.Stop(otp.Shutdown("the board has failed"))
            case _:
                return None


GUARD = otp.Name[Guard]("guard")


class Alarms(otp.Supervisor):
    """The top of the tree."""

    def children(self) -> otp.SupervisorSpec:
        return otp.rest_for_one(
            otp.child_spec(otp.EventManager[Alarm]).named(ALARMS),
            otp.child_spec(Guard).named(GUARD),
        )


async def tell(top: otp.Pid[otp.Supervisor]) -> None:
    """Tell the story."""
    print("Alarms are set and cleared; the board keeps them:")
    set_alarm("disk", "90 % full")
    set_alarm("door", "open")
    clear_alarm("door")
    print(" ", await get_alarms())

    print("A handler can be added while others are at work, also twice:")
    await gen_event.add_handler(ALARMS, Lamp, "red")
    await gen_event.add_handler(ALARMS, gen_event.HandlerRef(Lamp, "hall"), "blue")
    set_alarm("smoke", "in the kitchen")
    handlers = await gen_event.which_handlers(ALARMS)
    print(" ", ", ".join(map(str, handlers)))

    print("It can be exchanged, and the next one knows what it knew:")
    await gen_event.swap_handler(ALARMS, Lamp, "too bright", Lamp, "yellow")
    await gen_event.sync_notify(ALARMS, Cleared("smoke"))

    print(
        "A handler that fails is taken out; the others go on, and its owner hears it:"
    )
    guard = process.whereis(GUARD)
    clear_alarm("no such alarm")
    set_alarm("flood", "in the cellar")
    if guard is not None:
        await process.wait_exited(guard)
    await supervisor.which_children(top)  # it answers when the guard is back

    print("The guard is back, and with it an empty board:")
    print(" ", await get_alarms())
    set_alarm("door", "open")
    print(" ", await get_alarms())

    print("When the manager stops, so do its handlers, the newest first:")
    await supervisor.stop(top)


async def main() -> None:
    """Start the tree, and stop it at the end."""
    async with otp.Node():
        await tell(await supervisor.start_link(Alarms))


if __name__ == "__main__":
    trio.run(main)
