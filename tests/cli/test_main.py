from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import pytest

import otp
from otp.cli import _main, main
from tests.cli.command import RunningCommand, run_otp

if TYPE_CHECKING:
    from pathlib import Path

# One line on stdout for each thing that happens; what to do is in the class.
PROGRAM = """\
import signal
import sys
import time

import trio

import otp
from otp import process


class Worker(otp.GenServer):
    async def init(self) -> None:
        process.trap_exit(True)

    async def terminate(self, reason: otp.ExitReason) -> None:
        print("worker ends", flush=True)


class Base(otp.Application):
    def start(self) -> otp.ChildSpec[otp.Supervisor]:
        worker = otp.child_spec(Worker).named(otp.Name("worker"))
        return otp.child_spec(otp.Supervisor, otp.one_for_one(worker, max_restarts=0))

    async def stop(self) -> None:
        print("stopped", flush=True)


class Calm(Base):
    name = "calm"


class Stuck(Base):
    name = "stuck"

    async def prep_stop(self) -> None:
        print("stopping", flush=True)
        await trio.sleep_forever()


class Blocked(Base):
    name = "blocked"

    async def prep_stop(self) -> None:
        print("stopping", flush=True)
        while True:
            time.sleep(0.01)


class Failing(Base):
    name = "failing"
    start_phases = (("crash", None),)

    async def start_phase(self, phase: str, argument: object) -> None:
        worker = process.whereis("worker")
        assert worker is not None
        process.exit(worker, otp.Kill())


class Broken(otp.Application):
    name = "broken"

    def start(self) -> otp.ChildSpec[otp.Supervisor]:
        raise ValueError("boom")


class Lonely(Base):
    name = "lonely"
    applications = ("zzz",)


class Picky(Base):
    name = "picky"

    def __init__(self, port: int) -> None:
        self.port = port


class Threads(Base):
    name = "threads"
    start_phases = (("show", None),)

    async def start_phase(self, phase: str, argument: object) -> None:
        limiter = trio.to_thread.current_default_thread_limiter()
        print("threads:", limiter.total_tokens, flush=True)
        otp.application.stop_run(5)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    return tmp_path


def run_program(name: str, folder: Path, *options: str) -> RunningCommand:
    return RunningCommand("run", f"program.py:{name}", *options, cwd=folder)


# ------------------------------------------------------------------- wrong arguments


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["run"], "the following arguments are required: FILE_OR_MODULE[:APP]"),
        (["run", "a", "--log-level", "loud"], "'loud' is none of trace, debug, info"),
        (["run", "a", "--shutdown-timeout", "-1"], "'-1' is no number of seconds"),
        (["run", "a", "--shutdown-timeout", "x"], "'x' is no number of seconds"),
        (["run", "a", "--shutdown-timeout", "nan"], "'nan' is no number of seconds"),
        (["run", "a", "--thread-limit", "0"], "'0' is no whole number from 1"),
        (["run", "a", "--thread-limit", "x"], "'x' is no whole number from 1"),
    ],
)
def test_wrong_arguments_are_refused_with_2(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)

    assert caught.value.code == 2
    assert text in capsys.readouterr().err


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """Note what would be run, and leave the log as it is."""
    seen: list[dict[str, object]] = []

    def note(app: object, **options: object) -> int:
        seen.append({"app": app, **options})
        return 7

    def show(level: str) -> None:
        seen.append({"level": level})

    monkeypatch.setattr(_main, "run", note)
    monkeypatch.setattr(_main, "show", show)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return seen


def test_the_options_reach_the_program(
    runs: list[dict[str, object]], folder: Path
) -> None:
    options = ["--log-level", "debug", "--shutdown-timeout", "inf", "--thread-limit"]

    assert main(["run", f"{folder / 'program.py'}:Calm", *options, "4"]) == 7
    assert main(["run", f"{folder / 'program.py'}:Calm"]) == 7

    first_log, first, second_log, second = runs
    assert (first_log["level"], second_log["level"]) == ("DEBUG", "INFO")
    assert getattr(first["app"], "name", None) == "calm"
    del first["app"], second["app"]
    assert first == {
        "log_level": None,
        "shutdown_timeout": float("inf"),
        "thread_limit": 4,
    }
    assert second == {
        "log_level": None,
        "shutdown_timeout": 30.0,
        "thread_limit": None,
    }


def test_a_command_that_cannot_be_done_is_refused_with_2(
    runs: list[dict[str, object]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "nowhere.py"]) == 2

    assert runs == [{"level": "INFO"}]
    assert capsys.readouterr().err == "otp: there is no file nowhere.py\n"


def test_the_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])

    assert caught.value.code == 0
    assert capsys.readouterr().out == f"otp {otp.__version__}\n"


@pytest.mark.slow
def test_python_m_otp_is_the_same_command(tmp_path: Path) -> None:
    done = run_otp("--version", cwd=tmp_path)

    assert (done.returncode, done.stdout) == (0, f"otp {otp.__version__}\n")


@pytest.mark.slow
def test_what_cannot_be_found_is_said_in_one_line(tmp_path: Path) -> None:
    done = run_otp("run", "nowhere.py", cwd=tmp_path)

    assert done.returncode == 2
    assert done.stderr == "otp: there is no file nowhere.py\n"
    assert done.stdout == ""


# ------------------------------------------------------------------- exit statuses


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_program_in_order(folder: Path, number: int) -> None:
    with run_program("Calm", folder) as command:
        command.await_line("application calm started")
        command.signal(number)

        assert command.await_end() == 0
    assert command.lines[-3:-1] == ["worker ends\n", "stopped\n"]
    assert "application calm stopped" in command.lines[-1]
    assert not any("\x1b" in line for line in command.lines)


@pytest.mark.slow
def test_a_second_signal_ends_the_program_at_once(folder: Path) -> None:
    with run_program("Stuck", folder, "--shutdown-timeout", "inf") as command:
        command.await_line("application stuck started")
        command.signal(signal.SIGTERM)
        command.await_line("stopping")
        command.signal(signal.SIGTERM)

        assert command.await_end() == 1
    assert "stopped\n" not in command.lines


@pytest.mark.slow
def test_a_third_signal_ends_even_a_program_that_hears_nothing(folder: Path) -> None:
    with run_program("Blocked", folder) as command:
        command.await_line("application blocked started")
        command.signal(signal.SIGTERM)
        command.await_line("stopping")
        # Signals of one number that come while one is pending are one signal.
        command.signal(signal.SIGTERM)
        command.signal(signal.SIGINT)
        while command.process.poll() is None:
            command.signal(signal.SIGTERM)

        assert -command.await_end() in (signal.SIGTERM, signal.SIGINT)


@pytest.mark.slow
def test_a_stop_that_takes_too_long_is_cut_short(folder: Path) -> None:
    with run_program("Stuck", folder, "--shutdown-timeout", "0.1") as command:
        command.await_line("application stuck started")
        command.signal(signal.SIGTERM)

        assert command.await_end() == 0
    assert "stopped\n" not in command.lines


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "status", "text"),
    [
        ("Failing", 1, "the permanent application 'failing' ended"),
        ("Broken", 1, "ValueError: boom"),
        ("Lonely", 2, "no application 'zzz' is known"),
        ("Picky", 2, "Picky needs arguments: give an instance"),
        ("Threads", 5, "threads: 3"),
    ],
)
def test_the_status_says_how_the_program_ended(
    folder: Path, name: str, status: int, text: str
) -> None:
    done = run_otp("run", f"program.py:{name}", "--thread-limit", "3", cwd=folder)

    assert done.returncode == status
    assert text in done.stdout + done.stderr


@pytest.mark.slow
def test_the_log_is_as_loud_as_it_is_told_to_be(folder: Path) -> None:
    done = run_otp("run", "program.py:Threads", "--log-level", "error", cwd=folder)

    assert done.stderr == ""


@pytest.mark.slow
def test_a_program_may_have_a_log_of_its_own(folder: Path) -> None:
    own = "from loguru import logger\nlogger.add('own.log', format='{message}')\n"
    (folder / "program.py").write_text(own + PROGRAM, encoding="utf-8")

    run_otp("run", "program.py:Threads", cwd=folder)

    log = (folder / "own.log").read_text(encoding="utf-8")
    assert "application threads stopped\n" in log
