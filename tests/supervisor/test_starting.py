"""How a supervisor comes up: all of it, or nothing."""

from __future__ import annotations

from typing import Any

import pytest
import trio

import otp
from otp import (
    AlreadyStartedError,
    BadReturnError,
    ChildSpec,
    Crash,
    Exit,
    Exited,
    Fail,
    GenServer,
    Ignore,
    InvalidSpecError,
    Killed,
    Name,
    Normal,
    Pid,
    Reason,
    Shutdown,
    StartError,
    StartIgnored,
    Stop,
    child_spec,
    process,
    supervisor,
)
from otp.supervisor import (
    FailedToStartChild,
    Supervisor,
    SupervisorSpec,
    one_for_one,
    which_children,
)
from tests.kernel.support import in_process
from tests.supervisor.support import Stage, alive, settled, start, states


class Shop(Supervisor):
    def __init__(self, stage: Stage, answer: object = None) -> None:
        self.stage = stage
        self.answer = answer

    def children(self) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer or one_for_one(self.stage.child("a"), self.stage.child("b"))


@in_process
async def test_children_start_in_their_order_and_before_the_supervisor_is_up() -> None:
    stage = Stage()

    sup = await start(one_for_one(*map(stage.child, "abc")))

    assert stage.starts == ["a", "b", "c"]
    assert await states(sup) == {id_: stage.pid(id_) for id_ in "abc"}


@in_process
async def test_each_child_is_up_before_the_next_one_starts() -> None:
    stage = Stage()
    ups: list[str] = []

    async def started(id_: str) -> Pid:
        start_of = stage.child(id_, 1.0).start
        pid = (await start_of()).pid
        ups.append(id_)
        return pid

    await start(one_for_one(*(ChildSpec.of(id_, started, id_) for id_ in "ab")))

    assert stage.log == [("start", "a"), ("start", "b")]
    assert ups == ["a", "b"]
    assert trio.current_time() == 2.0


@in_process
async def test_a_supervisor_is_a_class_that_says_what_its_children_are() -> None:
    stage = Stage()

    sup = await supervisor.start_link(Shop, stage)
    other = await supervisor.start_link(Shop, stage, answer=one_for_one())

    assert list(await states(sup)) == ["a", "b"]
    assert await states(other) == {}


@in_process
async def test_the_children_are_linked_to_the_supervisor_which_traps_exits() -> None:
    stage = Stage()
    sup = await start(one_for_one(stage.child("a")))

    info = process.info(sup)

    assert info is not None
    assert stage.pid("a") in info.links
    assert process.self() in info.links
    assert info.trap_exit


@in_process
async def test_a_supervisor_has_its_name_before_its_children_start() -> None:
    name = Name[Supervisor]("sup")
    seen: list[object] = []

    async def look() -> Pid:
        seen.append(process.whereis(name))
        return process.spawn_link(trio.sleep_forever)

    spec = one_for_one(ChildSpec.of("a", look))
    sup = await supervisor.start_named(name, Supervisor, spec)

    assert seen == [sup]
    with pytest.raises(AlreadyStartedError) as caught:
        await supervisor.start_named(name, Supervisor, spec)
    assert caught.value.pid is sup


@in_process
async def test_a_supervisor_may_have_nothing_to_do() -> None:
    sup = await start(one_for_one())

    assert await which_children(sup) == []


@in_process
async def test_supervisors_are_children_of_supervisors() -> None:
    stage = Stage()
    inner = child_spec(Shop, stage).named(Name("inner"))

    top = await start(one_for_one(inner, stage.child("c")))

    assert stage.starts == ["a", "b", "c"]
    shop = process.whereis(Name[Supervisor]("inner"))
    assert shop is not None
    assert (await states(top))["Shop"] is shop
    assert list(await states(shop)) == ["a", "b"]
    types = [child.type for child in await which_children(top)]
    assert types == ["worker", "supervisor"]


# ------------------------------------------------------------- what does not come up


@in_process
async def test_a_supervisor_that_has_nothing_to_supervise_is_not_there() -> None:
    process.trap_exit(True)

    with pytest.raises(StartIgnored):
        await supervisor.start_link(Shop, Stage(), Ignore())


@in_process
async def test_what_children_raises_is_why_the_start_fails() -> None:
    process.trap_exit(True)
    error = ValueError("no")

    with pytest.raises(StartError) as caught:
        await supervisor.start_link(Shop, Stage(), error)

    assert caught.value.reason == Crash(error)


@pytest.mark.parametrize("answer", ["foo", 3, [1], (one_for_one(), 1)])
@in_process
async def test_children_has_to_return_a_specification(answer: object) -> None:
    process.trap_exit(True)

    with pytest.raises(StartError) as caught:
        await supervisor.start_link(Shop, Stage(), answer)

    assert isinstance(caught.value.reason, Crash)
    error = caught.value.reason.error
    assert isinstance(error, BadReturnError)
    assert str(error) == f"Shop.children() returned {answer!r}"


