"""The probes of state machines: which event comes next, time-outs, and the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
import trio

from otp import (
    CallError,
    Down,
    GenStatem,
    Name,
    Pid,
    Reason,
    gen_statem,
    process,
    sys,
)
from otp.gen_statem import (
    EVENT,
    STATE,
    Call,
    CancelTimeout,
    Cast,
    Enter,
    EnterCallError,
    EventTimeout,
    Internal,
    Keep,
    NamedTimeout,
    NextEvent,
    NextState,
    Postpone,
    Repeat,
    Reply,
    SetTimeout,
    StateTimeout,
    Stop,
    UpdateTimeout,
)
from tests.kernel.support import flush

from .erlang import Raised, probe, read_records, why

if TYPE_CHECKING:
    from collections.abc import Callable

    from otp.gen_statem import Action

RECORDS = read_records("gen_statem.otp27.txt", 44)

CANNOT_APPLY = {
    "message before exit signal (same sender)": (
        "it is no probe of state machines; the order is tested in tests/test_process.py"
    ),
    "alias: queued msgs kept after unalias": (
        "it is no probe of state machines; see tests/kernel/test_aliases.py"
    ),
    "throw from callback is a return": "Python has no throw: a callback returns",
    "event timeout integer shorthand content": (
        "a time-out is written in one way only; its content is None unless it is given"
    ),
    "bad init return": (
        "an action is checked where it is made, so that init itself raises; see "
        "tests/gen_statem/test_actions.py"
    ),
    "QUIRK zero timer overridden by 40ms timer": (
        "it is a bug of Erlang's; see tests/gen_statem/test_timeouts.py"
    ),
    "hibernate action": "there is nothing to be seen of it",
}

Fn: TypeAlias = "Callable[[Any, Any], Any]"


class Machine(GenStatem[Any, Any]):
    """A machine whose code is a function of its state and an event."""

    def __init__(self, fn: Fn, state: object, *actions: Action) -> None:
        self.fn = fn
        self.first = NextState(state, *actions)

    async def init(self) -> NextState[Any]:
        return self.first

    async def handle_event(self, state: Any, event: Any) -> Any:
        return self.fn(state, event)


class Entered(Machine):
    """The same, and it sees every state being entered."""

    state_enter = True


async def start(fn: Fn, *actions: Action, state: object = "s1") -> Pid[Machine]:
    return await gen_statem.start(Machine, fn, state, *actions)


async def start_entered(fn: Fn) -> Pid[Entered]:
    return await gen_statem.start(Entered, fn, "s1")


def cast(machine: Pid, *messages: object) -> None:
    for message in messages:
        gen_statem.cast(machine, message)


def shown(event: Any) -> tuple[object, object]:
    """Return an event as Erlang's type and content."""
    match event:
        case Cast(content):
            return ("cast", content)
        case Internal(content):
            return ("internal", content)
        case StateTimeout(content):
            return ("state_timeout", content)
        case NamedTimeout(name, content):
            return (("timeout", name), content)
        case _:
            raise AssertionError(event)


class Probe:
    """Tells the process that has made it what happens elsewhere."""

    def __init__(self) -> None:
        self._pid = process.self()

    def tell(self, *what: object) -> None:
        process.send(self._pid, what if len(what) > 1 else what[0])


# ------------------------------------------------------------ which event comes next


@probe("next_event runs before queued external", RECORDS)
async def test_what_is_inserted_comes_before_the_mail() -> object:
    me = Probe()

    def fn(_state: object, event: Any) -> object:
        if event == Cast("a"):
            me.tell("a")
            return Keep(NextEvent(Internal("i1")), NextEvent(Cast("i2")))
        me.tell(shown(event))
        return None

    machine = await start(fn)
    await sys.suspend(machine)
    cast(machine, "a", "b")
    await sys.resume(machine)
    return await flush()


