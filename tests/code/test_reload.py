"""Modules are loaded again under processes that run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

import otp
from otp import Kill, Name, Pid, code, gen_event, gen_server, process, supervisor
from otp.code import Downgrade, ReloadError
from tests.code.program import COUNTER, COUNTER2, contents, module_of
from tests.kernel.support import in_process, on_node
from tests.supervisor.support import settled, states

if TYPE_CHECKING:
    from tests.code.program import Program


@on_node
async def test_processes_go_on_with_the_new_class_and_their_state(
    program: Program,
) -> None:
    module = program.load("shop", COUNTER)
    old = module.Counter
    name = Name[Any]("counter")
    one = await gen_server.start(old, 1)
    two = await gen_server.Options(name=name).start(old, 2)
    other = await gen_server.start(otp.GenServer)

    program.write("shop", COUNTER2)
    result = await code.reload(module)

    assert result.modules == ("shop",)
    assert [(m.pid, m.old, m.new) for m in result.moved] == [
        (one, old, module.Counter),
        (two, old, module.Counter),
    ]
    assert result.left == ()
    assert module.Counter is not old
    assert [await module.Counter.get(pid) for pid in (one, name)] == [
        "new 101",
        "new 102",
    ]
    assert await old.get(one) == "new 101"
    assert await module_of(other) is otp.GenServer


@on_node
async def test_a_syntax_error_changes_nothing(program: Program) -> None:
    module = program.load("shop", COUNTER)
    pid = await gen_server.start(module.Counter, 1)
    before = contents(module)

    program.write("shop", COUNTER2 + "\ndef (")
    with pytest.raises(ReloadError, match=r"shop\.py, line \d+: invalid syntax"):
        await code.reload("shop")

    assert contents(module) == before
    assert await module.Counter.get(pid) == "old 1"


@on_node
async def test_a_module_that_raises_is_what_it_was(program: Program) -> None:
    module = program.load("shop", COUNTER + "\nLIMIT = 1\n")
    pid = await gen_server.start(module.Counter, 1)
    before = contents(module)

    program.write("shop", COUNTER2 + "\nLIMIT = 2\nmore = 3\nraise ValueError('no')\n")
    with pytest.raises(ReloadError, match="ValueError: no") as caught:
        await code.reload("shop")

    assert isinstance(caught.value.__cause__, ValueError)
    assert contents(module) == before
    assert await module.Counter.get(pid) == "old 1"


@on_node
async def test_if_one_process_cannot_take_over_all_go_on_with_the_old_class(
    program: Program,
) -> None:
    module = program.load("shop", COUNTER)
    old = module.Counter
    pids = [await gen_server.start(old, n) for n in (1, 2, 3)]

    failing = COUNTER2 + "        if self.value == 102:\n            raise ValueError\n"
    program.write("shop", failing)
    with pytest.raises(ReloadError, match="could not take the new code over"):
        await code.reload("shop")

    assert module.Counter is old
    assert [await module_of(pid) for pid in pids] == [old] * 3
    assert [await old.get(pid) for pid in pids] == ["old 1", "old 2", "old 3"]
    # And all of them can, when the mistake is repaired.
    program.write("shop", COUNTER2)
    assert len((await code.reload("shop")).moved) == 3


@on_node
async def test_a_conversion_that_hangs_is_given_up(program: Program) -> None:
    module = program.load("shop", COUNTER)
    pids = [await gen_server.start(module.Counter, n) for n in (1, 2)]

    hanging = "        import trio\n        if self.value == 102:\n"
    program.write(
        "shop", COUNTER2 + hanging + "            await trio.sleep_forever()\n"
    )
    before = trio.current_time()
    with pytest.raises(ReloadError):
        await code.reload("shop", timeout=3.0)

    assert trio.current_time() == before + 3.0
    assert [await module.Counter.get(pid) for pid in pids] == ["old 1", "old 2"]


@on_node
async def test_going_back_asks_the_newer_class(program: Program) -> None:
    newer = COUNTER2.replace(
        "assert old_version == 1", "self.asked = old_version, extra"
    )
    module = program.load("shop", newer)
    pid = await gen_server.start(module.Counter, 100)

    program.write("shop", COUNTER)
    await code.reload("shop", extra="x")

    state = {"value": 200, "asked": (Downgrade(1), "x")}
    assert await otp.sys.get_state(pid) == state
    assert await module.Counter.get(pid) == "old 200"


HANDLER = """
import otp

class Till(otp.EventHandler):
    __version__ = 1

    def __init__(self):
        self.total = 0

    async def handle_event(self, event):
        self.total += event
"""

HANDLER2 = """
import otp

class Till(otp.EventHandler):
    __version__ = 2

    async def handle_event(self, event):
        self.total += 10 * event

    async def code_change(self, old_version, extra):
        assert old_version == 1
        self.total += 100
