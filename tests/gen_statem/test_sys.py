"""Looking into a machine and steering it, and what is reported of its end."""

from __future__ import annotations

from typing import Any, cast

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    Crash,
    Exit,
    Kill,
    Name,
    Normal,
    Reason,
    Shutdown,
    gen_statem,
    process,
    sys,
)
from otp.gen import written
from otp.gen_statem import (
    STATE,
    Cast,
    ChangeModule,
    Internal,
    Keep,
    NextEvent,
    NextState,
    Options,
    Postpone,
    SetTimeout,
    State,
    StatemReport,
    StateTimeout,
    Stop,
)
from otp.proc_lib import CrashReport
from otp.sys import (
    CallbackFailedError,
    Event,
    Log,
    Trace,
)
from tests.kernel.support import collected_reports, on_node

from .machines import Button, Count, Door, Entered, Scripted, Walk, giving, raising

ERROR = ValueError("x")


async def state_of(pid: object) -> tuple[Any, dict[str, Any]]:
    state, data = cast("tuple[Any, Any]", await sys.get_state(cast("Any", pid)))
    return state, data


async def status_of(pid: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", (await sys.get_status(pid)).state)


# --------------------------------------------------------------------- state and data


@on_node
async def test_the_state_of_a_machine_is_a_pair() -> None:
    door = await gen_statem.start(Door)
    gen_statem.cast(door, Button("4"))
    assert await state_of(door) == (
        Door.locked,
        {"code": "42", "typed": "4", "opened": 0},
    )


@on_node
async def test_the_data_that_are_shown_are_a_copy() -> None:
    door = await gen_statem.start(Door)
    (await state_of(door))[1]["code"] = "0"
    assert (await state_of(door))[1]["code"] == "42"


@on_node
async def test_state_and_data_can_be_replaced() -> None:
    door = await gen_statem.start(Door)

    def change(pair: tuple[object, dict[str, Any]]) -> object:
        return Door.open, {**pair[1], "opened": 7}

    assert await sys.replace_state(door, change) == (
        Door.open,
        {"code": "42", "typed": "", "opened": 7},
    )
    assert await gen_statem.call(door, Walk()) == "walked"
    assert await gen_statem.call(door, Count()) == 7


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        Door.open,
        {"code": "1"},
        (Door.open,),
        (Door.open, {}, {}),
        (Door.open, None),
        [Door.open, {}],
        (State("nowhere"), {}),
        ("open", {}),
    ],
)
@on_node
async def test_only_a_pair_with_a_state_of_the_machine_can_replace_it(
    wrong: object,
) -> None:
    door = await gen_statem.start(Door)
    before = await state_of(door)
    with pytest.raises(CallbackFailedError):
        await sys.replace_state(door, giving(wrong))
    assert await state_of(door) == before


@on_node
async def test_a_wrong_pair_is_told_what_is_right() -> None:
    door = await gen_statem.start(Door)
    with pytest.raises(CallbackFailedError, match="a pair of its state and a dict of"):
        await sys.replace_state(door, giving("open"))


@on_node
async def test_the_status_shows_events_and_time_outs() -> None:
    pid = await gen_statem.start(Scripted)
    postponed = giving(Keep(Postpone(), SetTimeout(STATE, 9, "x"), SetTimeout("a", 9)))
    gen_statem.cast(pid, postponed)
    assert await status_of(pid) == {
        "state": "s1",
        "data": (await state_of(pid))[1],
        "queue": [],
        "postponed": [Cast(postponed)],
        "timeouts": {STATE: "x", "a": None},
    }


class Secret(Scripted):
    """Hides its data."""

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        assert status["reason"] is None or status["reason"] == Crash(ERROR)
        return {**status, "data": "hidden", "log": ["also hidden"]}


class Clumsy(Scripted):
    """Fails to hide."""

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        raise Exit(Reason(status))


class Short(Scripted):
    """Forgets most of its status."""

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        return {"state": status["state"]}


@on_node
async def test_a_machine_can_hide_what_is_shown() -> None:
    pid = await Options(debug=[Log()]).start(Secret)
    status = await sys.get_status(pid)
    assert cast("Any", status.state)["data"] == "hidden"
    assert status.log == ["also hidden"]


