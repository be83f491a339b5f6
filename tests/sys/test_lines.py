"""The line that tells of an event reads well, whatever is in it."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    Name,
    Normal,
    Pid,
    Reason,
    UnknownRequestError,
    gen_server,
    process,
    sys,
)
from otp.gen import make_cast
from otp.gen_server import Options
from otp.sys import Debug, Event, Trace, shown_log
from tests.gen_server.servers import Counter, Scripted
from tests.kernel.support import dead_pid, in_process, on_node
from tests.sys.talker import Talker


async def traced(name: str | None = None) -> tuple[Pid[Talker], list[str]]:
    """Start a talker, and return the lines of its trace with it."""
    lines: list[str] = []
    options = Options(name=None if name is None else Name[Talker](name))
    pid = await options.start(Talker)
    head = f"*DBG* {name or 'Talker'} {pid} "
    await sys.trace(pid, write=lambda line: lines.append(line.removeprefix(head)))
    return pid, lines


@on_node
async def test_calls_are_shown_as_somebody_would_write_them() -> None:
    pid, lines = await traced("talker")
    await Talker.add(pid, 1, by=2)
    await gen_server.call(pid, ("any", "value"))
    await Talker.later(pid)

    me = process.self()
    assert lines == [
        f"got call add(1, by=2) from {me}",
        f"replied 3 to {me}",
        f"got call ('any', 'value') from {me}",
        f"replied ('any', 'value') to {me}",
        f"got call later() from {me}",
        "went on",
    ]


@in_process
async def test_a_line_tells_which_process_asked() -> None:
    pid, lines = await traced()
    await Talker.add(pid, 1)
    request = Talker.add.send_request(pid, 2)
    await gen_server.receive_response(request)

    assert lines == [
        f"got call add(1) from {process.self()}",
        f"replied 2 to {process.self()}",
        "got call add(2)",  # from whoever comes to fetch the answer
        "replied 3",
    ]


@on_node
async def test_idle_times_are_messages_too() -> None:
    pid, lines = await traced()
    Talker.rest(pid)
    await trio.sleep(2)

    assert lines[:2] == ["got cast rest()", "went on"]
    assert lines[2].startswith("got Timeout(")


@on_node
async def test_the_end_is_an_event_and_so_is_the_answer_after_it() -> None:
    pid, lines = await traced()
    await Talker.leave(pid)

    assert lines[1:] == ["terminates: Normal()", f"replied 'bye' to {process.self()}"]


@on_node
async def test_a_crash_is_an_end() -> None:
    pid, lines = await traced()
    Talker.crash(pid)
    await wait_all_tasks_blocked()

    assert lines == ["got cast crash()", "terminates: Crash(error=ValueError('x'))"]


@in_process
async def test_the_exit_of_its_parent_is_no_message_but_the_end() -> None:
    process.trap_exit(True)
    pid = await gen_server.start_link(Scripted, trap=True)
    lines: list[str] = []
    await sys.trace(pid, write=lines.append)
    process.exit(pid, Reason("x"))
    await wait_all_tasks_blocked()

    assert lines == [f"*DBG* Scripted {pid} terminates: Reason(value='x')"]


@on_node
async def test_what_the_server_refuses_leaves_it_as_it_was() -> None:
    pid, lines = await traced()
    wrong: Any = pid
    with pytest.raises(UnknownRequestError):
        await Counter.get(wrong)
    await Talker.add(pid, 1)

    assert lines[:2] == [f"got call get() from {process.self()}", "went on"]
    assert len(lines) == 4


def test_an_event_can_be_read() -> None:
    assert str(Event("in", "x")) == "got 'x'"
    assert str(Event("in", make_cast("add", 1))) == "got cast add(1)"
    assert str(Event("out", 1, "caller")) == "sent 1 to 'caller'"
    assert str(Event("out", 1)) == "sent 1"
    assert str(Event("noreply")) == "went on"
    assert str(Event("continue", 2)) == "continues with 2"
    assert str(Event("consume", "e", "s")) == "consumed 'e', now 's'"
    assert str(Event("postpone", "e", "s")) == "postponed 'e', now 's'"
    assert str(Event("enter", "s")) == "enters 's'"
    assert str(Event("start_timer", "t")) == "starts the timer of 't'"
    assert str(Event("module", Talker)).startswith("goes on as <class")
    assert str(Event("terminate", Normal())) == "terminates: Normal()"


@on_node
async def test_an_event_is_the_same_when_nobody_knows_any_more_who_asked() -> None:
    pid = await gen_server.start(Talker)
    await sys.log(pid)
    await Talker.add(pid, 1)
    _, answer = await sys.get_log(pid)
    again = Event("out", 2, answer.to)

    assert (answer.asker, again.asker) == (process.self(), None)
    assert answer == again


def test_a_log_is_shown_whatever_was_made_of_it() -> None:
    assert shown_log((Event("noreply"), "a line", 3)) == ["went on", "a line", "3"]
    assert shown_log("no log") == ["'no log'"]


@on_node
async def test_who_is_dead_or_no_process_at_all_is_shown_as_it_is() -> None:
    pid = await dead_pid()
    lines: list[str] = []
    debug = Debug([Trace(lines.append)])
    debug.handle(pid, Event("noreply"), None)
    debug.handle("somebody", Event("noreply"), None)

    assert lines == [f"*DBG* {pid} went on", "*DBG* somebody went on"]


class Awful:
    """Cannot be shown."""

    def __repr__(self) -> str:
        raise ValueError("no")

    __str__ = __repr__


@on_node
async def test_what_cannot_be_shown_does_no_harm() -> None:
    pid, lines = await traced()
    process.set_label(Awful())
    with pytest.raises(UnknownRequestError):
        await gen_server.call(await gen_server.start(Counter), Awful())
    await gen_server.call(pid, Awful())

    assert lines[0].startswith("got call <Awful instance at")
    assert lines[1].startswith("replied <Awful instance at")


@on_node
async def test_a_label_is_shown_if_there_is_no_name() -> None:
    lines: list[str] = []

    def label(_server: Scripted) -> None:
        process.set_label(("room", 3))

    pid = await gen_server.start(Scripted)
    gen_server.cast(pid, label)
    await sys.trace(pid, write=lines.append)
    process.send(pid, "x")
    await sys.no_debug(pid)

    assert lines[0] == f"*DBG* ('room', 3) {pid} got 'x'"
