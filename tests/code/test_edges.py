"""Classes that are found again, or not, and what happens meanwhile."""

from __future__ import annotations

import sys as python
from typing import TYPE_CHECKING, Any

import pytest
import trio

import otp
from otp import (
    CallingSelfError,
    Exited,
    Kill,
    Name,
    Node,
    Pid,
    child_spec,
    code,
    gen_server,
    one_for_one,
    process,
    supervisor,
    sys,
)
from otp.code import ReloadError
from tests.code.program import COUNTER, COUNTER2, contents, module_of
from tests.kernel.support import in_process, on_node
from tests.supervisor.support import settled, states

if TYPE_CHECKING:
    from otp.kernel import Process
    from tests.code.program import Program


class ManagerHost:
    """What obeys system messages for something like a manager of events."""

    def __init__(self, process: Process, manager: Manager) -> None:
        self.process = process
        self.suspended = False
        self.debug: sys.Debug | None = None
        self.manager = manager
        self.module: type[object] = Manager

    @property
    def modules(self) -> tuple[type[object], ...]:
        return (Manager, self.manager.handler)

    def get_state(self) -> object:
        return self.manager.changes

    def replace_state(self, state: object) -> None:
        raise NotImplementedError

    def format_state(self) -> object:
        return self.manager.changes

    async def change_code(self, change: sys.ChangeCode) -> None:
        said = (change.new, change.old, change.old_version, change.extra)
        self.manager.changes.append(said)


class Manager(otp.GenServer):
    """A process of the framework, in which a class of the user runs."""

    __module__ = "otp.something"

    def __init__(self, handler: type[object]) -> None:
        self.handler = handler
        self.changes: list[object] = []

    def __host__(self, process: Process) -> sys.SystemHost:
        return ManagerHost(process, self)


# ----------------------------------------------------------------- which class is which

SHAPES = """
import attrs
import otp
from typing import Generic, TypeVar

T = TypeVar("T")

class Outer:
    class Inner(otp.GenServer):
        VERSION = 1

        class Innermost(otp.GenServer):
            VERSION = 1

def same(cls):
    cls.decorated = True
    return cls

@same
class Decorated(otp.GenServer):
    VERSION = 1

@attrs.define(eq=False)
class Defined(otp.GenServer):
    x: int = 7
    VERSION = 1

class Table(otp.GenServer, Generic[T]):
    VERSION = 1

    def __init__(self, *args):
        self.args = args

def make():
    class Local(otp.GenServer):
        VERSION = 1
    return Local

Alias = make()

class Gone(otp.GenServer):
    VERSION = 1
"""


@on_node
async def test_nested_decorated_and_generic_classes_are_found_again(
    program: Program,
) -> None:
    shapes = program.load("shapes", SHAPES)
    classes = [
        shapes.Outer.Inner,
        shapes.Outer.Inner.Innermost,
        shapes.Decorated,
        shapes.Defined,
        shapes.Table,
        shapes.Alias,
    ]
    pids = [await gen_server.start(cls) for cls in classes]

    program.write("shapes", SHAPES.replace("VERSION = 1", "VERSION = 2"))
    result = await code.reload("shapes")

    after: list[Any] = [await module_of(pid) for pid in pids]
    assert [cls.VERSION for cls in after] == [2] * 6
    assert after[:2] == [shapes.Outer.Inner, shapes.Outer.Inner.Innermost]
    assert [move.pid for move in result.moved] == pids
    assert not isinstance(shapes.Decorated(), classes[2])


@on_node
async def test_classes_that_cannot_be_found_stay_what_they_are(
    program: Program,
) -> None:
    shapes = program.load("shapes", SHAPES)
    local, gone = shapes.make(), shapes.Gone
    pids = [await gen_server.start(cls) for cls in (local, gone)]

    without, _, _ = SHAPES.partition("class Gone")
    program.write("shapes", without)
    result = await code.reload("shapes")

    assert result.moved == ()
    assert result.left == tuple(pids)
    assert [await module_of(pid) for pid in pids] == [local, gone]
    # As Python does it, what is not named any more is still there.
    assert shapes.Gone is gone
    # It comes back, and so does its process.
    program.write("shapes", SHAPES)
    result = await code.reload("shapes")
    assert [(move.pid, move.new) for move in result.moved] == [(pids[1], shapes.Gone)]


@on_node
async def test_what_is_no_class_any_more_is_not_found(program: Program) -> None:
    module = program.load("shop", COUNTER)
    old = module.Counter
    pid = await gen_server.start(old)

    program.write("shop", "def Counter(): pass")
    result = await code.reload("shop")

    assert result.left == (pid,)
    assert await module_of(pid) is old


