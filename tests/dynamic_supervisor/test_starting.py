"""How a dynamic supervisor starts, and how its children do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

from otp import (
    AlreadyStartedError,
    ChildSpec,
    DynamicSpec,
    DynamicSupervisor,
    Exited,
    Fail,
    GenServer,
    Ignore,
    InvalidSpecError,
    Name,
    Normal,
    Pid,
    Reason,
    Shutdown,
    StartError,
    StartIgnored,
    Stop,
    child_spec,
    dynamic_supervisor,
    gen_server,
    one_for_one,
    process,
    supervisor,
)
from otp.dynamic_supervisor import (
    ChildCounts,
    ChildInfo,
    MaxChildrenError,
    StartChildError,
    count_children,
    get_childspec,
    start_child,
    start_child_with_info,
    terminate_child,
    which_children,
)
from otp.gen_server import BadReturnError
from otp.kernel import Crash
from otp.supervisor import ProgressReport, child_template
from tests.kernel.support import collected_reports, in_process
from tests.supervisor.support import Actor, Stage, settled

from .support import ask_after, kill, shown, start

if TYPE_CHECKING:
    from collections.abc import Callable


class Clerk(GenServer):
    """Tells what it was made with."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        self.given = args, kwargs

    async def handle_call(self, request: object, from_: object) -> object:
        del request, from_
        return self.given


def clerk(*args: object, **kwargs: object) -> ChildSpec[Clerk]:
    return child_template(Clerk, *args, **kwargs)


async def given_to(pid: object) -> object:
    assert isinstance(pid, Pid)
    return await gen_server.call(pid, "?")


# ------------------------------------------------------------------ the supervisor


@in_process
async def test_nobody_is_there_at_first() -> None:
    sup = await start()

    assert await which_children(sup) == []
    assert await count_children(sup) == ChildCounts(0, 0, 0, 0)


@in_process
async def test_it_can_be_derived_from_and_asked_for_its_limits() -> None:
    class Rooms(DynamicSupervisor):
        def __init__(self, most: int) -> None:
            self.most = most

        def init(self) -> DynamicSpec:
            return DynamicSpec(max_children=self.most)

    sup = await dynamic_supervisor.start_link(Rooms, 1)
    await start_child(sup, clerk())

    with pytest.raises(MaxChildrenError):
        await start_child(sup, clerk())


@in_process
async def test_a_derived_class_without_limits_has_the_defaults() -> None:
    class Rooms(DynamicSupervisor):
        def __init__(self, name: str) -> None:
            self.name = name

    assert Rooms("x").init() == DynamicSpec()


@in_process
async def test_it_can_have_a_name() -> None:
    rooms = Name[DynamicSupervisor]("rooms")
    sup = await dynamic_supervisor.start_named(rooms, DynamicSupervisor)

    await start_child(rooms, clerk())

    assert process.whereis(rooms) is sup
    assert len(await which_children(rooms)) == 1
    with pytest.raises(AlreadyStartedError):
        await dynamic_supervisor.start_named(rooms, DynamicSupervisor)


@in_process
async def test_it_is_a_child_of_a_supervisor_and_found_by_its_name() -> None:
    rooms = Name[DynamicSupervisor]("rooms")
    spec = child_spec(DynamicSupervisor, max_children=3).named(rooms)
    sup = await supervisor.start_link(supervisor.Supervisor, one_for_one(spec))

    await start_child(rooms, clerk())

    [info] = await supervisor.which_children(sup)
    assert info == ChildInfo(
        "DynamicSupervisor",
        process.whereis(rooms),
        "supervisor",
        (DynamicSupervisor,),
    )


@in_process
async def test_it_may_have_nothing_to_do() -> None:
    class Rooms(DynamicSupervisor):
        def init(self) -> Ignore:
            return Ignore()

    with pytest.raises(StartIgnored):
        await dynamic_supervisor.start_link(Rooms)


@in_process
async def test_what_is_no_limits_makes_the_start_fail() -> None:
    class Rooms(DynamicSupervisor):
        def init(self) -> Any:
            return one_for_one()

    process.trap_exit(True)
    with pytest.raises(StartError) as caught:
        await dynamic_supervisor.start_link(Rooms)

    reason = caught.value.reason
    assert isinstance(reason, Crash)
    assert isinstance(reason.error, BadReturnError)
    assert str(reason.error).startswith("Rooms.init() returned SupervisorSpec(")


@pytest.mark.parametrize("cls", [supervisor.Supervisor, GenServer, len, "Rooms"])
@in_process
async def test_only_a_dynamic_supervisor_is_started(cls: Any) -> None:
    with pytest.raises(TypeError, match="is no DynamicSupervisor class"):
        await dynamic_supervisor.start_link(cls)
    with pytest.raises(TypeError, match="is no Supervisor class"):
        await supervisor.start_link(DynamicSupervisor)  # type: ignore[type-var]


# -------------------------------------------------------------------- the children


