from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

import otp
from otp import (
    Backoff,
    DynamicSpec,
    DynamicSupervisor,
    GenServer,
    InvalidSpecError,
    Kill,
    Name,
    Pid,
    child_spec,
    dynamic_supervisor,
    process,
    supervisor,
)
from otp.bulkhead import SpawnController, SpawnLimitError, SpawnStatistics
from otp.dynamic_supervisor import (
    StartChildError,
    StrategyError,
    change_specs,
    start_child,
    terminate_child,
    which_children,
)
from tests.kernel.support import in_process

if TYPE_CHECKING:
    from otp import ChildSpec

SPEC = child_spec(GenServer).override(restart="temporary")


async def start(max_children: int | None) -> Pid[DynamicSupervisor]:
    """Start a supervisor that the caller is not linked to."""
    sup = await dynamic_supervisor.start_link(
        DynamicSupervisor, max_children=max_children
    )
    process.unlink(sup)
    return sup


async def start_in_order(
    control: SpawnController, count: int, spec: ChildSpec = SPEC
) -> list[tuple[int, object]]:
    """Let tasks that come one after the other start a child that lives a second."""
    seen: list[tuple[int, object]] = []

    async def one(place: int) -> None:
        try:
            pid = await control.start_child(spec)
        except SpawnLimitError:
            seen.append((place, "refused"))
            return
        seen.append((place, trio.current_time()))
        await trio.sleep(1)
        process.exit(pid, Kill())

    async with trio.open_nursery() as nursery:
        for place in range(count):
            nursery.start_soon(one, place)
            await wait_all_tasks_blocked()
    return seen


@in_process
async def test_above_the_bound_a_start_is_refused() -> None:
    sup = await start(2)
    control = SpawnController(sup)
    first = await control.start_child(SPEC)
    await control.start_child(SPEC)

    with pytest.raises(SpawnLimitError) as caught:
        await control.start_child(SPEC)
    error = caught.value
    assert str(error) == (
        "child 'GenServer' cannot be started: there are 2 children, which is "
        "max_children"
    )
    assert (error.limit, error.waiting, error.retry_after) == (2, 0, None)
    assert (error.severity, error.recovery) == ("low", "retry")

    process.exit(first, Kill())
    await process.wait_exited(first)
    assert process.is_alive(await control.start_child(SPEC))
    assert control.statistics() == SpawnStatistics(waiting=0, started=3, rejected=1)


@in_process
async def test_so_many_starts_wait_in_order_and_no_more() -> None:
    sup = await start(1)
    control = SpawnController(sup, queue=2)

    assert await start_in_order(control, 4) == [
        *((0, 0), (3, "refused"), (1, 1), (2, 2))
    ]
    assert control.statistics() == SpawnStatistics(0, 3, 1)


@in_process
async def test_who_waits_for_too_long_is_refused() -> None:
    sup = await start(1)
    control = SpawnController(sup, queue=5, max_wait=1.5)

    assert sorted(await start_in_order(control, 4), key=lambda pair: pair[0]) == [
        *((0, 0), (1, 1), (2, "refused"), (3, "refused"))
    ]
    assert trio.current_time() == 2
    first = await control.start_child(SPEC)
    for count in (3, 4):
        with pytest.raises(SpawnLimitError, match="no room in") as caught:
            await control.start_child(SPEC)
        assert caught.value.limit == 1
        assert control.statistics().rejected == count
    assert process.is_alive(first)


@in_process
async def test_a_start_that_has_begun_is_not_ended_by_the_wait() -> None:
    class Slow(GenServer):
        async def init(self) -> None:
            await trio.sleep(10)

    sup = await start(1)
    control = SpawnController(sup, queue=1, max_wait=1.5)
    first = await control.start_child(SPEC)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(control.start_child, child_spec(Slow))
        await wait_all_tasks_blocked()
        process.exit(first, Kill())

    assert trio.current_time() == 10
    assert len(await which_children(sup)) == 1


@in_process
async def test_what_is_restarted_keeps_its_room() -> None:
    sup = await start(1)
    control = SpawnController(sup)
    child = await control.start_child(child_spec(GenServer).override(backoff=Backoff()))
    process.exit(child, Kill())

    with pytest.raises(SpawnLimitError):
        await control.start_child(SPEC)
    await trio.sleep(1)
    [info] = await which_children(sup)
    assert isinstance(info.pid, Pid)
    await terminate_child(sup, info.pid)
    await control.start_child(SPEC)


@in_process
async def test_the_bound_holds_whoever_starts_children_and_may_change() -> None:
    sup = await start(1)
    control = SpawnController(sup, queue=1)
    child = await start_child(sup, SPEC)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(control.start_child, SPEC)
        await wait_all_tasks_blocked()
        assert control.statistics() == SpawnStatistics(1, 0, 0)
        await change_specs(sup, DynamicSpec(max_children=2))

    assert len(await which_children(sup)) == 2
    assert process.is_alive(child)


@in_process
async def test_a_supervisor_is_found_by_name() -> None:
    name = Name[DynamicSupervisor]("rooms")
    control = SpawnController(name)
    with pytest.raises(otp.NoProcessError):
        await control.start_child(SPEC)
    sup = await dynamic_supervisor.start_named(name, DynamicSupervisor)
    process.unlink(sup)
    await control.start_child(SPEC)

    assert repr(control).startswith("<SpawnController of ")
    await dynamic_supervisor.stop(sup)


@in_process
async def test_a_child_that_cannot_start_takes_up_no_room() -> None:
    class Broken(GenServer):
        async def init(self) -> None:
            raise ConnectionError

    sup = await start(1)
    control = SpawnController(sup)
    with pytest.raises(StartChildError):
        await control.start_child(child_spec(Broken))
    assert control.statistics() == SpawnStatistics(0, 0, 0)
    await control.start_child(SPEC)


@in_process
async def test_who_waits_hears_of_the_end_of_the_supervisor() -> None:
    sup = await start(0)
    control = SpawnController(sup, queue=2)
    heard: list[object] = []

    async def wait() -> None:
        try:
            await control.start_child(SPEC)
        except otp.CallError as error:
            heard.append(type(error))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        process.exit(sup, Kill())

    assert heard == [otp.ServerExitedError, otp.NoProcessError]


@in_process
async def test_only_a_dynamic_supervisor_can_be_controlled() -> None:
    sup = await supervisor.start_link(otp.Supervisor, otp.one_for_one())
    process.unlink(sup)
    with pytest.raises(StrategyError, match="for a dynamic supervisor"):
        await SpawnController(sup).start_child(SPEC)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["rooms", 3, None, DynamicSupervisor])
def test_an_address_is_needed(value: object) -> None:
    with pytest.raises(TypeError, match="addressed by"):
        SpawnController(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("queue", [-1, 1.5, None])
def test_a_queue_is_a_whole_number(queue: object) -> None:
    name = Name[DynamicSupervisor]("rooms")
    with pytest.raises(InvalidSpecError, match="queue of a spawn controller"):
        SpawnController(name, queue=queue)  # type: ignore[arg-type]


def test_a_time_to_wait_is_for_those_who_may_wait() -> None:
    name = Name[DynamicSupervisor]("rooms")
    with pytest.raises(InvalidSpecError, match="say how many may"):
        SpawnController(name, max_wait=1.0)