@on_node
async def test_what_has_become_another_behaviour_is_refused(program: Program) -> None:
    module = program.load("shop", COUNTER)
    old = module.Counter
    pid = await gen_server.start(old, 5)

    program.write("shop", "import otp\nclass Counter(otp.Supervisor): pass")
    with pytest.raises(ReloadError, match="which is none"):
        await code.reload("shop")

    assert module.Counter is old
    assert await old.get(pid) == "old 5"


@in_process
async def test_specifications_of_generic_classes_name_the_new_one(
    program: Program,
) -> None:
    process.trap_exit(True)
    shapes = program.load("shapes", SHAPES)
    spec = child_spec(shapes.Table[int], 1)
    inner = child_spec(otp.Supervisor, one_for_one(spec)).override(id="inner")
    sup = await supervisor.start_link(otp.Supervisor, one_for_one(spec, inner))

    program.write("shapes", SHAPES.replace("VERSION = 1", "VERSION = 2"))
    await code.reload("shapes")

    found = (await supervisor.get_childspec(sup, "Table")).start.target
    assert found == shapes.Table[int]
    # A supervisor that is started again starts the new one, too.
    pid = (await states(sup))["inner"]
    assert isinstance(pid, Pid)
    process.exit(pid, Kill())
    await settled()
    pid = (await states(sup))["inner"]
    assert isinstance(pid, Pid)
    (table,) = (await states(pid)).values()
    assert isinstance(table, Pid)
    assert (await module_of(table)).VERSION == 2


@in_process
async def test_children_that_a_function_starts_are_started_by_the_new_one(
    program: Program,
) -> None:
    process.trap_exit(True)
    text = COUNTER + (
        "\nasync def start(value):\n"
        "    return await otp.gen_server.start_link(Counter, value)\n"
        "\nclass Maker:\n"
        "    @classmethod\n"
        "    async def start(cls, value):\n"
        "        return await otp.gen_server.start_link(Counter, value + cls.more)\n"
        "    more = 10\n"
    )
    module = program.load("shop", text)
    one = otp.ChildSpec.of("one", module.start, 1)
    two = otp.ChildSpec.of("two", module.Maker.start, 2)
    sup = await supervisor.start_link(otp.Supervisor, one_for_one(one, two))

    program.write("shop", text.replace("more = 10", "more = 20").replace("old", "new"))
    await code.reload("shop")
    for pid in (await states(sup)).values():
        assert isinstance(pid, Pid)
        process.exit(pid, Kill())
        await settled()

    pids = (await states(sup)).values()
    answers = [await module.Counter.get(pid) for pid in pids]
    assert answers == ["new 1", "new 22"]


# ------------------------------------------------------------------------ other modules


@on_node
async def test_modules_with_derived_classes_are_loaded_again_after_their_bases(
    program: Program,
) -> None:
    program.load("base", COUNTER)
    derived = program.load("derived", "import base\nclass D(base.Counter): pass\n")
    last = program.load("last", "from derived import D\nclass E(D): pass\n")
    users = program.load("users", "from base import Counter\nimport last\n")
    pid = await gen_server.start(last.E, 1)

    program.write("base", COUNTER2)
    result = await code.reload("base")

    assert result.modules == ("base", "derived", "last")
    assert await derived.D.get(pid) == "new 101"
    assert users.Counter is python.modules["base"].Counter


@on_node
async def test_modules_that_use_each_other_can_be_loaded_again(
    program: Program,
) -> None:
    program.write("left", "import right\nclass L(right.otp.GenServer): VERSION = 1\n")
    right = program.load(
        "right", "import otp\nimport left\nclass R(otp.GenServer): VERSION = 1\n"
    )
    pid = await gen_server.start(right.R)

    result = await code.reload("left", "right", "left")

    assert set(result.modules) == {"left", "right"}
    assert await module_of(pid) is right.R


@on_node
async def test_specifications_that_stand_in_other_modules_are_renewed(
    program: Program,
) -> None:
    shop = program.load("shop", COUNTER)
    text = "import otp, shop\nSPEC = otp.child_spec(shop.Counter, 1)\n"
    other = program.load("other", text)
    untouched = contents(program.load("third", "import trio\nx = (1, 2)\n"))

    program.write("shop", COUNTER2)
    await code.reload("shop")

    assert child_spec(shop.Counter, 1) == other.SPEC
    assert contents(python.modules["third"]) == untouched