@pytest.mark.parametrize(
    ("cls", "error"), [(Clumsy, "Exit"), (Short, "KeyError")], ids=str
)
@on_node
async def test_what_could_not_be_hidden_is_not_shown(
    cls: type[Scripted], error: str
) -> None:
    pid = await Options(debug=[Log()]).start(cls)
    status = await sys.get_status(pid)
    assert set(cast("Any", status.state).values()) == {
        f"<format_status failed: {error}>"
    }
    assert status.log == ()


# ------------------------------------------------------------------------ suspension


@on_node
async def test_a_suspended_machine_handles_nothing() -> None:
    log: list[object] = []
    first = NextState("s1", SetTimeout(STATE, 1))
    pid = await gen_statem.start(Scripted, log, first=first)
    await sys.suspend(pid)
    gen_statem.cast(pid, "a")
    await trio.sleep(2)
    gen_statem.cast(pid, "b")
    assert log == []
    assert (await sys.get_status(pid)).suspended
    await sys.resume(pid)
    await wait_all_tasks_blocked()
    assert log == [
        ("s1", Cast("a")),
        ("s1", StateTimeout(None)),
        ("s1", Cast("b")),
    ]


@on_node
async def test_a_suspended_machine_can_be_stopped() -> None:
    log: list[object] = []
    pid = await gen_statem.start(Scripted, log)
    await sys.suspend(pid)
    await gen_statem.stop(pid)
    assert log == [("terminate", Normal(), "s1")]


# -------------------------------------------------------------------- debug options


@on_node
async def test_everything_that_a_machine_does_can_be_watched() -> None:
    seen: list[tuple[object, ...]] = []

    def watch(state: object, event: Event, process_state: Any) -> object:
        content = event.content
        if event.kind == "in" and not isinstance(content, (Internal, StateTimeout)):
            content = written(content)
        seen.append((event.kind, content, process_state[0]))
        return state

    pid = await gen_statem.start(Entered)
    await sys.install(pid, watch, None)
    answer = giving(Keep(NextEvent(Internal("i")), SetTimeout(STATE, 0, "z")))
    gen_statem.cast(pid, answer)
    gen_statem.cast(pid, "x")
    await wait_all_tasks_blocked()
    assert seen == [
        ("in", f"cast {answer!r}", "s1"),
        ("in", Internal("i"), "s1"),
        ("consume", Cast(answer), "s1"),
        ("consume", Internal("i"), "s1"),
        ("consume", StateTimeout("z"), "s1"),
        ("in", "cast 'x'", "s1"),
        ("consume", Cast("x"), "s1"),
    ]
    seen.clear()

    move = giving(NextState("s2", SetTimeout(STATE, 1, "t"), ChangeModule(Entered)))
    gen_statem.cast(pid, giving(Keep(Postpone())))
    gen_statem.cast(pid, move)
    await trio.sleep(2)
    kinds = [(kind, state) for kind, _, state in seen]
    assert kinds == [
        ("in", "s1"),
        ("postpone", "s1"),
        ("in", "s1"),
        ("module", "s1"),
        ("enter", "s1"),
        ("start_timer", "s1"),
        ("consume", "s2"),
        ("postpone", "s2"),
        ("in", "s2"),
        ("consume", "s2"),
    ]
    contents = [content for _, content, _ in seen]
    assert contents[3:7] == [Entered, "s2", STATE, Cast(move)]
    assert contents[8] == StateTimeout("t")


@on_node
async def test_a_trace_is_for_people() -> None:
    lines: list[str] = []
    door = await Options(debug=[Trace(lines.append)]).start(Door, "4")
    await gen_statem.call(door, Count())
    gen_statem.cast(door, Button("4"))
    await gen_statem.stop(door)
    assert [line.partition("> ")[2] for line in lines] == [
        "got call Count() from <nonode.0>",
        "replied 0 to <nonode.0>",
        "consumed Call(from_=<call of <nonode.1>>, request=Count()), now locked",
        "got cast Button(digit='4')",
        "starts the timer of STATE",
        "consumed Cast(message=Button(digit='4')), now open",
        "terminates: Normal()",
    ]


@on_node
async def test_a_trace_begins_with_the_first_state() -> None:
    kept: list[str] = []
    pid = await Options(debug=[Trace(kept.append)]).start(Entered)
    await wait_all_tasks_blocked()
    assert kept == [f"*DBG* Entered {pid} enters 's1'"]


