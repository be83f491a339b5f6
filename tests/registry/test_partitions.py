"""The processes of a registry: how they start, crash and end, and who goes along."""

from __future__ import annotations

from typing import Any

import pytest

import otp
from otp import (
    Exited,
    InvalidSpecError,
    Kill,
    Killed,
    Name,
    Registry,
    Shutdown,
    StartError,
    child_spec,
    one_for_one,
    process,
    registry,
    supervisor,
    sys,
)
from otp.gen import UnexpectedMessage
from otp.registry import NoRegistryError
from tests.kernel.support import collected_reports, flush, idle, in_process, on_node

from .support import (
    REG,
    another,
    is_linked,
    kill,
    owner,
    partitions,
    settled,
    start,
    watchers,
)


@in_process
async def test_a_registry_is_a_child_like_any_other() -> None:
    process.trap_exit(True)
    spec = child_spec(Registry[str, int], keys="duplicate", partitions=2).named(REG)
    await supervisor.start_link(otp.Supervisor, one_for_one(spec))
    registry.register(REG, "k", 1)

    assert spec.id == "Registry"
    assert spec.type == "supervisor"
    assert (await supervisor.count_children(REG)).workers == 2


@in_process
async def test_a_class_of_ones_own_is_a_registry_too() -> None:
    class Rooms(Registry[str, int]):
        """Rooms by their names."""

    process.trap_exit(True)
    rooms = Name[Rooms]("rooms")
    await supervisor.start_named(rooms, Rooms, keys="unique")
    registry.register(rooms, "lobby", 1)

    assert registry.lookup(rooms, "lobby") == [(process.self(), 1)]


@in_process
async def test_a_registry_without_a_name_is_known_by_its_pid() -> None:
    process.trap_exit(True)
    pid = await supervisor.start_link(Registry, keys="unique")
    registry.register(pid, "k")

    assert registry.count(pid) == 1


@in_process
async def test_a_name_is_given_to_one_registry() -> None:
    pid = await start()
    with pytest.raises(otp.AlreadyStartedError) as caught:
        await start()

    assert caught.value.pid is pid


UNCHECKED: Any = Registry

BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"keys": "uniqe"}, InvalidSpecError, "one of unique, duplicate, not 'uniqe'"),
    ({"keys": "unique", "partitions": 0}, InvalidSpecError, "a number from 1, not 0"),
    ({"keys": "unique", "partitions": True}, InvalidSpecError, "from 1, not True"),
    ({"keys": "unique", "partitions": 1.5}, InvalidSpecError, "from 1, not 1.5"),
    ({"keys": "unique", "listeners": REG}, TypeError, "a tuple of addresses, not Name"),
    ({"keys": "unique", "listeners": ["x"]}, TypeError, "by a Pid, a Name or a Via"),
    ({}, TypeError, "'keys'"),
]


@pytest.mark.parametrize(("arguments", "error", "text"), BAD)
@in_process
async def test_wrong_arguments_are_named(
    arguments: dict[str, Any], error: type[Exception], text: str
) -> None:
    process.trap_exit(True)
    with pytest.raises(StartError) as caught:
        await supervisor.start_named(REG, UNCHECKED, **arguments)

    assert isinstance(caught.value.__cause__, error)
    assert text in str(caught.value.__cause__)
    assert process.registered() == []


# --------------------------------------------------------------------- how they crash


@in_process
async def test_who_has_entries_in_a_partition_ends_with_it() -> None:
    await start("duplicate", partitions=2)
    first, second = await owner(0), await owner(1)
    both = await owner(0, 1)
    outside = another()
    await kill((await partitions())[0])

    assert [process.is_alive(pid) for pid in (first, second, both, outside)] == [
        False,
        True,
        False,
        True,
    ]


@in_process
async def test_the_other_partitions_of_duplicate_keys_go_on() -> None:
    await start("duplicate", partitions=2)
    second = await owner(1)
    before = await partitions()
    await kill(before[0])
    after = await partitions()

    assert (before[0] is after[0], before[1] is after[1]) == (False, True)
    assert registry.lookup(REG, 1) == [(second, None)]


@in_process
async def test_the_partitions_of_unique_keys_go_together() -> None:
    await start("unique", partitions=2)
    second = await owner(1)
    before = await partitions()
    await kill(before[0])
    after = await partitions()

    assert not set(before) & set(after)
    assert not process.is_alive(second)
    assert registry.count(REG) == 0


@pytest.mark.parametrize("kind", ["unique", "duplicate"])
@in_process
async def test_who_outlives_a_partition_has_to_register_again(kind: Any) -> None:
    await start(kind)
    me = process.self()
    before = watchers(me)
    registry.register(REG, "k", 1)
    registry.put_meta(REG, "m", 1)
    (partition,) = await partitions()
    await kill(partition)

    assert registry.lookup(REG, "k") == []
    assert registry.keys(REG, me) == []
    assert registry.meta(REG, "m") == 1
    assert watchers(me) == before
    assert await flush(0) == [Exited(partition, Killed())]
    (fresh,) = await partitions()
    assert registry.register(REG, "k", 2) is fresh
    assert is_linked(me, fresh)


@pytest.mark.parametrize("kind", ["unique", "duplicate"])
@in_process
async def test_while_a_partition_is_down_the_registry_keeps_its_place(
    kind: Any,
) -> None:
    pid = await start(kind)
    await owner("k")
    me = process.self()
    before = watchers(me)
    process.exit((await partitions())[0], Kill())

    assert registry.lookup(REG, "k") == []
    assert registry.register(REG, "k", 1) is pid
    await settled()
    assert registry.lookup(REG, "k") == [(me, 1)]
    (fresh,) = await partitions()
    assert is_linked(me, fresh)
    assert watchers(me) == before + 1
    registry.unregister(REG, "k")
    assert not is_linked(me, fresh)
    assert is_linked(me, pid)
    assert watchers(me) == before


