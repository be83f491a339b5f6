"""Registered names, and names that a registry keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from trio.testing import wait_all_tasks_blocked

from otp import (
    AlreadyStartedError,
    Down,
    Exit,
    GenServer,
    Kill,
    Killed,
    Name,
    NameTakenError,
    NoProc,
    NoProcessError,
    Reason,
    StartError,
    Via,
    call,
    cast,
    gen_server,
    process,
    sys,
    timer,
)
from otp.gen_server import Options
from otp.kernel import current_node, find

from .support import Registry, dead_pid, flush, idle, in_process, on_node

if TYPE_CHECKING:
    from collections.abc import Hashable

    from otp import Pid

NAME = Name[object]("name")


@on_node
async def test_a_name_leads_to_its_bearer() -> None:
    pid = process.spawn(idle)
    process.register("name", pid)

    assert process.whereis("name") is pid
    assert process.whereis(NAME) is pid
    assert process.registered() == ["name"]
    assert current_node().whereis("name") is pid
    assert current_node().whereis(NAME) is pid
    info = process.info(pid)
    assert info is not None
    assert info.name == "name"


@on_node
async def test_nobodys_name_leads_nowhere() -> None:
    assert process.whereis("name") is None
    assert current_node().whereis("name") is None
    assert process.registered() == []


@in_process
async def test_a_name_is_free_before_anybody_hears_of_the_death() -> None:
    pid, ref = process.spawn_monitor(idle)
    process.register("name", pid)
    process.exit(pid, Kill())

    assert process.whereis("name") is None
    process.register("name", process.self())
    assert await flush() == [Down(ref, pid, Killed())]


@on_node
async def test_a_name_is_given_once() -> None:
    first, second = process.spawn(idle), process.spawn(idle)
    process.register(NAME, first)
    with pytest.raises(NameTakenError, match="'name' is taken") as caught:
        process.register(NAME, second)
    with pytest.raises(NameTakenError):
        process.register(NAME, first)

    assert (caught.value.name, caught.value.pid) == ("name", first)


@on_node
async def test_a_process_has_one_name() -> None:
    pid = process.spawn(idle)
    process.register("one", pid)
    with pytest.raises(NameTakenError, match="'two' cannot be given beside 'one'"):
        process.register("two", pid)

    assert process.registered() == ["one"]


@on_node
async def test_a_name_can_be_freed() -> None:
    pid = process.spawn(idle)
    process.register("name", pid)
    process.unregister("name")
    process.register("other", pid)

    assert process.whereis("name") is None
    with pytest.raises(NoProcessError):
        process.unregister(NAME)


@on_node
async def test_the_dead_get_no_names() -> None:
    pid = await dead_pid()
    with pytest.raises(NoProcessError) as caught:
        process.register("name", pid)

    assert caught.value.server is pid


@pytest.mark.parametrize("name", ["", "undefined"])
@on_node
async def test_some_words_are_no_names(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a process"):
        process.register(name, process.spawn(idle))


@in_process
async def test_a_name_is_an_address() -> None:
    process.register(NAME, process.self())
    process.send(NAME, 1)
    timer.send_after(0.01, NAME, 2)

    assert await flush() == [1, 2]


@on_node
async def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(TypeError, match="addressed by a Pid, a Name or a Via"):
        process.send("name", 1)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="not 'name'"):
        find("name")  # type: ignore[arg-type]


# ------------------------------------------------------------------------------ via


class Server(GenServer):
    """Counts, or does not start."""

    def __init__(self, *, fail: bool = False) -> None:
        self.count = 0
        self.fail = fail

    async def init(self) -> None:
        if self.fail:
            raise Exit(Reason("no"))

    @call
    async def incr(self) -> int:
        self.count += 1
        return self.count

    @cast
    async def reset(self) -> None:
        self.count = 0

    async def handle_info(self, message: object) -> None:
        assert message == "reset"
        self.count = 0


@on_node
async def test_a_server_can_be_known_to_a_registry_only() -> None:
    via = Via[Server](Registry(), "k")
    pid = await Options(name=via).start(Server)

    assert process.whereis(via) is pid
    assert process.registered() == []
    assert await Server.incr(via) == 1
    assert await Server.incr(pid) == 2
    Server.reset(via)
    assert await Server.incr(via) == 1
    process.send(via, "reset")
    assert await Server.incr(via) == 1
    timer.send_after(0, via, "reset")
    await wait_all_tasks_blocked()
    assert (await sys.get_status(via)).module is Server
    await gen_server.stop(via)
    assert not process.is_alive(pid)


@on_node
async def test_a_key_of_a_registry_is_given_once() -> None:
    via = Via[Server](Registry(), "k")
    pid = await Options(name=via).start(Server)
    with pytest.raises(AlreadyStartedError) as caught:
        await Options(name=via).start(Server)

    assert caught.value.pid is pid
    assert process.processes() == [pid]


@on_node
async def test_a_registry_may_say_no_although_it_knows_nobody() -> None:
    class Busy(Registry):
        def register_name(self, key: Hashable, pid: Pid, /) -> bool:
            del key, pid
            return False

    with pytest.raises(StartError, match="the registry gave"):
        await Options(name=Via[Server](Busy(), "k")).start(Server)

    assert process.processes() == []


@on_node
async def test_a_failed_start_frees_its_key() -> None:
    registry = Registry()
    with pytest.raises(StartError):
        await Options(name=Via[Server](registry, "k")).start(Server, fail=True)

    assert registry.pids == {}


@on_node
async def test_a_failed_start_leaves_a_key_that_others_took_meanwhile() -> None:
    other = process.spawn(idle)

    class Quick(Registry):
        def whereis_name(self, key: Hashable, /) -> Pid | None:
            pid = super().whereis_name(key)
            return other if pid is not None and not process.is_alive(pid) else pid

    registry = Quick()
    with pytest.raises(StartError):
        await Options(name=Via[Server](registry, "k")).start(Server, fail=True)

    assert "k" in registry.pids


@in_process
async def test_a_dead_process_in_a_registry_is_nobody() -> None:
    registry = Registry()
    registry.pids["k"] = await dead_pid()
    via = Via[Server](registry, "k")

    assert process.whereis(via) is None
    with pytest.raises(NoProcessError):
        await Server.incr(via)
    with pytest.raises(NoProcessError):
        process.send(via, "x")
    ref = process.monitor(via)
    assert await flush() == [Down(ref, via, NoProc())]


@in_process
async def test_a_via_can_be_monitored() -> None:
    via = Via[object](Registry(), "k")
    pid = process.spawn(idle)
    assert via.registry.register_name("k", pid)
    ref = process.monitor(via)
    process.exit(pid, Kill())

    assert await flush() == [Down(ref, via, Killed())]


@on_node
async def test_a_registry_that_fails_leaves_no_process() -> None:
    class Broken(Registry):
        def register_name(self, key: Hashable, pid: Pid, /) -> bool:
            raise OSError(key, pid)

    with pytest.raises(OSError, match="k"):
        await Options(name=Via[Server](Broken(), "k")).start(Server)

    assert process.processes() == []