@in_process
async def test_children_of_all_kinds_have_a_specification_each() -> None:
    sup = await start()

    a = await start_child(sup, clerk(1, x=2))
    b = await start_child(sup, child_spec(DynamicSupervisor))
    c = await start_child(sup, clerk(3).override(modules="dynamic"))

    assert await which_children(sup) == [
        ChildInfo(None, a, "worker", (Clerk,)),
        ChildInfo(None, b, "supervisor", (DynamicSupervisor,)),
        ChildInfo(None, c, "worker", "dynamic"),
    ]
    assert await count_children(sup) == ChildCounts(3, 3, 1, 2)
    assert await given_to(a) == ((1,), {"x": 2})
    assert await given_to(c) == ((3,), {})


@in_process
async def test_many_may_have_one_id() -> None:
    sup = await start()

    pids = [await start_child(sup, clerk(n)) for n in range(3)]

    assert await shown(sup) == pids


@in_process
async def test_no_progress_is_reported_for_one_among_many() -> None:
    sup = await start()

    with collected_reports() as reports:
        await kill(await start_child(sup, clerk()))

    assert not [report for report in reports if isinstance(report, ProgressReport)]


@in_process
async def test_what_the_start_function_told_can_be_had() -> None:
    async def told(text: str) -> tuple[Pid, str]:
        return process.spawn_link(trio.sleep_forever), text

    sup = await start()

    started = await start_child_with_info(sup, ChildSpec.of("a", told, "x"))

    assert started.info == "x"
    assert await shown(sup) == [started.pid]


@pytest.mark.parametrize("restart", ["permanent", "transient", "temporary"])
@pytest.mark.parametrize("what", [Stop(Reason("no")), Fail(Reason("no"))])
@in_process
async def test_a_child_that_fails_is_not_kept(what: object, restart: str) -> None:
    stage = Stage()
    sup = await start()

    with pytest.raises(StartChildError) as caught:
        await start_child(sup, stage.child("a", what, restart=restart))

    assert caught.value.reason == Reason("no")
    assert caught.value.child == "a"
    assert await count_children(sup) == ChildCounts(0, 0, 0, 0)
    assert stage.starts == ["a"]


@pytest.mark.parametrize("restart", ["permanent", "transient", "temporary"])
@in_process
async def test_a_child_that_does_not_want_to_start_is_not_kept(restart: str) -> None:
    stage = Stage()
    sup = await start()

    with pytest.raises(StartIgnored):
        await start_child(sup, stage.child("a", Ignore(), restart=restart))

    assert await which_children(sup) == []


@in_process
async def test_a_child_whose_name_is_taken_is_not_kept() -> None:
    name = Name[Clerk]("clerk")
    sup = await start()
    first = await start_child(sup, clerk().named(name))

    with pytest.raises(AlreadyStartedError) as caught:
        await start_child(sup, clerk().named(name))

    assert caught.value.pid is first
    assert await shown(sup) == [first]


@in_process
async def test_a_child_may_die_before_its_start_is_answered() -> None:
    async def gone() -> Pid:
        pid = process.spawn_link(trio.sleep, 0)
        await process.wait_exited(pid)
        return pid

    sup = await start()

    await start_child(sup, ChildSpec.of("a", gone).override(restart="transient"))
    await settled()

    assert await which_children(sup) == []


@pytest.mark.parametrize(
    "spec", [None, 3, Clerk, "clerk", {"id": 1}, ("a", Clerk)], ids=repr
)
@in_process
async def test_what_is_no_specification_is_refused(spec: Any) -> None:
    sup = await start()

    with pytest.raises(InvalidSpecError, match="specified by child_spec") as caught:
        await start_child(sup, spec)

    assert caught.value.kind == "invalid_child_spec"
    assert caught.value.value is spec
    assert process.is_alive(sup)


@in_process
async def test_a_significant_child_is_refused() -> None:
    sup = await start()
    spec = clerk().override(restart="temporary", significant=True)

    with pytest.raises(InvalidSpecError, match="override") as caught:
        await start_child(sup, spec)

    assert (caught.value.kind, caught.value.value) == ("invalid_significant", True)
    assert await which_children(sup) == []


# ------------------------------------------------------------------- how many there are


@pytest.mark.parametrize("most", [0, 1, 3])
@in_process
async def test_there_are_as_many_as_there_may_be_and_not_one_more(most: int) -> None:
    stage = Stage()
    sup = await start(max_children=most)
    for n in range(most):
        await start_child(sup, stage.child(f"{n}"))

    with pytest.raises(MaxChildrenError, match=f"there are {most} children") as caught:
        await start_child(sup, stage.child("one more"))

    assert caught.value.limit == most
    assert caught.value.child == "one more"
    assert len(stage.starts) == most
    assert (await count_children(sup)).specs == most


@in_process
async def test_a_wrong_specification_is_refused_before_they_are_counted() -> None:
    sup = await start(max_children=0)

    with pytest.raises(InvalidSpecError):
        await start_child(sup, clerk().override(restart="transient", significant=True))


