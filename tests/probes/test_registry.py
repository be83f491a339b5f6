"""The probes of Elixir's registry."""

from __future__ import annotations

from typing import Any

import pytest
import trio

import otp
from otp import (
    AlreadyRegisteredError,
    AlreadyStartedError,
    GenServer,
    Name,
    Pid,
    Registry,
    call,
    gen_server,
    process,
    registry,
    supervisor,
)
from otp.registry import NotRegisteredError, RegistryKindError
from tests.kernel.support import flush

from .elixir_terms import inspect
from .records import Probes

PROBES = Probes("registry.elixir1.18.txt", 49, inspect)
probe = PROBES.probe

Any_ = Name[Registry[Any, Any]]
R8 = Any_("R8")


async def start(name: str, keys: Any = "unique", **more: Any) -> Any_:
    """Start a registry."""
    reg = Any_(name)
    await registry.start_link(reg, keys=keys, **more)
    return reg


def register(reg: Any_, key: object, value: object) -> tuple[object, ...]:
    """Register the caller, and return what Elixir returns."""
    try:
        return ("ok", registry.register(reg, key, value))
    except AlreadyRegisteredError as error:
        return ("error", ("already_registered", error.pid))


def unregister(reg: Any_, key: object) -> str:
    registry.unregister(reg, key)
    return "ok"


class Counter(GenServer):
    """Says how often it was called."""

    def __init__(self) -> None:
        self.count = 0

    @call
    async def incr(self) -> int:
        self.count += 1
        return self.count


async def in_another(*acts: Any) -> Pid:
    """Let another process do *acts* and live on."""

    async def live() -> None:
        for act in acts:
            act()
        await trio.sleep_forever()

    pid = process.spawn(live)
    await trio.sleep(0.01)
    return pid


@probe("Registry unique conflict")
async def test_a_unique_key_is_registered_once() -> object:
    reg = await start("R1")
    return (
        register(reg, "k", 1),
        register(reg, "k", 2),
        registry.lookup(reg, "k"),
        registry.keys(reg, process.self()),
    )


@probe("Registry unique other owner")
async def test_the_key_of_another_is_not_touched() -> object:
    reg = await start("R2")
    await in_another(lambda: register(reg, "k", "v"))
    with pytest.raises(NotRegisteredError):
        registry.update_value(reg, "k", lambda _: "x")
    return (
        register(reg, "k", 1),
        unregister(reg, "k"),
        registry.lookup(reg, "k"),
        "error",
    )


@probe("Registry owner death frees key")
async def test_the_death_of_its_owner_frees_a_key() -> object:
    reg = await start("R3")
    pid = await in_another(lambda: register(reg, "k", 1))
    process.exit(pid, otp.Kill())
    return (registry.lookup(reg, "k"), register(reg, "k", 2))


@probe("Registry duplicate")
async def test_a_duplicate_key_is_registered_often() -> object:
    reg = await start("R4", "duplicate")
    register(reg, "k", 1)
    register(reg, "k", 2)
    return (
        registry.lookup(reg, "k"),
        registry.count(reg),
        registry.keys(reg, process.self()),
        unregister(reg, "k"),
        registry.count(reg),
    )


@probe("Registry via name + already started")
async def test_a_key_is_a_name() -> object:
    reg = await start("R5")
    via = registry.via(reg, "c")
    pid = await gen_server.start_named(via, Counter)
    with pytest.raises(AlreadyStartedError) as caught:
        await gen_server.start_named(via, Counter)
    return (
        ("ok", pid),
        ("error", ("already_started", caught.value.pid)),
        await Counter.incr(via),
        process.whereis(registry.via(reg, "nobody")),
    )


@probe("Registry via with value")
async def test_a_name_brings_its_value_along() -> object:
    reg = await start("R6")
    await gen_server.start_named(registry.via(reg, "c", "val"), Counter)
    return registry.lookup(reg, "c")


@probe("Registry via on duplicate")
async def test_a_duplicate_key_is_no_name() -> object:
    reg = await start("R7", "duplicate")
    with pytest.raises(RegistryKindError, match="a via name is for registries with"):
        await gen_server.start_named(registry.via(reg, "c"), Counter)
    # The error has another name and other words here.
    text = '":via is not supported for duplicate registries"'
    return ("error", Text(f"{{ArgumentError, {text}}}"))


class Text:
    """Stands for itself."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


@probe("Registry listeners")
async def test_listeners_hear_of_keys_and_not_of_deaths() -> object:
    process.register("ear", process.self())
    reg = await start("R8", listeners=(Name("ear"),))

    async def live() -> None:
        register(reg, "a", 1)
        unregister(reg, "a")
        register(reg, "b", 2)

    process.spawn_monitor(live)
    return await flush()


@probe("Registry meta")
async def test_other_things_are_kept_beside_the_keys() -> object:
    reg = await start("R9", meta={"a": 1})
    registry.put_meta(reg, "b", 2)
    # There is a default where Elixir says :error.
    return (
        ("ok", registry.meta(reg, "a")),
        ("ok", registry.meta(reg, "b")),
        registry.meta(reg, "c", "error"),
    )


@probe("Registry dispatch")
async def test_nothing_is_dispatched_where_nobody_is() -> object:
    reg = await start("R10", "duplicate")
    register(reg, "k", 1)
    given: list[object] = []
    for key in ("k", "l"):
        registry.dispatch(reg, key, given.append)
    return ("ok", "ok", given)


@probe("Registry links owner to partition")
async def test_who_registers_is_linked_to_a_partition() -> object:
    reg = await start("R11", partitions=2)
    partitions = [child.pid for child in await supervisor.which_children(reg)]
    register(reg, "k", 1)
    info = process.info(process.self())
    assert info is not None
    return (len(partitions), any(pid in partitions for pid in info.links))


@probe("Registry.select")
async def test_entries_are_selected() -> object:
    reg = await start("R12")
    register(reg, "k", 1)
    return [(key, value) for key, _, value in registry.select(reg)]


def test_every_recorded_probe_of_the_registry_is_tested() -> None:
    assert PROBES.tested(globals()) == PROBES.records.keys()
