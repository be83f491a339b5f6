"""A supervisor and its children become what another specification says."""

from __future__ import annotations

import pytest
import trio

import otp
from otp import (
    Backoff,
    ChildSpec,
    Kill,
    Name,
    Pid,
    one_for_all,
    one_for_one,
    process,
    supervisor,
)
from otp.supervisor import (
    get_childspec,
    start_child,
    swap,
    terminate_child,
)
from otp.sys import LayoutError
from tests.kernel.support import in_process
from tests.supervisor.support import STUCK, Stage, alive, settled, start, states
from tests.supervisor.swapping import (
    Plain,
    Slotted,
    Till,
    Till2,
    args_of,
    begin,
    class_of,
    only_pid,
    outcomes,
    pid_of,
    till,
)

# --------------------------------------------------------------- what is done with whom


@in_process
async def test_the_same_specification_touches_nobody() -> None:
    stage = Stage()
    spec = one_for_one(*map(stage.child, "abc"))
    sup = await start(spec)
    before = await states(sup)

    result = await swap(sup, one_for_one(*map(stage.child, "abc")))

    assert outcomes(result) == [("a", "kept"), ("b", "kept"), ("c", "kept")]
    assert result.ok
    assert await states(sup) == before
    assert stage.starts == ["a", "b", "c"]


@in_process
async def test_children_come_and_go_and_change_places() -> None:
    stage = Stage()
    a, b, c, d = (stage.child(id_, trap=True) for id_ in "abcd")
    sup = await start(one_for_one(a, b, c, d))
    pids = await states(sup)
    stage.forget()

    x = stage.child("x")
    result = await swap(sup, one_for_one(d, x, b))

    assert outcomes(result) == [
        ("c", "stopped"),
        ("a", "stopped"),
        ("d", "kept"),
        ("x", "started"),
        ("b", "kept"),
    ]
    assert stage.stops == ["c", "a"]
    assert stage.starts == ["x"]
    assert list((await states(sup)).items()) == [
        ("d", pids["d"]),
        ("x", stage.pid("x")),
        ("b", pids["b"]),
    ]
    assert result["x"].pid is stage.pid("x")
    assert result["c"].pid is None


@in_process
async def test_other_rules_need_no_other_process() -> None:
    stage = Stage()
    old = stage.child("a")
    sup = await start(one_for_one(old))

    new = old.override(restart="temporary", shutdown=77.0)
    result = await swap(sup, one_for_one(new))

    assert outcomes(result) == [("a", "updated")]
    assert await get_childspec(sup, "a") == new
    await stage.kill("a")
    assert stage.starts == ["a"]
    assert await states(sup) == {}


@in_process
async def test_a_child_with_other_arguments_is_started_again() -> None:
    sup = await begin(till("a", Till, 1), till("b", Till, 1))
    before = await states(sup)

    result = await swap(sup, one_for_one(till("a", Till, 2), till("b", Till, 1)))

    assert outcomes(result) == [("a", "restarted"), ("b", "kept")]
    after = await states(sup)
    assert after["a"] is not before["a"]
    assert after["a"] is result["a"].pid
    assert after["b"] is before["b"]
    assert await args_of(pid_of(result, "a")) == (2,)


@in_process
async def test_a_child_with_another_name_is_started_again_in_any_case() -> None:
    old, new = Name[Till]("old"), Name[Till]("new")
    sup = await begin(till("a").named(old))

    result = await swap(sup, one_for_one(till("a", Till2).named(new)))

    assert outcomes(result) == [("a", "restarted")]
    assert process.whereis(old) is None
    assert process.whereis(new) is result["a"].pid


@in_process
async def test_a_class_that_takes_over_goes_on_with_the_state() -> None:
    name = Name[Till]("till")
    sup = await begin(till("a").named(name))
    pid = process.whereis(name)
    await Till.incr(name)

    result = await swap(sup, one_for_one(till("a", Till2).named(name)))

    assert outcomes(result) == [("a", "migrated")]
    assert process.whereis(name) is pid is result["a"].pid
    assert await Till.incr(name) == 20
    assert await class_of(name) is Till2


@in_process
async def test_an_older_class_gets_the_state_from_the_newer_one() -> None:
    sup = await begin(till("a", Till2))
    pid = await only_pid(sup)
    await Till.incr(pid)

    result = await swap(sup, one_for_one(till("a", Till)))

    assert outcomes(result) == [("a", "migrated")]
    assert await Till.get(pid) == 1
    assert await Till.incr(pid) == 2


@in_process
async def test_a_process_that_was_changed_before_is_not_changed_twice() -> None:
    sup = await begin(till("a"))
    pid = await only_pid(sup)
    await Till.incr(pid)
    await otp.code.change(pid, Till2)

    result = await swap(sup, one_for_one(till("a", Till2)))

    assert outcomes(result) == [("a", "updated")]
    assert await Till.get(pid) == 10


@in_process
async def test_a_class_that_does_not_say_that_it_takes_over_is_started() -> None:
    sup = await begin(till("a"))

    result = await swap(sup, one_for_one(till("a", Plain)))

    assert outcomes(result) == [("a", "restarted")]
    assert await class_of(pid_of(result, "a")) is Plain


@in_process
async def test_a_class_that_is_laid_out_in_another_way_is_started() -> None:
    sup = await begin(till("a"))

    result = await swap(sup, one_for_one(till("a", Slotted)))

    assert outcomes(result) == [("a", "restarted")]
    assert isinstance(result["a"].error, LayoutError)
    assert result.ok