@pytest.mark.parametrize("what", [Stop(Reason("no")), Ignore()])
@in_process
async def test_whoever_did_not_start_takes_no_place(what: object) -> None:
    stage = Stage()
    sup = await start(max_children=1)
    with pytest.raises(StartError):
        await start_child(sup, stage.child("a", what))

    await start_child(sup, stage.child("b"))

    assert len(await which_children(sup)) == 1


@in_process
async def test_whoever_has_gone_makes_room() -> None:
    sup = await start(max_children=1)
    spec = clerk().override(restart="transient")

    await kill(await start_child(sup, spec), Shutdown())
    pid = await start_child(sup, spec)
    process.exit(pid, Reason("boom"))
    await settled()
    [again] = await shown(sup)
    assert isinstance(again, Pid)
    await terminate_child(sup, again)
    await start_child(sup, spec)

    assert len(await which_children(sup)) == 1


@in_process
async def test_those_that_wait_to_be_restarted_count() -> None:
    stage = Stage()
    sup = await start(max_children=1)
    a = await start_child(sup, stage.child("a", None, Fail(Reason("r"))))

    async def one_more() -> object:
        with pytest.raises(MaxChildrenError):
            await start_child(sup, stage.child("b"))
        return await shown(sup)

    answer = await ask_after(sup, lambda: process.exit(a, Reason("boom")), one_more)

    # The second question was asked after the child had come back.
    assert answer == [stage.pid("a")]
    assert stage.starts == ["a"] * 3


# ---------------------------------------------------------- arguments for all of them


@in_process
async def test_extra_arguments_stand_before_those_of_each() -> None:
    sup = await start(extra_arguments=("x", "y"))

    a = await start_child(sup, clerk(1, 2, z=3))
    b = await start_child(sup, clerk())

    assert await given_to(a) == (("x", "y", 1, 2), {"z": 3})
    assert await given_to(b) == (("x", "y"), {})


@in_process
async def test_extra_arguments_are_given_to_start_functions_too() -> None:
    async def told(*args: object) -> tuple[Pid, object]:
        return process.spawn_link(trio.sleep_forever), args

    sup = await start(extra_arguments=("x",))

    started = await start_child_with_info(sup, ChildSpec.of("a", told, 1))

    assert started.info == ("x", 1)


@in_process
async def test_a_child_has_the_same_arguments_when_it_comes_back() -> None:
    sup = await start(extra_arguments=("x",))

    await kill(await start_child(sup, clerk(1)))
    await kill((await shown(sup))[0])  # type: ignore[arg-type]

    assert await given_to((await shown(sup))[0]) == (("x", 1), {})


@in_process
async def test_too_many_arguments_make_the_start_fail() -> None:
    sup = await start(extra_arguments=(1,))

    with pytest.raises(StartChildError) as caught:
        await start_child(sup, child_spec(GenServer))

    assert isinstance(caught.value.reason, Crash)
    assert isinstance(caught.value.reason.error, TypeError)
    assert await which_children(sup) == []


# -------------------------------------------------------------- their specifications


@in_process
async def test_the_specification_of_a_child_is_the_one_it_was_given() -> None:
    sup = await start(extra_arguments=("x",))
    spec = clerk(1)

    a = await start_child(sup, spec)

    assert await get_childspec(sup, a) is spec


@in_process
async def test_a_temporary_child_leaves_its_arguments_behind() -> None:
    sup = await start(extra_arguments=("x",))

    a = await start_child(sup, clerk(1, y=2).override(restart="temporary"))

    kept = await get_childspec(sup, a)
    assert kept.start.args is None
    assert kept.start.kwargs == {}
    assert await given_to(a) == (("x", 1), {"y": 2})


@in_process
async def test_a_specification_without_its_arguments_starts_nothing() -> None:
    sup = await start(extra_arguments=("x",))
    a = await start_child(sup, clerk(1).override(restart="temporary"))

    with pytest.raises(StartChildError, match="undefined"):
        await start_child(sup, await get_childspec(sup, a))

    assert await shown(sup) == [a]


async def _linked(start_: Callable[[], Pid]) -> Pid:
    return start_()


@in_process
async def test_a_supervisor_knows_a_child_by_its_pid_alone() -> None:
    stranger = process.spawn(trio.sleep_forever)
    sup = await start()

    await start_child(sup, ChildSpec.of("a", _linked, lambda: stranger))

    assert await shown(sup) == [stranger]
    await terminate_child(sup, stranger)
    assert not process.is_alive(stranger)


@in_process
async def test_its_end_is_the_end_of_its_children() -> None:
    stage = Stage()
    sup = await start()
    await start_child(sup, child_spec(Actor, stage, "a", trap=True, end=None))

    await supervisor.stop(sup)

    assert await process.receive() == Exited(sup, Normal())
    assert stage.stops == ["a"]
