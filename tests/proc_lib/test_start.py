"""Acknowledged starts of plain functions."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    AlreadyStartedError,
    CallTimeoutError,
    Crash,
    Down,
    Exit,
    Exited,
    InvalidSpecError,
    Kill,
    Killed,
    Name,
    NoProcessError,
    Normal,
    NotAProcessError,
    Pid,
    Reason,
    ServerExitedError,
    Shutdown,
    StartError,
    StartTimeoutError,
    proc_lib,
    process,
)
from otp.kernel import current_node
from otp.proc_lib import CrashReport
from tests.kernel.support import (
    collected_reports,
    dead_pid,
    exit_reason_of,
    flush,
    idle,
    in_process,
    on_node,
    waiting_calls,
)

NAME = Name[object]("name")
BYE = Reason("bye")
ERROR = ValueError("x")


async def up(seconds: float = 0) -> None:
    """Be up after some seconds, and go on."""
    await trio.sleep(seconds)
    proc_lib.init_ack(process.self())
    await trio.sleep_forever()


async def crash() -> None:
    raise ERROR


def pid_of(value: object) -> Pid:
    assert isinstance(value, Pid)
    return value


@on_node
async def test_the_starter_waits_until_the_process_is_up_and_gets_its_word() -> None:
    before = trio.current_time()
    pid = pid_of(await proc_lib.start(up, 3))

    assert trio.current_time() == before + 3
    assert process.is_alive(pid)
    info = process.info(pid)
    assert info is not None
    assert (info.origin, info.links) == (up, ())


@in_process
async def test_a_linked_start_is_linked_and_a_monitored_one_monitored() -> None:
    process.trap_exit(True)
    linked = pid_of(await proc_lib.start_link(up))
    value, ref = await proc_lib.start_monitor(up)
    monitored = pid_of(value)
    process.exit(linked, Kill())
    process.exit(monitored, BYE)

    assert await flush() == [
        Exited(linked, Killed()),
        Down(ref, monitored, BYE),
    ]


@on_node
async def test_only_a_process_can_start_a_monitored_one() -> None:
    with pytest.raises(NotAProcessError, match=r"start_monitor\(\)"):
        await proc_lib.start_monitor(up)

    assert process.processes() == []


@in_process
async def test_a_process_that_crashes_first_fails_the_start_and_is_reported() -> None:
    process.trap_exit(True)
    with collected_reports() as reports, pytest.raises(StartError) as caught:
        await proc_lib.start_link(crash)

    assert (caught.value.what, caught.value.reason) == (crash, Crash(ERROR))
    assert caught.value.__cause__ is ERROR
    assert await flush() == []
    assert [type(report) for report in reports] == [CrashReport]
    assert current_node().statistics().processes == 1


@in_process
async def test_a_process_that_ends_first_fails_the_start() -> None:
    process.trap_exit(True)

    async def leave() -> None:
        pass

    async def end() -> None:
        raise Exit(BYE)

    for fn, reason in ((leave, Normal()), (end, BYE)):
        for start in (proc_lib.start, proc_lib.start_link):
            with pytest.raises(StartError) as caught:
                await start(fn)
            assert caught.value.reason == reason
        with pytest.raises(StartError) as caught:
            await proc_lib.start_monitor(fn)
        assert caught.value.reason == reason

    assert await flush() == []


@in_process
async def test_other_messages_are_left_when_a_start_fails() -> None:
    process.trap_exit(True)
    other = process.spawn_link(crash)
    await wait_all_tasks_blocked()
    process.send(process.self(), "mail")
    with pytest.raises(StartError):
        await proc_lib.start_link(crash)

    assert await flush() == [Exited(other, Crash(ERROR)), "mail"]


@in_process
async def test_a_start_may_take_too_long_and_leaves_nothing() -> None:
    process.trap_exit(True)
    before = trio.current_time()
    for start in (proc_lib.start, proc_lib.start_link):
        with pytest.raises(StartTimeoutError, match="was not up after 2 s") as caught:
            await start(up, 3, timeout=2)
        assert caught.value.reason == Reason("timeout")
    with pytest.raises(StartTimeoutError):
        await proc_lib.start_monitor(up, 3, timeout=2)

    assert trio.current_time() == before + 6
    assert await flush(10) == []
    assert process.processes() == [process.self()]
    assert waiting_calls(current_node()) == 0


@on_node
async def test_a_start_in_time_is_not_disturbed_by_its_limit() -> None:
    pid = pid_of(await proc_lib.start(up, 1, timeout=2))
    await trio.sleep(10)

    assert process.is_alive(pid)


@on_node
async def test_the_name_is_taken_before_the_process_runs() -> None:
    async def tell_name() -> None:
        proc_lib.init_ack(process.whereis(NAME) is process.self())
        await idle()

    assert await proc_lib.start(tell_name, name=NAME) is True
    with pytest.raises(AlreadyStartedError) as caught:
        await proc_lib.start(up, name=NAME)
    assert caught.value.pid is process.whereis(NAME)
    with pytest.raises(AlreadyStartedError):
        await proc_lib.start_link(up, name=NAME)
    with pytest.raises(InvalidSpecError, match="cannot be started here as"):
        await proc_lib.start(up, name=NAME.at("nowhere"))

    assert len(process.processes()) == 1


@on_node
async def test_the_name_of_a_failed_start_is_free_at_once() -> None:
    for _ in range(2):
        with pytest.raises(StartError):
            await proc_lib.start(crash, name=NAME)
        assert process.whereis(NAME) is None


@in_process
async def test_a_process_may_say_why_it_does_not_start() -> None:
    process.trap_exit(True)
    failure = StartError("it", Reason("port in use"))

    async def fail(reason: Normal | Reason) -> None:
        proc_lib.init_fail(failure, reason)

    for reason in (Normal(), BYE):
        with pytest.raises(StartError) as caught:
            await proc_lib.start_link(fail, reason)
        assert caught.value is failure
    assert await flush() == []


@on_node
async def test_only_what_was_started_so_can_say_that_it_is_up() -> None:
    errors: list[StartError] = []

    async def body() -> None:
        with pytest.raises(StartError, match="nobody waits") as caught:
            proc_lib.init_ack("x")
        errors.append(caught.value)

    assert await exit_reason_of(body) == Normal()
    assert len(errors) == 1
    with pytest.raises(NotAProcessError, match=r"init_ack\(\)"):
        proc_lib.init_ack("x")


@on_node
async def test_the_second_word_of_a_process_is_not_heard() -> None:
    async def twice() -> None:
        proc_lib.init_ack(1)
        proc_lib.init_ack(2)
        await idle()

    assert await proc_lib.start(twice) == 1


@in_process
async def test_a_linked_start_that_fails_kills_a_starter_that_does_not_trap() -> None:
    async def starter() -> None:
        await proc_lib.start_link(crash)

    assert await exit_reason_of(starter) == Crash(ERROR)


@in_process
async def test_a_process_that_is_up_and_crashes_is_reported() -> None:
    async def later() -> None:
        proc_lib.init_ack(process.self())
        await process.receive()
        raise ERROR

    process.trap_exit(True)
    pid = pid_of(await proc_lib.start_link(later))
    with collected_reports() as reports:
        process.send(pid, "go")

        assert await flush() == [Exited(pid, Crash(ERROR))]
    (report,) = reports
    assert isinstance(report, CrashReport)
    assert (report.pid, report.origin) == (pid, later)
    assert report.text().startswith(f"later {pid!r} crashed: ")


# ------------------------------------------------------------------------- await_end


@on_node
async def test_an_end_is_awaited_after_it_was_asked_for() -> None:
    pid = process.spawn(idle)
    await proc_lib.await_end(pid, BYE, 1, lambda: process.exit(pid, BYE))

    assert not process.is_alive(pid)


@on_node
async def test_an_end_may_have_another_reason_or_not_come_at_all() -> None:
    pid = process.spawn(idle)
    with pytest.raises(CallTimeoutError):
        await proc_lib.await_end(pid, BYE, 1, lambda: None)
    assert pid.process is not None
    assert not pid.process.watched_by
    with pytest.raises(ServerExitedError) as caught:
        await proc_lib.await_end(pid, BYE, 1, lambda: process.exit(pid, Shutdown()))
    assert caught.value.reason == Shutdown()
    with pytest.raises(NoProcessError):
        await proc_lib.await_end(await dead_pid(), BYE, 1, lambda: None)
