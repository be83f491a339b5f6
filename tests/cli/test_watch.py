"""Which files are watched, and when they count as changed."""

from __future__ import annotations

import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

import otp
from otp.cli import _notify
from otp.cli._reload import NotWatched, Pause
from otp.cli._watch import INTERVAL, Watch, stamp_of, user_files
from tests.kernel.support import collected_reports

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from trio.testing import MockClock

A, B = Path("/a.py"), Path("/b.py")


class Files:
    """Files that are saved by a test."""

    def __init__(self) -> None:
        self.stamps: dict[Path, tuple[int, int] | None] = {A: (1, 1), B: (1, 1)}
        self.names = {A: "a", B: "b"}

    def watch(self, **more: Any) -> Watch:
        return Watch(lambda: self.names, stamp=self.stamps.get, **more)


def test_what_was_not_saved_is_not_changed() -> None:
    watch = Files().watch()

    assert watch.look() == []


@pytest.mark.parametrize("stamp", [(2, 1), (1, 2)])
def test_what_was_saved_is_changed_once(stamp: tuple[int, int]) -> None:
    files = Files()
    watch = files.watch()

    files.stamps[B] = stamp

    assert watch.look() == ["b"]
    assert watch.look() == []


def test_a_file_that_is_gone_for_a_while_is_changed_when_it_is_back() -> None:
    files = Files()
    watch = files.watch()

    files.stamps[A] = None
    assert watch.look() == []
    files.stamps[A] = (3, 1)
    assert watch.look() == ["a"]


def test_a_file_that_is_new_is_not_changed() -> None:
    files = Files()
    new = Path("/new.py")
    watch = files.watch()

    files.names[new] = "new"
    files.stamps[new] = (9, 9)
    assert watch.look() == []
    files.stamps[new] = (10, 9)
    assert watch.look() == ["new"]


async def test_looks_are_taken_between_pauses(autojump_clock: MockClock) -> None:
    files = Files()
    watch = files.watch()

    async with trio.open_nursery() as nursery:

        async def save() -> None:
            await trio.sleep(3 * INTERVAL - 0.1)
            files.stamps[A] = (2, 2)

        nursery.start_soon(save)
        assert await watch.wait_changed() == ["a"]

    assert trio.current_time() == pytest.approx(3 * INTERVAL)
    del autojump_clock


def test_a_stamp_changes_when_a_file_is_saved(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    assert stamp_of(file) is None

    file.write_text("1")
    before = stamp_of(file)
    assert before == stamp_of(file)
    file.write_text("22")
    assert stamp_of(file) != before
    os.utime(file, (1, 1))
    assert stamp_of(file) == (10**9, 2)


def test_the_files_of_the_user_are_those_that_nobody_has_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pretend(name: str, file: object) -> None:
        module = ModuleType(name)
        module.__dict__["__file__"] = file
        monkeypatch.setitem(sys.modules, name, module)

    mine = tmp_path / "mine.py"
    pretend("pretend_mine", str(mine))
    pretend("pretend_compiled", str(tmp_path / "mine.so"))
    pretend("pretend_without", None)
    pretend("pretend_foreign", str(tmp_path / "site-packages" / "x.py"))
    pretend("pretend_debian", str(tmp_path / "dist-packages" / "x.py"))
    pretend("__main__", str(tmp_path / "main.py"))

    found = user_files()

    assert found[mine] == "pretend_mine"
    assert not {name for name in found.values() if name.startswith("otp")}
    assert not {"__main__", "os", "trio", "pytest"} & set(found.values())
    assert {name for name in found.values() if name.startswith("pretend")} == {
        "pretend_mine"
    }
    assert Path(otp.__file__) not in found


# ------------------------------------------------------------ where watchfiles is there


class WatchFiles(ModuleType):
    """What stands for the module where it is not installed."""

    def __init__(self) -> None:
        super().__init__("watchfiles")
        self.asked: list[tuple[set[Path], bool]] = []
        self.closed = 0
        self.news = trio.Event()
        self.broken = False

    async def awatch(
        self, *paths: Path, recursive: bool
    ) -> AsyncGenerator[object, None]:
        self.asked.append((set(paths), recursive))
        if self.broken:
            raise OSError("no more watches")
        try:
            await self.news.wait()
            yield {("modified", "x")}
            raise AssertionError("one is enough")
        finally:
            self.closed += 1


@pytest.fixture
def watchfiles(monkeypatch: pytest.MonkeyPatch) -> WatchFiles:
    module = WatchFiles()
    monkeypatch.setitem(sys.modules, "watchfiles", module)
    return module


@asynccontextmanager
async def pausing(files: set[Path]) -> AsyncIterator[trio.Event]:
    """Pause in the background; the event is set when that is over."""
    over = trio.Event()

    async def pause() -> None:
        await Pause()(files)
        over.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(pause)
        await wait_all_tasks_blocked()
        yield over


async def test_a_pause_ends_when_something_was_changed_beside_a_file(
    watchfiles: WatchFiles,
) -> None:
    files = {Path("/x/a.py"), Path("/x/b.py"), Path("/y/c.py")}

    async with pausing(files) as over:
        assert not over.is_set()
        watchfiles.news.set()
        await over.wait()

    assert watchfiles.asked == [({Path("/x"), Path("/y")}, False)]
    assert watchfiles.closed == 1


async def test_a_pause_ends_after_some_time_in_any_case(
    watchfiles: WatchFiles, autojump_clock: MockClock
) -> None:
    del autojump_clock
    async with pausing({Path("/x/a.py")}) as over:
        await over.wait()

    assert trio.current_time() == _notify.LIMIT
    assert watchfiles.closed == 1


async def test_without_watchfiles_there_is_a_look_now_and_then(
    monkeypatch: pytest.MonkeyPatch, autojump_clock: MockClock
) -> None:
    del autojump_clock
    monkeypatch.setitem(sys.modules, "watchfiles", None)

    async with pausing({Path("/x/a.py")}) as over:
        await over.wait()

    assert trio.current_time() == INTERVAL


async def test_what_does_not_work_is_reported_once_and_not_used_any_more(
    watchfiles: WatchFiles, autojump_clock: MockClock
) -> None:
    del autojump_clock
    watchfiles.broken = True
    pause = Pause()
    with collected_reports() as reports:
        await pause({A})
        await pause({A})

    (report,) = reports
    assert isinstance(report, NotWatched)
    assert report.text() == (
        "watchfiles does not work, and is not used: OSError('no more watches')"
    )
    assert trio.current_time() == INTERVAL
