"""Processes of every behaviour go on with new code, or with the old one together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import otp
from otp import (
    Kill,
    Pid,
    child_spec,
    code,
    dynamic_supervisor,
    gen_event,
    gen_server,
    gen_statem,
    one_for_one,
    process,
    supervisor,
    sys,
)
from otp.code import Downgrade, ReloadError
from otp.sys import CallbackFailedError, LayoutError
from tests.code.program import COUNTER, COUNTER2, module_of
from tests.kernel.support import in_process, on_node
from tests.supervisor.support import settled, states

if TYPE_CHECKING:
    from tests.code.program import Program

# ----------------------------------------------------------------------- state machines

DOOR = """
import otp
from otp import gen_statem
from otp.gen_statem import Keep, NextState, PopModule, PushModule, Reply

class Door(otp.GenStatem):
    __version__ = 1
    said = "old"

    def __init__(self):
        self.count = 0

    async def init(self):
        return NextState("locked")

    async def handle_event(self, state, event):
        match event:
            case gen_statem.Call(from_, "push"):
                return Keep(PushModule(Other), Reply(from_, None))
            case gen_statem.Call(from_, "pop"):
                return Keep(PopModule(), Reply(from_, None))
            case gen_statem.Call(from_, _):
                self.count += 1
                return Keep(Reply(from_, (self.said, state, self.count)))

    async def code_change(self, old_version, state, extra):
        self.count += 100
        if extra is not None:
            raise extra
        return f"{state}, changed from {old_version}"

class Other(Door):
    said = "old other"

class Slotted(otp.GenStatem):
    __slots__ = ("x",)

    async def init(self):
        return NextState("here")

    async def handle_event(self, state, event):
        pass

    async def code_change(self, old_version, state, extra):
        raise AssertionError
"""
DOOR2 = DOOR.replace("__ = 1", "__ = 2").replace('"old', '"new')


async def ask(door: Pid[Any]) -> Any:
    """Return what a door says, its state and its count."""
    return await gen_statem.call(door, "ask")


@on_node
async def test_a_state_machine_goes_on_with_state_and_data(program: Program) -> None:
    module = program.load("doors", DOOR)
    door = await gen_statem.start(module.Door)
    await ask(door)

    program.write("doors", DOOR2)
    result = await code.reload("doors")

    assert [(move.pid, move.new) for move in result.moved] == [(door, module.Door)]
    assert await ask(door) == ("new", "locked, changed from 1", 102)


@on_node
async def test_a_state_machine_is_taken_back_with_state_and_data(
    program: Program,
) -> None:
    module = program.load("doors", DOOR)
    old = module.Door
    one, two = [await gen_statem.start(old) for _ in range(2)]
    await ask(two)

    failing = DOOR2.replace("extra is not None", "self.count == 101")
    program.write("doors", failing)
    with pytest.raises(ReloadError):
        await code.reload("doors")

    assert await ask(one) == ("old", "locked", 1)
    assert await ask(two) == ("old", "locked", 2)
    assert await module_of(one) is old is module.Door


@on_node
async def test_a_state_machine_goes_back_by_its_newer_class(program: Program) -> None:
    module = program.load("doors", DOOR2)
    door = await gen_statem.start(module.Door)

    program.write("doors", DOOR.replace("+= 100", "+= 7777"))
    await code.reload("doors")

    said, state, count = await ask(door)
    assert (said, count) == ("old", 101)
    assert state == f"locked, changed from {Downgrade(1)}"


@on_node
async def test_all_classes_that_a_machine_can_come_back_to_are_exchanged(
    program: Program,
) -> None:
    module = program.load("doors", DOOR)
    door = await gen_statem.start(module.Door)
    await gen_statem.call(door, "push")
    assert await module_of(door) is module.Other

    program.write("doors", DOOR2)
    result = await code.reload("doors")

    assert [move.new for move in result.moved] == [module.Door, module.Other]
    said, _, count = await ask(door)
    assert (said, count) == ("new other", 101)
    await gen_statem.call(door, "pop")
    assert (await ask(door))[0] == "new"
    assert await module_of(door) is module.Door


@on_node
async def test_a_machine_of_another_layout_is_refused(program: Program) -> None:
    module = program.load("doors", DOOR)
    door = await gen_statem.start(module.Door)

    with pytest.raises(CallbackFailedError) as caught:
        await code.change(door, module.Slotted)
    assert isinstance(caught.value.__cause__, LayoutError)
    with pytest.raises(CallbackFailedError):
        await code.change(door, otp.GenServer)
    assert (await ask(door))[0] == "old"


@in_process
async def test_a_state_machine_migrates_in_a_swap(program: Program) -> None:
    process.trap_exit(True)
    module = program.load("doors", DOOR)
    new = program.load("doors2", DOOR2)

    def tree(cls: Any) -> otp.SupervisorSpec:
        return one_for_one(child_spec(cls).override(id="door"))

    sup = await supervisor.start_link(otp.Supervisor, tree(module.Door))
    pid = (await states(sup))["door"]
    assert isinstance(pid, Pid)

    result = await supervisor.swap(sup, tree(new.Door))
    assert dict(result.outcomes) == {"door": "migrated"}
    assert await ask(pid) == ("new", "locked, changed from 1", 101)
    result = await supervisor.swap(sup, tree(new.Slotted))
    assert dict(result.outcomes) == {"door": "restarted"}
    assert isinstance(result["door"].error, LayoutError)


# ----------------------------------------------------------------------- event managers

BELL = """
import otp