@on_node
async def test_what_other_modules_have_is_taken_back_too(program: Program) -> None:
    shop = program.load("shop", COUNTER)
    other = program.load("other", "from shop import Counter\n")
    await gen_server.start(shop.Counter)
    before = contents(other)

    failing = COUNTER2 + "        raise ValueError\n"
    program.write("shop", failing)
    with pytest.raises(ReloadError):
        await code.reload("shop")

    assert contents(other) == before
    assert other.Counter is shop.Counter


@on_node
async def test_packages_keep_their_modules(program: Program) -> None:
    program.write("store.__init__", "from .till import Till\nLEVEL = 1\n")
    till = program.load("store.till", COUNTER.replace("Counter", "Till"))
    pid = await gen_server.start(till.Till, 1)

    program.write("store.__init__", "from .till import Till\nLEVEL = 2\n")
    program.write("store.till", COUNTER2.replace("Counter", "Till"))
    result = await code.reload("store", "store.till")

    store: Any = python.modules["store"]
    assert result.modules == ("store.till", "store")
    assert (store.LEVEL, store.till, store.Till) == (2, till, till.Till)
    assert await till.Till.get(pid) == "new 101"


# ----------------------------------------------------------------- what is refused


@on_node
async def test_what_is_not_loaded_cannot_be_loaded_again(program: Program) -> None:
    module = program.load("shop", COUNTER)
    del python.modules["shop"]

    for what in ("nowhere", module):
        with pytest.raises(ReloadError, match="is not loaded: import it first"):
            await code.reload(what)


@on_node
async def test_what_has_no_source_cannot_be_loaded_again(program: Program) -> None:
    module = program.load("shop", COUNTER)

    with pytest.raises(ReloadError, match="it was not imported from a file") as caught:
        await code.reload("__main__")
    assert caught.value.module == "__main__"
    with pytest.raises(ReloadError, match="math"):
        await code.reload("math")
    (program.folder / "shop.py").unlink()
    with pytest.raises(ReloadError, match="module shop cannot be read: FileNotFound"):
        await code.reload(module)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 'never ended", r"shop\.py, line 1: "),
        ("x = 1\0", "null bytes"),
        ("import nowhere_at_all", "No module named 'nowhere_at_all'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise ValueError('a\\nb')", "ValueError: a b"),
        ("# coding: latin-17", "unknown encoding"),
    ],
)
@on_node
async def test_what_is_wrong_is_said_in_one_line(
    program: Program, *, text: str, said: str
) -> None:
    module = program.load("shop", COUNTER)
    before = contents(module)
    program.write("shop", text)

    with pytest.raises(ReloadError, match=said) as caught:
        await code.reload("shop")

    assert "\n" not in str(caught.value)
    assert contents(module) == before


@on_node
async def test_an_interruption_takes_the_modules_back_and_goes_on(
    program: Program,
) -> None:
    module = program.load("shop", COUNTER)
    pid = await gen_server.start(module.Counter, 1)
    before = contents(module)
    program.write("shop", "x = 1\nraise KeyboardInterrupt")

    with pytest.raises(KeyboardInterrupt):
        await code.reload("shop")

    assert contents(module) == before
    assert await module.Counter.get(pid) == "old 1"


@on_node
async def test_a_process_cannot_reload_itself(program: Program) -> None:
    text = COUNTER + (
        "\n    @otp.call\n"
        "    async def reload(self):\n"
        "        try:\n"
        "            await otp.code.reload('shop')\n"
        "        except otp.CallingSelfError as error:\n"
        "            return error\n"
    )
    module = program.load("shop", text)
    pid, other = [await gen_server.start(module.Counter, n) for n in (1, 2)]

    assert isinstance(await module.Counter.reload(pid), CallingSelfError)
    assert [await module.Counter.incr(one) for one in (pid, other)] == [2, 3]


@on_node
async def test_a_time_limit_that_is_none_is_refused(program: Program) -> None:
    program.load("shop", COUNTER)

    with pytest.raises(ValueError, match="0 seconds or more"):
        await code.reload("shop", timeout=-1)


# ------------------------------------------------------------------------- meanwhile

BUSY = (
    COUNTER
    + """
    @otp.call
    async def sleep(self, seconds):
        import trio
        await trio.sleep(seconds)
"""
)


@on_node
async def test_a_process_that_is_busy_for_too_long_stops_the_reload(
    program: Program,
) -> None:
    module = program.load("shop", BUSY)
    busy, other = [await gen_server.start(module.Counter, n) for n in (1, 2)]
    module.Counter.sleep.send_request(busy, 10)
    await settled()

    program.write("shop", COUNTER2)
    with pytest.raises(ReloadError, match=r"was not ready after 2 s"):
        await code.reload("shop", timeout=2.0)

    assert await module.Counter.get(other) == "old 2"
    await trio.sleep(20)
    assert await module.Counter.get(busy) == "old 1"


