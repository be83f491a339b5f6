"""Programs whose files are saved while they run."""

from __future__ import annotations

import importlib
import signal
import sys
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

import otp
from otp import application, process
from otp.cli import _main, main
from otp.cli._reload import (
    ChildNotSwapped,
    CodeReloaded,
    NotReloaded,
    Reloading,
    reload_changed,
)
from tests.cli.command import RunningCommand
from tests.kernel.support import collected_reports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trio.testing import MockClock

    from otp.kernel import Report

PROGRAM = """\
import otp

COUNTER = otp.Name["Counter"]("reloaded_counter")


class Counter(otp.GenServer):
    def __init__(self) -> None:
        self.value = 0

    @otp.call
    async def incr(self) -> str:
        self.value += 1
        return f"old {self.value}"


class Root(otp.Supervisor):
    def children(self) -> otp.SupervisorSpec:
        return otp.one_for_one(otp.child_spec(Counter).named(COUNTER))


class Shop(otp.Application):
    name = "shop"

    def start(self) -> otp.ChildSpec[otp.Supervisor]:
        return otp.child_spec(Root)
"""

MODULE = "reloaded_shop"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / f"{MODULE}.py").write_text(PROGRAM, encoding="utf-8")
    importlib.invalidate_caches()
    before = set(sys.modules)
    yield importlib.import_module(MODULE)
    for name in set(sys.modules) - before:
        if name.startswith("reloaded_"):
            del sys.modules[name]


