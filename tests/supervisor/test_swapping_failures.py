"""What becomes of a swap in which something goes wrong."""

from __future__ import annotations

from typing import Any

import pytest
import trio

import otp
from otp import (
    CallTimeoutError,
    GenServer,
    Ignore,
    Pid,
    child_spec,
    one_for_one,
)
from otp.supervisor import (
    StrategyError,
    child_template,
    get_childspec,
    simple_one_for_one,
    swap,
    which_children,
)
from otp.sys import CallbackFailedError
from tests.kernel.support import in_process
from tests.supervisor.support import STUCK, Stage, alive, settled, start, states
from tests.supervisor.swapping import (
    Dying,
    Failing,
    Sleeping,
    Till,
    Till2,
    begin,
    class_of,
    only_pid,
    outcomes,
    pid_of,
    till,
)


@in_process
async def test_a_child_that_cannot_start_comes_back_and_the_rest_goes_on() -> None:
    stage = Stage()
    a = stage.child("a")
    sup = await start(one_for_one(a, till("b", Till, 1)))

    class Bad(GenServer):
        async def init(self) -> None:
            raise ValueError("bad")

    new = child_spec(Bad).override(id="a", restart="transient")
    result = await swap(sup, one_for_one(new, till("b", Till, 2)))

    assert outcomes(result) == [("a", "restored"), ("b", "restarted")]
    assert not result.ok
    assert "bad" in repr(result["a"].error)
    assert stage.starts == ["a", "a"]
    assert result["a"].pid is stage.pid("a")
    assert await get_childspec(sup, "a") == a


@in_process
async def test_a_new_child_that_cannot_start_is_not_there() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a")))

    spec = one_for_one(stage.child("b", ValueError("bad")), stage.child("a"))
    result = await swap(sup, spec)

    assert outcomes(result) == [("b", "failed"), ("a", "kept")]
    assert list(await states(sup)) == ["a"]
    # A second attempt has better luck.
    assert outcomes(await swap(sup, spec)) == [("b", "started"), ("a", "kept")]
    assert list(await states(sup)) == ["b", "a"]


@in_process
async def test_a_child_that_declines_is_down_or_forgotten() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a")))

    result = await swap(
        sup,
        one_for_one(
            stage.child("a"),
            stage.child("b", Ignore()),
            stage.child("c", Ignore(), restart="temporary"),
        ),
    )

    assert outcomes(result) == [("a", "kept"), ("b", "ignored"), ("c", "ignored")]
    assert result.ok
    assert await states(sup) == {"a": stage.pid("a"), "b": None}


class Moody(GenServer):
    """Starts as long as what it was given says so."""

    def __init__(self, moods: list[object], n: int) -> None:
        mood = moods.pop(0)
        if isinstance(mood, Exception):
            raise mood
        del n


@in_process
async def test_if_even_the_old_one_cannot_start_it_is_tried_again() -> None:
    moods: list[object] = [None, ValueError("new"), ValueError("old"), None]
    old = child_spec(Moody, moods, 1)
    sup = await begin(old)

    result = await swap(sup, one_for_one(child_spec(Moody, moods, 2)))

    assert outcomes(result) == [("Moody", "restored")]
    assert "new" in repr(result["Moody"].error)
    assert result["Moody"].pid == "restarting"
    await settled()
    assert isinstance((await states(sup))["Moody"], Pid)
    assert await get_childspec(sup, "Moody") == old


@in_process
async def test_a_temporary_child_that_cannot_come_back_is_forgotten() -> None:
    moods: list[object] = [None, ValueError("new"), ValueError("old")]
    old = child_spec(Moody, moods, 1).override(restart="temporary")
    sup = await begin(old)

    new = child_spec(Moody, moods, 2).override(restart="temporary")
    result = await swap(sup, one_for_one(new))

    assert outcomes(result) == [("Moody", "failed")]
    assert result["Moody"].pid is None
    assert await states(sup) == {}


@in_process
async def test_an_old_one_that_declines_to_come_back_is_down() -> None:
    stage = Stage()
    old = stage.child("a", None, Ignore())
    sup = await start(one_for_one(old))
    moods: list[object] = [ValueError("new")]

    result = await swap(sup, one_for_one(child_spec(Moody, moods, 2).override(id="a")))

    assert outcomes(result) == [("a", "restored")]
    assert await states(sup) == {"a": None}