@on_node
async def test_a_process_that_is_busy_for_a_while_is_waited_for(
    program: Program,
) -> None:
    module = program.load("shop", BUSY)
    busy = await gen_server.start(module.Counter, 1)
    module.Counter.sleep.send_request(busy, 3)
    queued = [module.Counter.incr.send_request(busy) for _ in range(2)]
    await settled()

    program.write("shop", COUNTER2)
    await code.reload("shop")

    assert [await gen_server.wait_response(one) for one in queued] == [2, 3]
    assert await module.Counter.get(busy) == "new 103"


@on_node
async def test_who_calls_another_one_of_them_gets_the_answer(program: Program) -> None:
    text = BUSY + (
        "\n    @otp.call\n"
        "    async def ask(self, other):\n"
        "        await Counter.sleep(other, 1)\n"
        "        return await Counter.incr(other)\n"
    )
    module = program.load("shop", text)
    old = await gen_server.start(module.Counter, 1)
    young = await gen_server.start(module.Counter, 2)
    asked = module.Counter.ask.send_request(young, old)
    await settled()

    program.write("shop", text.replace("old", "new"))
    result = await code.reload("shop")

    assert len(result.moved) == 2
    assert await gen_server.wait_response(asked) == 2


@on_node
async def test_a_caller_that_is_cancelled_leaves_nobody_suspended(
    program: Program,
) -> None:
    module = program.load("shop", BUSY)
    pids = [await gen_server.start(module.Counter, n) for n in range(3)]
    module.Counter.sleep.send_request(pids[0], 4)
    await settled()

    program.write("shop", COUNTER2)
    with trio.move_on_after(1.0):
        await code.reload("shop")

    assert [await module.Counter.get(pid) for pid in pids[1:]] == ["old 1", "old 2"]
    await trio.sleep(10)
    assert await module.Counter.get(pids[0]) == "old 0"


@on_node
async def test_a_cancellation_in_the_middle_waits_for_the_end(
    program: Program,
) -> None:
    module = program.load("shop", COUNTER)
    pids = [await gen_server.start(module.Counter, n) for n in range(3)]

    slow = COUNTER2 + "        import trio\n        await trio.sleep(1)\n"
    program.write("shop", slow)
    with trio.move_on_after(1.5) as scope:
        await code.reload("shop")

    assert not scope.cancelled_caught
    answers = [await module.Counter.get(pid) for pid in pids]
    assert answers == ["new 100", "new 101", "new 102"]


@on_node
async def test_who_was_suspended_stays_so(program: Program) -> None:
    module = program.load("shop", COUNTER)
    pid = await gen_server.start(module.Counter, 1)
    await sys.suspend(pid)

    program.write("shop", COUNTER2)
    await code.reload("shop")

    assert (await sys.get_status(pid)).suspended
    await sys.resume(pid)
    assert await module.Counter.get(pid) == "new 101"


@on_node
async def test_the_dead_are_not_in_the_way(program: Program) -> None:
    module = program.load("shop", COUNTER)
    one, two = [await gen_server.start(module.Counter, n) for n in (1, 2)]

    dying = COUNTER2 + (
        "        if self.value == 101:\n"
        "            otp.process.exit(otp.process.self(), otp.Kill())\n"
    )
    program.write("shop", dying)
    result = await code.reload("shop")

    assert not process.is_alive(one)
    assert [move.pid for move in result.moved] == [two]


@on_node
async def test_a_process_that_ends_while_it_is_waited_for_is_not_in_the_way(
    program: Program,
) -> None:
    module = program.load("shop", BUSY)
    one, two = [await gen_server.start(module.Counter, n) for n in (1, 2)]
    module.Counter.sleep.send_request(one, 100)
    await settled()

    program.write("shop", COUNTER2)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(code.reload, "shop")
        await settled()
        process.exit(one, Kill())

    assert await module.Counter.get(two) == "new 102"


@in_process
async def test_links_monitors_names_and_messages_stay(program: Program) -> None:
    process.trap_exit(True)
    module = program.load("shop", COUNTER)
    name = Name[Any]("counter")
    pid = await gen_server.Options(name=name).start_link(module.Counter, 1)
    ref = process.monitor(pid)

    program.write("shop", COUNTER2)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(code.reload, "shop")
        asked = [module.Counter.incr.send_request(name) for _ in range(3)]

    assert process.whereis(name) is pid
    assert len([await gen_server.wait_response(one) for one in asked]) == 3
    process.exit(pid, Kill())
    got = [await process.receive(timeout=1), await process.receive(timeout=1)]
    assert Exited(pid, otp.Killed()) in got
    assert any(isinstance(m, otp.Down) and m.ref is ref for m in got)


