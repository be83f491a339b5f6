"""A machine goes on as an instance of another class."""

from __future__ import annotations

from typing import Any, cast

import pytest

from otp import (
    code,
    gen_statem,
    process,
    sys,
)
from otp.gen_statem import (
    Cast,
    Keep,
    NextState,
    PopModule,
    PushModule,
    Reply,
    State,
)
from otp.sys import (
    CallbackFailedError,
    LayoutError,
    NotSuspendedError,
)
from tests.kernel.support import on_node

from .machines import Button, Door, Walk

ERROR = ValueError("x")


async def state_of(pid: object) -> tuple[Any, dict[str, Any]]:
    state, data = cast("tuple[Any, Any]", await sys.get_state(cast("Any", pid)))
    return state, data


class NewDoor(Door):
    """The next version."""

    async def code_change(
        self, old_version: object, state: Any, extra: object
    ) -> State:
        assert (old_version, state) == (1, Door.locked)
        self.typed = "new"
        if extra == "fail":
            raise ERROR
        return State("nowhere") if extra == "get lost" else self.open


class Nothing(gen_statem.GenStatem[Any, Any]):
    """Has no mode."""


class Slotted(Door):
    """Has another layout."""

    __slots__ = ("more",)


@on_node
async def test_a_suspended_machine_can_go_on_as_another_class() -> None:
    door = await gen_statem.start(Door)
    with pytest.raises(NotSuspendedError):
        await sys.change_code(door, NewDoor)
    await sys.suspend(door)
    await sys.change_code(door, NewDoor, old_version=1)
    assert (await sys.get_status(door)).module is NewDoor
    assert await state_of(door) == (
        Door.open,
        {"code": "42", "typed": "new", "opened": 0},
    )
    await sys.resume(door)
    assert await gen_statem.call(door, Walk()) == "walked"
    # The engine knows the new class, too.
    gen_statem.cast(door, "unknown")
    assert process.is_alive(door)


@on_node
async def test_a_change_of_the_code_without_a_class_converts_alone() -> None:
    door = await gen_statem.start(Door)
    await sys.suspend(door)
    await sys.change_code(door)
    assert (await sys.get_status(door)).module is Door
    assert (await state_of(door))[0] == Door.locked


@pytest.mark.parametrize(
    ("new", "extra"),
    [
        (NewDoor, "fail"),
        (NewDoor, "get lost"),
        (Nothing, None),
        (Slotted, None),
        (int, None),
    ],
)
@on_node
async def test_a_change_that_fails_changes_nothing(
    new: type[object], extra: object
) -> None:
    door = await gen_statem.start(Door)
    before = await state_of(door)
    await sys.suspend(door)
    with pytest.raises(CallbackFailedError):
        await sys.change_code(door, new, old_version=1, extra=extra)
    assert await state_of(door) == before
    status = await sys.get_status(door)
    assert (status.module, status.suspended) == (Door, True)
    await sys.resume(door)
    for digit in "42":
        gen_statem.cast(door, Button(digit))
    assert await gen_statem.call(door, Walk()) == "walked"


@pytest.mark.parametrize("new", [Nothing, Slotted, int])
@on_node
async def test_what_a_machine_cannot_become_does_not_fit(new: type[object]) -> None:
    door = await gen_statem.start(Door)
    with pytest.raises(CallbackFailedError) as caught:
        await code.change(door, new)
    assert isinstance(caught.value.__cause__, LayoutError)


class Newer(Door):
    """Notes by what it was asked to convert."""

    __version__ = 2

    async def code_change(
        self, old_version: object, state: Any, extra: object
    ) -> State:
        del extra
        self.typed = f"{type(self).__name__} {old_version}"
        return self.open if state == self.locked else self.locked


class Older(Door):
    """Cannot know what will have become of its state."""

    __version__ = 1

    async def code_change(
        self, old_version: object, state: Any, extra: object
    ) -> State:
        del old_version, state, extra
        raise ERROR


@on_node
async def test_it_is_the_newer_class_that_converts() -> None:
    door = await gen_statem.start(Older)
    await code.change(door, Newer)
    assert (await state_of(door))[1]["typed"] == "Newer 1"
    await code.change(door, Older)
    state, data = await state_of(door)
    assert (state, data["typed"]) == (Door.locked, "Newer Downgrade(version=1)")
    assert (await sys.get_status(door)).module is Older


@on_node
async def test_a_change_is_taken_back_without_asking_the_class() -> None:
    door = await gen_statem.start(Door)
    before = await state_of(door)
    await sys.suspend(door)
    change = sys.ChangeCode(Newer, None, None)
    changed = await sys.ask(door, change, 5.0)
    assert isinstance(changed, sys.Changed)
    await sys.ask(door, sys.Undo(changed), 5.0)
    assert await state_of(door) == before
    assert (await sys.get_status(door)).module is Door


@on_node
async def test_data_that_cannot_be_set_leave_the_machine_as_it_was() -> None:
    door = await gen_statem.start(Door)
    before = await state_of(door)
    with pytest.raises(CallbackFailedError):
        await sys.replace_state(door, lambda pair: (pair[0], {"a": 1, 2: 3}))
    assert await state_of(door) == before


class Base(gen_statem.GenStatem[Any, Any]):
    """Goes on as a class that it is given, and back."""

    async def init(self) -> NextState[Any]:
        return NextState("state")

    async def handle_event(self, state: Any, event: Any) -> Any:
        del state
        match event:
            case Cast(type() as cls):
                return Keep(PushModule(cls))
            case Cast("back"):
                return Keep(PopModule())
            case _:
                return Keep(Reply(event.from_, type(self).__name__))


class Pushed(Base):
    """What it goes on as."""


class Base2(Base):
    """The next version of what it goes back to."""

    async def code_change(
        self, old_version: object, state: Any, extra: object
    ) -> object:
        del old_version, state, extra
        raise ERROR  # the state is that of another class just now


@on_node
async def test_a_class_that_a_machine_goes_back_to_can_be_exchanged() -> None:
    pid = await gen_statem.start(Base)
    gen_statem.cast(pid, Pushed)
    inside = await sys.ask(pid, sys.GetModules(), 5.0)
    assert inside == sys.Inside((Base, Pushed), keeps_specs=False)
    change = sys.ChangeCode(Base2, None, None, old=Base, at_once=True)
    await sys.ask(pid, change, 5.0)
    assert await gen_statem.call(pid, "who") == "Pushed"
    gen_statem.cast(pid, "back")
    assert await gen_statem.call(pid, "who") == "Base2"
