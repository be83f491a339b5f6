"""Dynamic and partition supervisors: what their children are is known all the way."""

from __future__ import annotations

from typing import Any, assert_type

import otp
from otp import dynamic_supervisor, partition_supervisor, supervisor
from otp.proc_lib import Started
from otp.supervisor import ChildCounts, ChildInfo


class Counter(otp.GenServer):
    def __init__(self, start: int = 0) -> None:
        self.value = start

    @otp.call
    async def incr(self, by: int) -> int:
        self.value += by
        return self.value


class Rooms(otp.DynamicSupervisor):
    def __init__(self, most: int) -> None:
        self.most = most

    def init(self) -> otp.DynamicSpec:
        return otp.DynamicSpec(max_children=self.most)


ROOMS = otp.Name[Rooms]("rooms")
COUNTERS = otp.Name[otp.PartitionSupervisor[Counter]]("counters")
MANY = otp.Name[otp.PartitionSupervisor[otp.DynamicSupervisor]]("many")


async def dynamic(plain: otp.Pid[otp.Supervisor]) -> None:
    rooms = await dynamic_supervisor.start_link(Rooms, 3)
    assert_type(rooms, otp.Pid[Rooms])
    assert_type(await dynamic_supervisor.start_named(ROOMS, Rooms, 3), otp.Pid[Rooms])
    assert_type(otp.child_spec(Rooms, 3), otp.ChildSpec[Rooms])

    spec = otp.child_spec(Counter, 1)
    counter = await dynamic_supervisor.start_child(ROOMS, spec)
    assert_type(counter, otp.Pid[Counter])
    started = await dynamic_supervisor.start_child_with_info(rooms, spec)
    assert_type(started, Started[Counter])
    children = await dynamic_supervisor.which_children(rooms)
    assert_type(children, list[ChildInfo])
    assert_type(await supervisor.count_children(rooms), ChildCounts)
    kept = await dynamic_supervisor.get_childspec(rooms, counter)
    assert_type(kept, otp.ChildSpec[Any])

    await dynamic_supervisor.start_link(Rooms)  # type: ignore[call-arg]
    await dynamic_supervisor.start_link(otp.Supervisor)  # type: ignore[type-var]
    await dynamic_supervisor.start_child(plain, spec)  # type: ignore[arg-type]
    await dynamic_supervisor.start_child(rooms, Counter)  # type: ignore[arg-type]
    await dynamic_supervisor.terminate_child(rooms, "Counter")  # type: ignore[arg-type]
    await supervisor.start_child(rooms, spec)  # type: ignore[arg-type]
    otp.DynamicSpec(3)  # type: ignore[call-arg]


async def partitioned(plain: otp.Pid[otp.Supervisor]) -> None:
    spec = otp.child_spec(otp.PartitionSupervisor, otp.child_spec(Counter, 1))
    assert_type(spec, otp.ChildSpec[otp.PartitionSupervisor[Counter]])
    pid = await partition_supervisor.start_named(
        COUNTERS, otp.PartitionSupervisor, otp.child_spec(Counter), partitions=4
    )
    assert_type(pid, otp.Pid[otp.PartitionSupervisor[Counter]])

    apples = partition_supervisor.via(COUNTERS, "apples")
    assert_type(apples, otp.Via[Counter])
    assert_type(await Counter.incr(apples, 3), int)
    assert_type(partition_supervisor.partitions(COUNTERS), int)
    assert_type(await partition_supervisor.resize(COUNTERS, 2), int)
    assert_type(await supervisor.which_children(COUNTERS), list[ChildInfo])

    await Counter.incr(partition_supervisor.via(COUNTERS, "apples"), "3")  # type: ignore[arg-type]
    await Counter.incr(partition_supervisor.via(MANY, "apples"), 3)  # type: ignore[arg-type]
    await Counter.incr(COUNTERS, 3)  # type: ignore[arg-type]
    partition_supervisor.via(plain, "apples")  # type: ignore[arg-type]
    partition_supervisor.via(COUNTERS, [])  # type: ignore[arg-type]
    await partition_supervisor.resize(COUNTERS, "2")  # type: ignore[arg-type]


async def both() -> None:
    somewhere = partition_supervisor.via(MANY, otp.process.self())
    counter = await dynamic_supervisor.start_child(somewhere, otp.child_spec(Counter))
    assert_type(counter, otp.Pid[Counter])
