"""The start of a machine: what init may return, and what is left when it fails."""

from __future__ import annotations

from typing import Any, cast

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

import otp
from otp import (
    AlreadyStartedError,
    BadReturnError,
    Crash,
    Down,
    Exit,
    Exited,
    GenServer,
    GenStatem,
    Ignore,
    InvalidSpecError,
    Kill,
    Name,
    NoProcessError,
    Normal,
    NotAProcessError,
    Reason,
    Shutdown,
    StartError,
    StartIgnored,
    StartTimeoutError,
    Via,
    gen_statem,
    process,
    supervisor,
    sys,
)
from otp.gen_statem import (
    Cast,
    Enter,
    Fail,
    Internal,
    Keep,
    NextEvent,
    NextState,
    Options,
    Postpone,
    State,
    Stop,
    UnknownStateError,
)
from otp.proc_lib import CrashReport
from tests.kernel.support import (
    collected_reports,
    exit_reason_of,
    flush,
    in_process,
    on_node,
)

from .machines import Button, Door, Entered, Scripted, raising

ERROR = ValueError("x")
NAME = Name[Door]("door")
VIA = Via[Door](otp.global_.names, "door")


@on_node
async def test_the_arguments_of_the_start_are_those_of_the_class() -> None:
    for pid in (
        await gen_statem.start(Door, "1"),
        await gen_statem.start_link(Door, code="1"),
        await Options().start(Door, "1"),
    ):
        gen_statem.cast(pid, Button("1"))
        state, data = await state_of(pid)
        assert (state, data["opened"]) == (Door.open, 1)


async def state_of(pid: otp.Pid) -> tuple[Any, dict[str, Any]]:
    state, data = cast("tuple[Any, Any]", await sys.get_state(pid))
    return state, data


@in_process
async def test_a_linked_machine_is_linked_and_a_plain_one_is_not() -> None:
    linked = await gen_statem.start_link(Door)
    plain = await gen_statem.start(Door)
    me = process.info(process.self())

    assert me is not None
    assert me.links == (linked,)
    process.exit(plain, Kill())
    await wait_all_tasks_blocked()


@in_process
async def test_a_monitored_machine_is_monitored() -> None:
    pid, ref = await gen_statem.start_monitor(Door)
    process.exit(pid, Kill())

    (down,) = await flush()
    assert isinstance(down, Down)
    assert down.ref == ref


@pytest.mark.parametrize("name", [NAME, VIA])
@on_node
async def test_a_machine_may_have_a_name(name: Name[Door] | Via[Door]) -> None:
    pid = await gen_statem.start_named(name, Door)
    assert process.whereis(name) is pid
    with pytest.raises(AlreadyStartedError):
        await gen_statem.start_named(name, Door)


@on_node
async def test_only_machines_are_started() -> None:
    with pytest.raises(TypeError, match="GenServer'> is no GenStatem class"):
        await gen_statem.start(GenServer)


class Base(GenStatem[Any, Any]):
    """Has no mode, but an init."""

    async def init(self) -> NextState[Any]:
        return NextState("s1")


class NoInit(Scripted):
    """Says nothing about its first state."""

    init = GenStatem.init


@on_node
async def test_a_class_without_a_mode_cannot_be_started() -> None:
    with pytest.raises(StartError) as failure:
        await gen_statem.start(Base)
    assert isinstance(failure.value.__cause__, TypeError)
    assert str(failure.value.__cause__).startswith("Base has neither a handle_event()")


@on_node
async def test_a_class_without_init_cannot_be_started() -> None:
    with pytest.raises(StartError) as failure:
        await gen_statem.start(NoInit)
    assert isinstance(failure.value.__cause__, NotImplementedError)
    assert str(failure.value.__cause__) == "NoInit needs an init()"


@on_node
async def test_a_machine_may_not_want_to_be_started() -> None:
    with pytest.raises(StartIgnored), collected_reports() as reports:
        await gen_statem.start(Scripted, first=Ignore())
    assert reports == []
    assert process.processes() == []


@on_node
async def test_a_start_may_fail_quietly() -> None:
    with pytest.raises(StartError) as failure, collected_reports() as reports:
        await gen_statem.start(Scripted, first=Fail(Reason("busy")))
    assert failure.value.reason == Reason("busy")
    assert reports == []


@on_node
async def test_a_start_may_be_stopped() -> None:
    with pytest.raises(StartError) as failure, collected_reports() as reports:
        await gen_statem.start(Scripted, first=Stop(Reason("busy")))
    assert failure.value.reason == Reason("busy")
    assert [type(report) for report in reports] == [CrashReport]


@pytest.mark.parametrize(
    ("error", "reason"), [(ERROR, Crash(ERROR)), (Exit(Shutdown()), Shutdown())]
)
@on_node
async def test_an_exception_in_init_fails_the_start(
    error: BaseException, reason: otp.ExitReason
) -> None:
    with pytest.raises(StartError) as failure:
        await gen_statem.start(Scripted, first=raising(error))
    assert failure.value.reason == reason