class Bell(otp.EventHandler):
    __version__ = 1
    said = "old"

    def __init__(self, heard):
        self.heard = heard
        self.count = 0

    async def handle_event(self, event):
        self.count += 1
        self.heard.append((self.said, self.count, event))

    async def code_change(self, old_version, extra):
        self.count += 100
        self.heard.append(("changed", old_version))
        if extra is not None:
            raise extra

class Bus(otp.EventManager):
    said = "old"
"""
BELL2 = BELL.replace("= 1\n", "= 2\n", 1).replace('"old"', '"new"')


@on_node
async def test_handlers_and_managers_go_on_as_the_new_classes(
    program: Program,
) -> None:
    module = program.load("bells", BELL)
    plain: Pid[Any] = await gen_event.start(otp.EventManager)
    mine: Pid[Any] = await gen_event.start(module.Bus)
    old, heard = module.Bell, list[object]()
    for manager in (plain, mine):
        await gen_event.add_handler(manager, old, heard)

    program.write("bells", BELL2)
    result = await code.reload("bells")

    first, second, third = result.moved
    assert (first.pid, first.old, first.new) == (plain, old, module.Bell)
    assert {second.new, third.new} == {module.Bus, module.Bell}
    assert await module_of(mine) is module.Bus
    await gen_event.sync_notify(plain, "ding")
    assert heard == [("changed", 1), ("changed", 1), ("new", 101, "ding")]
    # They are called by their new class now.
    assert [ref.cls for ref in await gen_event.which_handlers(plain)] == [module.Bell]
    await gen_event.delete_handler(plain, module.Bell)
    assert await gen_event.which_handlers(plain) == []


@on_node
async def test_handlers_are_taken_back(program: Program) -> None:
    module = program.load("bells", BELL)
    manager: Pid[Any] = await gen_event.start(module.Bus)
    old, heard = module.Bell, list[object]()
    await gen_event.add_handler(manager, old, heard)
    counter = program.load("shop", COUNTER)
    pid = await gen_server.start(counter.Counter, 1)

    program.write("bells", BELL2)
    program.write("shop", COUNTER2 + "        raise ValueError\n")
    with pytest.raises(ReloadError):
        await code.reload("bells", "shop")

    assert (await module_of(manager)).said == "old"
    await gen_event.sync_notify(manager, "ding")
    assert heard == [("changed", 1), ("old", 1, "ding")]
    assert [ref.cls for ref in await gen_event.which_handlers(manager)] == [old]
    assert await counter.Counter.get(pid) == "old 1"


@on_node
async def test_handlers_go_back_by_their_newer_class(program: Program) -> None:
    module = program.load("bells", BELL2)
    manager: Pid[Any] = await gen_event.start(otp.EventManager)
    heard: list[object] = []
    await gen_event.add_handler(manager, module.Bell, heard)

    program.write("bells", BELL.replace("+= 100", "+= 7777"))
    await code.reload("bells")

    await gen_event.sync_notify(manager, "ding")
    assert heard == [("changed", Downgrade(1)), ("old", 101, "ding")]


# ------------------------------------------------------------------ dynamic supervisors


@in_process
async def test_dynamic_supervisors_start_the_new_class(program: Program) -> None:
    process.trap_exit(True)
    module = program.load("shop", COUNTER)
    sup = await dynamic_supervisor.start_link(otp.DynamicSupervisor)
    pid: Pid[Any] = await dynamic_supervisor.start_child(
        sup, child_spec(module.Counter, 5)
    )

    program.write("shop", COUNTER2)
    await code.reload("shop")
    assert await module.Counter.get(pid) == "new 105"
    process.exit(pid, Kill())
    await settled()

    (child,) = await dynamic_supervisor.which_children(sup)
    assert isinstance(child.pid, Pid)
    assert await module.Counter.get(child.pid) == "new 5"


@in_process
async def test_dynamic_supervisors_ask_their_new_class(program: Program) -> None:
    process.trap_exit(True)
    text = (
        "import otp\n"
        "from otp.dynamic_supervisor import DynamicSpec\n"
        "class Rooms(otp.DynamicSupervisor):\n"
        "    def init(self):\n"
        "        return DynamicSpec(max_restarts=3)\n"
    )
    module = program.load("rooms", text)
    sup = await dynamic_supervisor.start_link(module.Rooms)

    program.write("rooms", text.replace("3", "7"))
    await code.reload("rooms", swap_children=True)

    assert await module_of(sup) is module.Rooms
    state: Any = await sys.get_state(sup)
    assert state.max_restarts == 7
