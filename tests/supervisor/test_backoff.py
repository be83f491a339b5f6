"""Pauses between restarts, for who wants them."""

from __future__ import annotations

from random import Random

import pytest
import trio
from attrs import evolve

from otp import Backoff, Fail, Kill, Pid, Reason, Shutdown, process
from otp.kernel import current_node
from otp.supervisor import (
    change_specs,
    one_for_all,
    one_for_one,
    restart_child,
    simple_one_for_one,
    start_dynamic_child,
    terminate_child,
    which_children,
)
from tests.kernel.support import collected_reports, in_process
from tests.supervisor.support import Stage, alive, settled, start, states

BACKOFF = Backoff(initial=1, factor=2, maximum=60)


@in_process
async def test_each_restart_in_a_row_waits_longer() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", backoff=BACKOFF), max_restarts=9))
    pauses: list[float] = []

    for _ in range(4):
        died = trio.current_time()
        await stage.kill("a")
        pauses.append(await stage.next_start("a") - died)

    assert pauses == [1, 2, 4, 8]
    assert await states(sup) == {"a": stage.pid("a")}


@in_process
async def test_jitter_leaves_a_part_of_the_pause_to_the_chance_of_the_node() -> None:
    stage = Stage()
    spread = evolve(BACKOFF, jitter=0.5)
    await start(one_for_one(stage.child("a", backoff=spread), max_restarts=9))
    chance = Random()
    chance.setstate(current_node().random.getstate())

    for n in range(4):
        died = trio.current_time()
        await stage.kill("a")
        pause = await stage.next_start("a") - died
        assert pause == pytest.approx(2**n * (1 - 0.5 * chance.random()))


@in_process
async def test_attempts_that_fail_are_in_the_same_row() -> None:
    stage = Stage()
    fails = [Fail(Reason("r"))] * 2
    await start(one_for_one(stage.child("a", None, *fails, backoff=BACKOFF)))

    await stage.kill("a")
    times = [await stage.next_start("a") for _ in range(3)]

    assert times == [1, 3, 7]


@in_process
async def test_a_long_run_ends_the_row() -> None:
    stage = Stage()
    await start(one_for_one(stage.child("a", backoff=BACKOFF)))
    await stage.kill("a")
    await stage.next_start("a")
    await trio.sleep(61)

    died = trio.current_time()
    await stage.kill("a")

    assert await stage.next_start("a") - died == 1


@in_process
async def test_a_short_run_ends_no_row_however_late_it_is() -> None:
    stage = Stage()
    await start(one_for_one(stage.child("a", backoff=BACKOFF)))
    await trio.sleep(1000)
    await stage.kill("a")
    await stage.next_start("a")

    died = trio.current_time()
    await stage.kill("a")

    assert await stage.next_start("a") - died == 2


@in_process
async def test_in_a_pause_the_supervisor_serves_everybody_else() -> None:
    stage = Stage()
    sup = await start(
        one_for_one(stage.child("a", backoff=BACKOFF), stage.child("b"), max_restarts=9)
    )

    await stage.kill("a")
    await stage.kill("b")

    assert await states(sup) == {"a": "restarting", "b": stage.pid("b")}
    assert stage.starts == ["a", "b", "b"]


@in_process
async def test_a_pause_can_be_put_an_end_to() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", backoff=BACKOFF)))

    await stage.kill("a")
    await terminate_child(sup, "a")
    await trio.sleep(10)

    assert stage.starts == ["a"]
    assert await states(sup) == {"a": None}


@in_process
async def test_the_end_of_an_old_pause_does_not_cut_a_new_one_short() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", backoff=BACKOFF)))
    await stage.kill("a")
    await trio.sleep(0.5)
    await terminate_child(sup, "a")
    await restart_child(sup, "a")
    # The first pause would be over at 1, the second one is from 0.5 to 2.5.
    await stage.kill("a")

    assert await stage.next_start("a") == 2.5


@in_process
async def test_the_siblings_run_on_until_the_pause_is_over() -> None:
    stage = Stage()
    a = stage.child("a", backoff=BACKOFF)
    await start(one_for_all(a, stage.child("b", trap=True)))

    await stage.kill("a")
    assert stage.stops == []
    await stage.next_start("b")

    assert stage.log[2:] == [("stop", "b", Shutdown()), ("start", "a"), ("start", "b")]


@in_process
async def test_a_restart_counts_when_it_is_made() -> None:
    stage = Stage()
    sup = await start(
        one_for_one(stage.child("a", backoff=BACKOFF), max_restarts=0, max_seconds=1)
    )

    with collected_reports():
        await stage.kill("a")
        assert alive(sup) == [True]
        await trio.sleep(2)

    assert alive(sup) == [False]


@in_process
async def test_with_long_pauses_there_is_never_too_much() -> None:
    stage = Stage()
    steady = Backoff(initial=10, factor=1, maximum=10)
    sup = await start(one_for_one(stage.child("a", backoff=steady), max_restarts=1))

    for _ in range(5):
        await stage.kill("a")
        await stage.next_start("a")

    assert alive(sup) == [True]


@in_process
async def test_dynamic_children_pause_each_for_itself() -> None:
    stage = Stage()
    sup = await start(simple_one_for_one(stage.child("w", backoff=BACKOFF)))
    first: Pid = await start_dynamic_child(sup)
    second: Pid = await start_dynamic_child(sup)

    process.exit(first, Kill())
    await settled()

    assert [child.pid for child in await which_children(sup)] == [second, "restarting"]
    assert await stage.next_start("w") == 1
    assert len(await which_children(sup)) == 2


@in_process
async def test_a_pause_that_is_over_finds_the_child_as_it_is_now() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", backoff=BACKOFF)))
    await stage.kill("a")

    await change_specs(sup, one_for_one(stage.child("a"), stage.child("b")))
    await trio.sleep(2)

    assert await states(sup) == {"a": stage.pid("a"), "b": None}
