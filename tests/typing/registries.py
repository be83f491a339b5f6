"""The types of registries and groups. Read by the checkers, never run."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, assert_type

from otp import (
    ChildSpec,
    GenServer,
    Name,
    Pid,
    Ref,
    Registry,
    Via,
    call,
    child_spec,
    gen_server,
    pg,
    process,
    registry,
    supervisor,
)
from otp.registry import Registration

if TYPE_CHECKING:
    from otp.abc import NameRegistry
    from otp.registry import RegistryNames

ROOMS = Name[Registry[str, int]]("rooms")
MAYBE = Name[Registry[str, int | None]]("maybe")
PLAIN = Name[Registry[int, None]]("plain")
ANY = Name[Registry]("any")


class Room(GenServer):
    """A server."""

    @call
    async def size(self) -> int:
        return 0


class Rooms(Registry[str, int]):
    """A registry of one's own."""


async def a_registry_knows_its_keys_and_values(own: Name[Rooms]) -> None:
    assert_type(
        await registry.start_link(ROOMS, keys="unique"), Pid[Registry[str, int]]
    )
    assert_type(
        await supervisor.start_named(ROOMS, Registry, keys="duplicate"),
        Pid[Registry[str, int]],
    )
    await supervisor.start_named(own, Rooms, keys="unique")
    assert_type(
        child_spec(Registry, keys="unique").named(ROOMS), ChildSpec[Registry[Any, Any]]
    )
    child_spec(Rooms, keys="unique", meta={"a": 1}, listeners=(ROOMS, process.self()))
    child_spec(Registry, keys="some")  # type: ignore[arg-type]
    child_spec(Registry, keys="unique", partitions="2")  # type: ignore[arg-type]
    child_spec(Registry, "unique")  # type: ignore[arg-type]
    child_spec(Registry)  # type: ignore[arg-type]
    await registry.start_link(ROOMS, keys="some")  # type: ignore[arg-type]
    await registry.start_link("rooms", keys="unique")  # type: ignore[arg-type]


def what_is_looked_up_has_its_types(pid: Pid, own: Pid[Rooms]) -> None:
    assert_type(registry.lookup(ROOMS, "a"), list[tuple[Pid[Any], int]])
    assert_type(registry.lookup(own, "a"), list[tuple[Pid[Any], int]])
    assert_type(registry.lookup(ANY, "a"), list[tuple[Pid[Any], Any]])
    assert_type(registry.whereis(ROOMS, "a"), Pid[Any] | None)
    assert_type(registry.keys(ROOMS, pid), list[str])
    assert_type(registry.values(ROOMS, "a", pid), list[int])
    assert_type(registry.count(ROOMS), int)
    assert_type(registry.select(ROOMS), list[Registration[str, int]])
    assert_type(
        registry.select(ROOMS, lambda key, _pid, value: len(key) > value),
        list[Registration[str, int]],
    )
    registry.lookup(ROOMS, 1)  # type: ignore[misc]
    registry.whereis(PLAIN, "a")  # type: ignore[misc]
    registry.values(PLAIN, "a", pid)  # type: ignore[misc]
    registry.keys(ROOMS, "a")  # type: ignore[arg-type]
    registry.count("rooms")  # type: ignore[arg-type]
    registry.select(ROOMS, lambda key, _pid, value: key > value)  # type: ignore[operator]


def what_matches_has_the_type_of_the_class() -> None:
    assert_type(registry.match(ANY, "a", int), list[tuple[Pid[Any], int]])
    assert_type(
        registry.match(ROOMS, "a", lambda value: value > 1), list[tuple[Pid[Any], int]]
    )
    assert_type(registry.count_match(ROOMS, "a", lambda value: value > 1), int)
    registry.unregister_match(ROOMS, "a", int)
    registry.unregister_match(ROOMS, "a", lambda value: value > 1)
    registry.count_match(ROOMS, 1, int)  # type: ignore[misc]


def what_is_registered_is_checked() -> None:
    assert_type(registry.register(ROOMS, "a", 1), Pid[object])
    assert_type(registry.update_value(ROOMS, "a", lambda n: n + 1), tuple[int, int])
    registry.register(MAYBE, "a")
    registry.register(MAYBE, "a", 1)
    registry.register(PLAIN, 1)
    registry.register(ANY, 1)
    registry.register(ANY, 1, "x")
    registry.dispatch(ROOMS, "a", lambda found: [n + 1 for _, n in found])
    registry.register(ROOMS, "a")  # type: ignore[arg-type]
    registry.register(ROOMS, "a", "x")  # type: ignore[misc]
    registry.register(ROOMS, 1, 1)  # type: ignore[misc]
    registry.unregister(ROOMS, 1)  # type: ignore[misc]
    registry.dispatch(ROOMS, "a", lambda found: found.lower())  # type: ignore[attr-defined]


async def a_key_is_a_name(names: RegistryNames) -> None:
    room: Via[Room] = registry.via(ROOMS, "a", 1)
    as_seam: NameRegistry = names
    assert_type(await Room.size(room), int)
    assert_type(await gen_server.start_named(room, Room), Pid[Room])
    assert_type(child_spec(Room).named(room), ChildSpec[Room])
    registry.via(PLAIN, 1)
    registry.via(ROOMS, "a")  # type: ignore[arg-type]
    registry.via(ROOMS, 1, 1)  # type: ignore[misc]
    del as_seam


async def a_lock_is_a_block() -> None:
    async with registry.lock(ROOMS, ("any", 1)):
        pass
    async with registry.lock("rooms", 1):  # type: ignore[arg-type]
        pass


async def groups_have_pids(pid: Pid[Room], chat: Name[pg.Scope]) -> None:
    assert_type(await pg.start(chat), Pid[pg.Scope])
    assert_type(child_spec(pg.Scope).named(chat), ChildSpec[pg.Scope])
    pg.join("g", pid)
    pg.join("g", [pid, process.self()], scope=chat)
    assert_type(pg.leave("g", pid), bool)
    assert_type(pg.get_members("g"), list[Pid[Any]])
    assert_type(pg.which_groups(scope=chat), list[Hashable])
    assert_type(pg.monitor("g"), tuple[Ref, list[Pid[Any]]])
    assert_type(pg.monitor_scope(), tuple[Ref, dict[Hashable, list[Pid[Any]]]])
    pg.join("g", chat)  # type: ignore[arg-type]
    pg.join("g", "pid")  # type: ignore[arg-type]
    pg.join([], pid)  # type: ignore[arg-type]
    pg.join("g", pid, scope="chat")  # type: ignore[arg-type]
    pg.get_members("g", chat)  # type: ignore[call-arg]
    await pg.start(ROOMS)  # type: ignore[arg-type]
    child_spec(pg.Scope, "chat")  # type: ignore[call-arg]
