"""Swaps of supervisors of all kinds, as children of another one."""

from __future__ import annotations

from itertools import permutations
from typing import Any, cast

import pytest

from otp import (
    ChildSpec,
    DynamicSupervisor,
    GenServer,
    Name,
    PartitionSupervisor,
    Pid,
    Registry,
    Supervisor,
    TaskSupervisor,
    child_spec,
    dynamic_supervisor,
    gen_server,
    one_for_one,
    process,
    registry,
    supervisor,
)
from otp.partition_supervisor import partitions, resize, via
from otp.supervisor import StrategyError, SwapError, swap
from tests.kernel.support import in_process
from tests.supervisor.support import alive
from tests.supervisor.swapping import Plain, Till, Till2, begin, outcomes

ROOMS = Name[Any]("rooms")
COPIES = Name[Any]("copies")
KEYS = Name[Any]("keys")


def rooms(limit: int, cls: type[DynamicSupervisor] = DynamicSupervisor) -> ChildSpec:
    return child_spec(cls, max_children=limit).named(ROOMS).override(id="rooms")


def copies(number: int, cls: type[GenServer] = Till) -> ChildSpec:
    spec = child_spec(PartitionSupervisor, child_spec(cls), partitions=number)
    return spec.named(COPIES).override(id="copies")


def keys(**changes: Any) -> ChildSpec:
    spec = child_spec(cast("Any", Registry), **{"keys": "unique", **changes})
    return spec.named(KEYS).override(id="keys")


def reached() -> list[Pid[Any]]:
    """Return whom the keys lead to, from the first to the last partition."""
    found = [process.whereis(via(COPIES, key)) for key in range(partitions(COPIES))]
    return [pid for pid in found if pid is not None]


@in_process
@pytest.mark.parametrize("cls", [DynamicSupervisor, TaskSupervisor])
async def test_the_children_of_a_dynamic_supervisor_outlive_other_limits(
    cls: type[DynamicSupervisor],
) -> None:
    sup = await begin(rooms(1, cls))
    room = await dynamic_supervisor.start_child(ROOMS, child_spec(Till))

    result = await swap(sup, one_for_one(rooms(2, cls)))

    assert outcomes(result) == [("rooms", "migrated")]
    assert alive(room) == [True]
    await dynamic_supervisor.start_child(ROOMS, child_spec(Till))
    with pytest.raises(dynamic_supervisor.MaxChildrenError):
        await dynamic_supervisor.start_child(ROOMS, child_spec(Till))


@in_process
async def test_keys_lead_to_as_many_partitions_as_there_are_after_a_swap() -> None:
    sup = await begin(copies(2))
    first = reached()

    await swap(sup, one_for_one(copies(4, Till2)))
    more = reached()
    assert (len(more), more[:2]) == (4, first)
    assert alive(*more) == [True] * 4

    await swap(sup, one_for_one(copies(1, Till2)))
    assert reached() == first[:1]
    assert alive(*more) == [True, False, False, False]


class Picky(Till):
    """Is not the third."""

    def __init__(self, number: int) -> None:
        super().__init__()
        if number == 2:
            raise ValueError(number)


def picky(number: int) -> ChildSpec:
    spec = child_spec(
        PartitionSupervisor,
        child_spec(Picky, 0),
        partitions=number,
        with_arguments=numbers,
    )
    return spec.named(COPIES).override(id="copies")


def numbers(_: tuple[Any, ...], partition: int) -> tuple[int]:
    return (partition,)


@in_process
async def test_keys_do_not_lead_to_partitions_that_could_not_start() -> None:
    sup = await begin(picky(1))

    result = await swap(sup, one_for_one(picky(4)))

    inside = result["copies"].inside
    assert inside is not None
    assert outcomes(inside) == [
        (0, "kept"),
        (1, "started"),
        (2, "failed"),
        (3, "started"),
    ]
    assert alive(*reached()) == [True, True]


@in_process
async def test_partitions_that_were_resized_stay_so() -> None:
    sup = await begin(copies(3))
    await resize(COPIES, 1)

    await swap(sup, one_for_one(copies(5)))
    assert len(reached()) == 1
    assert (await supervisor.count_children(COPIES)).active == 1

    assert await resize(COPIES, 5) == 1
    assert alive(*reached()) == [True] * 5


