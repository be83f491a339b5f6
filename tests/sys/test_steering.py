"""Suspending, looking into and changing a process while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    CallingSelfError,
    CallTimeoutError,
    Exited,
    GenServer,
    Kill,
    Killed,
    Name,
    NoProcessError,
    Normal,
    OTPError,
    Pid,
    Reason,
    ServerExitedError,
    Shutdown,
    gen_server,
    process,
    sys,
)
from otp.sys import CallbackFailedError, NotSuspendedError, Status, SysError
from tests.gen_server.servers import Counter, Scripted
from tests.kernel.support import (
    assert_owes_nothing,
    dead_pid,
    flush,
    idle,
    in_process,
    on_node,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


# ----------------------------------------------------------------- suspend, resume


@on_node
async def test_a_suspended_server_leaves_its_mail_where_it_is() -> None:
    log: list[object] = []
    pid = await gen_server.start(Scripted, log)
    await sys.suspend(pid)
    for message in ("a", "b"):
        process.send(pid, message)
    gen_server.cast(pid, lambda server: server.log.append("c"))
    await wait_all_tasks_blocked()
    assert log == []
    info = process.info(pid)
    assert info is not None
    assert info.message_queue_len == 3
    await sys.resume(pid)
    await wait_all_tasks_blocked()

    assert log == ["a", "b", "cast", "c"]


@on_node
async def test_calls_to_a_suspended_server_run_out_of_time() -> None:
    pid = await gen_server.start(Counter)
    await sys.suspend(pid)
    with pytest.raises(CallTimeoutError):
        await Counter.incr(pid)
    await sys.resume(pid)

    assert await Counter.get(pid) == 1


@on_node
async def test_suspending_twice_is_suspending_once() -> None:
    pid = await gen_server.start(Counter)
    await sys.suspend(pid)
    await sys.suspend(pid)
    await sys.resume(pid)
    assert await Counter.get(pid) == 0
    await sys.resume(pid)

    assert await Counter.get(pid) == 0


@on_node
async def test_system_messages_wait_for_the_callback_that_runs() -> None:
    pid = await gen_server.start(Counter)
    Counter.slowly.send_request(pid, 3)
    before = trio.current_time()
    await sys.suspend(pid)

    assert trio.current_time() == before + 3


@on_node
async def test_a_suspended_server_can_be_stopped() -> None:
    log: list[object] = []
    pid = await gen_server.start(Scripted, log)
    await sys.suspend(pid)
    process.send(pid, "unread")
    await sys.stop(pid, Shutdown())

    assert log == [("terminate", Shutdown())]


@on_node
async def test_a_suspended_server_can_be_killed() -> None:
    pid = await gen_server.start(Scripted)
    await sys.suspend(pid)
    process.exit(pid, Kill())
    await wait_all_tasks_blocked()

    assert not process.is_alive(pid)


@in_process
async def test_a_suspended_server_obeys_its_parent_and_nobody_else() -> None:
    process.trap_exit(True)
    log: list[object] = []
    pid = await gen_server.start_link(Scripted, log, trap=True)
    other = await gen_server.start(Scripted)

    def exit_it(_server: Scripted) -> None:
        process.exit(pid, Reason("other"))

    await sys.suspend(pid)
    await gen_server.call(other, exit_it)
    await wait_all_tasks_blocked()
    assert process.is_alive(pid)
    process.exit(pid, Reason("parent"))

    assert await flush() == [Exited(pid, Reason("parent"))]
    assert log == [("terminate", Reason("parent"))]


# --------------------------------------------------------------------- the state


class Slotted(GenServer):
    """Has no dictionary of attributes."""

    __slots__ = ("a", "b")

    def __init__(self) -> None:
        self.a = 1


@on_node
async def test_the_state_is_a_copy_of_the_attributes() -> None:
    pid = await gen_server.start(Counter, 3)
    state = await sys.get_state(pid)
    assert state == {"value": 3}
    assert isinstance(state, dict)
    state["value"] = 4

    assert await Counter.get(pid) == 3


@on_node
async def test_the_state_may_be_in_slots() -> None:
    pid = await gen_server.start(Slotted)

    assert await sys.get_state(pid) == {"a": 1}
    assert await sys.replace_state(pid, lambda _: {"b": 2}) == {"b": 2}
    assert await sys.get_state(pid) == {"b": 2}


@on_node
async def test_the_state_can_be_replaced() -> None:
    pid = await gen_server.start(Counter, 3)

    def double(state: Any) -> dict[str, int]:
        return {"value": state["value"] * 2, "new": 1}

    assert await sys.replace_state(pid, double) == {"value": 6, "new": 1}
    assert await Counter.get(pid) == 6
    assert await sys.get_state(pid) == {"value": 6, "new": 1}
    await sys.replace_state(pid, lambda _: {"value": 0})
    assert await sys.get_state(pid) == {"value": 0}


@pytest.mark.parametrize("wrong", [ValueError("x"), 3, None, {"value": 4, 5: 6}])
@on_node
async def test_a_state_that_cannot_be_replaced_stays(wrong: object) -> None:
    def fail(_state: object) -> object:
        if isinstance(wrong, Exception):
            raise wrong
        return wrong

    pid = await gen_server.start(Counter, 3)
    with pytest.raises(
        CallbackFailedError, match="replacing the state failed"
    ) as caught:
        await sys.replace_state(pid, fail)

    assert caught.value.__cause__ is not None
    assert await Counter.get(pid) == 3


@on_node
async def test_the_status_shows_what_is_around_the_state() -> None:
    class Noted(Counter):
        async def init(self) -> None:
            process.dictionary()["key"] = 1

    pid = await gen_server.start(Noted, 3)
    await sys.suspend(pid)
    info = process.info(pid)
    assert info is not None

    assert await sys.get_status(pid) == Status(
        pid=pid,
        module=Noted,
        parent=info.parent,
        suspended=True,
        state={"value": 3},
        dictionary={"key": 1},
    )


# ------------------------------------------------------------------- terminate, stop


@on_node
async def test_terminate_asks_and_does_not_wait() -> None:
    async def sleep(_reason: object) -> None:
        await trio.sleep(10)

    def slow_end(server: Scripted) -> None:
        server.at_end = sleep

    pid = await gen_server.start(Scripted)
    gen_server.cast(pid, slow_end)
    before = trio.current_time()
    await sys.terminate(pid, Reason("x"))
    assert trio.current_time() == before
    assert process.is_alive(pid)

    assert await process.wait_exited(pid) == Reason("x")
    assert trio.current_time() == before + 10


@on_node
async def test_terminate_is_normal_by_default() -> None:
    log: list[object] = []
    pid = await gen_server.start(Scripted, log)
    await sys.terminate(pid)
    await wait_all_tasks_blocked()

    assert log == [("terminate", Normal())]
    with pytest.raises(TypeError, match="is not an exit reason"):
        await sys.terminate(pid, "normal")  # type: ignore[arg-type]


# ------------------------------------------------------------------- what goes wrong

OPERATIONS: list[Callable[[Any], Awaitable[object]]] = [
    sys.suspend,
    sys.resume,
    sys.get_state,
    sys.get_status,
    sys.terminate,
    sys.change_code,
    sys.trace,
    sys.log,
    sys.get_log,
    sys.statistics,
    sys.get_statistics,
    sys.no_debug,
]


@pytest.mark.parametrize("operation", OPERATIONS)
@on_node
async def test_nobody_can_be_asked_nothing(
    operation: Callable[[Any], Awaitable[object]],
) -> None:
    for server in (await dead_pid(), Name[Counter]("nobody")):
        with pytest.raises(NoProcessError):
            await operation(server)


@pytest.mark.parametrize("operation", OPERATIONS)
@on_node
async def test_a_server_cannot_ask_itself(
    operation: Callable[[Any], Awaitable[object]],
) -> None:
    async def ask_self(_server: Scripted) -> None:
        with pytest.raises(CallingSelfError):
            await operation(process.self())

    pid = await gen_server.start(Scripted)
    await gen_server.call(pid, ask_self)

    assert_owes_nothing(pid)


@pytest.mark.parametrize("operation", OPERATIONS)
@on_node
async def test_a_server_that_is_busy_or_dies_does_not_answer(
    operation: Callable[[Any], Awaitable[object]],
) -> None:
    pid = await gen_server.start(Counter)
    Counter.slowly.send_request(pid, 100)
    with pytest.raises(CallTimeoutError):
        await operation(pid)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(expect_death, operation, pid)
        await wait_all_tasks_blocked()
        process.exit(pid, Kill())


async def expect_death(
    operation: Callable[[Any], Awaitable[object]], pid: Pid[Counter]
) -> None:
    with pytest.raises(ServerExitedError) as caught:
        await operation(pid)
    assert caught.value.reason == Killed()


@on_node
async def test_a_plain_process_does_not_obey() -> None:
    pid = process.spawn(idle)
    with pytest.raises(CallTimeoutError):
        await sys.suspend(pid, timeout=1)
    info = process.info(pid)

    assert info is not None
    assert "Suspend() for" in repr(info.messages[0])


@on_node
async def test_a_wrong_time_is_refused() -> None:
    pid = await gen_server.start(Counter)
    with pytest.raises(ValueError, match="a time-out is"):
        await sys.suspend(pid, timeout=-1)

    assert await Counter.get(pid) == 0


@on_node
async def test_system_messages_may_wait_for_ever() -> None:
    pid = await gen_server.start(Counter)
    Counter.slowly.send_request(pid, 1e6)
    before = trio.current_time()
    await sys.suspend(pid, timeout=float("inf"))

    assert trio.current_time() == before + 1e6


def test_the_errors_are_of_one_family() -> None:
    assert issubclass(SysError, OTPError)
    assert issubclass(NotSuspendedError, SysError)
    assert issubclass(CallbackFailedError, SysError)
