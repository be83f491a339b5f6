"""The ways in which a node ends."""

from __future__ import annotations

import signal
from math import inf
from typing import TYPE_CHECKING

import pytest
import trio
from trio.lowlevel import enable_ki_protection, spawn_system_task
from trio.testing import MockClock, wait_all_tasks_blocked

from otp import (
    Exit,
    GenServer,
    Node,
    NoReply,
    Shutdown,
    gen_server,
    process,
    timer,
)
from otp.abc import Instrument
from otp.kernel import DEATHS_AT_ONCE, current_node, nodes

from .support import (
    assert_nothing_left,
    collected_reports,
    group_of,
    idle,
    trapping_idle,
)

if TYPE_CHECKING:
    from otp import ExitReason, Pid
    from otp.kernel import SchedulerName


class Ending(GenServer):
    """Takes some seconds to end, and tells in which order that happened."""

    def __init__(self, name: str, ended: list[str], seconds: float = 0) -> None:
        self.name = name
        self.ended = ended
        self.seconds = seconds

    async def init(self) -> NoReply | None:
        process.trap_exit(True)
        return None

    async def terminate(self, reason: ExitReason) -> None:
        assert reason == Shutdown()
        await trio.sleep(self.seconds)
        self.ended.append(self.name)


async def start_three(seconds: float = 0) -> list[str]:
    """Start three servers, and return the list of the names of those that ended."""
    ended: list[str] = []
    for name in "abc":
        await gen_server.start_link(Ending, name, ended, seconds)
    return ended


