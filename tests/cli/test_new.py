from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from otp.cli import CommandError, main
from otp.cli._new import create_project, package_name
from tests.cli.command import RunningCommand, run_python

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "package"),
    [("shop", "shop"), ("my-shop", "my_shop"), ("a1_b2", "a1_b2")],
)
def test_a_package_is_called_like_its_program(name: str, package: str) -> None:
    assert package_name(name) == package


@pytest.mark.parametrize(
    "name", ["", "Shop", "1shop", "-shop", "shop-", "a--b", "a b", "class", "../x"]
)
def test_a_name_that_will_not_do_is_refused(name: str) -> None:
    with pytest.raises(CommandError, match="use lower-case letters, digits"):
        package_name(name)


@pytest.mark.parametrize("name", ["otp", "tests", "json", "asyncio", "loguru"])
def test_a_name_that_would_hide_a_module_is_refused(name: str) -> None:
    with pytest.raises(CommandError, match=f"would hide the module {name}"):
        package_name(name)


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "file").touch()
    (tmp_path / "mall").touch()

    for name in ("shop", "mall"):
        with pytest.raises(CommandError, match="is there already"):
            create_project(name, tmp_path)
    assert list((tmp_path / "shop").iterdir()) == [tmp_path / "shop" / "file"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()

    create_project("shop", tmp_path)

    assert (tmp_path / "shop" / "shop" / "app.py").is_file()


def test_no_placeholder_is_left(tmp_path: Path) -> None:
    project = create_project("my-shop", tmp_path)

    files = [file for file in project.folder.rglob("*") if file.is_file()]
    assert len(files) == 6
    for file in files:
        text = str(file) + file.read_text(encoding="utf-8")
        assert "PROJECT" not in text
        assert "PACKAGE" not in text


def test_the_command_says_what_comes_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    assert main(["new", "my-shop"]) == 0
    assert main(["new", "my-shop"]) == 2

    shown = capsys.readouterr()
    assert shown.out == (
        "made my-shop/; now:\n  cd my-shop\n  otp run my_shop\n  python -m pytest\n"
    )
    assert shown.err.startswith("otp: ")
    assert "is there already: choose another name" in shown.err


@pytest.mark.slow
def test_the_tests_of_a_new_program_pass(tmp_path: Path) -> None:
    project = create_project("my-shop", tmp_path)

    # Where otp is installed, pytest finds the plugin by itself.
    plugin = ("-p", "otp.testing.plugin")
    done = run_python("-m", "pytest", *plugin, "-W", "error", cwd=project.folder)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


@pytest.mark.slow
def test_a_new_program_runs_until_it_is_stopped(tmp_path: Path) -> None:
    project = create_project("my-shop", tmp_path)

    with RunningCommand("run", project.package, cwd=project.folder) as command:
        command.await_line("the counter is at 1")
        command.signal(signal.SIGINT)

        assert command.await_end() == 0
    assert "application my_shop stopped" in command.lines[-1]