"""


class Orders(otp.EventManager[int]):
    """A manager of another module."""


@pytest.mark.parametrize("cls", [otp.EventManager[int], Orders])
@on_node
async def test_handlers_of_events_go_on_with_the_new_class(
    program: Program, cls: type[otp.EventManager[int]]
) -> None:
    module = program.load("shop", HANDLER)
    events = await gen_event.start(cls)
    await gen_event.add_handler(events, module.Till)
    await gen_event.sync_notify(events, 1)

    program.write("shop", HANDLER2)
    result = await code.reload("shop")
    await gen_event.sync_notify(events, 1)

    assert [move.pid for move in result.moved] == [events]
    assert await otp.sys.get_state(events) == [(module.Till, None, {"total": 111})]


@on_node
async def test_handlers_are_what_they_were_if_one_of_them_cannot_take_over(
    program: Program,
) -> None:
    module = program.load("shop", HANDLER)
    old = module.Till
    managers = [await gen_event.start(otp.EventManager[int]) for _ in range(2)]
    for n, events in enumerate(managers):
        await gen_event.add_handler(events, old)
        await gen_event.sync_notify(events, n)

    failing = "        if self.total == 101:\n            raise ValueError\n"
    program.write("shop", HANDLER2 + failing)
    with pytest.raises(ReloadError):
        await code.reload("shop")

    for n, events in enumerate(managers):
        assert await otp.sys.get_state(events) == [(old, None, {"total": n})]


# -------------------------------------------------------------------------- supervisors

ROOT = """
import otp
from stock import Counter

class Root(otp.Supervisor):
    def children(self):
        return otp.one_for_one(otp.child_spec(Counter, 5))
"""


@in_process
async def test_supervisors_start_the_new_class_from_now_on(program: Program) -> None:
    process.trap_exit(True)
    stock = program.load("stock", COUNTER)
    root = program.load("root", ROOT)
    sup = await supervisor.start_link(root.Root)

    program.write("stock", COUNTER2)
    await code.reload("stock")

    (pid,) = (await states(sup)).values()
    assert isinstance(pid, Pid)
    process.exit(pid, Kill())
    await settled()
    (pid,) = (await states(sup)).values()
    assert isinstance(pid, Pid)
    assert await stock.Counter.get(pid) == "new 5"
    assert root.Counter is stock.Counter
    assert (await supervisor.get_childspec(sup, "Counter")).modules == (stock.Counter,)
    # So does a supervisor that is itself started again.
    again = await supervisor.start_link(root.Root)
    (pid,) = (await states(again)).values()
    assert isinstance(pid, Pid)
    assert await stock.Counter.get(pid) == "new 5"


@in_process
async def test_supervisors_ask_their_new_class(program: Program) -> None:
    process.trap_exit(True)
    program.load("stock", COUNTER)
    root = program.load("root", ROOT)
    sup = await supervisor.start_link(root.Root)
    (pid,) = (await states(sup)).values()

    more = "otp.child_spec(Counter, 6).override(id='more'), otp.child_spec(Counter, 5)"
    new = ROOT.replace("otp.child_spec(Counter, 5)", more)
    program.write("root", new)
    result = await code.reload("root")

    assert [move.pid for move in result.moved] == [sup]
    assert await states(sup) == {"more": None, "Counter": pid}
    assert result.swaps == {}


@in_process
async def test_a_supervisor_that_cannot_be_made_anew_stops_the_reload(
    program: Program,
) -> None:
    process.trap_exit(True)
    stock = program.load("stock", COUNTER)
    root = program.load("root", ROOT)
    old = root.Root
    sup = await supervisor.start_link(old)
    before = await states(sup)

    program.write("root", ROOT + "    def __init__(self):\n        raise ValueError\n")
    with pytest.raises(ReloadError):
        await code.reload("root")
    program.write("root", ROOT.replace("return", "raise ValueError\n        return"))
    with pytest.raises(ReloadError):
        await code.reload("root", swap_children=True)

    assert await module_of(sup) is old is root.Root
    assert await states(sup) == before
    spec = await supervisor.get_childspec(sup, "Counter")
    assert spec.start.target is stock.Counter


@in_process
async def test_supervisors_that_are_swapped_away_are_not_swapped(
    program: Program,
) -> None:
    process.trap_exit(True)
    program.load("stock", COUNTER)
    inner = "\nclass Web(otp.Supervisor):\n    def children(self):\n"
    inner += "        return otp.one_for_one()\n"
    root = program.load("root", ROOT.replace("Counter, 5", "Web") + inner)
    sup = await supervisor.start_link(root.Root)

    program.write("root", ROOT + inner)
    result = await code.reload("root", swap_children=True)

    assert len(result.moved) == 2
    assert dict(result.swaps[sup].outcomes) == {"Web": "stopped", "Counter": "started"}
    assert list(result.swaps) == [sup]


@in_process
async def test_supervisors_can_swap_their_children_too(program: Program) -> None:
    process.trap_exit(True)
    program.load("stock", COUNTER)
    root = program.load("root", ROOT)
    sup = await supervisor.start_link(root.Root)
    (pid,) = (await states(sup)).values()

    more = "otp.child_spec(Counter, 6).override(id='more'), otp.child_spec(Counter, 5)"
    program.write("root", ROOT.replace("otp.child_spec(Counter, 5)", more))
    program.write("stock", COUNTER2)
    result = await code.reload("root", "stock", swap_children=True)

    assert {move.pid for move in result.moved} == {sup, pid}
    assert dict(result.swaps[sup].outcomes) == {"more": "started", "Counter": "kept"}
    assert list((await states(sup)).values())[1] is pid
