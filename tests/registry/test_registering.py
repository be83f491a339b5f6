"""Registering, and what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

import otp
from otp import (
    AlreadyRegisteredError,
    Down,
    Killed,
    NoProcessError,
    NoRegistryError,
    NotAProcessError,
    process,
    registry,
)
from otp.abc import Instrument
from otp.registry import NotRegisteredError, RegistryKindError
from tests.kernel.support import in_process, on_node

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

if TYPE_CHECKING:
    from collections.abc import Callable

    from otp import ExitReason, Pid

NOBODY = otp.Name[otp.Registry[str, Any]]("nobody")


@in_process
async def test_a_key_leads_to_who_has_registered_it() -> None:
    await start()
    me = process.self()
    partition = registry.register(REG, "k", 1)

    assert registry.lookup(REG, "k") == [(me, 1)]
    assert registry.whereis(REG, "k") is me
    assert [partition] == await partitions()


@in_process
async def test_nobodys_key_leads_nowhere() -> None:
    await start()

    assert registry.lookup(REG, "k") == []
    assert registry.whereis(REG, "k") is None
    assert registry.keys(REG, process.self()) == []
    assert registry.values(REG, "k", process.self()) == []
    assert registry.count(REG) == 0


@in_process
async def test_a_unique_key_is_given_once() -> None:
    await start()
    other = await owner("k")
    with pytest.raises(AlreadyRegisteredError, match=r"'k' is registered already") as e:
        registry.register(REG, "k", 2)

    assert (e.value.key, e.value.pid) == ("k", other)
    assert registry.lookup(REG, "k") == [(other, None)]
    assert not is_linked(process.self(), (await partitions())[0])


@in_process
async def test_a_unique_key_is_not_given_twice_to_the_same() -> None:
    await start()
    registry.register(REG, "k", 1)
    with pytest.raises(AlreadyRegisteredError) as caught:
        registry.register(REG, "k", 2)

    assert caught.value.pid is process.self()
    assert registry.values(REG, "k", process.self()) == [1]


@in_process
async def test_a_duplicate_key_is_given_as_often_as_one_likes() -> None:
    await start("duplicate")
    other = await owner("k", value="other")
    me = process.self()
    registry.register(REG, "k", 1)
    registry.register(REG, "k", 2)
    registry.register(REG, "l")

    assert registry.lookup(REG, "k") == [(other, "other"), (me, 1), (me, 2)]
    assert registry.values(REG, "k", me) == [1, 2]
    assert registry.keys(REG, me) == ["k", "k", "l"]
    assert registry.count(REG) == 4


@in_process
async def test_a_process_may_have_many_unique_keys() -> None:
    await start(partitions=3)
    keys: list[object] = ["a", 1, None, ("x", 2), 2.5]
    for key in keys:
        registry.register(REG, key)

    assert set(registry.keys(REG, process.self())) == set(keys)
    assert registry.count(REG) == 5


@pytest.mark.parametrize("kind", ["unique", "duplicate"])
@in_process
async def test_who_unregisters_loses_all_entries_under_the_key(kind: Any) -> None:
    await start(kind)
    for key in ("k", "k", "l") if kind == "duplicate" else ("k", "l"):
        registry.register(REG, key)
    registry.unregister(REG, "k")

    assert registry.lookup(REG, "k") == []
    assert registry.keys(REG, process.self()) == ["l"]


@pytest.mark.parametrize("kind", ["unique", "duplicate"])
@in_process
async def test_nobody_unregisters_for_others(kind: Any) -> None:
    await start(kind)
    other = await owner("k")
    registry.unregister(REG, "k")
    registry.unregister(REG, "never")

    assert registry.lookup(REG, "k") == [(other, None)]


@pytest.mark.parametrize("kind", ["unique", "duplicate"])
@in_process
async def test_only_what_matches_is_unregistered(kind: Any) -> None:
    await start(kind)
    await owner(*["k"] * (kind == "duplicate"), value=2)
    registry.register(REG, "k", 1)
    if kind == "duplicate":
        registry.register(REG, "k", 2)
        registry.register(REG, "k", "x")
    registry.unregister_match(REG, "k", lambda value: value == 2)
    left = registry.values(REG, "k", process.self())
    registry.unregister_match(REG, "k", int)

    assert left == ([1, "x"] if kind == "duplicate" else [1])
    assert registry.values(REG, "k", process.self()) == ["x"] * (kind == "duplicate")
    assert registry.count(REG) == 2 * (kind == "duplicate")


@in_process
async def test_a_value_is_replaced_by_its_owner() -> None:
    await start()
    registry.register(REG, "k", 1)

    assert registry.update_value(REG, "k", lambda value: value + 1) == (2, 1)
    assert registry.lookup(REG, "k") == [(process.self(), 2)]


@in_process
async def test_a_value_is_not_replaced_by_others() -> None:
    await start()
    other = await owner("k", value=1)
    for key in ("k", "never"):
        with pytest.raises(NotRegisteredError, match="is not registered by") as caught:
            registry.update_value(REG, key, lambda _: 2)

        assert (caught.value.key, caught.value.pid) == (key, process.self())
    assert registry.lookup(REG, "k") == [(other, 1)]


@in_process
async def test_a_value_stays_if_no_new_one_can_be_made() -> None:
    await start()
    registry.register(REG, "k", 1)
    with pytest.raises(ZeroDivisionError):
        registry.update_value(REG, "k", lambda value: value / 0)

    assert registry.values(REG, "k", process.self()) == [1]


@in_process
async def test_what_is_about_one_value_is_for_unique_keys() -> None:
    await start("duplicate")
    registry.register(REG, "k", 1)
    with pytest.raises(
        RegistryKindError, match=r"update_value\(\) is for .* unique"
    ) as e:
        registry.update_value(REG, "k", lambda _: 2)
    with pytest.raises(TypeError, match="and reg has duplicate ones"):
        registry.whereis(REG, "k")

    assert e.value.registry == REG


# ------------------------------------------------------------------------ the owner


@pytest.mark.parametrize("kind", ["unique", "duplicate"])
@in_process
async def test_an_owner_is_linked_as_long_as_it_has_entries(kind: Any) -> None:
    await start(kind)
    me = process.self()
    before = watchers(me)
    partition = registry.register(REG, "k")
    registry.register(REG, "l")
    linked = [is_linked(me, partition)]
    for key in ("k", "l", "l"):
        registry.unregister(REG, key)
        linked.append(is_linked(me, partition))

    assert linked == [True, True, False, False]
    assert watchers(me) == before


@pytest.mark.parametrize("kind", ["unique", "duplicate"])
@in_process
async def test_the_entries_of_the_dead_are_gone_before_anybody_hears_of_it(
    kind: Any,
) -> None:
    await start(kind, partitions=2)
    other = await owner("k", "l", 1, 2)
    seen: list[object] = []

    async def watch() -> None:
        process.monitor(other)
        await process.receive(Down)
        seen.append((registry.lookup(REG, "k"), registry.count(REG)))

    process.spawn(watch)
    await settled()
    process.exit(other, otp.Kill())

    assert registry.lookup(REG, "k") == []
    assert registry.count(REG) == 0
    assert registry.keys(REG, other) == []
    await settled()
    assert seen == [([], 0)]


@in_process
async def test_the_key_of_the_dead_is_free_at_once() -> None:
    await start()
    other = await owner("k")
    process.exit(other, otp.Kill())
    registry.register(REG, "k", "mine")

    assert registry.lookup(REG, "k") == [(process.self(), "mine")]
    await settled()
    assert registry.lookup(REG, "k") == [(process.self(), "mine")]


@pytest.mark.parametrize("kind", ["unique", "duplicate"])
async def test_instruments_do_not_see_the_dead_either(
    kind: Any, autojump_clock: trio.testing.MockClock
) -> None:
    del autojump_clock
    seen: list[object] = []

    class Curious(Instrument):
        def process_exited(self, pid: Pid, reason: ExitReason) -> None:
            del pid
            if reason == Killed():
                seen.append((registry.lookup(REG, "k"), registry.select(REG)))

    async with otp.Node(instruments=[Curious()]):
        await start_outside(kind)
        await kill(await owner("k"))

    assert seen == [([], [])]


async def start_outside(kind: Any) -> None:
    await registry.start_link(REG, keys=kind)


async def test_a_key_can_be_taken_over_while_its_owner_dies(
    autojump_clock: trio.testing.MockClock,
) -> None:
    del autojump_clock
    heirs: list[Pid] = []

    class Heir(Instrument):
        def process_exited(self, pid: Pid, reason: ExitReason) -> None:
            del pid
            if reason == Killed():
                names = registry.via(REG, "k").registry
                assert names.register_name("k", heirs[0])

    async with otp.Node(instruments=[Heir()]):
        await start_outside("unique")
        other = await owner("k", "l")
        heirs.append(another())
        await kill(other)

        assert registry.lookup(REG, "k") == [(heirs[0], None)]
        assert registry.lookup(REG, "l") == []


@in_process
async def test_an_owner_that_ends_normally_is_forgotten_too() -> None:
    await start("duplicate")

    async def register() -> None:
        registry.register(REG, "k")

    await process.wait_exited(process.spawn(register))

    assert registry.count(REG) == 0


@in_process
async def test_the_dead_register_nothing() -> None:
    await start()
    errors: list[Exception] = []

    async def live_on() -> None:
        try:
            await trio.sleep_forever()
        finally:
            try:
                registry.register(REG, "k")
            except NoProcessError as error:
                errors.append(error)
            registry.unregister(REG, "k")

    pid = process.spawn(live_on)
    await settled()
    await kill(pid)

    assert len(errors) == 1
    assert registry.count(REG) == 0


# ---------------------------------------------------------------------- bad arguments


@on_node
async def test_only_processes_register() -> None:
    await start_outside("unique")
    for act in (
        lambda: registry.register(REG, "k"),
        lambda: registry.unregister(REG, "k"),
        lambda: registry.unregister_match(REG, "k", int),
        lambda: registry.update_value(REG, "k", int),
    ):
        with pytest.raises(NotAProcessError, match="is for processes"):
            act()


@in_process
async def test_who_is_not_there_is_no_registry() -> None:
    other = another()
    process.register("other", other)
    acts: list[Callable[[Any], object]] = [
        lambda reg: registry.register(reg, "k"),
        lambda reg: registry.unregister(reg, "k"),
        lambda reg: registry.lookup(reg, "k"),
        registry.count,
        lambda reg: registry.meta(reg, "k"),
    ]
    for act in acts:
        for reg, shown in (
            (NOBODY, "nobody"),
            (other, "<"),
            (otp.Name("other"), "other"),
        ):
            with pytest.raises(NoRegistryError, match=f"no registry {shown}") as caught:
                act(reg)

            assert caught.value.server is reg


@in_process
async def test_what_is_no_address_is_no_registry() -> None:
    with pytest.raises(TypeError, match="addressed by a Pid, a Name or a Via"):
        registry.lookup("reg", "k")  # type: ignore[arg-type]


@in_process
async def test_what_cannot_be_a_key_is_refused() -> None:
    await start("duplicate", partitions=2)
    with pytest.raises(TypeError, match="unhashable"):
        registry.register(REG, [])

    assert registry.count(REG) == 0
    assert registry.keys(REG, process.self()) == []
    assert not any(is_linked(process.self(), p) for p in await partitions())


@in_process
async def test_a_process_registers_on_its_own_node_only() -> None:
    await start()
    here = REG.at(process.self().node)
    errors: list[Exception] = []

    async def abroad() -> None:
        assert registry.lookup(here, "k") == []
        try:
            registry.register(here, "k")
        except ValueError as error:
            errors.append(error)

    async with otp.Node("east"):
        await process.wait_exited(process.spawn(abroad))
    with pytest.raises(otp.NodeDownError):
        registry.lookup(REG.at("south"), "k")

    assert "lives on another node than the registry" in str(errors[0])
    assert registry.count(REG) == 0