@probe("postpone: retried only on state change, in o", RECORDS)
async def test_what_is_postponed_comes_again_after_a_change_of_state() -> object:
    me = Probe()

    def fn(state: object, event: Any) -> object:
        match event.message:
            case ("go", new):
                me.tell("go", new)
                return NextState(new)
            case message if state == "s1":
                me.tell("post", message)
                return Keep(Postpone())
            case message:
                me.tell("run", message, state)
                return None

    cast(await start(fn), "x", "y", ("go", "s1"), "z", ("go", "s2"), "w")
    return await flush()


@probe("repeat_state does not retry postponed", RECORDS)
async def test_repeating_a_state_is_no_change_of_it() -> object:
    me = Probe()

    def fn(state: object, event: Any) -> object:
        match event:
            case Enter(old):
                me.tell("enter", old, state)
                return None
            case Cast("rep"):
                return Repeat()
            case _:
                me.tell("post", event.message)
                return Keep(Postpone())

    cast(await start_entered(fn), "x", "rep")
    return await flush()


def entering(me: Probe) -> Fn:
    """Return the code of a machine that tells of each state that it enters."""

    def fn(state: object, event: Any) -> object:
        if isinstance(event, Enter):
            me.tell("enter", event.old_state, state)
            return None
        return NextState(event.message)

    return fn


@probe("state_enter first call old==new", RECORDS)
async def test_the_first_state_is_entered_from_itself() -> object:
    await start_entered(entering(Probe()))
    return await flush()


@probe("next_state same state: no enter call", RECORDS)
async def test_going_to_the_same_state_enters_nothing() -> object:
    cast(await start_entered(entering(Probe())), "s1", "s2", "s2")
    return await flush()


@probe("enter before next_event & postponed retry", RECORDS)
async def test_a_state_is_entered_before_it_sees_any_event() -> object:
    me = Probe()

    def fn(state: object, event: Any) -> object:
        match event:
            case Enter(old):
                me.tell("enter", old, state)
                return None
            case Cast("go"):
                return NextState("s2", NextEvent(Internal("i")))
            case _ if state == "s1":
                me.tell("post", *shown(event))
                return Keep(Postpone())
            case _:
                me.tell(*shown(event), state)
                return None

    cast(await start_entered(fn), "p1", "go")
    return await flush()


@probe("postpone + change to same state keeps queue", RECORDS)
async def test_going_to_the_same_state_leaves_what_is_postponed() -> object:
    me = Probe()

    def fn(state: object, event: Any) -> object:
        match event.message:
            case ("go", new):
                return NextState(new)
            case message if state == "s1":
                me.tell("post", message)
                return Keep(Postpone())
            case message:
                me.tell(message, state)
                return None

    cast(await start(fn), "x", ("go", "s1"), ("go", "s2"))
    return await flush()


# ------------------------------------------------------------- what Enter cannot do


async def exit_of(machine: Pid) -> object:
    ref = process.monitor(machine)
    while True:
        match await process.receive():
            case Down(r, _, reason) if r == ref:
                return reason
            case _:
                pass


async def enter_error(on_enter: object) -> EnterCallError:
    """Let a machine do something forbidden as it enters its second state."""

    def fn(state: object, event: Any) -> object:
        if isinstance(event, Enter):
            return on_enter if state == "s2" else None
        return NextState("s2")

    machine = await start_entered(fn)
    cast(machine, "x")
    reason: Any = await exit_of(machine)
    assert isinstance(reason.error, EnterCallError)
    return reason.error


@probe("enter call: postpone -> error", RECORDS)
async def test_a_state_cannot_postpone_its_being_entered() -> object:
    error = await enter_error(Keep(Postpone()))
    assert error.value == Postpone()
    return (("bad_state_enter_action_from_state_function", "postpone"), "'$st'")


@probe("enter call: next_event -> error", RECORDS)
async def test_a_state_cannot_insert_events_as_it_is_entered() -> object:
    error = await enter_error(Keep(NextEvent(Internal("x"))))
    assert error.value == NextEvent(Internal("x"))
    wrong = ("next_event", "internal", "x")
    return (("bad_state_enter_action_from_state_function", wrong), "'$st'")


