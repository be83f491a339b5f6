from __future__ import annotations

import contextvars
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.lowlevel import current_task, enable_ki_protection
from trio.testing import MockClock, assert_checkpoints, wait_all_tasks_blocked

import otp
from otp import gen_server, process
from otp.kernel import SchedulerName, SchedulerReport, _join_steps, _rehearsal, _steps

from .support import collected_reports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from _typeshed import TraceFunction

var = contextvars.ContextVar("var", default="unset")


class Server(otp.GenServer):
    """Does what only a real Trio task may do."""

    def __init__(self) -> None:
        var.set("server")
        self.task = current_task()

    @otp.call
    async def echo(self, value: object) -> object:
        assert current_task() is self.task
        assert var.get() == "server"
        return value

    @otp.call
    async def sleep(self, seconds: float) -> float:
        await trio.sleep(seconds)
        return trio.current_time()

    @otp.call
    async def hurry(self) -> bool:
        with trio.move_on_after(1) as scope:
            await trio.sleep_forever()
        return scope.cancelled_caught

    @otp.call
    async def thread(self) -> str:
        return await trio.to_thread.run_sync(lambda: "from the thread")

    @otp.call
    async def family(self) -> list[str]:
        found: list[str] = []

        async def child(n: int) -> None:
            await trio.sleep(n)
            found.append(f"{n} {var.get()}")

        async with trio.open_nursery() as nursery:
            for n in range(3):
                nursery.start_soon(child, n)
        return found

    @otp.call
    async def crash(self) -> None:
        _fail()

    @otp.call
    async def context_of_a_crash(self) -> BaseException | None:
        try:
            _fail()
        except ZeroDivisionError as error:
            return error.__context__
        return None

    @otp.call
    async def foreign(self) -> None:
        await Foreign()

    @otp.call
    async def echo_of(self, other: otp.Pid[Server], value: object) -> object:
        return await Server.echo(other, value)

    @otp.call
    async def echo_after(self, other: otp.Pid, value: object) -> object:
        process.send(other, "you first")
        return value

    @otp.call
    async def cancel_and_answer(self, scope: trio.CancelScope) -> str:
        scope.cancel()
        return "done"

    @otp.call_noreply
    async def answer_and_cancel(
        self, from_: otp.From[str], scope: trio.CancelScope
    ) -> None:
        gen_server.reply(from_, "done")
        scope.cancel()

    @otp.call
    async def compute_and_sleep(self, clock: MockClock, seconds: float) -> None:
        clock.jump(seconds)
        await trio.sleep_forever()

    @otp.call
    async def wait_for(self, expired: list[str], others: list[otp.Pid[Server]]) -> None:
        if not others:
            await trio.sleep_forever()
        following, *others = others
        try:
            await Server.wait_for.within(2)(following, expired, others)
        except otp.CallTimeoutError:
            expired.append(f"{len(others) + 1} to go")


def _fail() -> None:
    raise ZeroDivisionError


class Foreign:
    """What another framework would await."""

    def __await__(self) -> Any:
        yield "foreign"