def save(module: Any, *changes: tuple[str, str], end: str = "") -> None:
    """Save the file of the module with some changes."""
    text = PROGRAM
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    with open(module.__file__, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(text + dedent(end))


NEW = ('"old ', '"new ')
MORE = (
    "named(COUNTER))",
    'named(COUNTER), otp.child_spec(Counter).override(id="more"))',
)


def texts(reports: list[Report]) -> list[str]:
    mine = (CodeReloaded, NotReloaded, ChildNotSwapped)
    return [report.text() for report in reports if isinstance(report, mine)]


async def test_a_program_goes_on_with_what_was_saved(
    shop: Any, autojump_clock: MockClock
) -> None:
    del autojump_clock
    async with otp.Node():
        with collected_reports() as reports:
            await application.ensure_all_started(Reloading(shop.Shop))
            assert await shop.Counter.incr(shop.COUNTER) == "old 1"
            pid = process.whereis(shop.COUNTER)

            save(shop, NEW, MORE)
            await trio.sleep(1)
            await wait_all_tasks_blocked()

            assert await shop.Counter.incr(shop.COUNTER) == "new 2"
            assert process.whereis(shop.COUNTER) is pid
            said = [
                report.started.id
                for report in reports
                if isinstance(report, otp.supervisor.ProgressReport)
            ]
            assert said[-1] == "more"
        assert texts(reports) == [
            f"reloaded {MODULE}: 2 processes go on with it",
        ]


async def test_a_bad_file_is_reported_in_one_line_and_nothing_changes(
    shop: Any, autojump_clock: MockClock
) -> None:
    del autojump_clock
    async with otp.Node():
        await application.ensure_all_started(Reloading(shop.Shop))
        with collected_reports() as reports:
            save(shop, NEW, end="def (\n")
            await trio.sleep(1)
            save(shop, NEW, end="raise ValueError('no\\nway')\n")
            await trio.sleep(1)

        assert await shop.Counter.incr(shop.COUNTER) == "old 1"
        assert texts(reports) == [
            f"not reloaded: {shop.__file__}, line 26: invalid syntax",
            f"not reloaded: module {MODULE} could not be run: ValueError: no way",
        ]
        save(shop, NEW)
        await trio.sleep(1)
        assert await shop.Counter.incr(shop.COUNTER) == "new 2"


async def test_what_was_saved_with_a_bad_file_is_loaded_when_that_is_right(
    shop: Any, tmp_path: Path, autojump_clock: MockClock
) -> None:
    del autojump_clock
    file = tmp_path / "reloaded_limit.py"
    file.write_text("limit = 1\n", encoding="utf-8")
    limits = importlib.import_module("reloaded_limit")
    async with otp.Node():
        await application.ensure_all_started(Reloading(shop.Shop))
        save(shop, end="def (\n")
        file.write_text("limit = 20\n", encoding="utf-8")
        await trio.sleep(1)
        assert limits.limit == 1

        save(shop, NEW)
        await trio.sleep(1)
        assert limits.limit == 20


async def test_a_bad_file_that_is_gone_does_not_stop_the_others(
    shop: Any, tmp_path: Path, autojump_clock: MockClock
) -> None:
    del autojump_clock
    file = tmp_path / "reloaded_gone.py"
    file.write_text("", encoding="utf-8")
    importlib.import_module("reloaded_gone")
    async with otp.Node():
        await application.ensure_all_started(Reloading(shop.Shop))
        file.write_text("def (\n", encoding="utf-8")
        await trio.sleep(1)

        file.unlink()
        save(shop, NEW)
        await trio.sleep(1)
        assert await shop.Counter.incr(shop.COUNTER) == "new 1"


async def test_processes_that_stay_as_they_are_are_counted(shop: Any) -> None:
    async with otp.Node():
        await otp.gen_server.start(shop.Counter)
        with collected_reports() as reports:
            save(shop, ("Counter(otp", "Tally(otp"), ("spec(Counter", "spec(Tally"))
            await reload_changed([MODULE])

        assert texts(reports) == [
            f"reloaded {MODULE}: 0 processes go on with it, 1 with the old code"
        ]


async def test_the_program_is_stopped_behind_its_watcher(
    shop: Any, autojump_clock: MockClock
) -> None:
    del autojump_clock
    async with otp.Node():
        await application.ensure_all_started(Reloading(shop.Shop))
        running = [app.name for app in application.which_applications()]
        assert running == ["shop.reload", "shop"]
        assert process.whereis(shop.COUNTER) is not None

    async with otp.Node():
        await application.ensure_all_started(Reloading(shop.Shop()))
        await application.stop("shop.reload")
        assert [app.name for app in application.which_applications()] == ["shop"]


async def test_children_that_cannot_start_are_reported(shop: Any) -> None:
    async with otp.Node():
        await application.ensure_all_started(shop.Shop)
        inner = (
            "named(COUNTER))",
            "named(COUNTER), otp.child_spec(otp.Supervisor, otp.one_for_one()))",
        )
        save(shop, inner)
        await reload_changed([MODULE])

        with collected_reports() as reports:
            children = (
                "named(COUNTER), otp.child_spec(Bad).override(id='bad'), "
                "otp.child_spec(otp.Supervisor, otp.one_for_one(otp.child_spec(Bad))))"
            )
            bad = ("named(COUNTER))", children)
            save(
                shop,
                bad,
                end="""
                class Bad(otp.GenServer):
                    async def init(self) -> None:
                        raise ValueError("bad")
                """,
            )
            await reload_changed([MODULE])

        assert [report.level for report in reports if isinstance(report, CodeReloaded)]
        first, second, third = texts(reports)
        assert first == f"reloaded {MODULE}: 2 processes go on with it"
        assert second.startswith("child 'bad' of <nonode.")
        assert third.startswith("child 'Bad' of <nonode.")
        assert "ValueError('bad')" in third


async def test_one_process_goes_on_by_itself(shop: Any) -> None:
    async with otp.Node():
        await otp.gen_server.start(shop.Counter)
        with collected_reports() as reports:
            await reload_changed([MODULE])

        assert texts(reports) == [f"reloaded {MODULE}: 1 process goes on with it"]


# -------------------------------------------------------------------------- the command


def test_the_option_puts_the_watcher_behind_the_program(
    shop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def note(app: object, **_: object) -> int:
        seen.append(app)
        return 0

    monkeypatch.setattr(_main, "run", note)
    monkeypatch.setattr(_main, "show", lambda _: None)
    monkeypatch.setattr(sys, "path", list(sys.path))

    assert main(["run", "--reload", MODULE]) == 0
    assert main(["run", MODULE]) == 0

    reloading, plain = seen
    assert isinstance(reloading, Reloading)
    assert reloading.applications == (shop.Shop,)
    assert plain is shop.Shop


@pytest.mark.slow
def test_the_command_reloads_what_is_saved(tmp_path: Path) -> None:
    ticking = PROGRAM + dedent(
        """
        class Ticker(otp.GenServer):
            async def init(self) -> None:
                otp.timer.send_interval(0.05, otp.process.self(), "tick")

            async def handle_info(self, message: object) -> None:
                print("tick", flush=True)
        """
    )
    ticking = ticking.replace(
        "child_spec(Counter).named(COUNTER)", "child_spec(Ticker)"
    )
    file = tmp_path / "ticking.py"
    file.write_text(ticking, encoding="utf-8")
    with RunningCommand("run", "--reload", "ticking.py", cwd=tmp_path) as command:
        command.await_line("application shop.reload started")
        command.await_line("tick")
        file.write_text(ticking.replace('"tick", flush', '"tock", flush'), "utf-8")
        command.await_line("reloaded ticking: 2 processes go on with it")
        command.await_line("tock")
        command.signal(signal.SIGTERM)

        assert command.await_end() == 0
