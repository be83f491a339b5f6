"""The commands that the documents tell people to type are those that are checked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COMMAND = "python -m pytest"


def read(name: str) -> str:
    """Return the text of a file of the project, or skip where only tests are."""
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"there is no {name} here")
    return path.read_text(encoding="utf-8")


def test_the_readme_tells_how_the_tests_are_run() -> None:
    blocks = re.findall(
        r"^```sh\n(.*?)^```", read("README.md"), re.DOTALL | re.MULTILINE
    )

    lines = "".join(blocks).splitlines()
    assert COMMAND in [command for line in lines for command in line.split(" && ")]


@pytest.mark.parametrize("script", ["check.sh", "CONTRIBUTING.md"])
def test_others_run_the_tests_by_the_same_command(script: str) -> None:
    assert COMMAND in read(script).splitlines()
