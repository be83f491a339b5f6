"""Instruments: what they see, and what becomes of one that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otp import Kill, Killed, Node, Normal, process
from otp.abc import Instrument
from otp.kernel import InstrumentReport, NodeStatistics

from .support import Recorder, collected_reports, idle

if TYPE_CHECKING:
    from trio.testing import MockClock

    from otp import ExitReason, Pid


class Broken(Instrument):
    """An instrument that fails at the first death that it sees."""

    def __init__(self) -> None:
        self.deaths = 0
        self.error = ValueError("broken")

    def process_exited(self, pid: Pid, reason: ExitReason) -> None:
        del pid, reason
        self.deaths += 1
        raise self.error


async def test_an_instrument_that_raises_is_reported_and_taken_out(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    broken, recorder = Broken(), Recorder()
    with collected_reports() as reports:
        async with Node(instruments=[broken, recorder]) as node:
            for _ in range(2):
                await process.wait_exited(node.spawn(nothing))

            assert node.instruments == [recorder]
    assert broken.deaths == 1
    assert [reason for _, reason in recorder.exited[:2]] == [Normal(), Normal()]
    assert reports == [InstrumentReport(broken, "process_exited", broken.error)]
    assert reports[0].error() is broken.error
    assert "raised in process_exited() and was taken out" in reports[0].text()


async def nothing() -> None:
    pass


class Meddler(Instrument):
    """An instrument that makes happen what it watches, and fails twice."""

    def dead_letter(self, letter: object) -> None:
        raise ValueError(letter)

    def process_exited(self, pid: Pid, reason: ExitReason) -> None:
        process.send(pid, "meddled")
        raise ValueError(reason)


async def test_an_instrument_that_fails_within_itself_is_taken_out_once(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    with collected_reports() as reports:
        async with Node(instruments=[Meddler()]) as node:
            await process.wait_exited(node.spawn(nothing))

            assert node.instruments == []
    assert len(reports) == 1


async def test_a_process_is_dead_when_an_instrument_hears_of_it(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    seen: list[object] = []

    class Watcher(Instrument):
        def process_exited(self, pid: Pid, reason: ExitReason) -> None:
            alive, names = process.is_alive(pid), process.registered()
            seen.append((alive, names, reason, told))

    told: list[str] = []
    async with Node(instruments=[Watcher()]) as node:
        pid = node.spawn(idle)
        process.register("name", pid)
        process.exit(pid, Kill())

    assert seen[0] == (False, [], Killed(), [])


async def test_an_instrument_need_not_have_all_hooks(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    with collected_reports() as reports:
        async with Node(instruments=[Instrument()]) as node:
            pid = node.spawn(nothing)
            await process.wait_exited(pid)
            process.send(pid, "x")
    assert reports == []


async def test_a_node_counts_what_it_does(autojump_clock: MockClock) -> None:
    del autojump_clock
    async with Node() as node:
        dead, living = node.spawn(nothing), node.spawn(idle)
        process.register("name", living)
        await process.wait_exited(dead)
        process.send(dead, "x")

        assert node.statistics() == NodeStatistics(
            processes=1, names=1, started=2, dead_letters=1, ghosts=0
        )
