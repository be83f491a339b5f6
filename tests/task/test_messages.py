"""An owner that does not wait finds the outcome among its messages."""

from __future__ import annotations

import pytest
import trio

from otp import (
    Bounded,
    Crash,
    Down,
    Exited,
    GenServer,
    Pid,
    Ref,
    Stop,
    TaskResult,
    call,
    cast,
    gen_server,
    process,
    task,
)
from otp.gen_server import Options
from otp.kernel import current_node
from otp.task import Done, Failed, TaskTakenError
from tests.kernel.support import (
    Recorder,
    collected_reports,
    exit_reason_of,
    flush,
    in_process,
    on_node,
)
from tests.task.work import BOOM, echo, fail, late, leave


class Owner(GenServer):
    """Starts tasks and notes what it hears of them."""

    def __init__(self, *, trapping: bool = False) -> None:
        process.trap_exit(trapping)
        self.heard: list[object] = []

    @cast
    async def begin(self, seconds: float, value: object) -> None:
        task.async_(late, seconds, value)

    @cast
    async def begin_failing(self) -> None:
        task.async_(leave, BOOM, 1)

    @call
    async def begin_and_wait(self, seconds: float, value: str) -> str:
        return await task.await_(task.async_(late, seconds, value))

    @call
    async def get(self) -> list[object]:
        return self.heard

    async def handle_info(self, message: object) -> Stop | None:
        match message:
            case TaskResult(ref, value):
                # As is done in Elixir, and does no harm here.
                process.demonitor(ref, flush=True)
                self.heard.append(value)
            case _:
                self.heard.append(message)
        return None


@on_node
async def test_a_server_gets_the_result_as_a_message_and_nothing_else() -> None:
    pid = await gen_server.start(Owner)

    Owner.begin(pid, 2, "slow")
    Owner.begin(pid, 1, "fast")
    await trio.sleep(5)

    assert await Owner.get(pid) == ["fast", "slow"]


@on_node
async def test_a_server_that_traps_exits_hears_of_the_end_as_well() -> None:
    pid = await gen_server.start(Owner, trapping=True)

    Owner.begin(pid, 0.5, "x")
    Owner.begin_failing(pid)
    await trio.sleep(5)

    x, exited, failed, down = await Owner.get(pid)
    assert x == "x"
    assert isinstance(exited, Exited)
    assert isinstance(failed, Exited)
    assert failed.reason == BOOM
    assert isinstance(down, Down)
    assert (down.process, down.reason) == (failed.pid, BOOM)


@on_node
async def test_a_server_may_wait_in_a_callback() -> None:
    pid = await gen_server.start(Owner)
    Owner.begin(pid, 1, "in between")

    assert await Owner.begin_and_wait(pid, 3, "answer") == "answer"

    assert await Owner.get(pid) == ["in between"]


@in_process
async def test_the_messages_are_matched_by_the_reference() -> None:
    process.trap_exit(True)
    good, bad = task.async_(late, 1, "value"), task.async_(leave, BOOM, 2)
    assert bad.pid is not None

    assert await process.receive(TaskResult) == TaskResult(good.ref, "value")
    assert await process.receive(Down) == Down(bad.ref, bad.pid, BOOM)
    assert all(isinstance(m, Exited) for m in await flush())


@in_process
async def test_a_crash_has_its_exception_in_the_message() -> None:
    process.trap_exit(True)
    task.async_(fail)

    down = await process.receive(Down)

    assert isinstance(down.reason, Crash)
    assert isinstance(down.reason.error, ValueError)


@in_process
async def test_what_was_received_by_hand_cannot_be_awaited() -> None:
    process.trap_exit(True)
    started, failing = task.async_(echo, 1), task.async_(leave, BOOM)
    await process.receive(TaskResult)
    await process.receive(Down)

    for one in (started, failing):
        with pytest.raises(TaskTakenError):
            await task.await_(one)


@in_process
async def test_what_was_awaited_is_not_in_the_mailbox_any_more() -> None:
    process.trap_exit(True)
    first, second = task.async_(echo, 1), task.async_(leave, BOOM)
    process.send(process.self(), "a")
    await trio.sleep(1)
    process.send(process.self(), "b")

    assert await task.yield_(second) == Failed(BOOM)
    assert await task.yield_(first) == Done(1)
    assert [m for m in await flush() if not isinstance(m, Exited)] == ["a", "b"]


@in_process
async def test_a_completed_task_is_a_message_to_who_does_not_wait() -> None:
    made = task.completed("value")

    assert await flush() == [TaskResult(made.ref, "value")]


@on_node
async def test_a_full_mailbox_refuses_no_outcome() -> None:
    async def owner() -> None:
        me = process.self()
        started = task.async_(echo, "value")
        process.send(me, "filler")
        await trio.sleep(1)
        assert await flush() == ["filler", TaskResult(started.ref, "value")]

    pid = process.spawn(owner, mailbox=Bounded(1))

    assert str(await process.wait_exited(pid)) == "Normal()"


@on_node
async def test_the_result_of_a_dead_owners_task_is_dropped_in_silence() -> None:
    recorder = Recorder()
    current_node().instruments.append(recorder)

    async def owner() -> None:
        task.async_(late, 5, 1)

    with collected_reports() as reports:
        await exit_reason_of(owner)
        await trio.sleep(10)

    assert recorder.letters == []
    assert reports == []
    assert len(recorder.exited) == 2


@on_node
async def test_a_bounded_server_still_gets_its_results() -> None:
    options = Options(mailbox=Bounded(1, "fail_sender"))
    pid: Pid[Owner] = await options.start(Owner)

    Owner.begin(pid, 1, "x")
    await trio.sleep(2)

    assert await Owner.get(pid) == ["x"]


@in_process
async def test_each_task_has_a_reference_of_its_own() -> None:
    tasks = [task.async_(echo, n) for n in range(3)]
    refs: dict[Ref, int] = {t.ref: n for n, t in enumerate(tasks)}

    found = [await process.receive(TaskResult) for _ in tasks]

    assert all(refs[m.ref] == m.value for m in found)
    assert len(refs) == 3
