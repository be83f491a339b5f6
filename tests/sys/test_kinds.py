"""Whatever obeys system messages obeys all of them, suspended or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    CallTimeoutError,
    Down,
    Exit,
    Kill,
    Killed,
    Normal,
    Pid,
    Reason,
    Shutdown,
    gen_server,
    process,
    sys,
)
from otp.sys import CallbackFailedError, NotSuspendedError
from tests.gen_server.trials import trial
from tests.kernel.support import cancel_at_every_step, cancel_at_step, in_process
from tests.sys.kinds import KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

each_kind = pytest.mark.parametrize("kind", KINDS, ids=str)
suspended_or_not = pytest.mark.parametrize("suspended", [False, True])


async def start(kind: Kind, *, suspended: bool = False) -> Pid[Any]:
    pid = await kind.start()
    if suspended:
        await sys.suspend(pid)
    return pid


async def still_works(kind: Kind, pid: Pid[Any]) -> bool:
    """Tell whether a process answers, suspended or not."""
    await sys.resume(pid)
    return bool(await kind.ask(pid))


def keep(state: Any) -> Any:
    return state


async def set_all(pid: Pid[Any], tmp: str) -> None:
    await sys.trace(pid, write=str)
    await sys.log(pid)
    await sys.log_to_file(pid, tmp)
    await sys.statistics(pid)
    await sys.install(pid, keep_watching)


def keep_watching(state: object, _event: object, _process_state: object) -> object:
    return state


OPERATIONS: dict[str, Callable[[Pid[Any]], Awaitable[object]]] = {
    "suspend": sys.suspend,
    "resume": sys.resume,
    "get_state": sys.get_state,
    "replace_state": lambda pid: sys.replace_state(pid, keep),
    "get_status": sys.get_status,
    "trace": lambda pid: sys.trace(pid, write=str),
    "log": sys.log,
    "get_log": sys.get_log,
    "print_log": sys.print_log,
    "log_to_file": lambda pid: sys.log_to_file(pid, None),
    "statistics": sys.statistics,
    "get_statistics": sys.get_statistics,
    "install": lambda pid: sys.install(pid, keep_watching),
    "remove": lambda pid: sys.remove(pid, keep_watching),
    "no_debug": sys.no_debug,
}


@each_kind
@suspended_or_not
@pytest.mark.parametrize("operation", OPERATIONS)
@in_process
async def test_an_operation_is_obeyed_and_does_no_harm(
    kind: Kind, suspended: bool, operation: str
) -> None:
    pid = await start(kind, suspended=suspended)
    await OPERATIONS[operation](pid)
    expected = {"suspend": True, "resume": False}.get(operation, suspended)
    assert (await sys.get_status(pid)).suspended is expected

    assert await still_works(kind, pid)


@each_kind
@suspended_or_not
@in_process
async def test_its_status_has_the_same_shape(
    kind: Kind, suspended: bool, tmp_path: Any
) -> None:
    pid = await start(kind, suspended=suspended)
    await set_all(pid, tmp_path / "log")
    status = await sys.get_status(pid)

    assert isinstance(status, sys.Status)
    assert status.pid is pid
    assert issubclass(status.module, kind.module)
    assert status.parent is process.self()
    assert status.suspended is suspended
    assert isinstance(status.dictionary, dict)
    assert status.log == ()
    assert [type(option).__name__ for option in status.debug] == [
        "Trace",
        "Log",
        "LogToFile",
        "Count",
        "Install",
    ]


@each_kind
@in_process
async def test_every_option_sees_what_it_does(kind: Kind, tmp_path: Any) -> None:
    pid = await kind.start()
    await set_all(pid, tmp_path / "log")
    await kind.ask(pid)

    events = await sys.get_log(pid)
    counted = await sys.get_statistics(pid)
    assert events[0].kind == "in"
    assert counted is not None
    assert counted.messages_in == 1
    assert (tmp_path / "log").read_text().count("\n") == len(events)


@each_kind
@in_process
async def test_suspended_it_answers_nobody_until_it_is_resumed(kind: Kind) -> None:
    pid = await start(kind, suspended=True)
    with trio.move_on_after(100) as scope:
        await kind.ask(pid)
    assert scope.cancelled_caught
    answers: list[object] = []

    async def ask() -> None:
        answers.append(await kind.ask(pid))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        assert answers == []
        await sys.resume(pid)

    assert len(answers) == 2


@each_kind
@suspended_or_not
@in_process
async def test_it_is_stopped_with_any_reason(kind: Kind, suspended: bool) -> None:
    process.trap_exit(True)
    for reason in (Normal(), Shutdown("x")):
        pid = await start(kind, suspended=suspended)
        await sys.stop(pid, reason)
        assert not process.is_alive(pid)
    pid = await start(kind, suspended=suspended)
    process.monitor(pid)
    await sys.terminate(pid, Shutdown("x"))

    assert (await process.receive(Down)).reason == Shutdown("x")


@each_kind
@suspended_or_not
@in_process
async def test_it_ends_with_its_parent(kind: Kind, suspended: bool) -> None:
    started: list[Pid[Any]] = []

    async def be_parent() -> None:
        started.append(await kind.start())
        await process.receive()
        raise Exit(Shutdown("parent"))

    parent = process.spawn(be_parent)
    await wait_all_tasks_blocked()
    if suspended:
        await sys.suspend(started[0])
    process.monitor(started[0])
    process.send(parent, "end")

    assert (await process.receive(Down)).reason == Shutdown("parent")


@each_kind
@suspended_or_not
@in_process
async def test_it_can_be_killed(kind: Kind, suspended: bool) -> None:
    process.trap_exit(True)
    pid = await start(kind, suspended=suspended)
    process.monitor(pid)
    process.exit(pid, Kill())

    assert (await process.receive(Down)).reason == Killed()


@each_kind
@suspended_or_not
@in_process
async def test_a_state_that_cannot_be_made_is_not_taken(
    kind: Kind, suspended: bool
) -> None:
    def leave(_state: object) -> object:
        raise Exit(Reason("x"))

    def fail(_state: object) -> object:
        raise ValueError("x")

    pid = await start(kind, suspended=suspended)
    before = await sys.get_state(pid)
    for fn in (leave, fail) if kind.one_state else ():
        with pytest.raises(CallbackFailedError):
            await sys.replace_state(pid, fn)

    assert await sys.get_state(pid) == before
    assert (await sys.get_status(pid)).suspended is suspended
    assert await still_works(kind, pid)


@each_kind
@in_process
async def test_its_code_is_changed_only_while_it_is_suspended(kind: Kind) -> None:
    pid = await kind.start()
    with pytest.raises(NotSuspendedError):
        await sys.change_code(pid)
    await sys.suspend(pid)
    await sys.change_code(pid)
    assert (await sys.get_status(pid)).suspended

    assert await still_works(kind, pid)


@each_kind
@in_process
async def test_in_no_time_nobody_answers(kind: Kind) -> None:
    pid = await kind.start()
    with pytest.raises(CallTimeoutError):
        await sys.get_state(pid, timeout=0)

    assert await still_works(kind, pid)


# ---------------------------------------------------------------------- cancellation


@pytest.mark.parametrize("operation", OPERATIONS)
@each_kind
async def test_an_operation_may_be_cancelled_at_any_step(
    autojump_clock: object, kind: Kind, operation: str
) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[object]:
        done: list[object] = []

        async def body() -> None:
            pid = await kind.start()
            done.extend(await cancel_at_step(step, lambda: ask(pid)))
            assert await still_works(kind, pid)

        async def ask(pid: Pid[Any]) -> str:
            await OPERATIONS[operation](pid)
            return "done"

        await process.wait_exited(process.spawn(body))
        return done

    assert await cancel_at_every_step(world) > 0


@each_kind
async def test_a_stop_that_is_cancelled_goes_on(
    autojump_clock: object, kind: Kind
) -> None:
    del autojump_clock

    @trial
    async def world(step: int) -> list[object]:
        pids: list[Pid[Any]] = []

        async def body() -> None:
            process.trap_exit(True)
            pids.append(await kind.start())
            await process.receive()

        async def stop() -> str:
            await sys.stop(pids[0])
            return "done"

        process.spawn(body)
        await wait_all_tasks_blocked()
        done = await cancel_at_step(step, stop)
        assert not process.is_alive(pids[0])
        return list(done)

    assert await cancel_at_every_step(world) > 0


@each_kind
@in_process
async def test_what_a_dead_process_asks_is_not_heard(kind: Kind) -> None:
    pid = await kind.start()

    async def ghost() -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await sys.suspend(pid)

    dead = process.spawn(ghost)
    await wait_all_tasks_blocked()
    process.exit(dead, Kill())
    await wait_all_tasks_blocked()

    assert not (await sys.get_status(pid)).suspended


@in_process
async def test_a_ghost_cannot_stop_anybody() -> None:
    pid = await KINDS[0].start()

    async def ghost() -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await gen_server.stop(pid)

    dead = process.spawn(ghost)
    await wait_all_tasks_blocked()
    process.exit(dead, Kill())
    await wait_all_tasks_blocked()

    assert process.is_alive(pid)