@in_process
async def test_what_is_not_a_class_is_started() -> None:
    sup = await begin(till("a"))

    async def start_till() -> Pid[Till]:
        return await otp.gen_server.start_link(Till)

    result = await swap(sup, one_for_one(ChildSpec.of("a", start_till)))
    assert outcomes(result) == [("a", "restarted")]

    result = await swap(sup, one_for_one(till("a")))
    assert outcomes(result) == [("a", "restarted")]


@in_process
async def test_a_child_that_is_down_gets_its_specification_and_stays_down() -> None:
    sup = await begin(till("a"))
    await terminate_child(sup, "a")

    result = await swap(sup, one_for_one(till("a", Plain)))

    assert outcomes(result) == [("a", "updated")]
    assert await states(sup) == {"a": None}
    assert (await get_childspec(sup, "a")).start.target is Plain


@in_process
async def test_a_child_that_waits_to_be_restarted_comes_back_as_the_new_one() -> None:
    stage = Stage()
    pause = Backoff(10.0)
    sup = await start(one_for_one(stage.child("a", backoff=pause)))
    await stage.kill("a")

    result = await swap(sup, one_for_one(till("a", Till, 1)))
    assert outcomes(result) == [("a", "updated")]
    assert result["a"].pid == "restarting"

    await trio.sleep(11)
    assert await args_of(await only_pid(sup)) == (1,)


@in_process
async def test_children_that_were_added_are_removed_unless_they_are_wanted() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a")))
    for id_ in "bc":
        await start_child(sup, stage.child(id_, restart="temporary"))

    result = await swap(
        sup, one_for_one(stage.child("a"), stage.child("c", restart="temporary"))
    )

    # Its arguments were not kept, and are taken to be the same.
    assert outcomes(result) == [("b", "stopped"), ("a", "kept"), ("c", "updated")]


@in_process
async def test_arguments_that_cannot_be_compared_are_others() -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise ValueError("neither true nor false")

        def __hash__(self) -> int:
            return 0

    same = Odd()
    sup = await begin(till("a", Till, same), till("b", Till, Odd()))

    result = await swap(sup, one_for_one(till("a", Till, same), till("b", Till, Odd())))

    assert outcomes(result) == [("a", "kept"), ("b", "restarted")]


@in_process
async def test_strategy_and_limits_are_the_new_ones() -> None:
    stage = Stage()
    a, b = map(stage.child, "ab")
    sup = await start(one_for_one(a, b))

    await swap(sup, one_for_all(a, b, max_restarts=1))
    stage.forget()
    await stage.kill("a")
    assert stage.starts == ["a", "b"]
    await stage.kill("a")
    assert alive(sup) == [False]


@in_process
async def test_restarts_of_a_swap_do_not_count() -> None:
    sup = await begin(till("a", Till, 0), max_restarts=0)

    for n in range(1, 4):
        spec = one_for_one(till("a", Till, n), max_restarts=0)
        assert outcomes(await swap(sup, spec)) == [("a", "restarted")]

    assert alive(sup) == [True]


@in_process
async def test_the_end_of_a_significant_child_does_not_count_either() -> None:
    stage = Stage()
    significant = stage.child("a", restart="transient", significant=True)
    sup = await start(one_for_one(significant, auto_shutdown="any_significant"))

    result = await swap(sup, one_for_one(auto_shutdown="any_significant"))

    assert outcomes(result) == [("a", "stopped")]
    assert alive(sup) == [True]


# ------------------------------------------------------------------------- cancellation


@in_process
async def test_a_caller_that_gives_up_does_not_stop_the_swap() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a"), stage.child("b")))

    with trio.move_on_after(1.0):
        await swap(sup, one_for_one(stage.child("x", 5.0), till("b")))

    assert list(await states(sup)) == ["x", "b"]


@in_process
async def test_no_message_of_a_child_that_migrates_is_lost() -> None:
    sup = await begin(till("a"))
    pid = await only_pid(sup)
    began, goes_on = trio.Event(), trio.Event()
    Till.work.send_request(pid, began, goes_on)
    await began.wait()
    requests = [Till.incr.send_request(pid) for _ in range(3)]

    async with trio.open_nursery() as nursery:
        nursery.start_soon(swap, sup, one_for_one(till("a", Till2)))
        await settled()
        requests += [Till.incr.send_request(pid) for _ in range(2)]
        goes_on.set()

    answers = [await otp.gen_server.wait_response(one) for one in requests]
    assert answers == [1, 2, 3, 40, 50]


@in_process
async def test_a_supervisor_that_is_killed_takes_its_children_along() -> None:
    stage = Stage()
    sup = await start(one_for_one(*map(stage.child, "abc")))
    spec = one_for_one(stage.child("b"), stage.child("x", STUCK), stage.child("c"))

    async with trio.open_nursery() as nursery:

        async def do() -> None:
            with pytest.raises(otp.ServerExitedError):
                await swap(sup, spec)

        nursery.start_soon(do)
        await settled()
        process.exit(sup, Kill())

    await settled()
    assert alive(sup, *(stage.pid(id_) for id_ in "abcx")) == [False] * 5


@in_process
async def test_the_order_to_end_waits_for_the_swap() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a", trap=True)))
    spec = one_for_one(stage.child("x", 5.0, trap=True), stage.child("a", trap=True))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(swap, sup, spec)
        await settled()
        await supervisor.stop(sup)

    assert stage.stops == ["a", "x"]
