"""The end of a server: when terminate runs, and what the reason is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    CallingSelfError,
    CallTimeoutError,
    Crash,
    Down,
    Exit,
    Exited,
    GenServer,
    Kill,
    Killed,
    NoProcessError,
    Normal,
    Reason,
    ServerExitedError,
    Shutdown,
    Stop,
    gen_server,
    process,
    sys,
)
from tests.kernel.support import (
    assert_owes_nothing,
    collected_reports,
    dead_pid,
    flush,
    in_process,
    on_node,
)

from .servers import Counter, Scripted, giving, raising

if TYPE_CHECKING:
    from collections.abc import Callable

    from otp import ExitReason

BYE = Reason("bye")
ERROR = ValueError("x")


async def ends() -> list[ExitReason]:
    """Return the reasons of the linked servers that die just now."""
    return [message.reason for message in await flush() if isinstance(message, Exited)]


@on_node
async def test_a_server_is_stopped_with_a_reason_and_terminates() -> None:
    for reason in (Normal(), Shutdown(), BYE):
        log: list[object] = []
        pid = await gen_server.start(Scripted, log)
        await gen_server.stop(pid, reason)

        assert log == [("terminate", reason)]
        assert not process.is_alive(pid)


@on_node
async def test_terminate_runs_once() -> None:
    log: list[object] = []
    pid = await gen_server.start(Scripted, log)
    with pytest.raises(ServerExitedError):
        await gen_server.call(pid, giving(Stop(BYE)))
    stopped = await gen_server.start(Scripted, log)
    await sys.stop(stopped)
    terminated = await gen_server.start(Scripted, log)
    await sys.terminate(terminated, BYE)
    await wait_all_tasks_blocked()

    assert log == [
        "call",
        ("terminate", BYE),
        ("terminate", Normal()),
        ("terminate", BYE),
    ]


@on_node
async def test_stop_waits_for_the_callback_that_runs_and_the_mail_before() -> None:
    pid = await gen_server.start(Counter)
    request = Counter.slowly.send_request(pid, 3)
    Counter.reset(pid, 5)
    before = trio.current_time()
    await gen_server.stop(pid)

    assert trio.current_time() == before + 3
    assert request.result() == 0


@on_node
async def test_the_dead_cannot_be_stopped() -> None:
    with pytest.raises(NoProcessError):
        await gen_server.stop(await dead_pid())


@on_node
async def test_stop_tells_when_the_reason_was_another() -> None:
    pid = await gen_server.start(Scripted)
    gen_server.cast(pid, ending_with(Exit(BYE)))
    with pytest.raises(ServerExitedError) as caught:
        await gen_server.stop(pid)

    assert caught.value.reason == BYE


@on_node
async def test_stop_may_take_too_long_and_leaves_nothing() -> None:
    pid = await gen_server.start(Counter)
    Counter.slowly.send_request(pid, 10)
    with pytest.raises(CallTimeoutError):
        await gen_server.stop(pid, timeout=2)
    assert process.is_alive(pid)
    assert pid.process is not None
    assert not pid.process.watched_by
    await trio.sleep(10)

    assert not process.is_alive(pid)


@on_node
async def test_a_server_cannot_wait_for_its_own_end() -> None:
    async def stop_self(_server: Scripted) -> None:
        with pytest.raises(CallingSelfError):
            await gen_server.stop(process.self())

    pid = await gen_server.start(Scripted)
    await gen_server.call(pid, stop_self)

    assert_owes_nothing(pid)


@on_node
async def test_stop_needs_a_reason_and_a_time() -> None:
    pid = await gen_server.start(Counter)
    with pytest.raises(TypeError, match="is not an exit reason"):
        await gen_server.stop(pid, "normal")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a time-out is"):
        await gen_server.stop(pid, timeout=-1)

    assert await Counter.get(pid) == 0


# -------------------------------------------------------------------- exit signals


@in_process
async def test_an_untrapped_exit_signal_ends_a_server_without_terminate() -> None:
    for reason in (BYE, Shutdown(), Kill()):
        log: list[object] = []
        pid = await gen_server.start(Scripted, log)
        ref = process.monitor(pid)
        process.exit(pid, reason)
        (down,) = await flush()

        assert log == []
        assert getattr(down, "ref", None) is ref


@in_process
async def test_a_trapped_exit_signal_is_a_message() -> None:
    log: list[object] = []
    pid = await gen_server.start_link(Scripted, log, trap=True)
    other = await gen_server.start(Scripted)

    def exit_it(_server: Scripted) -> None:
        process.exit(pid, BYE)

    await gen_server.call(other, exit_it)
    await wait_all_tasks_blocked()

    assert log == [Exited(other, BYE)]
    assert process.is_alive(pid)


@pytest.mark.parametrize("reason", [Normal(), Shutdown(), BYE])
@in_process
async def test_the_exit_of_the_parent_is_an_order_to_end(reason: ExitReason) -> None:
    process.trap_exit(True)
    log: list[object] = []
    pid = await gen_server.start_link(Scripted, log, trap=True)
    process.exit(pid, reason)

    assert await flush() == [Exited(pid, reason)]
    assert log == [("terminate", reason)]


@in_process
async def test_the_death_of_the_parent_is_an_order_to_end() -> None:
    log: list[object] = []

    async def parent() -> None:
        await gen_server.start_link(Scripted, log, trap=True)
        raise Exit(BYE)

    await process.wait_exited(process.spawn(parent))
    await wait_all_tasks_blocked()

    assert log == [("terminate", BYE)]


@in_process
async def test_who_started_without_a_link_is_no_parent() -> None:
    log: list[object] = []
    pid = await gen_server.start(Scripted, log, trap=True)
    process.exit(pid, BYE)
    await wait_all_tasks_blocked()

    assert log == [Exited(process.self(), BYE)]


@in_process
async def test_the_order_of_the_parent_waits_for_its_turn() -> None:
    process.trap_exit(True)
    log: list[object] = []
    pid = await gen_server.start_link(Scripted, log, trap=True)
    process.send(pid, "before")
    process.exit(pid, BYE)
    process.send(pid, "after")
    await flush()

    assert log == ["before", ("terminate", BYE)]


@in_process
async def test_a_kill_ends_a_server_in_the_midst_of_a_callback() -> None:
    process.trap_exit(True)
    pid = await gen_server.start_link(Counter)
    Counter.slowly.send_request(pid, 100)
    await wait_all_tasks_blocked()
    process.exit(pid, Kill())

    assert await ends() == [Killed()]


@in_process
async def test_a_kill_ends_a_server_in_the_midst_of_terminate() -> None:
    process.trap_exit(True)

    async def slow(_reason: object) -> None:
        await trio.sleep_forever()

    def init(server: Scripted) -> None:
        server.at_end = slow

    pid = await gen_server.start_link(Scripted, trap=True, init=init)
    process.exit(pid, Shutdown())
    await wait_all_tasks_blocked()
    assert process.is_alive(pid)
    process.exit(pid, Kill())

    assert await ends() == [Killed()]


# ------------------------------------------------------------------ what terminate does


def ending_with(error: BaseException) -> Callable[[Scripted], None]:
    def change(server: Scripted) -> None:
        server.at_end = raising(error)

    return change


@on_node
async def test_what_terminate_raises_replaces_the_reason() -> None:
    for error, expected in ((Exit(BYE), BYE), (ERROR, Crash(ERROR))):
        pid = await gen_server.start(Scripted)
        gen_server.cast(pid, ending_with(error))
        with pytest.raises(ServerExitedError) as caught:
            await gen_server.stop(pid)

        assert caught.value.reason == expected


@on_node
async def test_terminate_is_told_the_very_reason() -> None:
    for error, expected in ((ERROR, Crash(ERROR)), (Exit(BYE), BYE)):
        log: list[object] = []
        pid = await gen_server.start(Scripted, log)
        with pytest.raises(ServerExitedError):
            await gen_server.call(pid, raising(error))

        assert log[-1] == ("terminate", expected)


@on_node
async def test_the_state_in_terminate_is_that_of_the_moment() -> None:
    class Half(GenServer):
        def __init__(self) -> None:
            self.step = 0

        async def handle_info(self, message: object) -> None:
            self.step = 1
            raise ValueError(message)

        async def terminate(self, reason: ExitReason) -> None:
            del reason
            steps.append(self.step)

    steps: list[int] = []
    process.send(await gen_server.start(Half), "x")
    await wait_all_tasks_blocked()

    assert steps == [1]


@on_node
async def test_an_exit_in_a_callback_is_a_normal_way_to_end() -> None:
    log: list[object] = []
    pid = await gen_server.start(Scripted, log)
    with pytest.raises(ServerExitedError) as caught:
        await gen_server.call(pid, raising(Exit(Normal())))

    assert caught.value.reason == Normal()
    assert log == ["call", ("terminate", Normal())]


@on_node
async def test_a_server_that_ends_before_it_hears_of_stop_was_not_stopped() -> None:
    async def leave(_server: Scripted) -> Stop:
        await trio.sleep(1)
        return Stop()

    pid = await gen_server.start(Scripted)
    gen_server.cast(pid, leave)
    with pytest.raises(ServerExitedError) as caught:
        await gen_server.stop(pid)

    assert caught.value.reason == Normal()


@pytest.mark.parametrize("way", ["raise", "return", "exit"])
@in_process
async def test_a_server_that_was_killed_does_not_terminate_any_more(way: str) -> None:
    async def stubborn(_server: Scripted) -> Stop | None:
        try:
            await trio.sleep_forever()
        finally:
            if way == "raise":
                raise ERROR
            if way == "exit":
                raise Exit(BYE)
            return Stop(BYE)  # noqa: B012

    log: list[object] = []
    pid = await gen_server.start(Scripted, log)
    gen_server.cast(pid, stubborn)
    await wait_all_tasks_blocked()
    ref = process.monitor(pid)
    with collected_reports() as reports:
        process.exit(pid, Kill())
        assert await flush() == [Down(ref, pid, Killed())]

    assert log == ["cast"]
    assert reports == []