@on_node
async def test_the_processes_of_all_nodes_move(program: Program) -> None:
    module = program.load("shop", COUNTER)
    here = await gen_server.start(module.Counter, 1)

    async with Node("elsewhere"):
        there = await gen_server.start(module.Counter, 2)
        program.write("shop", COUNTER2)
        result = await code.reload("shop")
        assert [move.pid for move in result.moved] == [here, there]


async def test_a_module_can_be_loaded_again_without_any_node(program: Program) -> None:
    module = program.load("shop", "x = 1")
    program.write("shop", "x = 2")

    result = await code.reload(module)

    assert (result.modules, result.moved, module.x) == (("shop",), (), 2)


@on_node
async def test_two_reloads_come_one_after_the_other(program: Program) -> None:
    shop = program.load("shop", COUNTER)
    stock = program.load("stock", COUNTER)
    pids = [await gen_server.start(m.Counter, 1) for m in (shop, stock)]

    slow = COUNTER2 + "        import trio\n        await trio.sleep(3)\n"
    program.write("shop", slow)
    program.write("stock", slow)
    before = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(code.reload, "shop")
        nursery.start_soon(code.reload, "stock")

    assert trio.current_time() == before + 6
    answers = [await m.Counter.get(p) for m, p in zip((shop, stock), pids, strict=True)]
    assert answers == ["new 101", "new 101"]


@in_process
async def test_a_child_that_is_restarted_meanwhile_moves_too(
    program: Program,
) -> None:
    process.trap_exit(True)
    module = program.load("shop", BUSY)
    specs = [child_spec(module.Counter, n).override(id=n) for n in (1, 2)]
    sup = await supervisor.start_link(otp.Supervisor, one_for_one(*specs))
    one, two = (await states(sup)).values()
    assert isinstance(one, Pid)
    assert isinstance(two, Pid)
    module.Counter.sleep.send_request(one, 2)
    await settled()

    program.write("shop", COUNTER2)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(code.reload, "shop")
        await settled()
        process.exit(two, Kill())

    answers = [await module.Counter.get(p) for p in (await states(sup)).values()]
    assert answers == ["new 101", "new 102"]


@on_node
async def test_a_server_that_was_made_by_other_means_moves_too(
    program: Program,
) -> None:
    module = program.load("shop", COUNTER)

    async def serve() -> None:
        await gen_server.enter_loop(module.Counter(5))

    pid: Pid[Any] = process.spawn(serve)
    await settled()

    program.write("shop", COUNTER2)
    await code.reload("shop")

    assert await module.Counter.get(pid) == "new 105"


@on_node
async def test_if_one_has_died_the_others_are_taken_back_all_the_same(
    program: Program,
) -> None:
    module = program.load("shop", COUNTER)
    one, two, three = [await gen_server.start(module.Counter, n) for n in (1, 2, 3)]

    killing = COUNTER2 + (
        "        if self.value == 103:\n"
        f"            pid = otp.process.processes()[{1}]\n"
        "            otp.process.exit(pid, otp.Kill())\n"
        "            raise ValueError\n"
    )
    program.write("shop", killing)
    with pytest.raises(ReloadError):
        await code.reload("shop")

    assert [process.is_alive(pid) for pid in (one, two, three)] == [True, False, True]
    assert await module.Counter.get(one) == "old 1"
    assert await module.Counter.get(three) == "old 3"


@on_node
async def test_classes_inside_of_processes_of_the_framework_are_found(
    program: Program,
) -> None:
    module = program.load("shop", COUNTER)
    pid = await gen_server.start(Manager, module.Counter)
    idle = await gen_server.start(Manager, otp.GenServer)
    old = module.Counter

    program.write("shop", COUNTER2)
    result = await code.reload("shop", extra="x")

    assert [(m.pid, m.old, m.new) for m in result.moved] == [(pid, old, module.Counter)]
    assert await sys.get_state(pid) == [(module.Counter, old, 1, "x")]
    assert await sys.get_state(idle) == []


@on_node
async def test_a_plain_process_is_not_asked(program: Program) -> None:
    module = program.load("shop", COUNTER)
    process.spawn(trio.sleep_forever)
    process.spawn(module.Counter.incr.fn, module.Counter())
    pid = await gen_server.start(module.Counter, 1)

    program.write("shop", COUNTER2)
    before = trio.current_time()
    await code.reload("shop")

    assert trio.current_time() == before
    assert await module.Counter.get(pid) == "new 101"