@pytest.fixture
def steps() -> Iterator[None]:
    """Whatever the environment says, nodes have the step queue here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTP_SCHEDULER", "step")
        yield


pytestmark = pytest.mark.usefixtures("steps")

# ------------------------------------------------------------------ who may choose


async def test_a_node_has_the_step_queue_unless_it_is_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OTP_SCHEDULER")
    async with otp.Node() as node:
        assert node.scheduler.name == "step"
    async with otp.Node(scheduler="trio") as node:
        assert node.scheduler.name == "trio"


async def test_the_environment_is_asked_if_the_code_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTP_SCHEDULER", "trio")
    async with otp.Node() as node:
        assert node.scheduler.name == "trio"
    async with otp.Node(scheduler="step") as node:
        assert node.scheduler.name == "step"


@pytest.mark.parametrize("where", ["code", "environment"])
def test_another_scheduler_is_refused_where_the_node_is_made(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTP_SCHEDULER", "asyncio")
    with pytest.raises(otp.InvalidSpecError, match="one of trio, step, not 'asyncio'"):
        otp.Node(scheduler="asyncio" if where == "code" else None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


# --------------------------------------------------- a process is still a Trio task


async def test_a_server_runs_in_its_own_task_and_context() -> None:
    var.set("client")
    me = current_task()
    async with otp.Node():
        server = await gen_server.start(Server)
        for n in range(200):
            assert await Server.echo(server, n) == n
            assert current_task() is me
            assert var.get() == "client"


async def test_a_clause_may_wait_in_trio(autojump_clock: MockClock) -> None:
    del autojump_clock
    async with otp.Node():
        server = await gen_server.start(Server)
        assert await Server.sleep(server, 2) == 2
        assert await Server.hurry(server)
        assert await Server.family(server) == ["0 server", "1 server", "2 server"]
        assert await Server.echo(server, "still here") == "still here"


async def test_a_clause_may_wait_for_a_thread() -> None:
    async with otp.Node():
        server = await gen_server.start(Server)
        assert await Server.thread(server) == "from the thread"


async def test_a_caller_can_be_cancelled(autojump_clock: MockClock) -> None:
    del autojump_clock
    async with otp.Node():
        server = await gen_server.start(Server)
        with trio.move_on_after(1) as scope:
            await Server.sleep(server, 4)
        assert scope.cancelled_caught
        assert trio.current_time() == 1
        assert await Server.sleep(server, 1) == 5


async def test_who_is_cancelled_already_hears_of_that_and_the_request_is_sent() -> None:
    async with otp.Node():
        server = await gen_server.start(Agent)
        with trio.CancelScope() as scope:
            scope.cancel()
            await Agent.add(server)
        assert scope.cancelled_caught
        assert await Agent.add(server) == 2


@pytest.mark.parametrize("credit", [0, 1, 100])
@pytest.mark.parametrize("scheduler", ["trio", "step"])
async def test_who_is_cancelled_before_the_answer_does_not_get_it(
    scheduler: SchedulerName, credit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_steps, "FIRST_BURST", credit)
    async with otp.Node(scheduler=scheduler):
        server = await gen_server.start(Server)
        with trio.CancelScope() as scope:
            await Server.cancel_and_answer(server, scope)
        assert scope.cancelled_caught
        assert await Server.echo(server, "still here") == "still here"


@pytest.mark.parametrize("credit", [0, 1, 100])
@pytest.mark.parametrize("scheduler", ["trio", "step"])
async def test_who_is_cancelled_after_the_answer_gets_it(
    scheduler: SchedulerName, credit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_steps, "FIRST_BURST", credit)
    answers: list[str] = []
    async with otp.Node(scheduler=scheduler):
        server = await gen_server.start(Server)
        with trio.CancelScope() as scope:
            answers.append(await Server.answer_and_cancel(server, scope))
            await trio.lowlevel.checkpoint()
        assert scope.cancelled_caught
    assert answers == ["done"]


async def test_the_time_of_a_call_runs_while_the_server_computes(
    mock_clock: MockClock,
) -> None:
    times: list[float] = []
    async with otp.Node():
        server = await gen_server.start(Server)
        async with trio.open_nursery() as nursery:

            async def call() -> None:
                with pytest.raises(otp.CallTimeoutError):
                    await Server.compute_and_sleep.within(3)(server, mock_clock, 2)
                times.append(trio.current_time())

            nursery.start_soon(call)
            await wait_all_tasks_blocked()
            assert mock_clock.current_time() == 2
            mock_clock.jump(1)
            await wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
    assert times == [3]


async def test_of_calls_in_each_other_the_outer_one_expires_first(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    async with otp.Node():
        last = await gen_server.start(Server)
        middle = await gen_server.start(Server)
        first = await gen_server.start(Server)
        expired: list[str] = []
        with pytest.raises(otp.CallTimeoutError):
            await Server.wait_for.within(2)(first, expired, [middle, last])
        expired.append("caller")
        await trio.sleep(1)
    assert expired == ["caller", "2 to go", "1 to go"]


class Agent(otp.GenServer):
    def __init__(self) -> None:
        self.calls = 0

    @otp.call
    async def add(self) -> int:
        self.calls += 1
        return self.calls


async def test_a_call_times_out(autojump_clock: MockClock) -> None:
    del autojump_clock
    async with otp.Node():
        server = await gen_server.start(Server)
        with pytest.raises(otp.CallTimeoutError):
            await Server.sleep.within(1.5)(server, 4)
        assert trio.current_time() == 1.5


async def test_a_crash_is_the_servers_and_the_caller_hears_of_it() -> None:
    async with otp.Node():
        server = await gen_server.start(Server)
        with pytest.raises(otp.ServerExitedError) as caught:
            await Server.crash(server)
        assert isinstance(caught.value.reason, otp.Crash)
        assert isinstance(caught.value.reason.error, ZeroDivisionError)
        assert not process.is_alive(server)


async def test_an_error_of_the_server_knows_nothing_of_one_of_the_caller() -> None:
    async with otp.Node():
        server = await gen_server.start(Server)
        try:
            _fail()
        except ZeroDivisionError:
            assert await Server.context_of_a_crash(server) is None


async def test_what_belongs_to_another_framework_is_refused() -> None:
    async with otp.Node():
        server = await gen_server.start(Server)
        with pytest.raises(otp.ServerExitedError) as caught:
            await Server.foreign(server)
        assert isinstance(caught.value.reason, otp.Crash)
        assert "not Trio's: 'foreign'" in str(caught.value.reason.error)


def test_an_interrupt_reaches_a_main_task_that_never_waits_in_trio() -> None:
    @enable_ki_protection
    def interrupt() -> None:
        signal.raise_signal(signal.SIGINT)

    async def main() -> None:
        async with otp.Node():
            server = await gen_server.start(Server)
            interrupt()
            while True:
                await Server.echo(server, 1)

    interrupted = False
    # Trio leaves SIGINT alone if somebody has a handler for it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        trio.run(main)
    except* KeyboardInterrupt:
        interrupted = True
    finally:
        signal.signal(signal.SIGINT, before)
    assert interrupted


WATCHED = {"_steps.py", "_mailbox.py", "_waiter.py", "_request.py"}


def _interrupt_at(wanted: int) -> str | None:
    """Interrupt a program at a line of those files, and say where; None if it ended."""
    lines, where = 0, None
    watching = False

    def see_call(frame: FrameType, _event: str, _arg: object) -> TraceFunction | None:
        return see_line if Path(frame.f_code.co_filename).name in WATCHED else None

    def see_line(frame: FrameType, event: str, _arg: object) -> TraceFunction:
        nonlocal lines, where
        if event == "line" and watching:
            lines += 1
            if lines == wanted:
                where = f"{frame.f_code.co_filename}:{frame.f_lineno}"
                signal.raise_signal(signal.SIGINT)
        return see_line

    async def main() -> None:
        nonlocal watching
        async with otp.Node(scheduler="step", shutdown_timeout=0):
            first, second = [await gen_server.start(Server) for _ in range(2)]
            with trio.fail_after(10):
                watching = True
                try:
                    await Server.echo_of(first, second, 1)
                finally:
                    watching = False

    interrupted = False
    before, tracer = signal.getsignal(signal.SIGINT), sys.gettrace()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.settrace(see_call)
    try:
        trio.run(main, clock=MockClock(autojump_threshold=0))
    except* (KeyboardInterrupt, otp.CallError):
        # The call of an interrupted server fails.
        interrupted = True
    finally:
        sys.settrace(tracer)
        signal.signal(signal.SIGINT, before)
    assert interrupted is (where is not None)
    return where


def test_an_interrupt_at_any_line_ends_the_run_and_loses_no_task() -> None:
    wanted = 1
    while _interrupt_at(wanted):
        wanted += 1
    assert wanted > 50


# -------------------------------------------------------------------- turns and order


async def test_sockets_and_clocks_get_their_turn() -> None:
    # Two processes that never stop talking, and a task that has nothing to do with it.
    async def ping(other: list[otp.Pid]) -> None:
        while True:
            await process.receive()
            process.send(other[0], "ping")

    others: list[list[otp.Pid]] = [[], []]
    async with otp.Node(shutdown_timeout=0):
        pids = [process.spawn(ping, other) for other in others]
        for other, pid in zip(others, reversed(pids), strict=True):
            other.append(pid)
        process.send(pids[0], "ping")
        for _ in range(100):
            await trio.lowlevel.checkpoint()


async def test_the_slower_the_steps_the_fewer_are_made_at_a_time(
    mock_clock: MockClock,
) -> None:
    async def work(other: list[otp.Pid]) -> None:
        while True:
            await process.receive()
            mock_clock.jump(0.01)
            process.send(other[0], "your turn")

    others: list[list[otp.Pid]] = [[], []]
    waited: list[float] = []
    async with otp.Node(shutdown_timeout=0):
        pids = [process.spawn(work, other) for other in others]
        for other, pid in zip(others, reversed(pids), strict=True):
            other.append(pid)
        process.send(pids[0], "your turn")
        for _ in range(20):
            before = trio.current_time()
            await trio.lowlevel.checkpoint()
            waited.append(trio.current_time() - before)
    assert 0.03 < max(waited) < 0.1
    assert 0 < max(waited[5:]) < 0.03


async def test_a_caller_that_never_parks_lets_others_work(
    mock_clock: MockClock,
) -> None:
    # By a clock that stands still, where only the number of steps decides.
    del mock_clock
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    async with otp.Node(), trio.open_nursery() as nursery:
        server = await gen_server.start(Server)
        nursery.start_soon(other)
        for n in range(10_000):
            await Server.echo(server, n)
        nursery.cancel_scope.cancel()
    assert turns >= 10_000 // (_steps.BURST * _steps.BURSTS)


async def test_who_is_woken_before_the_caller_goes_on_before_the_caller() -> None:
    order: list[str] = []

    async def third() -> None:
        await process.receive()
        order.append("third")

    async with otp.Node():
        server = await gen_server.start(Server)
        pid = process.spawn(third)
        await wait_all_tasks_blocked()
        await Server.echo_after(server, pid, 1)
        order.append("caller")
    assert order == ["third", "caller"]


async def test_who_is_started_is_not_overtaken_by_messages() -> None:
    order: list[str] = []

    async def early() -> None:
        order.append("early")

    async with otp.Node():
        server = await gen_server.start(Server)
        process.spawn(early)
        await Server.echo(server, 1)
        order.append("caller")
    assert order == ["early", "caller"]


async def test_calls_may_be_nested_as_deep_as_one_likes() -> None:
    class Chain(otp.GenServer):
        def __init__(self, following: otp.Pid[Chain] | None) -> None:
            self.following = following

        @otp.call
        async def length(self) -> int:
            return 1 + (await Chain.length(self.following) if self.following else 0)

    async with otp.Node():
        last: otp.Pid[Chain] | None = None
        for _ in range(300):
            last = await gen_server.start(Chain, last)
        assert last is not None
        assert await Chain.length(last) == 300


async def test_to_call_in_a_circle_is_no_deadlock_of_the_queue(
    autojump_clock: MockClock,
) -> None:
    class Circle(otp.GenServer):
        @otp.call
        async def back(self, other: otp.Pid[Circle], me: otp.Pid[Circle]) -> str:
            try:
                return await Circle.back.within(1)(other, me, other)
            except otp.CallTimeoutError:
                return "timeout"

    del autojump_clock
    async with otp.Node():
        first, second = [await gen_server.start(Circle) for _ in range(2)]
        assert await Circle.back(first, second, first) == "timeout"


async def test_no_process_starts_from_another_thread() -> None:
    # Trio says so with an error that is nothing to rely on.
    started: list[None] = []

    async def start() -> None:
        started.append(None)

    async with otp.Node(shutdown_timeout=0):
        server = await gen_server.start(Server)
        with pytest.raises((AttributeError, RuntimeError)):
            await trio.to_thread.run_sync(process.spawn, start)
        assert await Server.echo(server, 1) == 1
    assert not started


async def test_who_sends_from_another_thread_does_not_stop_the_queue() -> None:
    heard: list[object] = []

    async def listen() -> None:
        while True:
            heard.append(await process.receive())

    async with otp.Node():
        server = await gen_server.start(Server)
        first, second = process.spawn(listen), process.spawn(listen)
        await wait_all_tasks_blocked()
        with pytest.raises(RuntimeError, match="async context"):
            await trio.to_thread.run_sync(process.send, first, "from the thread")
        process.send(second, "from the task")
        assert await Server.echo(server, 1) == 1
        assert heard == ["from the task"]


# ------------------------------------------------------------------ not for everybody


class Steps(trio.abc.Instrument):
    def __init__(self) -> None:
        self.names: list[str] = []

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.names.append(task.name)


async def test_an_instrument_of_trio_sees_every_step() -> None:
    async with otp.Node():
        server = await gen_server.start(Server)
        steps = Steps()
        trio.lowlevel.add_instrument(steps)
        for n in range(5):
            await Server.echo(server, n)
        assert sum(name.endswith("Server") for name in steps.names) == 5
        trio.lowlevel.remove_instrument(steps)
        assert await Server.echo(server, "on") == "on"
        assert sum(name.endswith("Server") for name in steps.names) == 5


async def test_nodes_with_different_schedulers_talk_to_each_other() -> None:
    async def call_all(pids: list[otp.Pid[Server]]) -> list[object]:
        return [await Server.echo(pid, n) for n, pid in enumerate(pids)]

    async with otp.Node("a", scheduler="step") as a:
        here = await gen_server.start(Server)
        async with otp.Node("b", scheduler="trio") as b:
            there = await gen_server.start(Server)
            assert (a.scheduler.name, b.scheduler.name) == ("step", "trio")
            assert await call_all([here, there]) == [0, 1]
            assert await Server.echo_of(there, here, "x") == "x"
            assert await Server.echo_of(here, there, "y") == "y"
        assert await call_all([here]) == [0]


async def test_the_stepper_goes_with_the_last_node() -> None:
    def steppers() -> int:
        root = trio.lowlevel.current_root_task()
        assert root is not None
        tasks = [t for n in root.child_nurseries for t in n.child_tasks]
        return sum(task.name == "otp steps" for task in tasks)

    async with otp.Node("a"):
        async with otp.Node("b"):
            assert steppers() == 1
        assert steppers() == 1
    await trio.lowlevel.checkpoint()
    assert steppers() == 0
    async with otp.Node("c"):
        server = await gen_server.start(Server)
        assert await Server.echo(server, 1) == 1


async def test_a_call_is_a_checkpoint_to_trio_if_the_server_waits(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    async with otp.Node():
        server = await gen_server.start(Server)
        with assert_checkpoints():
            await Server.sleep(server, 1)


# ------------------------------------------------------------------ if Trio has changed


@pytest.fixture
def untried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_join_steps, "_verdict", [])


@pytest.mark.usefixtures("untried")
def test_trio_is_tried_out_and_found_to_be_fit() -> None:
    assert _join_steps.find_problem() is None


def _without_a_name(patch: pytest.MonkeyPatch) -> None:
    patch.delattr(trio.lowlevel.Task, "_attempt_delivery_of_pending_ki")


def _without_waking(patch: pytest.MonkeyPatch) -> None:
    async def rehearse(_queue: object) -> None:
        raise _rehearsal.RehearsalError("a woken task does not go on")

    patch.setattr(_join_steps, "rehearse", rehearse)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_without_a_name, "there is no _attempt_delivery_of_pending_ki"),
        (_without_waking, "does not go on"),
    ],
)
@pytest.mark.usefixtures("untried")
async def test_a_trio_that_has_changed_is_left_to_schedule_by_itself(
    change: Callable[[pytest.MonkeyPatch], None],
    problem: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    change(monkeypatch)
    with collected_reports() as seen:
        for _ in range(2):
            async with otp.Node() as node:
                assert node.scheduler.name == "trio"
                server = await gen_server.start(Server)
                assert await Server.echo(server, 1) == 1

    (report,) = [report for report in seen if isinstance(report, SchedulerReport)]
    assert problem in report.problem
    assert trio.__version__ in report.text()
    assert report.level == "WARNING"


def test_a_trial_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    end = threading.Event()

    async def get_stuck(_queue: object) -> None:
        end.wait()

    monkeypatch.setattr(_join_steps, "rehearse", get_stuck)
    monkeypatch.setattr(_rehearsal, "PATIENCE", 0.0)
    try:
        assert _join_steps.find_problem() == "a task gets lost"
    finally:
        end.set()


def test_where_there_are_no_threads_trio_is_left_to_schedule_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    problem = _join_steps.find_problem()
    assert problem == "it cannot be tried out: can't start new thread"


def test_what_breaks_trio_in_a_trial_breaks_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def break_it(_queue: object) -> None:
        raise trio.TrioInternalError("broken")

    monkeypatch.setattr(_join_steps, "rehearse", break_it)
    assert _join_steps.find_problem() == "TrioInternalError('broken')"