@pytest.mark.parametrize("wrong", ["s1", Keep(), 3, otp.Stop()])
@on_node
async def test_init_has_to_return_the_first_state(wrong: object) -> None:
    with pytest.raises(StartError) as failure:
        await gen_statem.start(Scripted, first=wrong)
    assert isinstance(failure.value.__cause__, BadReturnError)
    assert str(failure.value.__cause__).startswith("Scripted.init() returned ")


class Lost(Door):
    """Begins in a state that it does not have."""

    async def init(self) -> NextState[State]:
        return NextState(State("nowhere"))


@on_node
async def test_the_first_state_has_to_have_a_method() -> None:
    with pytest.raises(StartError) as failure:
        await gen_statem.start(Lost)
    assert isinstance(failure.value.__cause__, UnknownStateError)


@on_node
async def test_a_wrong_action_fails_the_start() -> None:
    with pytest.raises(StartError) as failure:
        await gen_statem.start(
            Scripted,
            first=lambda: NextState("s1", "postpone"),  # type: ignore[arg-type]
        )
    assert isinstance(failure.value.__cause__, InvalidSpecError)


async def slowly() -> NextState[str]:
    await trio.sleep(2)
    return NextState("s1")


@on_node
async def test_a_start_may_be_given_so_much_time_only() -> None:
    with pytest.raises(StartTimeoutError):
        await Options(timeout=1).start(Scripted, first=slowly)
    assert process.processes() == []


@on_node
async def test_the_first_actions_are_done_and_the_first_state_is_entered() -> None:
    log: list[object] = []
    first = NextState("s1", NextEvent(Internal(1)), Postpone())
    await gen_statem.start(Entered, log, first=first)
    await wait_all_tasks_blocked()
    assert log == [("s1", Enter("s1")), ("s1", Internal(1))]


@in_process
async def test_the_start_is_over_before_the_first_state_is_entered() -> None:
    process.trap_exit(True)
    pid = await gen_statem.start_link(Entered, on_enter=Stop(Reason("no")))
    assert await flush() == [Exited(pid, Reason("no"))]


@on_node
async def test_a_machine_may_be_a_child() -> None:
    spec = otp.child_spec(Door, "1").named(NAME)
    assert (spec.id, spec.type, spec.modules) == ("Door", "worker", (Door,))
    await supervisor.start_link(otp.Supervisor, otp.one_for_one(spec))

    gen_statem.cast(NAME, Button("1"))
    first = process.whereis(NAME)
    assert first is not None
    assert (await state_of(first))[0] == Door.open
    process.exit(first, Kill())
    await wait_all_tasks_blocked()
    second = process.whereis(NAME)
    assert second is not None
    assert (await state_of(second))[0] == Door.locked


# ---------------------------------------------------------------------- enter_loop


@in_process
async def test_a_process_may_become_a_machine() -> None:
    async def body() -> None:
        process.register(NAME, process.self())
        door = Door("1")
        await gen_statem.enter_loop(door, door.open, name=NAME)

    pid = process.spawn_link(body)
    await wait_all_tasks_blocked()

    assert (await state_of(pid))[0] == Door.open
    await gen_statem.stop(pid)


@in_process
async def test_what_becomes_a_machine_does_actions_and_enters_its_state() -> None:
    log: list[object] = []

    async def body() -> None:
        await gen_statem.enter_loop(Entered(log), "s3", NextEvent(Cast("x")))

    process.spawn(body)
    await wait_all_tasks_blocked()

    assert log == [("s3", Enter("s3")), ("s3", Cast("x"))]


@on_node
async def test_who_becomes_a_machine_has_the_name_it_says() -> None:
    with pytest.raises(NotAProcessError):
        await gen_statem.enter_loop(Scripted(), "s1")

    async def body() -> None:
        with pytest.raises(NoProcessError):
            await gen_statem.enter_loop(Door(), Door.open, name=NAME)

    assert await exit_reason_of(body) == Normal()


@on_node
async def test_who_becomes_a_machine_may_have_a_name_of_another_registry() -> None:
    async def body() -> None:
        with pytest.raises(NoProcessError):
            await gen_statem.enter_loop(Door(), Door.open, name=VIA)
        otp.global_.register_name("door", process.self())
        door = Door()
        await gen_statem.enter_loop(door, door.open, name=VIA)

    process.spawn(body)
    await wait_all_tasks_blocked()
    await gen_statem.stop(VIA)


@on_node
async def test_who_becomes_a_machine_has_a_mode_and_a_state() -> None:
    async def body() -> None:
        with pytest.raises(TypeError, match="Base has neither"):
            await gen_statem.enter_loop(Base(), "s1")
        with pytest.raises(UnknownStateError):
            await gen_statem.enter_loop(Door(), State("nowhere"))

    assert await exit_reason_of(body) == Normal()
