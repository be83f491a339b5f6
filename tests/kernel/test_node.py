"""A node in a program: how it begins, and the ways in which it ends."""

from __future__ import annotations

from contextvars import ContextVar
from math import inf, nan
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    Exit,
    GenServer,
    InvalidSpecError,
    Node,
    NoNodeError,
    NoReply,
    Shutdown,
    gen_server,
    process,
    timer,
)
from otp.kernel import current_node, nodes

from .support import (
    assert_nothing_left,
    collected_reports,
    group_of,
    idle,
    on_node,
    trapping_idle,
)

if TYPE_CHECKING:
    from trio.testing import MockClock

    from otp import ExitReason


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


# ----------------------------------------------------------------- how it begins


@on_node
async def test_code_inside_a_node_finds_it() -> None:
    node = current_node()

    assert nodes() == {node.name: node}
    assert repr(node) == f"<node {node.name!r}>"


async def test_outside_of_a_node_there_is_none() -> None:
    async with Node():
        pass
    with pytest.raises(NoNodeError, match="no node runs here"):
        current_node()
    assert nodes() == {}


async def test_a_node_without_a_name_is_given_one() -> None:
    async with Node() as first, Node() as second, Node() as third:
        assert [n.name for n in (first, second, third)] == [
            "nonode",
            "nonode2",
            "nonode3",
        ]


async def test_a_name_is_taken_as_long_as_its_node_runs() -> None:
    async with Node("east"):
        with pytest.raises(InvalidSpecError, match="a node 'east' runs already"):
            async with Node("east"):
                pytest.fail("entered")
    async with Node("east"):
        pass


async def test_a_node_is_entered_once() -> None:
    node = Node()
    async with node:
        pass
    with pytest.raises(InvalidSpecError, match="make a new one"):
        async with node:
            pytest.fail("entered")


@pytest.mark.parametrize("seconds", [-1, nan, -inf])
def test_the_time_for_the_end_is_not_negative(seconds: float) -> None:
    with pytest.raises(InvalidSpecError) as caught:
        Node(shutdown_timeout=seconds)

    assert caught.value.kind == "invalid_shutdown"


@pytest.mark.parametrize("name", ["", "undefined"])
def test_some_words_are_no_names_of_nodes(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name"):
        Node(name)


async def test_the_same_seed_gives_the_same_numbers() -> None:
    numbers: list[float] = []
    for seed in (1, 1, 2):
        async with Node(seed=seed) as node:
            numbers.append(node.random.random())

    assert numbers[0] == numbers[1] != numbers[2]


async def test_a_process_starts_with_an_empty_context() -> None:
    variable = ContextVar("variable", default="outside")

    async def body() -> None:
        seen.append(variable.get())

    seen: list[str] = []
    async with Node() as node:
        variable.set("inside")
        await process.wait_exited(node.spawn(body))

    assert seen == ["outside"]


# ------------------------------------------------------------------- how it ends


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
