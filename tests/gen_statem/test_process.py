"""A machine as a process: its messages, its timers, its turn, its end."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    Bounded,
    Crash,
    Down,
    Exit,
    Exited,
    Kill,
    Killed,
    Node,
    Normal,
    Pid,
    Reason,
    ServerExitedError,
    Shutdown,
    Timeout,
    gen_statem,
    process,
    sys,
    timer,
)
from otp.gen import make_cast
from otp.gen_statem import (
    EVENT,
    STATE,
    CancelTimeout,
    Cast,
    ChangeModule,
    Enter,
    EventTimeout,
    Info,
    Internal,
    Keep,
    NamedTimeout,
    NextEvent,
    NextState,
    Options,
    PopModule,
    PushModule,
    Repeat,
    SetTimeout,
    Stop,
)
from otp.kernel import current_node
from tests.kernel.support import (
    exit_reason_of,
    flush,
    in_process,
    on_node,
    running_timers,
)

from .machines import Count, Door, Entered, Scripted, giving, raising

if TYPE_CHECKING:
    from otp.gen_statem import Action

ERROR = ValueError("x")


def doing(*actions: Action) -> Any:
    return giving(Keep(*actions))


async def start(log: list[object], *actions: Action, **options: Any) -> Pid[Scripted]:
    return await gen_statem.start(
        Scripted, log, first=NextState("s1", *actions), **options
    )


# ------------------------------------------------------------------------- messages


@in_process
async def test_every_other_message_is_an_info() -> None:
    log: list[object] = []
    pid = await start(log, trap=True)
    stranger = process.spawn(trio.sleep_forever)
    refs: list[Any] = []

    def watch(_machine: Scripted, _event: object) -> None:
        refs.append(process.monitor(stranger))
        process.link(stranger)
        refs.append(timer.start_timer(1, process.self(), "tick"))

    gen_statem.cast(pid, watch)
    process.send(pid, "hello")
    process.send(pid, Cast("not one"))
    await trio.sleep(2)
    process.exit(stranger, Kill())
    await wait_all_tasks_blocked()

    ref, tick = refs
    assert log[1:4] == [
        ("s1", Info("hello")),
        ("s1", Info(Cast("not one"))),
        ("s1", Info(Timeout(tick, "tick"))),
    ]
    assert log[4:] == [
        ("s1", Info(Exited(stranger, Killed()))),
        ("s1", Info(Down(ref, stranger, Killed()))),
    ]


# --------------------------------------------------------------------------- timers


@on_node
async def test_time_outs_come_in_time() -> None:
    log: list[object] = []
    times: list[float] = []

    def note(_machine: Scripted, _event: object) -> None:
        times.append(trio.current_time())

    await start(log, SetTimeout("b", 2, note), SetTimeout(STATE, 1, note))
    await trio.sleep(5)
    assert times == [1, 2]
    assert log == [("s1", "StateTimeout"), ("s1", "NamedTimeout")]


@on_node
async def test_a_time_of_the_clock_may_be_past() -> None:
    log: list[object] = []
    await trio.sleep(10)
    await start(
        log,
        SetTimeout("then", 12, absolute=True),
        SetTimeout("past", 9, absolute=True),
    )
    await trio.sleep(1)
    assert log == [("s1", NamedTimeout("past", None))]
    await trio.sleep(2)
    assert log[1:] == [("s1", NamedTimeout("then", None))]


@on_node
async def test_a_time_out_that_is_cancelled_while_its_message_waits_never_comes() -> (
    None
):
    log: list[object] = []
    pid = await start(log, SetTimeout("a", 1), SetTimeout("b", 1), SetTimeout(STATE, 1))
    await sys.suspend(pid)
    gen_statem.cast(pid, giving(NextState("s2", CancelTimeout("a"))))
    gen_statem.cast(pid, doing(SetTimeout("b", 5, "new")))
    await trio.sleep(2)
    await sys.resume(pid)
    await wait_all_tasks_blocked()
    assert log == [("s1", "Cast"), ("s2", "Cast")]
    await trio.sleep(10)
    assert log[2:] == [("s2", NamedTimeout("b", "new"))]


@on_node
async def test_the_message_of_a_time_out_stands_where_it_came() -> None:
    log: list[object] = []
    pid = await start(log, SetTimeout(EVENT, 1, "x"), SetTimeout("a", 1))
    await sys.suspend(pid)
    await trio.sleep(2)
    gen_statem.cast(pid, "later")
    await sys.resume(pid)
    await wait_all_tasks_blocked()
    # The named one was set last, so it comes first, and ends that of the event.
    assert log == [("s1", NamedTimeout("a", None)), ("s1", Cast("later"))]


@on_node
async def test_no_full_mailbox_refuses_a_time_out() -> None:
    log: list[object] = []
    for overflow in ("drop_newest", "drop_oldest"):
        options = Options(mailbox=Bounded(1, overflow))
        pid = await options.start(
            Scripted, log, first=NextState("s1", SetTimeout("a", 1))
        )
        await sys.suspend(pid)
        gen_statem.cast(pid, "kept")
        await trio.sleep(2)
        gen_statem.cast(pid, "dropped")
        await sys.resume(pid)
        await wait_all_tasks_blocked()
    named = ("s1", NamedTimeout("a", None))
    assert log == [("s1", Cast("kept")), named, named, ("s1", Cast("dropped"))]


@pytest.mark.parametrize("end", ["stop", "kill", "crash"])
@on_node
async def test_no_timer_survives_its_machine(end: str) -> None:
    pid = await start([], SetTimeout("a", 100), SetTimeout(STATE, 100))
    await wait_all_tasks_blocked()
    assert running_timers(current_node()) == 2
    if end == "stop":
        await gen_statem.stop(pid)
    elif end == "kill":
        process.exit(pid, Kill())
    else:
        gen_statem.cast(pid, raising(ERROR))
    await trio.sleep(10)  # a killed process is watched for a moment
    assert running_timers(current_node()) == 0


@on_node
async def test_what_was_set_is_not_left_to_the_garbage_collector() -> None:
    pid = await start([])
    contents = [Big(), Big(), Big()]
    gone = [weakref.ref(content) for content in contents]
    keys = ["rings", "replaced", "cancelled"]
    actions = [SetTimeout(k, 1, c) for k, c in zip(keys, contents, strict=True)]
    gc.disable()
    try:
        gen_statem.cast(pid, doing(*actions))
        del actions, contents
        cancel = CancelTimeout("cancelled"), SetTimeout("replaced", 5)
        gen_statem.cast(pid, doing(*cancel))
        await trio.sleep(2)
        (await log_of(pid)).clear()
        # Timers that were stopped leave the heap of the node by and by.
        for _ in range(5):
            gen_statem.cast(pid, doing(SetTimeout("x", 1), SetTimeout("y", 1)))
            gen_statem.cast(pid, doing(CancelTimeout("x"), CancelTimeout("y")))
        await wait_all_tasks_blocked()
        assert [ref() for ref in gone] == [None] * 3
    finally:
        gc.enable()


async def log_of(pid: Pid[Scripted]) -> list[object]:
    state: Any = await sys.get_state(pid)
    log: list[object] = state[1]["log"]
    return log


@on_node
async def test_a_timer_that_is_stopped_or_has_rung_is_gone() -> None:
    log: list[object] = []
    pid = await start(log, SetTimeout("a", 1), SetTimeout("b", 100))
    await trio.sleep(2)
    gen_statem.cast(pid, doing(CancelTimeout("b")))
    await wait_all_tasks_blocked()
    assert running_timers(current_node()) == 0


@on_node
async def test_an_event_may_set_its_time_out_again_and_again() -> None:
    log: list[object] = []
    pid = await start(log, SetTimeout(EVENT, 2, "idle"))
    for _ in range(3):
        await trio.sleep(1)
        gen_statem.cast(pid, doing(SetTimeout(EVENT, 2, "idle")))
    await trio.sleep(1)
    assert log == [("s1", "Cast")] * 3
    await trio.sleep(5)
    assert log[3:] == [("s1", EventTimeout("idle"))]


@on_node
async def test_without_a_result_an_event_ends_the_time_out_of_the_event() -> None:
    log: list[object] = []
    pid = await start(log, SetTimeout(EVENT, 2, "idle"))
    gen_statem.cast(pid, "x")
    await trio.sleep(5)
    assert log == [("s1", Cast("x"))]


# -------------------------------------------------------------------- other classes


class Quiet(Scripted):
    """Handles events by keeping quiet."""

    async def handle_event(self, state: Any, event: Any) -> Any:
        self.log.append(("quiet", state, event))
        return Keep(PopModule()) if event == Cast("pop") else None


class Slotted(Scripted):
    """Has another layout."""

    __slots__ = ("more",)


@on_node
async def test_a_machine_goes_on_as_an_instance_of_another_class() -> None:
    log: list[object] = []
    pid = await start(log)
    gen_statem.cast(pid, doing(PushModule(Quiet)))
    gen_statem.cast(pid, "x")
    gen_statem.cast(pid, "pop")
    gen_statem.cast(pid, "y")
    gen_statem.cast(pid, doing(ChangeModule(Quiet)))
    gen_statem.cast(pid, "z")
    await wait_all_tasks_blocked()
    assert log == [
        ("s1", "Cast"),
        ("quiet", "s1", Cast("x")),
        ("quiet", "s1", Cast("pop")),
        ("s1", Cast("y")),
        ("s1", "Cast"),
        ("quiet", "s1", Cast("z")),
    ]
    assert (await sys.get_status(pid)).module is Quiet


@on_node
async def test_a_machine_can_change_its_mode() -> None:
    pid = await start([])

    def become(machine: Scripted, _event: object) -> NextState[object]:
        vars(machine).update(vars(Door("1")))
        return NextState(Door.locked, ChangeModule(Door))

    gen_statem.cast(pid, become)
    assert await gen_statem.call(pid, Count()) == 0


@on_node
async def test_a_class_with_another_layout_is_a_crash() -> None:
    pid = await start([])
    with pytest.raises(ServerExitedError) as failure:
        await gen_statem.call(pid, doing(ChangeModule(Slotted)))
    assert isinstance(failure.value.reason, Crash)
    assert isinstance(failure.value.reason.error, TypeError)


@on_node
async def test_a_class_without_the_state_is_a_crash() -> None:
    pid = await start([])
    gen_statem.cast(pid, doing(ChangeModule(Door)))
    with pytest.raises(ServerExitedError, match="Door has no state 's1'"):
        await gen_statem.call(pid, "x")


# -------------------------------------------------------------------------- its turn


@on_node
async def test_a_machine_that_never_comes_to_rest_lets_others_work() -> None:
    def again(_machine: Scripted, event: Any) -> Keep:
        return Keep(NextEvent(Internal(event.content)))

    pid = await start([], NextEvent(Internal(again)))
    for _ in range(5):
        await trio.lowlevel.checkpoint()
    process.exit(pid, Kill())


@on_node
async def test_a_state_that_is_entered_again_and_again_lets_others_work() -> None:
    pid = await gen_statem.start(Entered, on_enter=Repeat())
    for _ in range(5):
        await trio.lowlevel.checkpoint()
    process.exit(pid, Kill())


@pytest.mark.parametrize("message", [make_cast(None, 1), make_cast("tell", 1)])
@on_node
async def test_a_flood_of_messages_lets_others_work(message: object) -> None:
    pid = await start([])
    assert pid.process is not None
    for _ in range(9000):
        pid.process.mailbox.put(message)
    await trio.lowlevel.checkpoint()
    await trio.lowlevel.checkpoint()
    assert 0 < len(pid.process.mailbox) < 9000


class Forgetful(Scripted):
    """Keeps nothing."""

    async def handle_event(self, state: Any, event: Any) -> Any:
        del state, event
        return Keep()


class Big:
    """What should not be kept."""


@on_node
async def test_an_idle_machine_does_not_keep_its_last_message() -> None:
    pid = await gen_statem.start(Forgetful)
    message = Big()
    gone = weakref.ref(message)
    gen_statem.cast(pid, message)
    del message
    await wait_all_tasks_blocked()
    assert gone() is None


# --------------------------------------------------------------------------- the end


@pytest.mark.parametrize("reason", [Normal(), Shutdown(), Reason("x")])
@on_node
async def test_a_machine_can_be_stopped(reason: Any) -> None:
    log: list[object] = []
    pid = await start(log)
    await gen_statem.stop(pid, reason)
    assert log == [("terminate", reason, "s1")]
    assert not process.is_alive(pid)


@on_node
async def test_terminate_sees_the_state_that_was_reached() -> None:
    log: list[object] = []
    pid = await start(log)
    gen_statem.cast(pid, giving(NextState("s2")))
    gen_statem.cast(pid, giving(Stop(Reason("bye"))))
    await wait_all_tasks_blocked()
    assert log[-1] == ("terminate", Reason("bye"), "s2")


@on_node
async def test_a_crash_on_entering_leaves_the_machine_in_the_old_state() -> None:
    log: list[object] = []

    class Fragile(Entered):
        async def handle_event(self, state: Any, event: Any) -> Any:
            if event == Enter("s1") and state == "s2":
                raise ERROR
            return await super().handle_event(state, event)

    pid = await gen_statem.start(Fragile, log)
    gen_statem.cast(pid, giving(NextState("s2")))
    await wait_all_tasks_blocked()
    assert log[-1] == ("terminate", Crash(ERROR), "s1")


@on_node
async def test_a_stop_on_entering_leaves_the_machine_in_the_new_state() -> None:
    log: list[object] = []
    pid = await gen_statem.start(Entered, log)

    def move(machine: Scripted, _event: object) -> NextState[str]:
        machine.on_enter = Stop(Reason("no"))
        return NextState("s2")

    gen_statem.cast(pid, move)
    await wait_all_tasks_blocked()
    assert log[-1] == ("terminate", Reason("no"), "s2")


@on_node
async def test_what_terminate_raises_is_the_reason() -> None:
    pid = await start([], at_end=raising(Exit(Reason("other"))))
    with pytest.raises(ServerExitedError) as failure:
        await gen_statem.stop(pid)
    assert failure.value.reason == Reason("other")


@in_process
async def test_the_parent_ends_a_machine_that_traps_exits_in_order() -> None:
    process.trap_exit(True)
    log: list[object] = []
    pid = await gen_statem.start_link(Scripted, log, trap=True)
    process.exit(pid, Shutdown())
    assert await flush() == [Exited(pid, Shutdown())]
    assert log == [("terminate", Shutdown(), "s1")]


@on_node
async def test_an_exit_signal_ends_a_machine_without_terminate() -> None:
    log: list[object] = []
    pid = await start(log)
    process.exit(pid, Shutdown())
    await wait_all_tasks_blocked()
    assert log == []
    assert not process.is_alive(pid)


@on_node
async def test_a_kill_comes_before_a_stop() -> None:
    log: list[object] = []
    pid = await start(log)

    def both(_machine: Scripted, _event: object) -> Stop:
        process.exit(process.self(), Kill())
        return Stop(Reason("bye"))

    gen_statem.cast(pid, both)
    assert await process.wait_exited(pid) == Killed()
    await wait_all_tasks_blocked()
    assert log == [("s1", "Cast")]


class Interrupt(BaseException):
    """Is meant for the program, and not for one process."""


@pytest.mark.parametrize("where", ["event", "terminate"])
@on_node
async def test_an_interrupt_is_not_the_machines_own_end(where: str) -> None:
    log: list[object] = []

    async def program() -> None:
        async with Node("other"):
            pid = await start(log, at_end=raising(Interrupt()))
            stop = giving(Stop(Reason("bye")))
            gen_statem.cast(pid, raising(Interrupt()) if where == "event" else stop)
            await trio.sleep_forever()

    with pytest.raises(BaseExceptionGroup) as caught:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(program)
    assert caught.group_contains(Interrupt)
    ends = [("terminate", Reason("bye"), "s1")]
    assert log == [("s1", "Cast"), *(ends if where == "terminate" else [])]


@on_node
async def test_the_end_may_be_waited_for_by_any_process() -> None:
    async def body() -> None:
        pid = await gen_statem.start_link(Scripted)
        gen_statem.cast(pid, giving(Stop(Reason("bye"))))
        await trio.sleep_forever()

    assert await exit_reason_of(body) == Reason("bye")
