"""Dead processes whose code still runs: what they cannot do, and who is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from otp import (
    GenServer,
    Kill,
    Killed,
    Node,
    NoProcessError,
    Pid,
    call,
    cast,
    gen_server,
    process,
)
from otp.kernel import Report, StuckReport, current_node
from otp.testing import Pct, explore

from .support import collected_reports, flush, idle, in_process, on_node

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio.testing import MockClock


async def linger(seconds: float) -> None:
    """Do not go for so long when told to."""
    try:
        await trio.sleep_forever()
    finally:
        with trio.CancelScope(shield=True):
            await trio.sleep(seconds)


async def killed(
    fn: Callable[..., Awaitable[object]], *args: object, label: object = None
) -> Pid:
    """Return a process that runs and has been killed."""
    pid = process.spawn(fn, *args, label=label)
    await wait_all_tasks_blocked()
    process.exit(pid, Kill())
    return pid


async def ghost_of(work: Callable[[], Awaitable[object]]) -> Pid:
    """Return a killed process that does *work* after its death, shielded."""

    async def body() -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await work()

    pid = await killed(body)
    await wait_all_tasks_blocked()
    return pid


def stuck(reports: list[Report]) -> list[Pid]:
    found: list[Pid] = []
    for report in reports:
        assert isinstance(report, StuckReport)
        found.append(report.pid)
    return found


@on_node
async def test_a_ghost_is_reported_after_a_second_with_its_function_and_line() -> None:
    with collected_reports() as reports:
        pid = await killed(linger, 3, label="lingerer")
        await trio.sleep(0.999)
        assert reports == []
        await trio.sleep(0.002)

    (report,) = reports
    line = linger.__code__.co_firstlineno + 6
    assert isinstance(report, StuckReport)
    assert (report.pid, report.label, report.level) == (pid, "lingerer", "WARNING")
    assert report.where == f"linger ({__file__}:{line})"
    assert report.text() == (
        f"process {pid!r} ('lingerer') is dead but its code still runs, in "
        f"{report.where}: it is shielded or does not await"
    )


@on_node
async def test_a_ghost_is_reported_once() -> None:
    with collected_reports() as reports:
        pid = await killed(linger, 10)
        await trio.sleep(9)

    assert stuck(reports) == [pid]


@on_node
async def test_every_ghost_has_its_own_second() -> None:
    with collected_reports() as reports:
        first = await killed(linger, 10)
        await trio.sleep(0.6)
        second = await killed(linger, 10)
        await trio.sleep(0.9)
        assert stuck(reports) == [first]
        await trio.sleep(0.2)

    assert stuck(reports) == [first, second]


@on_node
async def test_who_is_gone_within_a_second_is_not_reported() -> None:
    with collected_reports() as reports:
        await killed(linger, 0.9)
        assert current_node().statistics().ghosts == 1
        await trio.sleep(2)

    assert reports == []
    assert current_node().statistics().ghosts == 0


@in_process
async def test_everybody_is_told_of_the_death_while_the_ghost_still_runs() -> None:
    pid, ref = process.spawn_monitor(linger, 3)
    await wait_all_tasks_blocked()
    process.register("lingerer", pid)
    process.exit(pid, Kill())

    assert not process.is_alive(pid)
    assert process.registered() == []
    (down,) = await flush(0)
    assert getattr(down, "ref", None) is ref
    assert getattr(down, "reason", None) == Killed()


class Server(GenServer):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @call
    async def ask(self, word: str) -> list[str]:
        self.told.append(word)
        return self.told

    @cast
    async def tell(self, word: str) -> None:
        self.told.append(word)


@in_process
async def test_what_a_ghost_sends_is_ignored() -> None:
    me = process.self()
    other = process.spawn(idle)
    server = await gen_server.start(Server)

    async def haunt() -> None:
        process.send(me, "boo")
        process.exit(other, Kill())
        process.link(me)
        Server.tell(server, "boo")
        gen_server.cast(server, "boo")

    await ghost_of(haunt)

    assert await flush() == []
    assert process.is_alive(other)
    assert await Server.ask(server, "me") == ["me"]


@pytest.mark.parametrize("way", ["call", "receive", "start"])
@on_node
async def test_a_ghost_that_would_wait_is_sent_away(way: str) -> None:
    server = await gen_server.start(Server)
    after: list[str] = []

    async def haunt() -> None:
        if way == "call":
            await Server.ask(server, "boo")
        elif way == "receive":
            await process.receive()
        else:
            await gen_server.start(Server)
        after.append("went on")

    before = len(process.processes())
    await ghost_of(haunt)

    assert after == []
    assert current_node().statistics().ghosts == 0
    assert len(process.processes()) == before
    assert await Server.ask(server, "me") == ["me"]


@on_node
async def test_a_ghost_cannot_start_processes() -> None:
    errors: list[Exception] = []

    async def haunt() -> None:
        for start in (process.spawn, process.spawn_link):
            try:
                start(idle)
            except NoProcessError as error:
                errors.append(error)

    pid = await ghost_of(haunt)

    assert [getattr(error, "server", None) for error in errors] == [pid, pid]
    assert process.processes() == []


@on_node
async def test_what_a_ghost_raises_is_dropped() -> None:
    async def haunt() -> None:
        raise ValueError("boo")

    with collected_reports() as reports:
        await ghost_of(haunt)

    assert reports == []


async def test_a_node_waits_for_its_ghosts(autojump_clock: MockClock) -> None:
    del autojump_clock
    async with Node(shutdown_timeout=1) as node:
        await killed(linger, 30)
        before = trio.current_time()

    assert trio.current_time() == before + 30
    assert node.ghosts == {}


@on_node
async def test_where_a_ghost_is_stuck_is_its_own_code_and_not_trios() -> None:
    async def inner() -> None:
        await linger(3)

    with collected_reports() as reports:
        await killed(inner)
        await trio.sleep(2)

    (report,) = reports
    assert isinstance(report, StuckReport)
    assert report.where.startswith("linger (")
    assert report.label is inner


def test_nothing_is_done_again_and_again_until_a_killed_process_begins() -> None:
    async def late() -> None:
        async with Node():
            process.exit(process.spawn(idle), Kill())
            await trio.sleep(1)

    assert explore(late, Pct(), runs=100, jumps=1).steps < 30
