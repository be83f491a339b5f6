"""Finding entries: by match, by selection, across partitions."""

from __future__ import annotations

from typing import Any

import pytest

from otp import process, registry
from otp.registry import NoRegistryError, Registration
from tests.kernel.support import in_process

from .support import REG, kill, owner, partitions, start

KINDS = pytest.mark.parametrize("kind", ["unique", "duplicate"])


@KINDS
@in_process
async def test_values_are_matched_by_class_or_by_function(kind: Any) -> None:
    await start(kind)
    me = process.self()
    registry.register(REG, "k", 7)

    assert registry.match(REG, "k", int) == [(me, 7)]
    assert registry.match(REG, "k", str) == []
    assert registry.match(REG, "k", lambda value: value > 5) == [(me, 7)]
    assert registry.match(REG, "k", lambda value: value > 9) == []
    assert registry.match(REG, "never", lambda _: True) == []
    assert registry.count_match(REG, "k", int) == 1
    assert registry.count_match(REG, "k", lambda value: value > 9) == 0


@KINDS
@in_process
async def test_what_cannot_match_is_refused_though_there_is_nothing(kind: Any) -> None:
    await start(kind)
    wrong: Any = 7
    matching: Any = (registry.match, registry.count_match, registry.unregister_match)
    selecting: Any = (registry.select, registry.count_select)

    for look in matching:
        with pytest.raises(TypeError, match="by a class or a function, not 7"):
            look(REG, "k", wrong)
    for look in selecting:
        with pytest.raises(TypeError, match="selected by a function, not by 7"):
            look(REG, wrong)


@in_process
async def test_of_duplicates_those_that_match_are_found() -> None:
    await start("duplicate", partitions=2)
    me = process.self()
    other = await owner("k", value="x")
    registry.register(REG, "k", 1)
    registry.register(REG, "k", 2)
    registry.register(REG, "l", 3)

    assert registry.match(REG, "k", int) == [(me, 1), (me, 2)]
    assert registry.match(REG, "k", lambda value: value != 1) == [(other, "x"), (me, 2)]
    assert registry.count_match(REG, "k", int) == 2


@KINDS
@in_process
async def test_entries_are_selected_across_all_keys(kind: Any) -> None:
    await start(kind, partitions=3)
    me = process.self()
    other = await owner("a", "b", value=1)
    registry.register(REG, "c", 2)

    every = {Registration("a", other, 1), ("b", other, 1), ("c", me, 2)}
    assert set(registry.select(REG)) == every
    mine = registry.select(REG, lambda _key, pid, _value: pid is me)
    assert mine == [Registration("c", me, 2)]
    assert mine[0].key == "c"
    assert registry.count_select(REG, lambda key, _pid, value: key > "a" and value) == 2


@in_process
async def test_a_selection_may_change_what_it_selects_from() -> None:
    await start("duplicate")
    for value in range(3):
        registry.register(REG, "k", value)

    def keep(key: Any, _pid: object, value: Any) -> bool:
        registry.unregister_match(REG, key, lambda other: other == value)
        return True

    assert len(registry.select(REG, keep)) == 3
    assert registry.count(REG) == 0


@KINDS
@in_process
async def test_what_is_dispatched_is_given_all_entries_at_once(kind: Any) -> None:
    await start(kind, partitions=2)
    me = process.self()
    registry.register(REG, "k", 1)
    if kind == "duplicate":
        registry.register(REG, "k", 2)
    given: list[object] = []
    registry.dispatch(REG, "k", given.append)
    registry.dispatch(REG, "never", given.append)

    assert given == [[(me, 1), (me, 2)][: len(given[0])]]  # type: ignore[arg-type]
    assert registry.count(REG) == len(given[0])  # type: ignore[arg-type]


@in_process
async def test_a_dispatch_that_fails_fails_for_its_caller() -> None:
    await start()
    registry.register(REG, "k")
    with pytest.raises(ZeroDivisionError):
        registry.dispatch(REG, "k", lambda _: 1 / 0)


@KINDS
@in_process
async def test_keys_lie_in_the_partitions_that_their_hashes_say(kind: Any) -> None:
    await start(kind, partitions=4)
    places = {}
    pids = await partitions()
    for key in range(8):
        places[key] = pids.index(registry.register(REG, key))

    assert places == {key: key % 4 for key in range(8)}
    assert sorted(registry.keys(REG, process.self())) == list(range(8))
    assert registry.count(REG) == 8


@in_process
async def test_everything_is_asked_in_vain_of_a_registry_that_is_gone() -> None:
    pid = await start()
    await kill(pid)
    acts: list[Any] = [
        lambda: registry.lookup(REG, "k"),
        lambda: registry.whereis(REG, "k"),
        lambda: registry.values(REG, "k", pid),
        lambda: registry.match(REG, "k", int),
        lambda: registry.count_match(REG, "k", int),
        lambda: registry.keys(REG, pid),
        lambda: registry.count(REG),
        lambda: registry.select(REG),
        lambda: registry.dispatch(REG, "k", print),
        lambda: registry.put_meta(REG, "k", 1),
        lambda: registry.delete_meta(REG, "k"),
        lambda: registry.lookup(pid, "k"),
    ]
    for act in acts:
        with pytest.raises(NoRegistryError):
            act()


# ------------------------------------------------------------------------- meta data


@in_process
async def test_a_registry_keeps_other_things_beside_its_entries() -> None:
    await start(meta={"a": 1})
    registry.put_meta(REG, ("b", 2), "two")

    assert registry.meta(REG, "a") == 1
    assert registry.meta(REG, ("b", 2)) == "two"
    assert registry.meta(REG, "c") is None
    assert registry.meta(REG, "c", "default") == "default"


@in_process
async def test_other_things_can_be_replaced_and_forgotten() -> None:
    given = {"a": 1}
    await start(meta=given)
    registry.put_meta(REG, "a", 2)
    old = registry.meta(REG, "a")
    registry.delete_meta(REG, "a")
    registry.delete_meta(REG, "never")

    assert old == 2
    assert registry.meta(REG, "a") is None
    assert given == {"a": 1}