@probe("enter call: change state -> error", RECORDS)
async def test_a_state_cannot_be_left_as_it_is_entered() -> object:
    error = await enter_error(NextState("s3"))
    assert error.value == NextState("s3")
    wrong = ("next_state", "s3", "'$fun'")
    return (("bad_state_enter_return_from_state_function", wrong), "'$st'")


# ------------------------------------------------------------------------- time-outs


def telling_timeouts(me: Probe) -> Fn:
    """Return the code of a machine that obeys casts and tells of time-outs."""

    def fn(state: object, event: Any) -> object:
        match event:
            case StateTimeout(content):
                me.tell("sto", content, state)
            case EventTimeout(content):
                me.tell("to", content, state)
            case NamedTimeout(_, content):
                me.tell(content, state)
            case Cast(message):
                return Repeat() if message == "rep" else NextState(message)
            case _:
                pass
        return None

    return fn


@probe("state_timeout cancelled by state change", RECORDS)
async def test_a_change_of_state_ends_the_time_in_it() -> object:
    machine = await start(telling_timeouts(Probe()), SetTimeout(STATE, 0.03, "x"))
    cast(machine, "s2")
    return await flush()


@probe("state_timeout survives same state/repeat", RECORDS)
async def test_the_time_in_a_state_goes_on_without_a_change() -> object:
    machine = await start(telling_timeouts(Probe()), SetTimeout(STATE, 0.03, "x"))
    cast(machine, "s1", "rep")
    return await flush()


@probe("event timeout cancelled by any event", RECORDS)
async def test_any_event_ends_the_time_without_one() -> object:
    machine = await start(telling_timeouts(Probe()), SetTimeout(EVENT, 0.03, "x"))
    process.send(machine, "hi")
    return await flush()


@probe("generic timeout survives state change", RECORDS)
async def test_a_named_time_out_survives_a_change_of_state() -> object:
    machine = await start(telling_timeouts(Probe()), SetTimeout("a", 0.03, "x"))
    cast(machine, "s2")
    return await flush()


def acting(me: Probe, *actions: Action) -> Fn:
    """Return the code of a machine that does something when it is told to."""

    def fn(_state: object, event: Any) -> object:
        if isinstance(event, NamedTimeout):
            me.tell(event.content)
            return None
        return Keep(*actions)

    return fn


@probe("timeout update keeps deadline, new content", RECORDS)
async def test_an_update_changes_the_content() -> object:
    me = Probe()
    update = UpdateTimeout("a", "y")
    machine = await start(acting(me, update), SetTimeout("a", 0.03, "x"))
    cast(machine, "u")
    began = trio.current_time()
    told = await process.receive()
    assert trio.current_time() == began + 0.03
    return [told]


@probe("timeout update when not running = immediate", RECORDS)
async def test_an_update_of_nothing_comes_at_once() -> object:
    machine = await start(acting(Probe(), UpdateTimeout("a", "y")))
    cast(machine, "u")
    began = trio.current_time()
    told = await process.receive()
    assert trio.current_time() == began
    return [told]


@probe("timeout cancel", RECORDS)
async def test_a_cancelled_time_out_never_comes() -> object:
    fn = acting(Probe(), CancelTimeout("a"))
    cast(await start(fn, SetTimeout("a", 0.02, "x")), "u")
    return await flush()


@probe("timeout infinity cancels", RECORDS)
async def test_a_time_out_without_end_never_comes() -> object:
    fn = acting(Probe(), SetTimeout("a", float("inf"), "z"))
    cast(await start(fn, SetTimeout("a", 0.02, "x")), "u")
    return await flush()


def telling(me: Probe) -> Fn:
    def fn(_state: object, event: Any) -> None:
        me.tell(shown(event))

    return fn


@probe("same type twice in actions: last wins", RECORDS)
async def test_of_two_time_outs_with_one_key_the_last_counts() -> object:
    first, second = SetTimeout("a", 0.01, "first"), SetTimeout("a", 0.02, "second")
    await start(telling(Probe()), first, second)
    return await flush()