@in_process
async def test_who_registers_meanwhile_and_ends_is_forgotten() -> None:
    await start()
    other = another()
    names = registry.via(REG, "k").registry
    process.exit((await partitions())[0], Kill())
    assert names.register_name("k", other)
    process.exit(other, Kill())

    assert registry.count(REG) == 0
    await settled()
    assert registry.count(REG) == 0


@in_process
async def test_who_registers_meanwhile_ends_with_the_registry() -> None:
    pid = await start()
    first, second = another(), another(trap=True)
    await settled()
    before = watchers(second)
    names = registry.via(REG, "k").registry
    process.exit((await partitions())[0], Kill())
    names.register_name("first", first)
    names.register_name("second", second)
    process.exit(pid, Kill())
    await settled()

    assert (process.is_alive(first), process.is_alive(second)) == (False, True)
    assert watchers(second) == before


@pytest.mark.parametrize("given_up", [True, False])
@in_process
async def test_who_registers_meanwhile_is_linked_as_long_as_need_be(
    given_up: bool,
) -> None:
    pid = await start("unique", partitions=2)
    other = another()
    names = registry.via(REG, 0).registry
    for partition in await partitions():
        process.exit(partition, Kill())
    names.register_name(0, other)
    names.register_name(1, other)
    if given_up:
        names.unregister_name(0)
    meanwhile = is_linked(other, pid)
    await settled()
    first, second = await partitions()

    assert meanwhile
    assert [is_linked(other, p) for p in (pid, first, second)] == [
        False,
        not given_up,
        True,
    ]
    names.unregister_name(0)
    names.unregister_name(1)
    assert not any(is_linked(other, p) for p in (pid, first, second))
    assert watchers(other) == 0


@in_process
async def test_a_link_that_was_there_before_stays() -> None:
    await start()
    (partition,) = await partitions()
    process.link(partition)
    registry.register(REG, "k")
    registry.unregister(REG, "k")

    assert is_linked(process.self(), partition)


@pytest.mark.parametrize("kind", ["unique", "duplicate"])
@in_process
async def test_a_registry_that_stops_ends_who_is_registered(kind: Any) -> None:
    pid = await start(kind, partitions=2)
    me = process.self()
    before = watchers(me)
    registry.register(REG, "k" if kind == "duplicate" else "l")
    other = (await owner("k")).process
    assert other is not None
    await supervisor.stop(pid)

    assert other.reason == Shutdown()
    assert [type(m) for m in await flush(0)] == [Exited, Exited]
    assert watchers(me) == before


@in_process
async def test_a_registry_that_is_killed_is_gone_at_once() -> None:
    pid = await start()
    other = await owner("k")
    process.exit(pid, Kill())

    with pytest.raises(NoRegistryError):
        registry.lookup(REG, "k")
    await settled()
    assert not process.is_alive(other)


@on_node
async def test_a_node_ends_with_registries_on_it() -> None:
    root = otp.child_spec(Registry, keys="unique", partitions=2).named(REG)
    await supervisor.start_link(otp.Supervisor, one_for_one(root))
    await owner("k", "l", trap=True)


# ---------------------------------------------------------------------- how they look


@in_process
async def test_partitions_drop_what_is_sent_to_them() -> None:
    await start()
    (partition,) = await partitions()
    with collected_reports() as reports:
        process.send(partition, "hello")
        await kill(await owner("k"))

    assert [type(report) for report in reports] == [UnexpectedMessage]
    assert process.is_alive(partition)


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("unique", "<unique keys: 2, owners: 1>"),
        ("duplicate", "<entries: 2, keys: 2, owners: 1>"),
    ],
)
@in_process
async def test_a_partition_shows_its_entries(kind: Any, shown: str) -> None:
    await start(kind)
    me = process.self()
    registry.register(REG, "k", 1)
    registry.register(REG, "l", 2)
    (partition,) = await partitions()
    state: Any = await sys.get_state(partition)
    status: Any = (await sys.get_status(partition)).state

    assert (state["registry"], state["partition"]) == (REG, 0)
    assert repr(state["table"]) == shown
    assert status["table"] == [("k", me, 1), ("l", me, 2)]


@in_process
async def test_a_registry_shows_how_much_is_in_it() -> None:
    await start(partitions=2, meta={"m": 1})
    registry.register(REG, "k", 1)
    shown = repr((await sys.get_status(REG)).dictionary)

    assert "<unique keys, entries: 1, meta: {'m': 1}>" in shown
    assert repr(Registry(keys="unique")) == "<Registry keys='unique', partitions=1>"


@in_process
async def test_a_change_of_code_leaves_the_entries() -> None:
    await start(meta={"m": 1})
    registry.register(REG, "k", 1)
    registry.put_meta(REG, "m", 2)
    await sys.suspend(REG)
    await sys.change_code(REG)
    await sys.resume(REG)

    assert registry.lookup(REG, "k") == [(process.self(), 1)]
    assert registry.meta(REG, "m") == 2


@in_process
async def test_a_restarted_registry_is_empty() -> None:
    process.trap_exit(True)
    spec = child_spec(Registry, keys="unique", meta={"m": 1}).named(REG)
    await supervisor.start_link(otp.Supervisor, one_for_one(spec))
    await owner("k")
    registry.put_meta(REG, "m", 2)
    old = process.whereis(REG)
    assert old is not None
    await kill(old)

    assert registry.count(REG) == 0
    assert registry.meta(REG, "m") == 1


@in_process
async def test_idle_is_no_registry() -> None:
    process.register(REG, process.spawn(idle))
    with pytest.raises(NoRegistryError):
        registry.count(REG)