@on_node
async def test_messages_are_counted() -> None:
    pid = await gen_statem.start(Scripted)
    await sys.statistics(pid)
    await gen_statem.call(pid, "x")
    gen_statem.cast(pid, "y")
    found = await sys.get_statistics(pid)
    assert found is not None
    assert (found.messages_in, found.messages_out) == (2, 1)
    await sys.no_debug(pid)
    assert (await sys.get_status(pid)).debug == ()


@on_node
async def test_a_debug_option_that_is_done_is_gone() -> None:
    pid = await gen_statem.start(Scripted)
    await sys.install(pid, giving(sys.DONE), None)
    gen_statem.cast(pid, "x")
    await wait_all_tasks_blocked()
    assert (await sys.get_status(pid)).debug == ()


# --------------------------------------------------------------------------- reports


@on_node
async def test_a_crash_is_reported_by_the_machine_and_then_by_its_process() -> None:
    name = Name[object]("scripted")
    pid = await Options(name=name, debug=[Log(1)]).start(Scripted)
    postponed = giving(Keep(Postpone(), SetTimeout("a", 9, "later")))
    crash = giving(NextState("s2", NextEvent(Internal(raising(ERROR)))))
    gen_statem.cast(pid, postponed)
    with collected_reports() as reports:
        gen_statem.cast(pid, crash)
        await wait_all_tasks_blocked()

    machine, process_report = reports
    assert isinstance(machine, StatemReport)
    assert isinstance(process_report, CrashReport)
    assert (machine.pid, machine.name, machine.module) == (pid, "scripted", Scripted)
    assert (machine.reason, machine.state) == (Crash(ERROR), "s2")
    queue: Any = machine.queue
    assert [type(event) for event in queue] == [Internal, Cast]
    assert queue[1] == Cast(postponed)
    assert machine.postponed == []
    assert machine.timeouts == {"a": "later"}
    assert cast("Any", machine.data)["trap"] is False
    assert len(cast("Any", machine.log)) == 1
    assert machine.level == "ERROR"
    assert machine.error() is None  # one traceback is enough
    assert process_report.error() is ERROR
    lines = machine.text().splitlines()
    assert lines[0].startswith(f"gen_statem scripted {pid!r} terminates: Crash(")
    assert [line.strip().partition(":")[0] for line in lines[1:]] == [
        "state",
        "data",
        "events",
        "time-outs",
        "before that",
        "terminates",
    ]


@on_node
async def test_a_report_shows_what_is_postponed_and_leaves_out_what_is_not_there() -> (
    None
):
    pid = await gen_statem.start(Scripted)
    gen_statem.cast(pid, giving(Keep(Postpone())))
    with collected_reports() as reports:
        gen_statem.cast(pid, raising(ERROR))
        await wait_all_tasks_blocked()
    text = reports[0].text()
    assert text.startswith(f"gen_statem Scripted {pid!r} terminates: ")
    assert "\n    postponed: [Cast(" in text
    assert "time-outs" not in text
    assert "before that" not in text


@on_node
async def test_a_report_hides_what_the_machine_hides() -> None:
    pid = await gen_statem.start(Secret)
    with collected_reports() as reports:
        gen_statem.cast(pid, raising(ERROR))
        await wait_all_tasks_blocked()
    report = reports[0]
    assert isinstance(report, StatemReport)
    assert (report.data, report.log) == ("hidden", ["also hidden"])


@on_node
async def test_a_stop_with_a_reason_of_its_own_is_reported() -> None:
    pid = await gen_statem.start(Scripted)
    with collected_reports() as reports:
        await gen_statem.stop(pid, Reason("x"))
    assert [type(report) for report in reports] == [StatemReport, CrashReport]
    assert cast("StatemReport", reports[0]).queue == []


@pytest.mark.parametrize("reason", [Normal(), Shutdown(), Shutdown("x")])
@on_node
async def test_a_quiet_end_is_not_reported(reason: Any) -> None:
    pid = await gen_statem.start(Scripted)
    with collected_reports() as reports:
        gen_statem.cast(pid, giving(Stop(reason)))
        await wait_all_tasks_blocked()
    assert reports == []


@on_node
async def test_a_kill_is_not_reported() -> None:
    pid = await gen_statem.start(Scripted)
    with collected_reports() as reports:
        process.exit(pid, Kill())
        await wait_all_tasks_blocked()
    assert reports == []
