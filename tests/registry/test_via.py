"""Keys of a registry as names of processes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import trio

import otp
from otp import (
    Down,
    GenServer,
    Kill,
    NoConnection,
    NoProc,
    NoProcessError,
    NoRegistryError,
    StartError,
    call,
    child_spec,
    gen_server,
    process,
    registry,
    supervisor,
    timer,
)
from otp.registry import Registered, RegistryKindError, Unregistered
from tests.kernel.support import Recorder, flush, in_process

from .support import REG, kill, owner, partitions, settled, start

if TYPE_CHECKING:
    from otp import Via


class Counter(GenServer):
    """Counts."""

    def __init__(self, *, slow: bool = False) -> None:
        self.value = 0
        self.slow = slow

    async def init(self) -> None:
        if self.slow:
            await trio.sleep_forever()

    @call
    async def incr(self) -> int:
        self.value += 1
        return self.value


VIA: Via[Counter] = registry.via(REG, "counter", "its value")


def test_the_key_of_a_name_can_be_hashed() -> None:
    wrong: Any = ["list"]
    text = re.escape("a key is something hashable, not ['list']")
    with pytest.raises(TypeError, match=text):
        registry.via(REG, wrong)
    with pytest.raises(TypeError, match=text):
        otp.Via(otp.global_.names, wrong)


@in_process
async def test_a_process_is_registered_with_the_value_of_its_name() -> None:
    await start()
    pid = await gen_server.start_named(VIA, Counter)

    assert registry.lookup(REG, "counter") == [(pid, "its value")]
    assert await Counter.incr(registry.via(REG, "counter")) == 1


def test_a_value_does_not_tell_names_apart() -> None:
    assert registry.via(REG, "counter", [1]) == VIA
    assert hash(VIA) == hash(registry.via(REG, "counter", [1]))
    assert registry.via(REG, "other", "its value") != VIA
    assert str(VIA) == "'counter' via the registry reg"


@in_process
async def test_a_registry_that_is_known_by_its_pid_has_names_too() -> None:
    pid = await start()
    via = registry.via(pid, "k")
    await gen_server.start_named(via, Counter)

    assert await Counter.incr(via) == 1
    assert str(via) == f"'k' via the registry {pid!r}"


@in_process
async def test_a_registered_process_is_reached_by_name() -> None:
    await start()
    registry.register(REG, "me")
    process.send(registry.via(REG, "me"), "hello")

    assert await flush(0) == ["hello"]


@in_process
async def test_duplicate_keys_are_no_names() -> None:
    await start("duplicate")
    acts: list[Any] = [
        lambda: process.whereis(VIA),
        lambda: process.send(VIA, 1),
        lambda: process.monitor(VIA),
        lambda: VIA.registry.unregister_name("counter"),
        lambda: VIA.registry.register_name("counter", process.self()),
    ]
    for act in acts:
        with pytest.raises(
            RegistryKindError, match="a via name is for registries with"
        ):
            act()
    with pytest.raises(RegistryKindError):
        await gen_server.start_named(VIA, Counter)
    with pytest.raises(RegistryKindError):
        await Counter.incr(VIA)

    assert registry.count(REG) == 0


@in_process
async def test_listeners_hear_of_names() -> None:
    me = process.self()
    await start(listeners=[me])
    pid = await gen_server.start_named(VIA, Counter)
    VIA.registry.unregister_name("counter")

    assert await flush(0) == [
        Registered(REG, "counter", pid, "its value"),
        Unregistered(REG, "counter", pid),
    ]


@in_process
async def test_without_its_registry_a_name_leads_nowhere() -> None:
    recorder = Recorder()
    process.self().process.node.instruments.append(recorder)  # type: ignore[union-attr]

    assert process.whereis(VIA) is None
    with pytest.raises(NoProcessError, match="'counter' via the registry reg"):
        await Counter.incr(VIA)
    with pytest.raises(NoProcessError):
        process.send(VIA, "hello")
    with pytest.raises(NoProcessError):
        VIA.registry.send("counter", "hello")
    gen_server.cast(VIA, "hello")
    timer.send_after(1, VIA, "hello")
    ref = process.monitor(VIA)
    VIA.registry.unregister_name("counter")
    assert await flush(2) == [Down(ref, VIA, NoProc())]
    assert [letter.why for letter in recorder.letters] == ["dead", "dead"]


@in_process
async def test_nothing_is_started_under_a_name_without_its_registry() -> None:
    before = process.processes()
    with pytest.raises(NoRegistryError, match="there is no registry reg"):
        await gen_server.start_named(VIA, Counter)

    assert process.processes() == before


@in_process
async def test_a_supervisor_says_what_its_child_lacked() -> None:
    process.trap_exit(True)
    spec = otp.one_for_one(child_spec(Counter).named(VIA))
    with pytest.raises(StartError) as caught:
        await supervisor.start_link(otp.Supervisor, spec)

    assert "NoRegistryError('there is no registry reg')" in repr(caught.value.reason)


@in_process
async def test_a_name_on_a_node_that_is_down_leads_nowhere() -> None:
    via: Via[Counter] = registry.via(REG.at("south"), "k")
    ref = process.monitor(via)

    assert await flush(0) == [Down(ref, via, NoConnection())]
    with pytest.raises(otp.NodeDownError):
        await Counter.incr(via)
    with pytest.raises(otp.NodeDownError):
        await gen_server.start_named(via, Counter)


@in_process
async def test_a_name_leads_to_another_node() -> None:
    await start()
    registry.register(REG, "me")
    via = registry.via(REG.at(process.self().node), "me")
    async with otp.Node("east"):
        process.send(via, "from the east")

    assert await flush(0) == ["from the east"]


@in_process
async def test_who_has_a_name_goes_with_the_partition() -> None:
    await start()
    pid = await gen_server.Options(name=VIA).start(Counter)
    process.exit((await partitions())[0], Kill())

    assert process.whereis(VIA) is None
    assert not process.is_alive(pid)
    await settled()
    assert process.whereis(VIA) is None


@in_process
async def test_a_start_fails_if_the_registry_goes_meanwhile() -> None:
    pid = await start()
    timer.kill_after(1, pid)
    with pytest.raises(StartError) as caught:
        await gen_server.start_named(VIA, Counter, slow=True)

    assert caught.value.reason == otp.Killed()


@in_process
async def test_supervised_servers_come_back_with_their_registry() -> None:
    process.trap_exit(True)
    tree = otp.one_for_one(
        child_spec(otp.Registry, keys="unique").named(REG),
        child_spec(Counter).named(VIA),
    )
    await supervisor.start_link(otp.Supervisor, tree)
    await kill(*await partitions())

    assert await Counter.incr(VIA) == 1


@in_process
async def test_a_name_is_not_freed_for_the_next_who_has_it() -> None:
    await start()
    first = await owner("counter")
    process.exit(first, Kill())
    second = await gen_server.start_named(VIA, Counter)
    await settled()

    assert process.whereis(VIA) is second
