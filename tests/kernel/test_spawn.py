"""Starting processes, and how they end by themselves."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    Crash,
    Down,
    Exit,
    Exited,
    Kill,
    Killed,
    NoNodeError,
    NoProc,
    Normal,
    NotAProcessError,
    Reason,
    process,
)
from otp.kernel import ProcessReport, current_node, watch_end

from .support import (
    Recorder,
    collected_reports,
    exit_reason_of,
    flush,
    idle,
    in_process,
    on_node,
)

ERROR = ValueError("x")


async def crash() -> None:
    raise ERROR


# ---------------------------------------------------------------------- starting


@on_node
async def test_spawn_returns_before_the_process_runs() -> None:
    ran: list[str] = []

    async def body(word: str) -> None:
        ran.append(word)

    pid = process.spawn(body, "x")

    assert ran == []
    assert process.is_alive(pid)
    assert await process.wait_exited(pid) == Normal()
    assert ran == ["x"]
    assert not process.is_alive(pid)


@on_node
async def test_what_a_process_returns_is_dropped() -> None:
    async def body() -> str:
        return "dropped"

    assert await exit_reason_of(body) == Normal()


@on_node
async def test_an_exception_is_the_reason_and_is_reported() -> None:
    with collected_reports() as reports:
        pid = process.spawn(crash, label="crasher")

        assert await process.wait_exited(pid) == Crash(ERROR)
    assert reports == [ProcessReport(pid, "crasher", Crash(ERROR), ERROR)]
    assert reports[0].error() is ERROR
    assert reports[0].text().startswith(f"process {pid!r} ('crasher') crashed")


@on_node
async def test_a_crash_is_reported_under_the_function_if_there_is_no_label() -> None:
    with collected_reports() as reports:
        pid = process.spawn(crash)
        await process.wait_exited(pid)

    assert reports == [ProcessReport(pid, crash, Crash(ERROR), ERROR)]


class UnspeakableError(Exception):
    def __repr__(self) -> str:
        raise RuntimeError("no")

    __str__ = __repr__


@on_node
async def test_an_error_that_cannot_be_shown_is_reported_all_the_same() -> None:
    async def body() -> None:
        raise UnspeakableError

    with collected_reports() as reports:
        reason = await exit_reason_of(body)

    assert isinstance(reason, Crash)
    [report] = reports
    assert "crashed: <Crash instance" in report.text()


@on_node
async def test_an_exit_is_not_reported_whatever_its_reason() -> None:
    async def body() -> None:
        raise Exit(Reason("x"))

    with collected_reports() as reports:
        assert await exit_reason_of(body) == Reason("x")
    assert reports == []


@on_node
async def test_an_exit_out_of_a_nursery_is_still_that_exit() -> None:
    async def end() -> None:
        raise Exit(Reason("x"))

    async def body() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(end)

    assert await exit_reason_of(body) == Reason("x")


@on_node
async def test_spawn_outside_of_a_process_makes_a_child_of_the_node() -> None:
    node = current_node()
    pid = process.spawn(idle)
    info = process.info(pid)

    assert info is not None
    assert info.parent is node.root.pid
    assert process.self() is node.root.pid


@in_process
async def test_a_process_knows_itself() -> None:
    me = process.self()
    info = process.info(me)

    assert info is not None
    assert info.pid is me


def test_without_a_node_nothing_can_be_started() -> None:
    with pytest.raises(NoNodeError):
        process.spawn(idle)
    with pytest.raises(NoNodeError):
        process.self()


@in_process
async def test_spawn_monitor_watches_from_the_first_moment() -> None:
    pid, ref = process.spawn_monitor(crash)

    assert await flush() == [Down(ref, pid, Crash(ERROR))]


@on_node
async def test_only_a_process_can_watch_from_the_first_moment() -> None:
    with pytest.raises(NotAProcessError, match=r"spawn_monitor\(\) is for processes"):
        process.spawn_monitor(idle)


@in_process
async def test_spawn_link_links_from_the_first_moment() -> None:
    process.trap_exit(True)
    pid = process.spawn_link(crash)

    assert await flush() == [Exited(pid, Crash(ERROR))]


@in_process
async def test_a_process_killed_before_it_runs_does_not_run() -> None:
    ran: list[bool] = []

    async def body() -> None:
        ran.append(True)

    pid = process.spawn(body)
    process.exit(pid, Kill())

    assert await process.wait_exited(pid) == NoProc()
    await wait_all_tasks_blocked()
    assert ran == []


@on_node
async def test_instruments_see_starts_and_ends() -> None:
    node = current_node()
    recorder = Recorder()
    node.instruments.append(recorder)
    pid = process.spawn(idle)
    process.exit(pid, Kill())

    assert recorder.started == [(pid, node.root.pid)]
    assert recorder.exited == [(pid, Killed())]


@on_node
async def test_what_is_known_of_a_process_is_its_own_business() -> None:
    pid = process.spawn(idle)
    inner = pid.process
    assert inner is not None
    assert repr(inner) == f"<process {pid!r}>"
    with pytest.raises(AssertionError, match="a living process says no farewell"):
        inner.farewell()
    process.exit(pid, Kill())
    inner.end(Normal())

    assert inner.reason == Killed()
    assert await watch_end(inner).wait() == Killed()