@in_process
async def test_the_base_class_needs_a_specification() -> None:
    process.trap_exit(True)

    with pytest.raises(StartError) as caught:
        await supervisor.start_link(Supervisor)

    assert isinstance(caught.value.reason, Crash)
    assert isinstance(caught.value.reason.error, InvalidSpecError)


@pytest.mark.parametrize("cls", [GenServer, int, "Shop", None])
async def test_only_a_class_of_supervisors_can_be_started_as_one(cls: Any) -> None:
    with pytest.raises(TypeError, match="no Supervisor class"):
        await supervisor.start_link(cls)


@in_process
async def test_no_child_starts_if_one_specification_is_wrong() -> None:
    process.trap_exit(True)
    stage = Stage()

    class Wrong(Supervisor):
        def children(self) -> SupervisorSpec:
            return one_for_one(stage.child("a"), stage.child("a"))

    with pytest.raises(StartError) as caught:
        await supervisor.start_link(Wrong)

    assert isinstance(caught.value.reason, Crash)
    assert isinstance(caught.value.reason.error, InvalidSpecError)
    assert stage.starts == []


@pytest.mark.parametrize(
    ("init", "reason"),
    [
        (Stop(Reason("no")), Reason("no")),
        (Fail(Reason("no")), Reason("no")),
        (Exit(Reason("no")), Reason("no")),
        (Exit(Shutdown("no")), Shutdown("no")),
        (Stop(Normal()), Normal()),
    ],
)
@in_process
async def test_a_child_that_fails_takes_back_those_before_it(
    init: object, reason: otp.ExitReason
) -> None:
    stage = Stage()
    a, b = stage.child("a", trap=True), stage.child("b", trap=True)

    with pytest.raises(StartError) as caught:
        await start(one_for_one(a, b, stage.child("c", init), stage.child("d")))

    assert caught.value.reason == Shutdown(FailedToStartChild("c", reason))
    assert stage.starts == ["a", "b", "c"]
    assert stage.log[3:] == [("stop", "b", Shutdown()), ("stop", "a", Shutdown())]
    assert not any(alive(*map(stage.pid, "abc")))


@in_process
async def test_a_failed_start_leaves_no_message_behind() -> None:
    stage = Stage()

    with pytest.raises(StartError):
        await start(one_for_one(stage.child("a"), stage.child("b", Fail(Reason("x")))))

    with pytest.raises(trio.WouldBlock):
        process.receive_nowait()


@in_process
async def test_a_child_whose_init_raises_is_said_to_have_crashed() -> None:
    stage = Stage()
    error = ValueError("no")

    with pytest.raises(StartError) as caught:
        await start(one_for_one(stage.child("a", error)))

    assert caught.value.reason == Shutdown(FailedToStartChild("a", Crash(error)))


@in_process
async def test_a_start_function_that_returns_garbage_has_failed() -> None:
    async def garbage() -> Any:
        return "garbage"

    with pytest.raises(StartError) as caught:
        await start(one_for_one(ChildSpec.of("a", garbage)))

    reason = FailedToStartChild("a", Reason("garbage"))
    assert caught.value.reason == Shutdown(reason)


@in_process
async def test_the_start_fails_for_the_supervisor_above_just_so() -> None:
    stage = Stage()
    inner = child_spec(Supervisor, one_for_one(stage.child("a", Fail(Reason("no")))))

    with pytest.raises(StartError) as caught:
        await start(one_for_one(inner))

    inside = Shutdown(FailedToStartChild("a", Reason("no")))
    assert caught.value.reason == Shutdown(FailedToStartChild("Supervisor", inside))


@in_process
async def test_a_child_that_is_ignored_is_kept_unless_it_is_temporary() -> None:
    stage = Stage()
    a = stage.child("a", Ignore())
    b = stage.child("b", Ignore(), restart="temporary")

    sup = await start(one_for_one(a, b, stage.child("c")))

    assert await states(sup) == {"a": None, "c": stage.pid("c")}


# --------------------------------------------------------------------- while it starts


@in_process
async def test_a_parent_that_is_killed_takes_the_half_started_tree_along() -> None:
    stage = Stage()

    async def parent() -> None:
        await start(one_for_one(stage.child("a"), stage.child("b", 1000.0)))

    pid = process.spawn(parent)
    await settled()
    process.exit(pid, otp.Kill())
    await trio.sleep(20)

    assert stage.starts == ["a", "b"]
    assert not any(alive(stage.pid("a"), stage.pid("b")))
    assert trio.current_time() < 1000


@in_process
async def test_a_child_that_is_killed_in_its_init_has_failed_to_start() -> None:
    stage = Stage()
    process.trap_exit(True)
    outcome: list[otp.ExitReason] = []

    async def starter() -> None:
        with pytest.raises(StartError) as caught:
            await start(one_for_one(stage.child("a", 1000.0)))
        outcome.append(caught.value.reason)

    process.spawn_link(starter)
    await settled()
    await stage.kill("a", reason=otp.Kill())

    assert outcome == [Shutdown(FailedToStartChild("a", Killed()))]
    message = await process.receive(Exited)
    assert message.reason == Normal()