@in_process
async def test_a_migration_that_fails_leaves_the_child_as_it_was() -> None:
    sup = await begin(till("a"))
    pid = await only_pid(sup)
    await Till.incr(pid)

    result = await swap(sup, one_for_one(till("a", Failing, restart="transient")))

    assert outcomes(result) == [("a", "restored")]
    assert isinstance(result["a"].error, CallbackFailedError)
    assert result["a"].pid is pid
    assert await Till.incr(pid) == 2
    assert await get_childspec(sup, "a") == till("a")


@in_process
async def test_a_migration_that_takes_too_long_ends_in_a_restart() -> None:
    sup = await begin(till("a"))

    before = trio.current_time()
    spec = one_for_one(till("a", Sleeping))
    result = await swap(sup, spec, timeout=3.0, extra=trio.Event())

    assert outcomes(result) == [("a", "restarted")]
    assert isinstance(result["a"].error, CallTimeoutError)
    assert trio.current_time() == before + 3.0
    assert await Till.get(pid_of(result, "a")) == 0


@in_process
async def test_a_child_that_is_busy_for_too_long_is_stopped_in_its_own_time() -> None:
    sup = await begin(till("a", shutdown=2.0))
    pid = await only_pid(sup)
    began = trio.Event()
    Till.work.send_request(pid, began, trio.Event())
    await began.wait()

    before = trio.current_time()
    result = await swap(sup, one_for_one(till("a", Till2, shutdown=2.0)), timeout=1.0)

    assert outcomes(result) == [("a", "restarted")]
    # It does not trap exits, so that it ends at once when it is told to.
    assert trio.current_time() == before + 1.0
    assert alive(pid) == [False]


@in_process
async def test_a_stuck_child_that_traps_exits_is_killed_after_its_shutdown() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", trap=True, shutdown=2.0)))
    otp.gen_server.cast(stage.pid("a"), STUCK)
    await settled()

    before = trio.current_time()
    result = await swap(sup, one_for_one(till("a", Till2)))

    assert outcomes(result) == [("a", "restarted")]
    # Other arguments: there is nothing to wait for but the end.
    assert trio.current_time() == before + 2.0


@in_process
async def test_a_child_that_dies_of_its_migration_is_restarted_as_ever() -> None:
    sup = await begin(till("a"))

    result = await swap(sup, one_for_one(till("a", Dying)))
    await settled()

    assert outcomes(result) == [("a", "died")]
    assert not result.ok
    pid = (await states(sup))["a"]
    assert isinstance(pid, Pid)
    assert pid is not result["a"].pid
    assert await class_of(pid) is Dying


@in_process
async def test_deaths_meanwhile_are_dealt_with_by_the_new_rules() -> None:
    stage = Stage()
    sup = await start(one_for_one(*map(stage.child, "abc")))
    a, b = stage.child("a"), stage.child("b", restart="temporary")
    slow = stage.child("x", 5.0)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(swap, sup, one_for_one(slow, a, b))
        await settled()
        await stage.kill("a", "b")

    await settled()
    assert await states(sup) == {"x": stage.pid("x"), "a": stage.pid("a")}
    assert stage.starts == ["a", "b", "c", "x", "a"]


@in_process
async def test_a_child_that_is_dead_already_can_be_removed_and_restarted() -> None:
    stage = Stage()
    sup = await start(one_for_one(*map(stage.child, "ab"), stage.child("s", 5.0)))
    slow = stage.child("s2", 5.0)
    spec = one_for_one(slow, till("b"))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(swap, sup, one_for_one(stage.child("a"), slow, till("b")))
        await settled()
        await stage.kill("a", "b")
        result = await swap(sup, spec)

    assert outcomes(result) == [("a", "stopped"), ("s2", "kept"), ("b", "kept")]
    assert list(await states(sup)) == ["s2", "b"]


@pytest.mark.parametrize("new", [3, None, GenServer, otp.Supervisor(one_for_one())])
@in_process
async def test_what_is_no_specification_is_refused_at_once(new: Any) -> None:
    sup = await begin(till("a"))

    with pytest.raises(TypeError, match="neither a SupervisorSpec nor a class"):
        await swap(sup, new)
    with pytest.raises(ValueError, match="0 seconds or more"):
        await swap(sup, one_for_one(), timeout=-1)

    assert len(await which_children(sup)) == 1


@in_process
async def test_another_kind_of_supervisor_is_refused_and_nothing_changes() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a")))

    with pytest.raises(StrategyError, match="cannot become"):
        await swap(sup, simple_one_for_one(child_template(Till)))

    assert await states(sup) == {"a": stage.pid("a")}
