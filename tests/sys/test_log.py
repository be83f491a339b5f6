"""What a process did before: in files, in its log and in the report of its crash."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from trio.testing import wait_all_tasks_blocked

from otp import Exit, Reason, gen_server, process, sys
from otp.gen_server import Options
from otp.sys import Log
from tests.gen_server.servers import Counter
from tests.kernel.support import collected_reports, on_node
from tests.sys.talker import Talker

if TYPE_CHECKING:
    from pathlib import Path


# ------------------------------------------------------------------------------ files


@on_node
async def test_a_file_gets_the_lines_with_their_time(tmp_path: Path) -> None:
    file = tmp_path / "counter.log"
    pid = await gen_server.start(Counter)
    await sys.log_to_file(pid, file)
    await Counter.incr(pid, 5)
    await sys.log_to_file(pid, None)
    await Counter.incr(pid)

    first, second = file.read_text(encoding="utf-8").splitlines()
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+-]", first)
    assert first.endswith(f"*DBG* Counter {pid} got call incr(5) from {process.self()}")
    assert second.endswith(f"*DBG* Counter {pid} replied 5 to {process.self()}")


@on_node
async def test_several_processes_may_share_a_file_that_is_there(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text("before\n", encoding="utf-8")
    for _ in range(2):
        pid = await gen_server.start(Counter)
        await sys.log_to_file(pid, str(file))
        await Counter.incr(pid)

    assert file.read_text(encoding="utf-8").count("\n") == 5


@on_node
async def test_a_file_that_cannot_be_written_is_the_callers_error(
    tmp_path: Path,
) -> None:
    pid = await gen_server.start(Counter)
    with pytest.raises(FileNotFoundError):
        await sys.log_to_file(pid, tmp_path / "missing" / "log")

    assert (await sys.get_status(pid)).debug == ()
    assert await Counter.incr(pid) == 1


@on_node
async def test_a_file_that_vanishes_is_not_missed(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    pid = await gen_server.start(Counter)
    await sys.log_to_file(pid, folder / "log")
    (folder / "log").unlink()
    folder.rmdir()
    with collected_reports() as reports:
        assert await Counter.incr(pid) == 1

    assert [type(report) for report in reports] == [sys.DebugReport]


# ---------------------------------------------------------------------------- the log


@on_node
async def test_a_log_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    pid = await gen_server.start(Counter)
    await sys.print_log(pid)
    await sys.log(pid)
    await Counter.incr(pid)
    await sys.print_log(pid)
    lines: list[str] = []
    await sys.print_log(pid, write=lines.append)

    assert lines == [
        f"*DBG* Counter {pid} got call incr() from {process.self()}",
        f"*DBG* Counter {pid} replied 1 to {process.self()}",
    ]
    assert capsys.readouterr().out.splitlines() == lines


@on_node
async def test_what_a_server_did_before_its_crash_is_in_its_report() -> None:
    pid = await Options(debug=[Log(3)]).start(Talker)
    await Talker.add(pid, 1)
    with collected_reports() as reports:
        Talker.crash(pid)
        await wait_all_tasks_blocked()
        text = reports[0].text()

    assert text.splitlines()[-4:] == [
        "    before that:",
        f"    replied 2 to {process.self()}",
        "    got cast crash()",
        "    terminates: Crash(error=ValueError('x'))",
    ]


class Vault(Talker):
    """Shows what its arguments are not."""

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        log = [event.kind for event in status["log"]]
        return {**status, "message": "hidden", "log": log}


class Old(Talker):
    """Was written when there was no log."""

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        return {key: "hidden" for key in status if key != "log"}


class Failing(Talker):
    """Hides everything by mistake."""

    def format_status(self, status: dict[str, Any]) -> dict[str, Any]:
        raise Exit(Reason(status))


@pytest.mark.parametrize(
    ("cls", "expected", "lines"),
    [
        (Vault, ["in", "out"], ["in", "out", "in", "terminate"]),
        (Old, (), []),
        (Failing, (), []),
    ],
)
@on_node
async def test_the_log_is_shown_as_the_class_wants_it(
    cls: type[Talker], expected: object, lines: list[str]
) -> None:
    pid = await Options(debug=[Log()]).start(cls)
    await Talker.add(pid, 12345)
    shown = (await sys.get_status(pid)).log
    with collected_reports() as reports:
        Talker.crash(pid)
        await wait_all_tasks_blocked()
        text = reports[0].text()

    assert shown == expected
    assert "12345" not in text
    assert [line.strip() for line in text.splitlines()[4:]] == lines
