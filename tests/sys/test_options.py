"""Debug options as values: what they may be, and processes that start with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio

import otp
from otp import (
    ChildSpec,
    GenServer,
    InvalidSpecError,
    Name,
    NoReply,
    Pid,
    call,
    cast,
    gen_event,
    gen_server,
    process,
    supervisor,
    sys,
)
from otp.gen_server import Options
from otp.sys import Count, Debug, DebugOption, Install, Log, LogToFile, Trace
from tests.gen_server.servers import Counter
from tests.kernel.support import collected_reports, in_process, on_node

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Early(GenServer):
    """Has something to do before its first message."""

    async def init(self) -> NoReply:
        return NoReply(continue_="more")

    async def handle_continue(self, argument: object) -> None:
        del argument

    @cast
    async def tell(self) -> None: ...


def ignore(*_: object) -> None:
    """Be a function for `Install`."""


# -------------------------------------------------------------------- what they may be


def start_with(debug: Any) -> Options:
    return Options(debug=debug)


@pytest.mark.parametrize(
    ("make", "args", "kind", "text"),
    [
        (Trace, [3], "invalid_function", r"sys\.Trace\(\) takes a function"),
        (Install, [None], "invalid_function", "takes a function, not None"),
        (Install, [ignore, 0, []], "invalid_key", "something hashable"),
        (Log, [0], "invalid_size", "one event or more, not 0"),
        (Log, [-1], "invalid_size", "not -1"),
        (Log, [1.5], "invalid_size", r"not 1\.5"),
        (Log, [True], "invalid_size", "not True"),
        (LogToFile, [3], "invalid_path", "a string or a Path, not 3"),
        (LogToFile, [None], "invalid_path", "not None"),
        (start_with, [["trace"]], "invalid_debug", r"such as sys\.Trace"),
        (start_with, [[Trace]], "invalid_debug", "not <class"),
        (start_with, [Trace()], "invalid_debug", "a list of debug options"),
        (start_with, [None], "invalid_debug", "not None"),
        (Debug, [[DebugOption()]], "invalid_debug", "no such debug option"),
    ],
)
def test_a_wrong_option_is_refused_where_it_is_made(
    make: Callable[..., object], args: list[object], kind: str, text: str
) -> None:
    with pytest.raises(InvalidSpecError, match=text) as caught:
        make(*args)

    assert caught.value.kind == kind


def test_options_are_values() -> None:
    assert Trace() == Trace()
    assert Log() == Log(10)
    assert LogToFile("x") == LogToFile(LogToFile("x").path)
    assert Install(ignore, 1) == Install(ignore, 1, ignore)
    assert Options(debug=[Count()]) == Options(debug=(Count(),))


# ---------------------------------------------------------------- with them at a start


@on_node
async def test_what_comes_before_the_first_message_is_seen() -> None:
    pid = await Options(debug=[Log(100)]).start(Early)
    Early.tell(pid)

    assert [str(event) for event in await sys.get_log(pid)] == [
        "continues with 'more'",
        "went on",
        "got cast tell()",
        "went on",
    ]


@on_node
async def test_every_option_may_be_given(tmp_path: Path) -> None:
    lines: list[str] = []
    kinds: list[str] = []

    def note(state: list[str], event: sys.Event, _server: Counter) -> list[str]:
        kinds.append(event.kind)
        return [*state, event.kind]

    options = [
        Trace(lines.append),
        Log(3),
        LogToFile(tmp_path / "log"),
        Count(),
        Install(note, [], "key"),
    ]
    pid = await Options(debug=options).start_link(Counter)
    await Counter.incr(pid)

    assert (await sys.get_status(pid)).debug == tuple(options)
    assert len(lines) == len(await sys.get_log(pid)) == len(kinds) == 2
    assert (tmp_path / "log").read_text().count("\n") == 2
    counted = await sys.get_statistics(pid)
    assert counted is not None
    assert (counted.messages_in, counted.messages_out) == (1, 1)


@on_node
async def test_an_event_manager_may_be_given_them_as_well() -> None:
    lines: list[str] = []
    options = gen_event.Options(debug=[Trace(lines.append)])
    pid = await options.start(otp.EventManager[str])
    gen_event.notify(pid, "x")
    await gen_event.stop(pid)

    assert lines == [
        f"*DBG* EventManager {pid} got Notify(event='x')",
        f"*DBG* EventManager {pid} terminates: Normal()",
    ]


@on_node
async def test_options_given_at_the_start_can_be_taken_back() -> None:
    lines: list[str] = []
    pid = await Options(debug=[Trace(lines.append), Count()]).start(Counter)
    await sys.no_debug(pid)
    await Counter.incr(pid)

    assert lines == []
    assert (await sys.get_status(pid)).debug == ()


@on_node
async def test_of_two_options_of_one_kind_the_last_counts() -> None:
    pid = await Options(debug=[Log(3), Install(ignore, 1), Log(5)]).start(Counter)
    status = await sys.get_status(pid)

    assert status.debug == (Log(5), Install(ignore, 1))


@on_node
async def test_a_file_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    with collected_reports() as reports:
        pid = await Options(debug=[LogToFile(tmp_path)]).start(Counter)
        assert await Counter.incr(pid) == 1
        assert (await sys.get_status(pid)).debug == ()

    (report,) = reports
    assert isinstance(report, sys.DebugReport)
    assert isinstance(report.error(), OSError)
    assert "raised and was taken out" in report.text()


@in_process
async def test_a_process_that_enters_the_loop_may_bring_options() -> None:
    lines: list[str] = []

    async def body() -> None:
        debug = [Trace(lines.append)]
        await gen_server.enter_loop(Counter(), NoReply(), debug=debug)

    pid: Pid[Any] = process.spawn(body)
    assert await Counter.incr(pid) == 1
    await gen_server.stop(pid)

    me = process.self()
    assert lines == [
        f"*DBG* Counter {pid} got call incr() from {me}",
        f"*DBG* Counter {pid} replied 1 to {me}",
        f"*DBG* Counter {pid} terminates: Normal()",
    ]


# ------------------------------------------------------------- in child specifications


@on_node
async def test_a_child_is_watched_from_each_of_its_starts() -> None:
    lines: list[str] = []
    name = Name[Counter]("counter")
    options = Options(name=name, debug=[Trace(lines.append)])
    spec = options.child_spec(Counter, 10).override(restart="transient")
    await supervisor.start_link(otp.Supervisor, otp.one_for_one(spec))
    first = process.whereis(name)
    assert first is not None
    await Counter.incr(name)
    process.exit(first, otp.Kill())
    await trio.sleep(1)
    await Counter.incr(name)

    second = process.whereis(name)
    me = process.self()
    assert second not in (None, first)
    assert lines == [
        f"*DBG* counter {pid} {what}"
        for pid in (first, second)
        for what in (f"got call incr() from {me}", f"replied 11 to {me}")
    ]


def test_the_specification_is_that_of_the_class() -> None:
    spec = Options(debug=[Log()]).child_spec(Counter, 10)
    plain = otp.child_spec(Counter, 10)

    assert isinstance(spec, ChildSpec)
    assert spec == Options(debug=[Log()]).child_spec(Counter, 10)
    assert (spec.id, spec.type, spec.modules) == (plain.id, plain.type, plain.modules)
    assert str(spec.start) == str(plain.start) == "Counter(10)"


@pytest.mark.parametrize("wrong", [3, Counter(), GenServer.init, object])
def test_only_a_behaviour_can_be_a_child(wrong: Any) -> None:
    with pytest.raises(InvalidSpecError, match="is no GenServer class") as caught:
        Options().child_spec(wrong)

    assert caught.value.kind == "invalid_mfa"


def test_its_name_belongs_to_the_options() -> None:
    spec = Options(name=Name[Counter]("x")).child_spec(Counter)
    with pytest.raises(InvalidSpecError, match="only a behaviour can be given a name"):
        spec.named(Name[Counter]("y"))


# ------------------------------------------------------------------------- own pids


class Ticker(GenServer):
    """Sends messages to itself."""

    def __init__(self) -> None:
        self.at_start = self.pid
        self.ticks = 0

    @cast
    async def tick(self) -> None:
        self.ticks += 1
        if self.ticks < 3:
            Ticker.tick(self.pid)

    @call
    async def me(self) -> Pid[Ticker]:
        return self.pid


@on_node
async def test_a_server_knows_its_own_pid() -> None:
    pid = await gen_server.start(Ticker)
    Ticker.tick(pid)

    assert await Ticker.me(pid) is pid
    assert await sys.get_state(pid) == {"at_start": pid, "ticks": 3}


@on_node
async def test_there_is_no_own_pid_outside_of_processes() -> None:
    with pytest.raises(otp.NotAProcessError, match=r"self\.pid"):
        Ticker()