async def test_the_end_of_the_body_ends_everything_in_reverse_order(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    async with Node() as node:
        ended = await start_three()

    assert ended == ["c", "b", "a"]
    assert_nothing_left(node)


async def test_an_exception_in_the_body_ends_everything_and_comes_out(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    ended: list[str] = []
    node = Node()
    with group_of(ValueError):
        async with node:
            ended = await start_three()
            raise ValueError("x")

    assert ended == ["c", "b", "a"]
    assert_nothing_left(node)


async def test_a_cancellation_of_the_body_ends_everything_in_order_and_goes_on(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    ended: list[str] = []
    node = Node()
    with trio.move_on_after(5) as scope:
        async with node:
            ended = await start_three(seconds=2)
            await trio.sleep_forever()

    assert scope.cancelled_caught
    assert ended == ["c", "b", "a"]
    assert trio.current_time() == pytest.approx(5 + 3 * 2)
    assert_nothing_left(node)


async def test_a_cancellation_while_the_node_ends_does_not_disturb_it(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    ended: list[str] = []
    with trio.move_on_after(5):
        async with Node():
            ended = await start_three(seconds=4)

    assert ended == ["c", "b", "a"]


@pytest.mark.parametrize("scheduler", ["step", "trio"])
async def test_a_node_that_is_entered_in_a_cancelled_scope_does_not_begin(
    scheduler: SchedulerName,
) -> None:
    node = Node("cancelled", scheduler=scheduler)
    with trio.CancelScope() as scope:
        scope.cancel()
        async with node:
            pytest.fail("the body runs")
    assert scope.cancelled_caught
    assert "cancelled" not in nodes()


def test_an_interrupt_while_the_node_ends_ends_it_at_once() -> None:
    ended: list[str] = []

    @enable_ki_protection
    async def interrupt() -> None:
        await trio.sleep(1)
        signal.raise_signal(signal.SIGINT)

    async def main() -> None:
        start = trio.current_time()
        spawn_system_task(interrupt)
        try:
            async with Node():
                await gen_server.start(Ending, "slow", ended, 4)
        finally:
            ended.append(f"over after {trio.current_time() - start:.1f}")

    interrupted = False
    # Trio leaves SIGINT alone if somebody has a handler for it.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        trio.run(main, clock=MockClock(autojump_threshold=0))
    except* KeyboardInterrupt:
        interrupted = True
    finally:
        signal.signal(signal.SIGINT, before)
    assert interrupted
    assert ended == ["over after 1.0"]


async def test_a_worker_has_five_seconds_to_end(autojump_clock: MockClock) -> None:
    del autojump_clock
    before = trio.current_time()
    async with Node() as node:
        ended = await start_three(seconds=100)

    assert ended == []
    assert trio.current_time() == before + 3 * 5
    assert_nothing_left(node)


@pytest.mark.parametrize("timeout", [0, 7])
async def test_all_together_have_the_time_of_the_node(
    autojump_clock: MockClock, timeout: float
) -> None:
    del autojump_clock
    before = trio.current_time()
    async with Node(shutdown_timeout=timeout) as node:
        ended = await start_three(seconds=4)

    assert ended == (["c"] if timeout else [])
    assert trio.current_time() == before + timeout
    assert_nothing_left(node)


async def test_without_a_limit_every_worker_still_has_its_own(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    before = trio.current_time()
    async with Node(shutdown_timeout=inf):
        for _ in range(20):
            process.spawn(trapping_idle)
        await wait_all_tasks_blocked()

    assert trio.current_time() == before + 20 * 5


async def test_what_is_not_the_nodes_own_child_is_ended_too(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock

    async def parent() -> None:
        process.spawn(trapping_idle)
        process.spawn_link(idle)

    async with Node() as node:
        await process.wait_exited(process.spawn(parent))
        assert len(process.processes()) == 2

    assert_nothing_left(node)


async def test_what_is_started_while_the_node_ends_is_ended_too(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock

    class Hydra(GenServer):
        async def init(self) -> None:
            process.trap_exit(True)

        async def terminate(self, reason: ExitReason) -> None:
            del reason
            nodes()["hydra"].spawn(trapping_idle)

    async with Node("hydra") as node:
        await gen_server.start(Hydra)

    assert_nothing_left(node)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
async def test_what_concerns_the_whole_program_ends_the_node_and_comes_out(
    autojump_clock: MockClock, error: type[BaseException]
) -> None:
    del autojump_clock

    async def interrupted() -> None:
        raise error

    ended: list[str] = []
    node = Node()
    with group_of(error):
        async with node:
            ended = await start_three()
            node.spawn(interrupted)
            await trio.sleep_forever()

    assert ended == ["c", "b", "a"]
    assert_nothing_left(node)


async def test_of_two_interrupts_one_comes_out(autojump_clock: MockClock) -> None:
    del autojump_clock

    async def interrupted() -> None:
        await go.wait()
        raise KeyboardInterrupt

    go = trio.Event()
    with group_of(KeyboardInterrupt):
        async with Node() as node:
            node.spawn(interrupted)
            node.spawn(interrupted)
            await wait_all_tasks_blocked()
            go.set()
            await trio.sleep_forever()


async def test_an_interrupt_in_a_server_ends_the_node_too(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock

    class Interrupted(GenServer):
        async def handle_info(self, message: object) -> None:
            raise KeyboardInterrupt(message)

    with group_of(KeyboardInterrupt):
        async with Node():
            process.send(await gen_server.start(Interrupted), "x")
            await trio.sleep_forever()


async def test_a_crash_of_a_process_does_not_disturb_the_body(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock

    async def crash() -> None:
        raise ValueError("x")

    with collected_reports() as reports:
        async with Node() as node:
            node.spawn(crash)
            await trio.sleep(1)
    assert len(reports) == 1


async def test_an_exit_in_the_body_comes_out(autojump_clock: MockClock) -> None:
    del autojump_clock
    with group_of(Exit):
        async with Node():
            raise Exit


async def test_timers_end_with_their_node(autojump_clock: MockClock) -> None:
    del autojump_clock
    async with Node() as node:
        timer.apply_after(10, idle)
        timer.send_interval(1, process.self(), "x")
    await trio.sleep(20)

    assert_nothing_left(node)


async def test_a_node_inside_a_process_of_another_node(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    seen: list[str] = []

    async def body() -> None:
        async with Node("inner"):
            seen.append(current_node().name)
            await process.wait_exited(process.spawn(trio.sleep, 1))
        seen.append(current_node().name)

    async with Node("outer") as node:
        await process.wait_exited(node.spawn(body))

    assert seen == ["inner", "outer"]


async def test_a_killed_process_takes_the_node_inside_it_along(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    inner = Node("inner")

    async def body() -> None:
        async with inner:
            process.spawn(idle)
            await trio.sleep_forever()

    async with Node("outer") as node:
        pid = node.spawn(body)
        await wait_all_tasks_blocked()
        process.exit(pid, Shutdown())
        await wait_all_tasks_blocked()
        assert list(nodes()) == ["outer"]

    assert_nothing_left(inner)


class Ghosts(Instrument):
    """Remembers how many dead processes were there at most whose code still ran."""

    most = 0

    def process_exited(self, pid: Pid, reason: ExitReason) -> None:
        del pid, reason
        self.most = max(self.most, current_node().statistics().ghosts)


async def test_the_dead_are_gone_before_the_last_is_told() -> None:
    ghosts = Ghosts()
    async with Node(instruments=[ghosts]) as node:
        for _ in range(10 * DEATHS_AT_ONCE):
            node.spawn(idle)
        await wait_all_tasks_blocked()

    assert ghosts.most <= 3 * DEATHS_AT_ONCE
    assert_nothing_left(node)


async def test_without_time_those_that_do_not_trap_still_shut_down() -> None:
    reasons: list[ExitReason] = []

    class Reasons(Instrument):
        def process_exited(self, pid: Pid, reason: ExitReason) -> None:
            del pid
            reasons.append(reason)

    async with Node(instruments=[Reasons()], shutdown_timeout=0) as node:
        for _ in range(3 * DEATHS_AT_ONCE):
            node.spawn(idle)
        await wait_all_tasks_blocked()

    # And the node itself, last.
    assert set(reasons[:-1]) == {Shutdown()}
