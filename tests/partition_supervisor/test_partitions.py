"""Supervisors of several copies of one child."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, cast

import pytest
import trio

import otp
from otp import (
    AlreadyStartedError,
    Backoff,
    ChildSpec,
    Crash,
    DynamicSupervisor,
    Exited,
    Fail,
    GenServer,
    Ignore,
    InvalidSpecError,
    Name,
    Node,
    NoProc,
    NoProcessError,
    PartitionSupervisor,
    Pid,
    Reason,
    Shutdown,
    StartError,
    child_spec,
    dynamic_supervisor,
    gen_server,
    one_for_one,
    partition_supervisor,
    process,
    supervisor,
    sys,
    timer,
)
from otp.partition_supervisor import (
    ChildCounts,
    StartChildError,
    StrategyError,
    count_children,
    partitions,
    resize,
    via,
    which_children,
)
from otp.supervisor import SupervisorState
from tests.gen_server.trials import assert_quiet, settle, trial
from tests.kernel.support import (
    cancel_at_every_step,
    cancel_at_step,
    dead_pid,
    in_process,
)
from tests.supervisor.support import Actor, Stage, alive, settled

if TYPE_CHECKING:
    from trio.testing import MockClock


Shop = PartitionSupervisor["Clerk"]


class Clerk(GenServer):
    """Tells what it was made with."""

    def __init__(self, *given: object, **options: object) -> None:
        self.given = given, options
        self.told: list[object] = []

    @otp.call
    async def made_with(self) -> tuple[object, ...]:
        return self.given[0]

    @otp.call
    async def who(self) -> Pid:
        return process.self()

    @otp.cast
    async def tell(self, what: object) -> None:
        self.told.append(what)

    @otp.call
    async def heard(self) -> list[object]:
        return self.told

    async def handle_info(self, message: object) -> None:
        self.told.append(message)


SHOP = Name[Shop]("shop")


def numbered(args: tuple[Any, ...], partition: int) -> tuple[object, ...]:
    return (*args, partition)


async def open_shop(n: int | None = 4, **more: Any) -> Pid[Shop]:
    """Start a partition supervisor, with the caller as a parent that survives it."""
    process.trap_exit(True)
    more.setdefault("with_arguments", numbered)
    spec: ChildSpec[Clerk] = child_spec(Clerk)
    shop: Any = PartitionSupervisor
    return await partition_supervisor.start_named(
        SHOP, shop, spec, partitions=n, **more
    )


async def staffed(
    stage: Stage, *inits: object, n: int = 3, trap: bool = True, **more: Any
) -> Pid[PartitionSupervisor[Actor]]:
    """Start one whose partitions do as told, as ``"0"``, ``"1"``..."""
    process.trap_exit(True)
    override = {k: more.pop(k) for k in ("restart", "backoff") if k in more}
    for partition in range(n):
        stage.child(f"{partition}")
    stage.child(f"{n - 1}", *inits)
    spec = child_spec(Actor, stage, "", trap=trap, end=None).override(**override)
    supervisor_: Any = PartitionSupervisor
    return await partition_supervisor.start_link(
        supervisor_,
        spec,
        partitions=n,
        with_arguments=lambda args, partition: [args[0], f"{partition}"],
        **more,
    )


async def states(sup: Pid[Any]) -> dict[object, object]:
    """Return the partitions, in their order."""
    return {info.id: info.pid for info in reversed(await which_children(sup))}


# -------------------------------------------------------------------------- the start


@in_process
async def test_there_are_so_many_copies_in_the_order_of_their_numbers() -> None:
    stage = Stage()
    sup = await staffed(stage, n=3)

    assert stage.starts == ["0", "1", "2"]
    assert await states(sup) == {n: stage.pid(f"{n}") for n in range(3)}
    assert await count_children(sup) == ChildCounts(3, 3, 0, 3)
    assert partitions(sup) == 3


@in_process
async def test_by_default_there_are_as_many_as_processors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    await open_shop(None)
    assert partitions(SHOP) == 3

    await supervisor.stop(SHOP)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    await open_shop(None)
    assert partitions(SHOP) == 1


@in_process
async def test_all_have_the_same_arguments_if_nothing_is_said() -> None:
    sup = await partition_supervisor.start_link(
        PartitionSupervisor, child_spec(Clerk, 1, x=2), partitions=2
    )

    assert [await Clerk.made_with(via(sup, n)) for n in range(2)] == [(1,), (1,)]
    specs = [await supervisor.get_childspec(sup, n) for n in range(2)]
    assert [spec.start.kwargs for spec in specs] == [{"x": 2}] * 2


@in_process
async def test_each_can_have_arguments_of_its_own() -> None:
    sup = await partition_supervisor.start_link(
        PartitionSupervisor,
        child_spec(Clerk, "a"),
        partitions=3,
        with_arguments=numbered,
    )

    made_with = [await Clerk.made_with(via(sup, n)) for n in range(3)]
    assert made_with == [("a", 0), ("a", 1), ("a", 2)]


@in_process
async def test_it_is_a_child_like_any_other_supervisor() -> None:
    spec = child_spec(PartitionSupervisor, child_spec(Clerk), partitions=2).named(SHOP)
    await supervisor.start_link(supervisor.Supervisor, one_for_one(spec))

    assert spec.type == "supervisor"
    assert spec.id == "PartitionSupervisor"
    assert await Clerk.made_with(via(SHOP, "x")) == ()


@in_process
async def test_a_start_function_can_be_partitioned() -> None:
    begun: list[tuple[str, int]] = []

    async def begin(word: str, n: int) -> Pid:
        begun.append((word, n))
        return process.spawn_link(trio.sleep_forever)

    spec = ChildSpec.of("x", begin, "w", 0)
    sup = await partition_supervisor.start_link(
        PartitionSupervisor,
        spec,
        partitions=2,
        with_arguments=lambda args, n: (args[0], n),
    )

    assert begun == [("w", 0), ("w", 1)]
    assert (await count_children(sup)).active == 2


@in_process
async def test_if_one_does_not_start_none_does() -> None:
    stage = Stage()

    with pytest.raises(StartError) as caught:
        await staffed(stage, Fail(Reason("no")), n=3)

    assert caught.value.reason == Shutdown(
        supervisor.FailedToStartChild(2, Reason("no"))
    )
    assert stage.stops == ["1", "0"]
    assert not any(alive(stage.pid("0"), stage.pid("1")))


BAD: list[tuple[dict[str, Any], str]] = [
    ({"child": Clerk}, "invalid_child_spec"),
    ({"child": None}, "invalid_child_spec"),
    ({"child": child_spec(Clerk).named(Name("x"))}, "invalid_name"),
    ({"partitions": 0}, "invalid_partitions"),
    ({"partitions": -1}, "invalid_partitions"),
    ({"partitions": 1.0}, "invalid_partitions"),
    ({"partitions": True}, "invalid_partitions"),
    ({"with_arguments": ("a",)}, "invalid_with_arguments"),
    ({"strategy": "simple_one_for_one"}, "invalid_strategy"),
    ({"strategy": "one_for_some"}, "invalid_strategy"),
    ({"max_restarts": -1}, "invalid_intensity"),
    ({"max_seconds": 0}, "invalid_period"),
    ({"auto_shutdown": "x"}, "invalid_auto_shutdown"),
]
BAD_LATER: list[tuple[dict[str, Any], str]] = [
    ({"with_arguments": lambda _args, _n: "ab"}, "invalid_arguments"),
    ({"with_arguments": lambda _args, _n: None}, "invalid_arguments"),
]


@pytest.mark.parametrize(("wrong", "kind"), BAD)
def test_what_is_wrong_is_refused(wrong: dict[str, Any], kind: str) -> None:
    with pytest.raises(InvalidSpecError) as caught:
        PartitionSupervisor(**{"child": child_spec(Clerk), **wrong})

    assert caught.value.kind == kind


@pytest.mark.parametrize(("wrong", "kind"), BAD + BAD_LATER)
@in_process
async def test_what_is_wrong_makes_the_start_fail(
    wrong: dict[str, Any], kind: str
) -> None:
    process.trap_exit(True)
    cls: Any = PartitionSupervisor
    with pytest.raises(StartError) as caught:
        await partition_supervisor.start_link(
            cls, **{"child": child_spec(Clerk), **wrong}
        )

    reason = caught.value.reason
    assert isinstance(reason, Crash)
    assert isinstance(reason.error, InvalidSpecError)
    assert reason.error.kind == kind


@in_process
async def test_what_a_function_of_arguments_raises_makes_the_start_fail() -> None:
    with pytest.raises(StartError) as caught:
        await open_shop(with_arguments=lambda _args, n: 1 // n)

    assert isinstance(caught.value.reason, Crash)
    assert isinstance(caught.value.reason.error, ZeroDivisionError)


# ---------------------------------------------------------------------------- the way


@in_process
async def test_a_number_leads_to_its_partition() -> None:
    await open_shop(3)

    found = [(await Clerk.made_with(via(SHOP, key)))[0] for key in (0, 1, 5, -5, 2**70)]

    assert found == [0, 1, 2, 2, 2**70 % 3]


@in_process
async def test_a_key_leads_to_one_partition_always() -> None:
    sup = await open_shop(3)
    keys = ["apples", ("a", 1), None, process.self(), 0.5, b"x"]

    for key in keys:
        first = await Clerk.who(via(SHOP, key))
        assert await Clerk.who(via(SHOP, key)) is first
        assert await Clerk.who(via(sup, key)) is first


@in_process
async def test_the_way_is_good_wherever_a_name_is() -> None:
    await open_shop(2)
    one = via(SHOP, 1)
    pid = await Clerk.who(one)

    Clerk.tell(one, "cast")
    process.send(one, "message")
    one.registry.send(one.key, "sent")
    timer.send_after(1.0, one, "late")
    await trio.sleep(1.5)

    assert await Clerk.heard(one) == ["cast", "message", "sent", "late"]
    assert process.whereis(SHOP) is not pid
    assert (await sys.get_status(one)).pid is pid
    ref = process.monitor(one)
    process.exit(pid, Reason("boom"))
    assert await process.receive() == otp.Down(ref, one, Reason("boom"))


@in_process
async def test_the_way_leads_to_whoever_is_there_now() -> None:
    await open_shop(2)
    one = via(SHOP, 1)
    before = await Clerk.who(one)

    process.exit(before, Reason("boom"))
    await settled()

    assert await Clerk.who(one) is not before
    assert await Clerk.made_with(one) == (1,)


@in_process
async def test_a_way_is_a_value() -> None:
    assert via(SHOP, 1) == via(SHOP, 1)
    assert via(SHOP, 1) != via(SHOP, 2)
    assert hash(via(SHOP, "x")) == hash(via(SHOP, "x"))
    assert str(via(SHOP, "x")) == "'x' via the partitions of shop"


@pytest.mark.parametrize("key", [[], {}, (1, [])], ids=repr)
@in_process
async def test_what_cannot_be_hashed_is_no_key(key: Any) -> None:
    with pytest.raises(TypeError, match="a key is something hashable, not"):
        via(SHOP, key)


@in_process
async def test_while_one_does_not_run_the_others_do() -> None:
    stage = Stage()
    sup = await staffed(stage, n=2, restart="transient")
    gen_server.cast(via(sup, 1), otp.Exit(otp.Normal()))
    await settled()

    with pytest.raises(NoProcessError, match="there is no process 1 via the part"):
        await gen_server.call(via(sup, 1), "x")
    assert await gen_server.call(via(sup, 0), "x") == "x"


@in_process
async def test_one_that_waits_to_be_restarted_is_not_there() -> None:
    stage = Stage()
    sup = await staffed(stage, n=2, trap=False, backoff=Backoff(5.0))
    registry = via(sup, 1).registry

    await stage.kill("1")
    assert await states(sup) == {0: stage.pid("0"), 1: "restarting"}
    assert registry.whereis_name(1) is None
    await stage.next_start("1")
    await settled()

    assert registry.whereis_name(1) is stage.pid("1")


@in_process
async def test_if_nobody_has_the_name_there_is_no_partition() -> None:
    nowhere = via(SHOP, "apples")

    with pytest.raises(NoProcessError, match="'apples' via the partitions of shop"):
        await Clerk.who(nowhere)
    with pytest.raises(NoProcessError, match="'apples' via the partitions of shop"):
        process.send(nowhere, "x")
    with pytest.raises(NoProcessError, match="'apples' via the partitions of shop"):
        nowhere.registry.send("apples", "x")
    with pytest.raises(NoProcessError, match="there is no process shop"):
        partitions(SHOP)
    with pytest.raises(NoProcessError, match="there is no process shop"):
        await resize(SHOP, 1)
    Clerk.tell(nowhere, "x")
    ref = process.monitor(nowhere)
    assert await process.receive() == otp.Down(ref, nowhere, NoProc())
    dead = cast("Pid[Shop]", await dead_pid())
    with pytest.raises(NoProcessError):
        partitions(dead)


@in_process
async def test_whoever_is_no_partition_supervisor_says_so() -> None:
    plain = await supervisor.start_link(supervisor.Supervisor, one_for_one())
    server = await gen_server.start(GenServer)

    for other in (plain, server):
        other = cast("Pid[Shop]", other)
        with pytest.raises(StrategyError, match="is no partition supervisor"):
            await Clerk.who(via(other, 1))
        with pytest.raises(StrategyError, match="is no partition supervisor"):
            partitions(other)
    with pytest.raises(StrategyError, match="is no partition supervisor"):
        await resize(cast("Pid[Shop]", plain), 1)


@in_process
async def test_nobody_can_be_given_the_name_of_a_partition() -> None:
    await open_shop(1)
    with pytest.raises(AlreadyStartedError):
        await gen_server.start_named(cast("Name[Clerk]", via(SHOP, 1)), Clerk)

    await resize(SHOP, 0)
    with pytest.raises(InvalidSpecError, match="cannot be registered as 1 via"):
        await gen_server.start_named(cast("Name[Clerk]", via(SHOP, 1)), Clerk)
    via(SHOP, 1).registry.unregister_name(1)


async def test_partitions_of_another_node_are_found(autojump_clock: MockClock) -> None:
    del autojump_clock
    async with Node("west") as west:

        async def there() -> None:
            await open_shop(2)
            await trio.sleep_forever()

        west.spawn(there)
        await settled()
        async with Node("east"):
            assert await Clerk.made_with(via(SHOP.at("west"), 3)) == (1,)
            with pytest.raises(NoProcessError):
                await Clerk.who(via(SHOP, 1))
            with pytest.raises(otp.NodeDownError):
                await Clerk.who(via(SHOP.at("north"), 1))


@in_process
async def test_a_dynamic_supervisor_can_be_partitioned() -> None:
    many = Name[PartitionSupervisor[DynamicSupervisor]]("many")
    await partition_supervisor.start_named(
        many, PartitionSupervisor, child_spec(DynamicSupervisor), partitions=3
    )

    for n in range(6):
        await dynamic_supervisor.start_child(via(many, n), child_spec(Clerk))

    assert await count_children(many) == ChildCounts(3, 3, 3, 0)
    for n in range(3):
        assert (await dynamic_supervisor.count_children(via(many, n))).active == 2


# ---------------------------------------------------------------------- more and fewer


@in_process
async def test_those_that_are_too_many_are_stopped() -> None:
    stage = Stage()
    sup = await staffed(stage, n=4)
    stage.forget()

    assert await resize(sup, 2) == 4

    assert stage.log == [("stop", "3", Shutdown()), ("stop", "2", Shutdown())]
    assert partitions(sup) == 2
    assert await states(sup) == {0: stage.pid("0"), 1: stage.pid("1"), 2: None, 3: None}
    assert await count_children(sup) == ChildCounts(4, 2, 0, 4)
    assert via(sup, 3).registry.whereis_name(3) is stage.pid("1")


@in_process
async def test_those_that_are_missing_are_started() -> None:
    stage = Stage()
    sup = await staffed(stage, n=4)
    await resize(sup, 1)
    stage.forget()

    assert await resize(sup, 3) == 1

    assert stage.log == [("start", "1"), ("start", "2")]
    assert partitions(sup) == 3
    assert via(sup, 5).registry.whereis_name(5) is stage.pid("2")


@in_process
async def test_as_many_as_there_are_is_no_change() -> None:
    stage = Stage()
    sup = await staffed(stage, n=2)
    stage.forget()

    assert await resize(sup, 2) == 2

    assert stage.log == []


@in_process
async def test_without_partitions_no_key_leads_anywhere() -> None:
    await open_shop(2)

    assert await resize(SHOP, 0) == 2

    assert partitions(SHOP) == 0
    with pytest.raises(NoProcessError):
        await Clerk.who(via(SHOP, 0))
    assert await resize(SHOP, 2) == 0
    assert await Clerk.made_with(via(SHOP, 0)) == (0,)


@pytest.mark.parametrize("size", [3, -1, 100, 1.0, "1", None, True], ids=repr)
@in_process
async def test_there_are_never_more_than_at_the_start(size: Any) -> None:
    sup = await open_shop(2)

    with pytest.raises(InvalidSpecError, match="not") as caught:
        await resize(SHOP, size)

    assert caught.value.kind == "invalid_partitions"
    assert partitions(SHOP) == 2
    assert alive(sup) == [True]


@in_process
async def test_if_one_of_the_missing_does_not_start_there_are_as_many_as_before() -> (
    None
):
    stage = Stage()
    sup = await staffed(stage, None, Fail(Reason("no")), n=4)
    await resize(sup, 1)
    stage.forget()

    with pytest.raises(StartChildError) as caught:
        await resize(sup, 4)

    assert caught.value.reason == Reason("no")
    assert stage.starts == ["1", "2", "3"]
    assert stage.stops == ["2", "1"]
    assert partitions(sup) == 1
    assert (await count_children(sup)).active == 1
    assert await resize(sup, 4) == 1
    assert (await count_children(sup)).active == 4


@in_process
async def test_one_that_does_not_want_to_start_is_no_hindrance() -> None:
    stage = Stage()
    sup = await staffed(stage, None, Ignore(), n=3)
    await resize(sup, 1)

    assert await resize(sup, 3) == 1

    assert partitions(sup) == 3
    assert via(sup, 2).registry.whereis_name(2) is None


@in_process
async def test_one_that_was_started_by_hand_is_taken_as_it_is() -> None:
    stage = Stage()
    sup = await staffed(stage, n=3)
    await resize(sup, 1)
    by_hand = await supervisor.restart_child(sup, 2)

    await resize(sup, 3)

    assert stage.pid("2") is by_hand
    assert (await count_children(sup)).active == 3


@in_process
async def test_temporary_partitions_come_and_go_as_well() -> None:
    stage = Stage()
    sup = await staffed(stage, n=3, trap=False, restart="temporary")
    process.exit(stage.pid("2"), Reason("boom"))
    await settled()
    assert via(sup, 2).registry.whereis_name(2) is None

    await resize(sup, 1)
    assert list(await states(sup)) == [0]
    await resize(sup, 3)

    assert await states(sup) == {n: stage.pid(f"{n}") for n in range(3)}


@in_process
async def test_a_partition_that_was_stopped_stays_so() -> None:
    stage = Stage()
    sup = await staffed(stage, n=3)
    await resize(sup, 1)

    process.exit(stage.pid("0"), Reason("boom"))
    await settled()

    assert (await count_children(sup)).active == 1


@in_process
async def test_restarted_by_its_own_supervisor_it_has_all_partitions_again() -> None:
    spec = child_spec(PartitionSupervisor, child_spec(Clerk), partitions=3).named(SHOP)
    await supervisor.start_link(supervisor.Supervisor, one_for_one(spec))
    await resize(SHOP, 1)

    found = process.whereis(SHOP)
    assert found is not None
    process.exit(found, otp.Kill())
    await settled()

    assert partitions(SHOP) == 3


async def test_a_change_of_size_that_is_given_up(autojump_clock: MockClock) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[int]:
        stage = Stage()
        sup = await partition_supervisor.start_link(
            PartitionSupervisor,
            child_spec(Actor, stage, "x", trap=True, end=1.0),
            partitions=3,
        )
        before = await cancel_at_step(step, lambda: resize(sup, 1))
        await settle()
        assert (await count_children(sup)).active == partitions(sup)
        assert_quiet(sup)
        return before

    assert await cancel_at_every_step(world) >= 1


# -------------------------------------------------------------------------- the others


@pytest.mark.parametrize(
    ("strategy", "restarted"),
    [
        ("one_for_one", ["1"]),
        ("one_for_all", ["0", "1", "2"]),
        ("rest_for_one", ["1", "2"]),
    ],
)
@in_process
async def test_others_may_be_restarted_along(
    strategy: str, restarted: list[str]
) -> None:
    stage = Stage()
    await staffed(stage, n=3, strategy=strategy)
    stage.forget()

    await stage.crash("1")

    assert stage.starts == restarted


@in_process
async def test_they_share_one_count_of_restarts() -> None:
    stage = Stage()
    sup = await staffed(stage, n=3, trap=False, max_restarts=1)

    await stage.kill("0")
    assert alive(sup) == [True]
    await stage.kill("1")

    assert await process.receive() == Exited(sup, Shutdown())


@in_process
async def test_significant_partitions_can_end_it() -> None:
    sup = await partition_supervisor.start_link(
        PartitionSupervisor,
        child_spec(Clerk).override(restart="transient", significant=True),
        partitions=2,
        auto_shutdown="any_significant",
    )

    process.trap_exit(True)
    await supervisor.stop(cast("Pid[Any]", via(sup, 0).registry.whereis_name(0)))

    assert await process.receive() == Exited(sup, Shutdown())


@in_process
async def test_the_functions_of_all_supervisors_are_good_for_it() -> None:
    stage = Stage()
    sup = await staffed(stage, n=2)

    await supervisor.terminate_child(sup, 1)
    assert await states(sup) == {0: stage.pid("0"), 1: None}
    await supervisor.restart_child(sup, 1)
    assert (await supervisor.get_childspec(sup, 1)).id == 1


@in_process
async def test_a_change_of_code_asks_for_the_arguments_again() -> None:
    words = ["old"]
    sup = await partition_supervisor.start_link(
        PartitionSupervisor,
        child_spec(Clerk),
        partitions=2,
        with_arguments=lambda _args, n: (words[-1], n),
    )
    await resize(sup, 1)

    words.append("new")
    await sys.suspend(sup)
    await sys.change_code(sup)
    await sys.resume(sup)

    assert partitions(sup) == 1
    assert await Clerk.made_with(via(sup, 0)) == ("old", 0)
    await resize(sup, 2)
    assert await Clerk.made_with(via(sup, 1)) == ("new", 1)


@in_process
async def test_its_state_shows_how_many_there_are() -> None:
    await open_shop(3)
    await resize(SHOP, 2)

    state = await sys.get_state(SHOP)

    assert isinstance(state, SupervisorState)
    assert [child.pid is None for child in state.children] == [False, False, True]


def test_a_derived_class_may_say_which_child_it_is() -> None:
    class Clerks(PartitionSupervisor[Clerk]):
        def __init__(self, n: int) -> None:
            super().__init__(child_spec(Clerk, "x"), partitions=n)

    assert [spec.id for spec in Clerks(2).children().children] == [0, 1]