@probe("zero timeouts: action order, after queue", RECORDS)
async def test_time_outs_of_nothing_come_in_order_and_before_the_mail() -> object:
    me = Probe()

    def fn(_state: object, event: Any) -> object:
        if event == Cast("go"):
            return Keep(
                SetTimeout("a", 0, "a"),
                SetTimeout(STATE, 0, "s"),
                SetTimeout(EVENT, 0, "t"),
                NextEvent(Internal("i")),
            )
        me.tell(shown(event))
        return None

    machine = await start(fn)
    await sys.suspend(machine)
    cast(machine, "go", "later")
    await sys.resume(machine)
    return await flush()


# --------------------------------------------------------------------- calls, the end


@probe("reply action sent before enter call", RECORDS)
async def test_an_answer_is_sent_before_the_next_state_is_entered() -> object:
    me = Probe()

    def fn(state: object, event: Any) -> object:
        match event:
            case Enter():
                if state == "s2":
                    me.tell("enter")
                return None
            case Call(from_):
                return NextState("s2", Reply(from_, "ok"))
            case _:
                return None

    answer = await gen_statem.call(await start_entered(fn), "x")
    return (answer, await flush())


def failed(failure: pytest.ExceptionInfo[CallError], *more: object) -> object:
    """Return what a probe gives whose call with the request x exits."""
    mfa = ("gen_statem", "call", [failure.value.server, "x", *more])
    return ("exit", (why(failure.value), mfa))


@probe("call timeout default infinity: noproc shape", RECORDS)
async def test_a_call_to_nobody_fails() -> object:
    with pytest.raises(CallError) as failure:
        await gen_statem.call(Name[object]("nosuch"), "x")
    return failed(failure, "infinity")


@probe("call timeout shape", RECORDS)
async def test_a_call_may_take_too_long() -> object:
    machine = await start(lambda _state, _event: None)
    with pytest.raises(CallError) as failure:
        await gen_statem.call(machine, "x", timeout=0.02)
    return failed(failure, 20)


@probe("stop: caller gets", RECORDS)
async def test_a_stop_fails_the_call() -> object:
    machine = await start(lambda _state, _event: Stop(Reason("bye")))
    with pytest.raises(CallError) as failure:
        await gen_statem.call(machine, "x")
    return failed(failure, "infinity")


@probe("stop_and_reply: reply BEFORE terminate", RECORDS)
async def test_who_stops_can_answer_before() -> object:
    def fn(_state: object, event: Any) -> Stop:
        return Stop(Reason("bye"), Reply(event.from_, "r"))

    machine = await start(fn)
    ref = process.monitor(machine)
    answer = await gen_statem.call(machine, "x")
    down = await process.receive()
    assert isinstance(down, Down)
    assert down.ref == ref
    return (answer, down.reason)


async def exit_after_info(fn: Fn) -> object:
    machine = await start(fn)
    process.send(machine, "x")
    return await exit_of(machine)


@probe("error in callback: DOWN reason", RECORDS)
async def test_an_exception_is_a_crash() -> object:
    def fn(_state: object, _event: object) -> None:
        raise Raised("boom")

    return await exit_after_info(fn)


@probe("bad return: DOWN reason", RECORDS)
async def test_a_bad_return_is_a_crash() -> object:
    reason: Any = await exit_after_info(lambda _state, _event: "foo")
    return (("bad_return_from_state_function", reason.error.value), "'$st'")


@probe("EXIT from parent -> stops", RECORDS)
async def test_a_trapped_exit_signal_of_the_parent_is_an_order() -> object:
    process.trap_exit(True)

    def fn(_state: object, event: Any) -> None:
        if event == Cast("t"):
            process.trap_exit(True)

    machine = await gen_statem.start_link(Machine, fn, "s1")
    cast(machine, "t")
    process.exit(machine, Reason("foo"))
    return await flush()


def test_every_recorded_probe_is_tested_or_cannot_apply() -> None:
    tests = [test.probe for test in globals().values() if hasattr(test, "probe")]
    assert sorted([*tests, *CANNOT_APPLY]) == sorted(RECORDS)