@in_process
async def test_partitions_can_only_become_partitions() -> None:
    process.trap_exit(True)
    sup = await supervisor.start_link(
        PartitionSupervisor, child_spec(Till), partitions=2
    )

    with pytest.raises(StrategyError, match="their ids are the numbers from 0"):
        await swap(sup, one_for_one(child_spec(Till)))
    with pytest.raises(StrategyError, match="their ids are the numbers from 0"):
        await supervisor.change_specs(sup, one_for_one(child_spec(Till)))
    with pytest.raises(SwapError, match="a PartitionSupervisor cannot become"):
        await swap(sup, Supervisor)

    assert partitions(sup) == 2
    one = one_for_one(child_spec(Till).override(id=0), max_restarts=9)
    await supervisor.change_specs(sup, one)
    assert partitions(sup) == 1


KINDS = [child_spec(Supervisor, one_for_one()), rooms(2), copies(2), keys()]


@in_process
@pytest.mark.parametrize(("one", "other"), [*permutations(KINDS, 2)])
async def test_a_supervisor_of_another_kind_is_another_process(
    one: ChildSpec, other: ChildSpec
) -> None:
    sup = await begin(one.named(COPIES).override(id="x"))

    result = await swap(sup, one_for_one(other.named(COPIES).override(id="x")))

    assert outcomes(result) == [("x", "restarted")]
    assert result["x"].error is None


@in_process
@pytest.mark.parametrize(
    "changes", [{"keys": "duplicate"}, {"partitions": 2}, {"listeners": [KEYS]}]
)
async def test_a_registry_with_other_keys_is_another_process(changes: Any) -> None:
    sup = await begin(keys())

    result = await swap(sup, one_for_one(keys(**changes)))

    assert outcomes(result) == [("keys", "restarted")]
    assert isinstance(result["keys"].error, StrategyError)
    assert result.ok


@in_process
async def test_a_registry_keeps_its_entries_if_it_stays_what_it_is() -> None:
    sup = await begin(keys())
    registry.register(KEYS, "a", 1)

    result = await swap(sup, one_for_one(keys(meta={"x": 1})))

    assert outcomes(result) == [("keys", "migrated")]
    assert registry.lookup(KEYS, "a") == [(process.self(), 1)]


def with_options(cls: type[GenServer], **options: Any) -> ChildSpec:
    return gen_server.Options(**options).child_spec(cls).override(id="a")


@in_process
async def test_a_child_with_options_goes_on_as_another_class() -> None:
    sup = await begin(with_options(Till, timeout=1))

    for spec, outcome in [
        (with_options(Till, timeout=1.0), "kept"),
        (with_options(Till2, timeout=1), "migrated"),
        (with_options(Till2, timeout=2), "restarted"),
        (with_options(Plain, timeout=2), "migrated"),
        (with_options(Till, timeout=2), "restarted"),
        (child_spec(Till2).override(id="a"), "restarted"),
    ]:
        result = await swap(sup, one_for_one(spec))
        assert outcomes(result) == [("a", outcome)]


@in_process
@pytest.mark.parametrize("wrong", [None, 3, [], Till, child_spec(Till), one_for_one])
async def test_what_is_no_specification_is_refused_in_the_caller(wrong: Any) -> None:
    sup = await begin(copies(1))

    with pytest.raises(TypeError, match="is no SupervisorSpec"):
        await supervisor.change_specs(sup, wrong)
    with pytest.raises(TypeError, match="is neither a SupervisorSpec nor a class"):
        await swap(sup, wrong)

    assert alive(sup) == [True]


@in_process
async def test_a_supervisor_becomes_a_generic_class_given_with_its_types() -> None:
    process.trap_exit(True)
    sup = await supervisor.start_link(
        PartitionSupervisor, child_spec(Till), partitions=2
    )

    result = await swap(sup, PartitionSupervisor[Till])

    assert outcomes(result) == [(0, "kept"), (1, "kept")]
