"""Reports and dead letters can be looked at in a test."""

from __future__ import annotations

import pytest
from loguru import logger

import otp
from otp import gen_server, process
from otp.abc import Instrument
from otp.kernel import current_node
from otp.reports import (
    CrashReport,
    InstrumentReport,
    ProgressReport,
    Report,
    ServerReport,
    SupervisorReport,
    UnexpectedMessage,
)
from otp.testing import Captured, crash, kill, wait_until_idle
from tests.kernel.support import dead_pid, on_node
from tests.testing.shop import Clerk, open_shop


@on_node
async def test_reports_are_caught_although_the_log_is_silent() -> None:
    with Captured() as captured:
        await open_shop()
        error = ValueError("oh")
        crash("stock", error)
        await wait_until_idle()

    kinds = [type(report) for report in captured.reports]
    assert kinds[-4:] == [ServerReport, CrashReport, SupervisorReport, ProgressReport]
    [report] = captured.of(CrashReport)
    assert report.error() is error
    assert len(captured.of(ProgressReport)) == 5


@on_node
async def test_the_log_sees_the_same_reports() -> None:
    found: list[object] = []
    logger.enable("otp")
    sink = logger.add(
        lambda message: found.append(
            getattr(message, "record")["extra"]["report"]  # noqa: B009
        ),
        level=0,
    )
    try:
        with Captured() as captured:
            await open_shop()
            crash("stock")
            await wait_until_idle()
    finally:
        logger.remove(sink)
        logger.disable("otp")

    assert captured.reports == found
    assert all(a is b for a, b in zip(captured.reports, found, strict=True))


@on_node
async def test_dead_letters_are_caught() -> None:
    pid = await dead_pid()
    with Captured() as captured:
        process.send(pid, "hello")

    assert captured.dead_letters == [otp.DeadLetter(pid, "hello", "dead")]
    assert repr(captured) == "<captured 0 reports, 1 dead letters>"


@on_node
async def test_nothing_is_caught_after_the_block() -> None:
    pid = await dead_pid()
    with Captured() as captured:
        pass
    process.send(pid, "hello")

    assert captured.dead_letters == []
    assert current_node().instruments == []


@on_node
async def test_what_was_caught_can_be_forgotten() -> None:
    pid = await dead_pid()
    with Captured() as captured:
        process.send(pid, "hello")
        await gen_server.stop(await gen_server.start(Clerk))
        captured.clear()
        assert (captured.reports, captured.dead_letters) == ([], [])
        process.send(pid, "again")
    assert len(captured.dead_letters) == 1


@on_node
async def test_the_text_is_that_of_warnings_and_errors_with_tracebacks() -> None:
    with Captured() as captured:
        await open_shop()
        assert captured.text == ""
        process.send(otp.Name("stock"), "hello")
        crash("stock", ValueError("oh"))
        await wait_until_idle()

    assert "ERROR gen_server stock" in captured.text
    assert "ValueError: oh" in captured.text
    assert "PROGRESS" not in captured.text


async def test_it_may_be_given_to_a_node() -> None:
    captured = Captured()
    async with otp.Node(instruments=[captured]):
        pid = await gen_server.start(Clerk)
        process.send(pid, "what?")
        await gen_server.stop(pid)

    assert len(captured.of(UnexpectedMessage)) == 1


async def test_several_nodes_can_be_watched_by_one() -> None:
    async with otp.Node("west") as west, otp.Node("east") as east:
        with Captured() as captured:
            captured.watch(west)
            captured.watch(east)
            assert east.instruments == [captured]
            pid = west.spawn(wait_until_idle)
            await process.wait_exited(pid)
            process.send(pid, 1)
    assert west.instruments == []
    assert len(captured.dead_letters) == 1


class Deaf(Instrument):
    def report_made(self, report: Report) -> None:
        raise ValueError(report)


@on_node
async def test_an_instrument_that_cannot_bear_reports_is_taken_out() -> None:
    node = current_node()
    with Captured() as captured:
        node.instruments.append(Deaf())
        pid = await gen_server.start(Clerk)
        kill(pid)
        process.send(await gen_server.start(Clerk), "what?")
        await wait_until_idle()

    assert [type(report) for report in captured.reports] == [
        UnexpectedMessage,
        InstrumentReport,
    ]
    assert node.instruments == []


async def test_a_node_is_needed() -> None:
    with pytest.raises(otp.NoNodeError), Captured():
        pass


def test_only_a_node_can_be_watched() -> None:
    with pytest.raises(TypeError, match="a node is wanted here, not 3"):
        Captured().watch(3)  # type: ignore[arg-type]
